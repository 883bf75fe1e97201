"""Starting and filling: who may, what is refused, what is never lost."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.roles import UnitRole
from applications import actions, completeness, queries
from applications.models import Answer, Application, Participant
from applications.states import ApplicationState
from core.models import Event
from core.workflow import Refused
from documents.models import Document
from grants.models import Call
from grants.states import CallState, TopicState
from notifications.models import Deadline
from seeds.codes import make_credit_code, make_id_number
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory, member_of
from tests.factories.applications import ApplicationFactory, fill, filled, submitted
from tests.factories.grants import CallFactory, TopicFactory

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def start(call, topic=None, *, unit=None, at=None):
    unit = unit or OrganisationFactory()
    by = member_of(unit)
    at = at or timezone.now()
    return actions.start(call=call, topic=topic, organisation=unit, by=by, at=at)


# ---- starting ----


def test_a_draft_belongs_to_its_author_and_has_a_clock():
    call = CallFactory()
    application = start(call)
    assert application.state == ApplicationState.DRAFT
    assert [member.user for member in application.team.all()] == [application.created_by]
    deadline = Deadline.objects.get(object_id=application.pk)
    assert (deadline.kind, deadline.due_at, deadline.url) == (
        "call_closes",
        call.closes_at,
        f"/applications/{application.pk}/",
    )
    assert call.number in deadline.explanation
    assert Event.objects.about(application).get().verb == "started"


def test_a_rolling_call_without_topic_has_no_clock():
    call = CallFactory(closes_at=None)
    application = start(call)
    assert not Deadline.objects.filter(object_id=application.pk).exists()


def test_the_closing_moment_is_in_time_and_a_second_later_is_not():
    call = CallFactory()
    start(call, at=call.closes_at)
    with pytest.raises(Refused) as refused:
        start(call, at=call.closes_at + timedelta(seconds=1))
    assert (refused.value.code, refused.value.clause) == ("late", call.number)
    assert Application.objects.count() == 1


def test_before_the_opening_nothing_can_be_started():
    call = CallFactory()
    with pytest.raises(Refused) as refused:
        start(call, at=call.opens_at - timedelta(seconds=1))
    assert refused.value.code == "not_open"


@pytest.mark.parametrize("state", [CallState.DRAFT, CallState.CLOSED])
def test_only_a_published_call_takes_applications(state):
    call = CallFactory(draft=state == CallState.DRAFT)
    if state == CallState.CLOSED:
        Call.objects.filter(pk=call.pk).update(state=state)
        call.state = state
    with pytest.raises(Refused):
        start(call)


def test_a_bid_needs_a_topic_of_the_call_that_is_listed():
    topic = TopicFactory(call=CallFactory(demand=True))
    other = TopicFactory(call=CallFactory(demand=True))
    with pytest.raises(Refused):
        start(topic.call)
    with pytest.raises(Refused):
        start(topic.call, other)
    start(topic.call, topic)
    topic.state = TopicState.CLOSED
    topic.save()
    with pytest.raises(Refused):
        start(topic.call, topic)
    assert Application.objects.count() == 1


def test_the_demand_side_does_not_bid_for_its_own_topic():
    topic = TopicFactory(call=CallFactory(demand=True), owner=OrganisationFactory())
    with pytest.raises(Refused) as refused:
        start(topic.call, topic, unit=topic.owner)
    assert refused.value.field == "organisation"


def test_nobody_starts_in_the_name_of_another_unit():
    with pytest.raises(Refused):
        actions.start(
            call=CallFactory(), organisation=OrganisationFactory(), by=UserFactory(), at=timezone.now()
        )


# ---- who may write ----


def attempts(application, by):
    at = timezone.now()
    question = application.call.questions.get(code="plan")
    common = {"application": application, "by": by, "at": at}
    return [
        lambda: actions.update_basics(title="改", **common),
        lambda: actions.save_answers(answers={"route": "改"}, **common),
        lambda: actions.set_participants(participants=[], **common),
        lambda: actions.set_budget(amounts={}, **common),
        lambda: actions.set_milestones(milestones=[], **common),
        lambda: actions.keep_typed(section="basics", typed={"title": ["改"]}, **common),
        lambda: actions.attach(question=question, file=ContentFile(PDF), name="a.pdf", **common),
        lambda: actions.detach(question=question, **common),
        lambda: actions.add_to_team(user=by, **common),
    ]


@pytest.mark.parametrize("who", ["stranger", "colleague", "unit_admin"])
def test_only_the_team_writes(who):
    application = filled()
    unit = application.organisation
    user = {
        "stranger": UserFactory,
        "colleague": lambda: member_of(unit),
        "unit_admin": lambda: member_of(unit, UnitRole.ADMIN),
    }[who]()
    before = queries.snapshot(application)
    for attempt in attempts(application, user):
        with pytest.raises(Refused):
            attempt()
    application.refresh_from_db()
    assert queries.snapshot(application) == before
    assert application.typed == {}


@pytest.mark.parametrize(
    "state", [state for state in ApplicationState.values if state not in ("draft", "returned")]
)
def test_nothing_is_written_once_it_is_handed_in(state):
    application = submitted()
    Application.objects.filter(pk=application.pk).update(state=state)
    for attempt in attempts(application, application.created_by):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.code == "sealed"
    assert not Document.objects.exists()


def test_a_page_made_before_the_submission_cannot_write_after_it():
    application = filled()
    stale = Application.objects.get(pk=application.pk)
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    with pytest.raises(Refused):
        actions.save_answers(
            application=stale, answers={"route": "改"}, by=application.created_by, at=timezone.now()
        )


# ---- answers ----


def save(application, **answers):
    return actions.save_answers(
        application=application, answers=answers, by=application.created_by, at=timezone.now()
    )


def test_answers_that_cannot_be_read_are_kept_as_typed():
    application = ApplicationFactory()
    faults = save(application, route="先仿真", trl="十", unknown="x")
    assert list(faults) == ["trl"]
    assert queries.stored_answers(application) == {"route": "先仿真", "trl": {"typed": "十"}}
    assert save(application, trl="4") == {}
    assert queries.stored_answers(application) == {"route": "先仿真", "trl": 4}
    assert Answer.objects.count() == 2


def test_a_file_answers_a_question_and_a_new_one_is_its_next_version():
    application = ApplicationFactory()
    question = application.call.questions.get(code="plan")
    for content in (PDF, PDF, PDF + b"2"):
        actions.attach(
            application=application,
            question=question,
            file=ContentFile(content),
            name="方案书.pdf",
            by=application.created_by,
            at=timezone.now(),
        )
    assert list(Document.objects.order_by("version").values_list("version", flat=True)) == [1, 2]
    answer = queries.stored_answers(application)["plan"]
    assert answer["document"] == Document.objects.get(version=2).pk
    actions.detach(application=application, question=question, by=application.created_by, at=timezone.now())
    assert queries.stored_answers(application)["plan"] is None
    assert Document.objects.count() == 2


def test_a_file_of_a_wrong_type_is_refused_with_field_and_clause():
    application = ApplicationFactory()
    question = application.call.questions.get(code="plan")
    for content, name in ((PDF, "plan.docx"), (b"MZ\x90\x00 not a pdf", "plan.pdf")):
        with pytest.raises(Refused) as refused:
            actions.attach(
                application=application,
                question=question,
                file=ContentFile(content),
                name=name,
                by=application.created_by,
                at=timezone.now(),
            )
        assert refused.value.field == "方案书"
    assert queries.stored_answers(application) == {}


# ---- people ----


def person(**kwargs):
    return {
        "role": "pi",
        "name": "周海声",
        "organisation_name": "海洋工程大学",
        "credit_code": make_credit_code(901),
    } | kwargs


def set_people(application, *people):
    actions.set_participants(
        application=application, participants=people, by=application.created_by, at=timezone.now()
    )


@pytest.mark.parametrize(
    ("people", "field"),
    [
        ([person(credit_code="91370212MA3C4R5T6X")], "participants.0.credit_code"),
        ([person(id_number="110105194912310021")], "participants.0.id_number"),
        ([person(months_per_year=Decimal("12.5"))], "participants.0.months_per_year"),
        (
            [person(id_number=make_id_number(1), birth_date=timezone.now().date())],
            "participants.0.birth_date",
        ),
        ([person(id_number="", birth_date=date(2999, 1, 1))], "participants.0.birth_date"),
        ([person(), person(name="李")], "participants"),
    ],
)
def test_wrong_people_are_refused_and_the_old_ones_stay(people, field):
    application = filled()
    before = list(application.participants.values_list("name", flat=True))
    with pytest.raises(Refused) as refused:
        set_people(application, *people)
    assert refused.value.field == field
    assert list(application.participants.values_list("name", flat=True)) == before


def test_codes_are_brought_into_their_written_form():
    application = ApplicationFactory()
    code, number = make_credit_code(901), make_id_number(20)
    set_people(application, person(credit_code=f" {code[:8]}-{code[8:].lower()} ", id_number=number))
    found = Participant.objects.get()
    assert (found.credit_code, found.id_number) == (code, number)
    assert found.birth_date.isoformat() == "1985-01-01"


# ---- budget and milestones ----


def test_the_budget_gives_the_applications_amounts():
    application = ApplicationFactory()
    at, by = timezone.now(), application.created_by
    cells = {("equipment", "fiscal"): Decimal(100), ("operations", "fiscal"): Decimal("0.5")}
    cells |= {("operations", "own"): Decimal(300), ("equipment", "own"): None}
    actions.set_budget(application=application, amounts=cells, by=by, at=at)
    assert queries.budget_totals(application) == {
        "fiscal": Decimal("100.5"),
        "own": Decimal(300),
        "total": Decimal("400.5"),
    }
    for bad in ({("nothing", "own"): Decimal(1)}, {("equipment", "own"): Decimal(-1)}):
        with pytest.raises(Refused):
            actions.set_budget(application=application, amounts=bad, by=by, at=at)
    assert application.budget_lines.count() == 3


def test_milestones_stand_inside_the_project_and_add_up():
    application = filled()
    at, by = timezone.now(), application.created_by
    row = {"name": "样机", "deliverable": "样机", "due_date": application.ends_date + timedelta(days=1)}
    actions.set_milestones(application=application, milestones=[row | {"share": 60}], by=by, at=at)
    found = [(name, sentence) for _f, _c, sentence, _s, name in completeness.milestones(application)]
    assert found == [
        (
            "milestones-0-due_date",
            f"计划日期应在执行期 {application.starts_date} 至 {application.ends_date} 之内。",
        ),
        ("milestones", "各里程碑的拨款比例合计应为 100 %，现在是 60 %。"),
    ]
    with pytest.raises(Refused):
        actions.set_milestones(application=application, milestones=[{"name": "x"}], by=by, at=at)
    with pytest.raises(Refused):
        actions.set_milestones(application=application, milestones=[row | {"share": 101}], by=by, at=at)


def test_dates_in_the_wrong_order_are_refused():
    application = filled()
    with pytest.raises(Refused) as refused:
        actions.update_basics(
            application=application,
            ends_date=application.starts_date,
            by=application.created_by,
            at=timezone.now(),
        )
    assert refused.value.field == "ends_date"


# ---- the team ----


def test_a_colleague_joins_and_leaves_and_somebody_always_remains():
    application = ApplicationFactory()
    colleague = member_of(application.organisation)
    common = {"application": application, "by": application.created_by, "at": timezone.now()}
    actions.add_to_team(user=colleague, **common)
    actions.add_to_team(user=colleague, **common)
    assert application.team.count() == 2
    with pytest.raises(Refused):
        actions.add_to_team(user=UserFactory(), **common)
    actions.remove_from_team(user=application.created_by, **common)
    with pytest.raises(Refused):
        actions.remove_from_team(user=colleague, application=application, by=colleague, at=timezone.now())
    assert [member.user for member in application.team.all()] == [colleague]
    assert MembershipFactory._meta.model.objects.filter(user=colleague).count() == 1


# ---- the database ----


def test_the_database_seals_what_was_handed_in():
    application = submitted()
    changes = [
        lambda: application.answers.update(value="改"),
        lambda: application.answers.first().delete(),
        lambda: application.participants.update(name="改"),
        lambda: application.budget_lines.update(amount=1),
        lambda: application.proposed_milestones.update(share=1),
        lambda: Application.objects.filter(pk=application.pk).update(title="改"),
        lambda: Application.objects.filter(pk=application.pk).update(requested_amount=1),
        lambda: application.submissions.update(sha256="0" * 64),
        lambda: application.submissions.all().delete(),
        lambda: Event.objects.about(application).delete(),
    ]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_returned_application_may_be_written_again():
    application = fill(ApplicationFactory())
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    Application.objects.filter(pk=application.pk).update(state=ApplicationState.RETURNED)
    assert save(application, route="改") == {}
