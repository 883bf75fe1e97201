"""The visibility matrix: every state by every role, in lists, pages, files and the API."""

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications.models import Application
from applications.states import ApplicationState
from documents.actions import store
from documents.models import Document
from grants.models import Topic
from grants.states import TopicState
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.applications import in_state
from tests.factories.grants import CallFactory, TopicFactory

pytestmark = pytest.mark.django_db

S = ApplicationState
ALWAYS = {"team", "unit_admin"}
BUREAU = {"manager", "leader", "finance", "supervision", "auditor", "sysadmin"}


def viewers(application) -> dict:
    unit, department = application.organisation, application.call.programme.department
    return {
        "team": application.created_by,
        "unit_admin": member_of(unit, UnitRole.ADMIN),
        "colleague": member_of(unit),
        "unit_finance": member_of(unit, UnitRole.FINANCE),
        "other_unit": member_of(OrganisationFactory(), UnitRole.ADMIN),
        "recommender": officer(Role.RECOMMENDER, OrganisationFactory(), region="370212"),
        "other_recommender": officer(Role.RECOMMENDER, OrganisationFactory(), region="370203"),
        "manager": officer(Role.PROGRAMME_MANAGER, department),
        "other_manager": officer(Role.PROGRAMME_MANAGER, OrganisationFactory()),
        "leader": officer(Role.LEADER),
        "finance": officer(Role.FINANCE),
        "supervision": officer(Role.SUPERVISION),
        "auditor": officer(Role.AUDITOR),
        "sysadmin": officer(Role.SYSADMIN),
        "expert": officer(Role.EXPERT),
        "stranger": UserFactory(),
    }


def expected(state) -> set[str]:
    if state == S.DRAFT:
        return ALWAYS
    if state == S.UNIT_REVIEW:
        return ALWAYS | BUREAU
    return ALWAYS | BUREAU | {"recommender"}


@pytest.mark.parametrize("state", S.values)
def test_who_sees_an_application_in_each_state(stands, state):
    application = stands(state)
    store(
        subject=application,
        kind="plan",
        file=ContentFile(b"%PDF-1.7\nx\n%%EOF"),
        name="plan.pdf",
        by=None,
        at=timezone.now(),
    )
    seen, files = set(), set()
    for role, user in viewers(application).items():
        if Application.objects.visible_to(user).filter(pk=application.pk).exists():
            seen.add(role)
        if Document.objects.visible_to(user).exists():
            files.add(role)
    assert seen == expected(state)
    assert files == expected(state)


def test_a_withdrawn_draft_stays_with_its_team(stands):
    application = stands(S.DRAFT)
    Application.objects.filter(pk=application.pk).update(state=S.WITHDRAWN)
    seen = {
        role
        for role, user in viewers(application).items()
        if Application.objects.visible_to(user).filter(pk=application.pk).exists()
    }
    assert seen == ALWAYS


def test_nobody_sees_anything_without_signing_in(stands, client):
    application = stands(S.FORMAL_CHECK)
    assert client.get(f"/applications/{application.pk}/").status_code == 302


@pytest.mark.parametrize("listed", [True, False])
def test_the_demand_side_reads_bids_once_bidding_has_closed(listed):
    topic = TopicFactory(call=CallFactory(demand=True), owner=OrganisationFactory())
    bid = in_state(S.FORMAL_CHECK, call=topic.call, topic=topic)
    rival = in_state(S.FORMAL_CHECK, call=topic.call, topic=topic)
    in_state(S.DRAFT, call=topic.call, topic=topic)
    if not listed:
        Topic.objects.filter(pk=topic.pk).update(state=TopicState.CLOSED)
    owner = member_of(topic.owner)
    found = set(Application.objects.visible_to(owner).values_list("pk", flat=True))
    assert found == (set() if listed else {bid.pk, rival.pk})
    assert list(Application.objects.visible_to(rival.created_by).values_list("pk", flat=True)) == [rival.pk]


def test_every_address_of_an_application_is_a_404_to_a_stranger(stands, client):
    application = stands(S.DRAFT)
    client.force_login(member_of(OrganisationFactory(), UnitRole.ADMIN))
    pk = application.pk
    for path in (
        "",
        "basics/",
        "form/solution/",
        "participants/",
        "budget/",
        "milestones/",
        "check/",
        "preview.pdf",
        "unit-review/",
        "partner/",
        "side/basics/",
        "comments/basics/",
    ):
        assert client.get(f"/applications/{pk}/{path}").status_code == 404, path
    for path in (
        "basics/",
        "check/",
        "withdraw/",
        "team/",
        "partners/",
        "partner/",
        "unit-review/",
        "form/solution/",
    ):
        assert client.post(f"/applications/{pk}/{path}", {"do": "approve"}).status_code == 404, path
    answer = client.patch(f"/applications/{pk}/basics/", "{}", content_type="application/json")
    assert answer.status_code == 404
    file = {"file": ContentFile(b"%PDF-1.7", name="a.pdf")}
    assert client.post(f"/applications/{pk}/files/plan/", file).status_code == 404
    assert client.get(f"/api/v1/applications/{pk}/").status_code == 404
    assert Application.objects.get(pk=pk).state == S.DRAFT
