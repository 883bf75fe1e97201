"""Every shipped pack on the portal: its notice, each part of its form, the check, the printed form."""

import pytest
from django.urls import reverse

from applications.urls import FIXED_PARTS
from grants.models import FormKind
from tests.desk.packs.cases import EVERY_CASE, case_of, every_pack, in_cases

pytestmark = pytest.mark.django_db


@every_pack
def test_every_page_of_a_pack_is_shown(world, client):
    call, application = world.call, world.application
    public = client.get(reverse("portal:call", args=[call.pk]))
    assert public.status_code == 200
    assert call.title in public.content.decode()
    client.force_login(world.by)
    pages = {name: reverse(f"applications:{name}", args=[application.pk]) for name in ("detail", "check")}
    pages |= {name: reverse(f"applications:{name}", args=[application.pk]) for name in asked(call)}
    pages |= sections(world, None)
    assert statuses(client, pages) == dict.fromkeys(pages, 200)
    printed = client.get(reverse("applications:preview", args=[application.pk]))
    assert printed.status_code == 200
    assert b"".join(printed).startswith(b"%PDF")


@in_cases([place for place in EVERY_CASE if case_of(place).type])
def test_what_only_a_project_type_is_asked_is_shown(world, client):
    client.force_login(world.by)
    pages = sections(world, world.application.project_type_id)
    assert statuses(client, pages) == dict.fromkeys(pages, 200)


def sections(world, project_type) -> dict[str, str]:
    """Code → page of the sections that all types share (None), or of those of one type."""
    rows = world.call.sections.filter(form=FormKind.APPLICATION, project_type=project_type)
    pk = world.application.pk
    return {row.code: reverse("applications:section", args=[pk, row.code]) for row in rows}


def statuses(client, pages) -> dict[str, int]:
    return {name: client.get(page).status_code for name, page in pages.items()}


def asked(call) -> list[str]:
    """The parts of the form that are the same in every call, as far as this one asks for them."""
    given = {
        "participants": call.asks_participants,
        "milestones": call.asks_milestones,
        "budget": call.funding_sources.exists(),
    }
    return [name for name in FIXED_PARTS if given.get(name, True)]
