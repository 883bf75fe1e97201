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
def person(new_page):
    """A function that sits a person (or, without a login, the public) at a browser of their own."""
    return lambda login="", **options: Person(new_page(**options), login)


@pytest.fixture
def pdf(tmp_path):
    """A real PDF to hand in."""
    path = tmp_path / "证明材料.pdf"
    path.write_bytes(paper.file("Evidence").read())
    return path
