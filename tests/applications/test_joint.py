"""Several offices recommend one application together (会同推荐): each agrees, the recommender comes last."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import actions, rules
from applications.models import Application, JointOpinion
from applications.states import ApplicationState, JointState
from core.workflow import Refused
from documents.models import Document
from grants.rules import problems_of
from notifications.models import Deadline, Message
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import filled
from tests.factories.grants import CallFactory
from tests.factories.milestones import evidence
from tests.factories.reviews import publish

pytestmark = pytest.mark.django_db
S = ApplicationState


def together(*rows):
    """A published call with offices that join: rows of (unit, line, region)."""
    call = CallFactory(draft=True, parts__stages=("recommendation", "formal_check", "decision"))
    for unit, line, region in rows:
        call.recommenders.create(
            credit_code=unit.credit_code, name=unit.name, line=line, region=region, clause="第九条"
        )
        officer(Role.RECOMMENDER, unit)
    return publish(call)


def hand_in(application):
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    application.refresh_from_db()
    return application


@pytest.fixture
def stands():
    """A finance and an industry office join the district's; another city's finance office has no part."""
    finance, industry = OrganisationFactory(name="区财政局"), OrganisationFactory(name="市工信局")
    elsewhere = OrganisationFactory(name="邻市财政局")
    unit = OrganisationFactory(kind="university")
    other = "44" if unit.region.startswith("37") else "37"
    call = together(
        (finance, "财政部门", unit.region[:4]), (industry, "工信部门", ""), (elsewhere, "财政部门", other)
    )
    people = {
        "finance": officer(Role.RECOMMENDER, finance),
        "industry": officer(Role.RECOMMENDER, industry),
        "elsewhere": officer(Role.RECOMMENDER, elsewhere),
        "lead": officer(Role.RECOMMENDER, OrganisationFactory(), region=unit.region),
    }
    return hand_in(filled(call=call, organisation=unit)), people


def agree(application, by):
    actions.recommend(application=application, opinion="情况属实，同意", by=by, at=timezone.now())


def test_it_goes_on_when_every_office_has_agreed_and_the_recommender_comes_last(stands, client):
    application, people = stands
    assert set(application.joint_opinions.values_list("line", "organisation__name")) == {
        ("财政部门", "区财政局"),
        ("工信部门", "市工信局"),
    }
    clocks = Deadline.objects.open().filter(kind="joint_recommendation")
    assert clocks.count() == 2
    with pytest.raises(Refused) as refused:
        agree(application, people["lead"])
    assert (refused.value.code, refused.value.clause) == ("joint", "第九条")
    assert "区财政局" in refused.value.message
    assert "市工信局" in refused.value.message
    agree(application, people["finance"])
    application.refresh_from_db()
    assert (application.state, clocks.count()) == (S.RECOMMENDATION, 1)
    with pytest.raises(Refused):
        agree(application, people["finance"])
    agree(application, people["industry"])
    agree(application, people["lead"])
    application.refresh_from_db()
    assert (application.state, clocks.count()) == (S.FORMAL_CHECK, 0)
    assert set(application.joint_opinions.values_list("state", "version")) == {("agreed", 1)}


def test_only_the_offices_asked_read_hear_and_act(stands, client):
    application, people = stands
    page = reverse("applications:recommendation", args=[application.pk])
    told = set(Message.objects.values_list("recipient", flat=True))
    for who, user in people.items():
        asked = who != "elsewhere"
        assert Application.objects.visible_to(user).filter(pk=application.pk).exists() is asked, who
        assert JointOpinion.objects.visible_to(user).exists() is asked, who
        assert (user.pk in told) is asked, who
        client.force_login(user)
        assert client.get(page).status_code == (200 if asked else 404), who
        listed = client.get(reverse("applications:recommendations")).content.decode()
        assert (application.title in listed) is asked, who
    with pytest.raises(Refused):
        agree(application, people["elsewhere"])
    # An office that joins does not end what is the recommender's to end.
    with pytest.raises(Refused):
        actions.recommender_reject(
            application=application, reason="不予推荐", by=people["finance"], at=timezone.now()
        )
    client.force_login(people["finance"])
    shown = client.get(page).content.decode()
    assert "会同推荐意见（财政部门）" in shown
    assert 'value="reject"' not in shown
    paper = evidence("意见.pdf")
    client.post(page, {"do": "recommend", "text": ""})
    assert application.joint_opinions.filter(state=JointState.AGREED).count() == 0
    client.post(page, {"do": "recommend", "text": "同意会同推荐", "file": paper})
    joint = application.joint_opinions.get(line="财政部门")
    assert (joint.state, joint.agreed_by) == (JointState.AGREED, people["finance"])
    assert Document.objects.filter(kind=f"signed_joint_{joint.pk}_v1").exists()
    # What it has agreed to waits for it no more; with which words is none of the applicant's business.
    listed = client.get(reverse("applications:recommendations")).content.decode()
    assert application.title not in listed
    client.force_login(application.created_by)
    own = client.get(reverse("applications:detail", args=[application.pk])).content.decode()
    assert "区财政局" in own
    assert "同意会同推荐" not in own


def test_one_that_returns_it_sends_it_back_and_all_are_asked_again(stands):
    application, people = stands
    now = timezone.now()
    agree(application, people["finance"])
    actions.recommender_return(application=application, reason="自筹不足", by=people["industry"], at=now)
    application.refresh_from_db()
    assert application.state == S.RETURNED
    assert not Deadline.objects.open().filter(kind="joint_recommendation").exists()
    hand_in(application)
    assert application.state == S.RECOMMENDATION
    assert set(application.joint_opinions.values_list("state", flat=True)) == {"asked"}
    assert Deadline.objects.open().filter(kind="joint_recommendation").count() == 2


def test_taken_back_nobody_owes_a_word(stands):
    application, people = stands
    actions.take_back(application=application, by=application.created_by, at=timezone.now())
    assert not Deadline.objects.open().filter(kind="joint_recommendation").exists()
    assert not rules.allowed(rules.check_can_recommend, people["finance"], application)


def test_nothing_is_asked_where_the_notice_names_no_office_for_the_region():
    unit = OrganisationFactory(kind="university")
    other = "44" if unit.region.startswith("37") else "37"
    application = hand_in(
        filled(call=together((OrganisationFactory(), "财政部门", other)), organisation=unit)
    )
    assert not application.joint_opinions.exists()
    agree(application, officer(Role.RECOMMENDER, OrganisationFactory(), region=unit.region))
    application.refresh_from_db()
    assert application.state == S.FORMAL_CHECK


def test_a_call_is_not_published_while_an_office_that_joins_is_not_here():
    call = CallFactory(draft=True, parts__stages=("recommendation", "formal_check", "decision"))
    unit = OrganisationFactory()
    call.recommenders.create(credit_code=unit.credit_code, name=unit.name, line="财政部门")
    assert [fault.field for fault in problems_of(call)] == ["recommenders"]
    officer(Role.RECOMMENDER, unit)
    assert problems_of(call) == []
