"""Handing in: once, in time, whole, sealed; and when the broker is down."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.translation import override

from accounts.roles import UnitRole
from applications import actions, completeness, queries, rules
from applications.forms.basics import BasicsForm
from applications.models import Application, Submission
from applications.states import ApplicationState
from core.models import Event
from core.workflow import Lost, Refused
from grants.actions import publish_call
from grants.models import Call, QuestionKind
from notifications.models import Deadline, Message
from tests.factories.accounts import UserFactory, member_of
from tests.factories.applications import ApplicationFactory, fill, filled, submitted
from tests.factories.grants import CallFactory, TopicFactory

pytestmark = pytest.mark.django_db

S = ApplicationState


def submit(application, *, by=None, at=None):
    by = by or application.created_by
    return actions.submit(application=application, by=by, at=at or timezone.now())


def nothing_happened(application):
    fresh = Application.objects.get(pk=application.pk)
    assert (fresh.state, fresh.version, fresh.number, fresh.submitted_at) == (S.DRAFT, 0, "", None)
    assert not Submission.objects.exists()
    assert not application.rule_results.exists()
    assert not Event.objects.about(application).filter(verb="moved").exists()


def test_a_submission_is_sealed_numbered_and_told():
    application = filled()
    admin = member_of(application.organisation, UnitRole.ADMIN)
    at = timezone.now()
    submission = submit(application, at=at)
    fresh = Application.objects.get(pk=application.pk)
    assert (fresh.state, fresh.version, fresh.submitted_by, fresh.submitted_at) == (
        S.UNIT_REVIEW,
        1,
        application.created_by,
        at,
    )
    assert fresh.number == f"TP{application.call.year}-0001"
    assert submission.sha256 == queries.sha256_of(submission.content)
    assert [check["code"] for check in submission.content["checks"]] == ["call-cap", "own-ratio", "U1", "P1"]
    results = application.rule_results.order_by("rule__order").values_list("rule__code", "status")
    assert list(results) == [("U1", "passed"), ("P1", "manual")]
    told = Message.objects.order_by("id").values_list("template", "recipient")
    assert list(told) == [
        ("applications/to_review", admin.pk),
        ("applications/submitted", application.created_by.pk),
        ("applications/submitted", admin.pk),
    ]


BRIEF = ("formal_check", "decision")


@pytest.mark.parametrize("free", [False, True])
def test_a_direction_of_the_notice_is_chosen_unless_it_lets_people_propose(free):
    """Published as it is on the desk; before anything is chosen, and before it is handed in."""
    application = filled(call=CallFactory(draft=True, is_topic_free=free, parts__stages=BRIEF))
    topic = TopicFactory(call=application.call, amount=None)
    publish_call(call=application.call, by=None, at=timezone.now())
    application = Application.objects.get(pk=application.pk)
    asked = [fault[3:] for fault in completeness.basics(application)]
    assert asked == ([] if free else [("basics", "topic")])
    topic_field = BasicsForm(application=application).fields["topic"]
    assert (list(topic_field.queryset), "自选" in (topic_field.empty_label or "")) == ([topic], free)
    if not free:
        with pytest.raises(Refused, match="请选择一个指南方向"):
            submit(application, by=application.created_by)
        actions.update_basics(application=application, topic=topic, by=None, at=timezone.now())
    submit(application, by=application.created_by)


@pytest.mark.parametrize(
    ("stages", "state"),
    [
        (("unit_review", "formal_check", "decision"), S.UNIT_REVIEW),
        (("recommendation", "formal_check", "decision"), S.RECOMMENDATION),
        (("formal_check", "decision"), S.FORMAL_CHECK),
    ],
)
def test_it_moves_into_the_first_stage_of_its_call(stages, state):
    application = submitted(call=CallFactory(parts__stages=stages))
    assert application.state == state
    deadline = Deadline.objects.open().get(object_id=application.pk)
    assert deadline.kind == state
    assert "第九条" in deadline.explanation


def test_what_is_handed_in_in_english_is_sealed_in_chinese_and_each_reads_their_own():
    fields = [{"value": "sea", "label": "海洋", "label_en": "The sea"}]
    columns = [{"code": "part", "label": "部分", "label_en": "Part", "kind": "choice", "choices": fields}]
    asked = (
        {"code": "route", "kind": QuestionKind.TEXT, "label": "技术路线", "label_en": "Route"},
        {"code": "trl", "kind": QuestionKind.NUMBER, "label": "技术成熟度"},
        {
            "code": "field",
            "kind": QuestionKind.CHOICE,
            "label": "领域",
            "label_en": "Field",
            "config": {"choices": fields},
        },
        {"code": "parts", "kind": QuestionKind.TABLE, "label": "各部分", "config": {"columns": columns}},
    )
    application = filled(call=CallFactory(title_en="The call", parts__questions=asked))
    by, at = application.created_by, timezone.now()
    answers = {"field": "sea", "parts": [{"part": "sea"}]}
    actions.save_answers(application=application, answers=answers, by=by, at=at)
    with override("en"):
        content = actions.submit(application=application, by=by, at=at).content
        read = queries.for_reading(content)
        told = application.rule_results.exclude(evidence__facts={}).first().told["facts"]
    sealed = {answer["code"]: answer for answer in content["answers"]}
    assert (sealed["field"]["label"], sealed["field"]["text"]) == ("领域", "海洋")
    assert sealed["parts"]["rows"] == [["海洋"]]
    ((_title, answers),) = read["sections"]
    assert [answer["label"] for answer in answers] == ["Route", "技术成熟度", "Field", "各部分"]
    assert (answers[2]["text"], answers[3]["rows"]) == ("The sea", [["The sea"]])
    assert answers[3]["columns"] == [{"code": "part", "label": "Part"}]
    assert read["call"]["title"] == "The call"
    line = application.rule_results.exclude(evidence__facts={}).first()
    assert list(line.told["facts"]) == ["单位所在区域"]
    assert list(told) == ["Region of the organisation"]
    assert line.rule.text in [check["text"] for check in content["checks"]]


def test_everything_missing_is_named_at_once():
    application = ApplicationFactory(title="")
    with pytest.raises(rules.Incomplete) as refused:
        submit(application)
    found = [(problem.section, problem.name) for problem in refused.value.problems]
    assert found == [
        ("basics", "title"),
        ("basics", "starts_date"),
        ("basics", "ends_date"),
        ("solution", "route"),
        ("solution", "trl"),
        ("participants", "participants"),
        ("budget", "budget"),
    ]
    assert refused.value.problems[3].clause == "第六条"
    nothing_happened(application)


@pytest.mark.parametrize(
    ("money", "code"),
    [
        ({"fiscal": Decimal("1000000.01"), "own": Decimal(3_000_000)}, "call-cap"),
        ({"fiscal": Decimal(500_000), "own": Decimal("499999.99")}, "own-ratio"),
    ],
)
def test_money_against_the_rules_is_refused(money, code):
    application = fill(ApplicationFactory(), **money)
    with pytest.raises(rules.Incomplete) as refused:
        submit(application)
    assert [problem.name for problem in refused.value.problems] == [code]
    nothing_happened(application)


def test_a_rule_that_says_no_is_refused_and_a_warning_is_not():
    rule = {
        "code": "X1",
        "text": "须为高企。",
        "clause": "第三条",
        "scope": "unit",
        "automation": "auto",
        "expression": "unit.high_tech",
    }
    strict = filled(call=CallFactory(parts__rules=(rule,)))
    with pytest.raises(rules.Incomplete) as refused:
        submit(strict)
    assert [(p.name, p.clause) for p in refused.value.problems] == [("X1", "第三条")]
    nothing_happened(strict)
    lenient = filled(call=CallFactory(parts__rules=(rule | {"severity": "warning"},)))
    submit(lenient)
    assert lenient.rule_results.get().status == "warning"


def test_text_that_could_not_be_stored_stops_a_submission():
    application = filled()
    by = application.created_by
    actions.save_answers(application=application, answers={"trl": "四"}, by=by, at=timezone.now())
    actions.keep_typed(
        application=application, section="budget", typed={"x": ["abc"]}, by=by, at=timezone.now()
    )
    with pytest.raises(rules.Incomplete) as refused:
        submit(application)
    assert {problem.section for problem in refused.value.problems} == {"solution", "budget"}
    nothing_happened(application)


def test_hidden_questions_are_not_asked_for():
    question = {"code": "ethics", "kind": QuestionKind.LINE, "label": "伦理", "visible_when": "answers.trial"}
    asked = {"code": "trial", "kind": QuestionKind.YES_NO, "label": "临床", "is_required": False}
    base = (
        {"code": "route", "kind": QuestionKind.TEXT, "label": "路线"},
        {"code": "trl", "kind": QuestionKind.NUMBER, "label": "成熟度"},
    )
    application = filled(call=CallFactory(parts__questions=(*base, asked, question)))
    actions.save_answers(
        application=application, answers={"trial": "true"}, by=application.created_by, at=timezone.now()
    )
    with pytest.raises(rules.Incomplete) as refused:
        submit(application)
    assert [problem.name for problem in refused.value.problems] == ["ethics"]
    actions.save_answers(
        application=application, answers={"trial": "false"}, by=application.created_by, at=timezone.now()
    )
    submit(application)


# ---- time ----


def test_the_closing_moment_is_in_time():
    application = filled()
    submit(application, at=application.call.closes_at)
    assert application.state == S.UNIT_REVIEW


def test_one_second_late_is_refused_with_time_and_clause():
    application = filled()
    closes = application.call.closes_at
    with pytest.raises(Refused) as refused:
        submit(application, at=closes + timedelta(seconds=1))
    assert (refused.value.code, refused.value.clause) == ("late", application.call.number)
    assert queries.local_moment(closes) in refused.value.message
    nothing_happened(application)


def test_a_bid_is_late_when_its_topic_has_closed():
    topic = TopicFactory()
    application = filled(call=topic.call, topic=topic)
    with pytest.raises(Refused) as refused:
        submit(application, at=topic.bids_close_at + timedelta(microseconds=1))
    assert refused.value.clause == topic.number
    nothing_happened(application)


def test_a_closed_call_takes_nothing():
    application = filled()
    Call.objects.filter(pk=application.call_id).update(state="closed")
    with pytest.raises(Refused):
        submit(application)
    nothing_happened(application)


@pytest.mark.parametrize("who", ["stranger", "colleague", "unit_admin"])
def test_only_the_team_hands_in(who):
    application = filled()
    user = {
        "stranger": UserFactory,
        "colleague": lambda: member_of(application.organisation),
        "unit_admin": lambda: member_of(application.organisation, UnitRole.ADMIN),
    }[who]()
    with pytest.raises(Refused):
        submit(application, by=user)
    nothing_happened(application)


# ---- once ----


def test_a_second_click_finds_it_handed_in():
    application = filled()
    stale = Application.objects.get(pk=application.pk)
    submit(application)
    with pytest.raises(Lost):
        submit(stale, by=application.created_by)
    assert Submission.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_submission():
    application = filled()
    barrier = Barrier(2)

    def click(_n):
        try:
            mine = Application.objects.get(pk=application.pk)
            barrier.wait(5)
            submit(mine, by=application.created_by)
        except Lost:
            return "lost"
        else:
            return "won"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(click, range(2)))

    assert outcomes == ["lost", "won"]
    assert Submission.objects.filter(application=application).count() == 1
    assert Event.objects.about(application).filter(verb="moved").count() == 1
    assert Application.objects.get(pk=application.pk).version == 1


@pytest.mark.django_db(transaction=True)
def test_an_answer_saved_during_the_submission_is_sealed_or_refused():
    application = filled()
    barrier = Barrier(2)
    by = application.created_by

    def save():
        try:
            barrier.wait(5)
            actions.save_answers(
                application=Application.objects.get(pk=application.pk),
                answers={"route": "后来的"},
                by=by,
                at=timezone.now(),
            )
        except Refused:
            return "refused"
        else:
            return "saved"
        finally:
            connection.close()

    def hand_in():
        try:
            barrier.wait(5)
            return submit(Application.objects.get(pk=application.pk), by=by).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        saving, handing = pool.submit(save), pool.submit(hand_in)
        outcome, pk = saving.result(), handing.result()

    sealed = {answer["code"]: answer["value"] for answer in Submission.objects.get(pk=pk).content["answers"]}
    stored = queries.stored_answers(application)
    assert sealed["route"] == stored["route"]
    assert stored["route"] == ("后来的" if outcome == "saved" else "先仿真后试制。")


# ---- again ----


def test_a_returned_application_goes_back_to_whom_returned_it_as_the_next_version():
    call = CallFactory(parts__stages=("unit_review", "formal_check", "decision"))
    application = submitted(call=call)
    at = timezone.now()
    actions.unit_approve(application=application, by=None, at=at)
    actions.officer_mark(
        rule_result=application.rule_results.get(rule__code="P1"),
        status="passed",
        by=UserFactory(is_superuser=True),
        at=at,
    )
    due = at + timedelta(days=3)
    actions.return_for_supplement(
        application=application, reason="补充合同", items=["合同"], due_at=due, by=None, at=at
    )
    assert application.state == S.RETURNED
    with pytest.raises(Refused) as refused:
        submit(application, at=due + timedelta(seconds=1))
    assert (refused.value.code, refused.value.field) == ("late", "supplement")
    actions.save_answers(application=application, answers={"route": "改后"}, by=application.created_by, at=at)
    number = application.number

    submission = submit(application, at=due)

    assert (application.state, application.number, submission.version) == (S.FORMAL_CHECK, number, 2)
    assert application.rule_results.get(rule__code="P1").officer_status == ""
    versions = [s.content["answers"][0]["value"] for s in application.submissions.order_by("version")]
    assert versions == ["先仿真后试制。", "改后"]
    kinds = Deadline.objects.open().filter(object_id=application.pk).values_list("kind", flat=True)
    assert list(kinds) == ["formal_check"]
