"""Every shipped pack on the portal: its notice, each part of its form, the check, the printed form."""

import pytest
from django.urls import reverse

from applications.urls import FIXED_PARTS
from grants.models import FormKind
from tests.desk.packs.cases import every_case

pytestmark = pytest.mark.django_db


@every_case
def test_every_page_of_a_pack_is_shown(world, client):
    call, application = world.call, world.application
    public = client.get(reverse("portal:call", args=[call.pk]))
    assert public.status_code == 200
    assert call.title in public.content.decode()
    client.force_login(world.by)
    pages = {name: reverse(f"applications:{name}", args=[application.pk]) for name in ("detail", "check")}
    pages |= {name: reverse(f"applications:{name}", args=[application.pk]) for name in asked(call)}
    for section in call.sections.filter(form=FormKind.APPLICATION):
        if section.project_type_id in (None, application.project_type_id):
            pages[section.code] = reverse("applications:section", args=[application.pk, section.code])
    assert {name: client.get(page).status_code for name, page in pages.items()} == dict.fromkeys(pages, 200)
    printed = client.get(reverse("applications:preview", args=[application.pk]))
    assert printed.status_code == 200
    assert b"".join(printed).startswith(b"%PDF")


def asked(call) -> list[str]:
    """The parts of the form that are the same in every call, as far as this one asks for them."""
    given = {
        "participants": call.asks_participants,
        "milestones": call.asks_milestones,
        "budget": call.funding_sources.exists(),
    }
    return [name for name in FIXED_PARTS if given.get(name, True)]
