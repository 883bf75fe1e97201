"""An award elsewhere ends what the notice of another project says gives way to it, and its people hear so."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import UnitRole
from applications import actions
from applications.models import Application, Participant
from applications.queries import limits
from applications.states import ApplicationState
from awards.models import Award
from awards.states import AgreementState
from core.calendar import local_date
from core.models import Event
from facilities.models import Facility
from facilities.states import FacilityState
from finance.models import Instalment
from finance.states import InstalmentState
from milestones.models import Milestone
from milestones.states import MilestoneState
from notifications.models import Message
from tests.factories.accounts import OrganisationFactory, member_of
from tests.factories.applications import filled, put
from tests.factories.awards import budget, decide
from tests.factories.facilities import file, filing_call
from tests.factories.grants import CallFactory, ProgrammeFactory
from tests.factories.milestones import agreement, awarded_application, draft_agreement, project_call

pytestmark = pytest.mark.django_db
LINE = {"plan": "city", "text": "获市级立项的，本级项目终止。", "clause": "第八条"}


def awarded_by_the_city(unit, *, like=None, **fields):
    """An award of another office's programme to a unit; `like`: an application whose leader it has."""
    stages = ("decision", "agreement")
    call = CallFactory(programme=ProgrammeFactory(slug="city"), parts__stages=stages, parts__rules=())
    application = filled(call=call, organisation=unit, **fields)
    if like is not None:
        number = application.participants.get(role="pi").id_number
        put(like, ApplicationState.DRAFT)
        Participant.objects.filter(application=like, role="pi").update(id_number=number)
        put(like, ApplicationState.AWARDED)
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    put(application, ApplicationState.DECISION)
    budget(call)
    decide(Application.objects.get(pk=application.pk))
    return Award.objects.get(application=application)


def test_a_running_project_ends_with_its_milestones_and_unpaid_money_and_its_people_hear_why(client):
    found = agreement(application=awarded_application(call=project_call(replaced_by=[LINE])))
    other = agreement(application=awarded_application(call=found.award.application.call))
    application = found.award.application
    admin = member_of(application.organisation, UnitRole.ADMIN)
    award = awarded_by_the_city(application.organisation)
    for row in (found, other, application):
        row.refresh_from_db()
    assert (found.state, other.state) == (AgreementState.REPLACED, AgreementState.IN_FORCE)
    assert set(Milestone.objects.filter(agreement=found).values_list("state", flat=True)) == {
        MilestoneState.CANCELLED
    }
    assert set(Instalment.objects.filter(agreement=found).values_list("state", flat=True)) == {
        InstalmentState.CANCELLED
    }
    assert limits.status_of(application, as_of=local_date(timezone.now())) == "replaced"
    note = Event.objects.about(found).get(to_state="replaced").note
    assert note.startswith("获市级立项的，本级项目终止。（第八条；")
    assert award.number in note
    told = Message.objects.filter(template="awards/replaced")
    assert set(told.values_list("recipient", flat=True)) == {application.created_by.pk, admin.pk}
    page = client.get(reverse("portal:call", args=[application.call_id])).content.decode()
    assert "由其他立项取代" in page
    assert "获市级立项的，本级项目终止。" in page


def test_money_alone_may_stop():
    line = LINE | {"effect": "stops_money", "text": "同一项目获上级立项的，本级停止拨付。"}
    found = agreement(application=awarded_application(call=project_call(replaced_by=[line])))
    awarded_by_the_city(found.award.application.organisation)
    found.refresh_from_db()
    assert found.state == AgreementState.IN_FORCE
    assert set(Instalment.objects.filter(agreement=found).values_list("state", flat=True)) == {
        InstalmentState.CANCELLED
    }
    assert Event.objects.about(found).filter(verb="money_stopped").count() == 1


def test_what_is_not_signed_yet_falls_away():
    found = draft_agreement(application=awarded_application(call=project_call(replaced_by=[LINE])))
    awarded_by_the_city(found.award.application.organisation)
    found.refresh_from_db()
    assert found.state == AgreementState.FORGONE
    assert Application.objects.get(pk=found.award.application_id).state == ApplicationState.REJECTED


@pytest.mark.parametrize(
    ("line", "how", "ends"),
    [
        ({"whose": "unit"}, "stranger", False),
        ({"whose": "leader"}, "unit", False),
        ({"whose": "leader"}, "leader", True),
        ({"whose": "project"}, "unit", False),
        ({"whose": "project"}, "project", True),
        ({"plan": "province"}, "unit", False),
        ({"title": "别的通知"}, "unit", False),
    ],
)
def test_a_line_says_whose_award_of_which_notice_counts(line, how, ends):
    found = agreement(application=awarded_application(call=project_call(replaced_by=[LINE | line])))
    application = found.award.application
    unit = application.organisation if how == "unit" else OrganisationFactory()
    fields = {"follows": application} if how == "project" else {}
    awarded_by_the_city(unit, like=application if how == "leader" else None, **fields)
    found.refresh_from_db()
    assert (found.state == AgreementState.REPLACED) == ends


def test_a_filing_lapses_and_its_unit_reads_so():
    call = filing_call(replaced_by=[LINE])
    mine, other = file(call), file(call, number="GN-002")
    awarded_by_the_city(mine.organisation)
    assert dict(Facility.objects.values_list("number", "state")) == {
        mine.number: FacilityState.REPLACED,
        other.number: FacilityState.OPERATING,
    }
