"""The world of the journeys: the demo's people, both programmes published, nothing applied for yet."""

import pytest
from django.utils import timezone

from core import calendar_table
from seeds.demo import paper
from seeds.demo.story import Story
from tests.e2e.people import Person


@pytest.fixture
def story(transactional_db):
    """Everybody is there and both calls are open."""
    calendar_table.seed()
    story = Story(timezone.now())
    story.calls = story.publish(0)
    return story


@pytest.fixture
def person(new_page, live_server):
    """A function that sits a person (or, without a login, the public) at a browser of their own.

    The first one signs in by the form; the others have done so before.
    """
    signed_in = []

    def sit(login="", **options) -> Person:
        found = Person(new_page(**options), login)
        if login and not signed_in:
            found.sign_in()
        elif login:
            found.is_signed_in(live_server.url)
        signed_in.extend([login] if login else [])
        return found

    return sit


@pytest.fixture
def pdf(tmp_path):
    """A real PDF to hand in."""
    path = tmp_path / "证明材料.pdf"
    path.write_bytes(paper.file("Evidence").read())
    return path
