"""Claims decided row by row: what each row becomes, what follows from the rows, what the database holds."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role
from applications import actions, queries
from applications.actions import Verdict
from applications.models import Answer, Application, Claim, ClaimLine, Submission
from applications.models.numbers import plain_number
from applications.states import ApplicationState
from awards import limits
from awards.models import Outcome
from core.models import Event
from core.workflow import Lost, Refused
from grants.models import Call, ClaimScheme, MoneyRule, Question, QuestionKind, Section, StageKind
from tests.factories.accounts import UserFactory, officer
from tests.factories.awards import budget, decide
from tests.factories.reviews import ApplicationFactory, manager_of, panel_call, sealed

pytestmark = pytest.mark.django_db
CLAIMS = "/api/v1/claims/"
STAGES = (StageKind.FORMAL_CHECK, StageKind.DECISION, StageKind.PUBLICITY)
COLUMNS = [
    {"code": "name", "label": "合同", "kind": "line", "once": "contract"},
    {"code": "amount", "label": "合同额", "kind": "money", "total": True},
]
ROWS = [
    {"name": f"HT{n}", "amount": f"{amount}.00"} for n, amount in ((1, 400_000), (2, 300_000), (3, 200_000))
]
ACCEPT = Verdict("accepted")


def claim_call(*, share="1", half=True) -> Call:
    """Half of what the contracts are worth, at most a million."""
    call = panel_call(stages=STAGES)
    Call.objects.filter(pk=call.pk).update(state="draft", published_at=None)
    section = Section.objects.create(call=call, code="claims", title="明细", order=1)
    Question.objects.create(
        call=call,
        section=section,
        code="contracts",
        kind=QuestionKind.TABLE,
        label="合同明细",
        config={"columns": COLUMNS},
        order=1,
    )
    Question.objects.create(
        call=call,
        section=section,
        code="worth",
        kind=QuestionKind.COMPUTED,
        label="合计",
        config={"expression": "sum(answers.contracts.map(r, r.amount))"},
        order=2,
    )
    if half:
        MoneyRule.objects.create(
            call=call,
            code="half",
            kind="share",
            text="不超过合同额的50%",
            clause="第三条",
            rate=Decimal("0.5"),
            base="answers.worth",
            order=1,
        )
    ClaimScheme.objects.create(
        call=call, question="contracts", column="amount", share=Decimal(share), clause="第五条"
    )
    Call.objects.filter(pk=call.pk).update(state="published", published_at=call.opens_at)
    return Call.objects.get(pk=call.pk)


def claimed(*, reached=ApplicationState.DECISION, rows=ROWS, asked=450_000, **kwargs) -> Application:
    application = ApplicationFactory(
        call=claim_call(**kwargs), reached=ApplicationState.DRAFT, requested_amount=Decimal(asked)
    )
    question = application.call.questions.get(code="contracts")
    Answer.objects.create(
        application=application,
        question=question,
        value=rows,
        saved_at=timezone.now(),
        saved_by=application.created_by,
    )
    Application.objects.filter(pk=application.pk).update(
        state=reached,
        version=1,
        number=f"SL{application.pk:06d}",
        submitted_by=application.created_by,
        submitted_at=application.created_at,
    )
    application.refresh_from_db()
    submission = sealed(application)
    actions.keep_numbers(
        application=application,
        asked=list(application.call.questions.all()),
        answers=submission.content["answers"],
    )
    budget(application.call)
    return application


def judge(application, *verdicts, by=None, seen=None, at=None) -> Claim:
    actions.judge_claim(
        application=application,
        verdicts=dict(enumerate(verdicts, start=1)),
        by=by or manager_of(application.call),
        at=at or timezone.now(),
        seen=seen,
    )
    return Claim.objects.get()


def cut(amount, reason="超出实施期") -> Verdict:
    return Verdict("reduced", reason, Decimal(amount))


REFUSE = Verdict("refused", "发票重复")


@pytest.mark.parametrize(
    ("verdicts", "approved", "amount"),
    [
        ((ACCEPT, ACCEPT, ACCEPT), 900_000, "450000.00"),
        ((ACCEPT, REFUSE, ACCEPT), 600_000, "300000.00"),
        ((ACCEPT, cut("0.03"), REFUSE), "400000.03", "200000.02"),
        ((REFUSE, REFUSE, REFUSE), 0, "0.00"),
    ],
)
def test_the_amount_follows_from_the_accepted_rows_under_the_calls_rate(verdicts, approved, amount):
    claim = judge(claimed(), *verdicts)

    assert (claim.claimed_total, claim.approved_total) == (Decimal(900_000), Decimal(approved))
    assert claim.amount == Decimal(amount)


@pytest.mark.parametrize(
    ("asked", "share", "amount"),
    [
        (450_000, "1", "450000"),
        (100_000, "1", "100000"),
        (900_000, "0.25", "225000"),
        (900_000, "1", "900000"),
    ],
)
def test_request_and_share_of_the_approved_limit_it_too(asked, share, amount):
    claim = judge(claimed(asked=asked, share=share, half=False), ACCEPT, ACCEPT, ACCEPT)

    assert claim.amount == Decimal(amount)


def test_nothing_follows_before_every_row_is_decided_and_every_change_is_kept():
    application = claimed()

    assert judge(application, ACCEPT).amount is None
    assert judge(application, cut(10), ACCEPT, ACCEPT).amount == Decimal("250005.00")
    line = ClaimLine.objects.get(number=1)
    assert list(line.events.order_by("pgh_id").values_list("result", "approved")) == [
        ("", Decimal(0)),
        ("accepted", Decimal(400_000)),
        ("reduced", Decimal(10)),
    ]
    notes = [
        event.note for event in Event.objects.about(application).filter(verb="claim_judged").order_by("id")
    ]
    assert notes == ["认可 1", "核减 1，认可 2；核定资助额 25.0005 万元"]


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (Verdict("refused", " "), "第 1 行：请写明理由。"),
        (cut(400_000), "第 1 行：核定金额应大于 0、小于申领的 40 万元。"),
        (cut(0), "第 1 行：核定金额应大于 0、小于申领的 40 万元。"),
        (Verdict("reduced", "超期"), "第 1 行：核定金额应大于 0、小于申领的 40 万元。"),
        (Verdict("kept"), "第 1 行：请选择结论。"),
    ],
)
def test_a_verdict_without_its_reason_or_amount_is_refused_at_its_row(verdict, sentence):
    application = claimed()

    with pytest.raises(Refused) as refused:
        judge(application, verdict)

    assert refused.value.message == sentence
    assert not Claim.objects.exists()


def test_two_officers_at_once_do_not_write_over_each_other():
    application = claimed()
    first = actions.begin_claim(application=application, by=manager_of(application.call), at=timezone.now())
    seen = dict.fromkeys(range(1, 4), ":0:")
    judge(application, REFUSE, seen={n: f":{line.approved}:" for n, line in enumerate(first.lines.all(), 1)})

    with pytest.raises(Lost):
        judge(application, ACCEPT, seen=seen)

    assert ClaimLine.objects.get(number=1).result == "refused"


@pytest.mark.parametrize(
    "changed",
    [
        {"result": "accepted", "approved": 1},
        {"result": "reduced", "approved": 400_000, "reason": "x"},
        {"result": "reduced", "approved": 5, "reason": ""},
        {"result": "refused", "approved": 5, "reason": "x"},
        {"result": "", "approved": 0},
    ],
)
def test_the_database_keeps_rows_in_order(changed):
    judge(claimed(), ACCEPT, ACCEPT, ACCEPT)

    with pytest.raises(DatabaseError), transaction.atomic():
        ClaimLine.objects.filter(number=1).update(**changed)


def test_the_database_keeps_sum_and_amount_with_the_rows():
    judge(claimed(), ACCEPT, ACCEPT, ACCEPT)

    Claim.objects.update(approved_total=1, claimed_total=1)
    assert Claim.objects.get().approved_total == Decimal(900_000)
    with pytest.raises(DatabaseError), transaction.atomic():
        Claim.objects.update(amount=900_001)
    ClaimLine.objects.filter(number=1).update(result="refused", approved=0, reason="x")
    claim = Claim.objects.get()
    assert (claim.approved_total, claim.amount) == (Decimal(500_000), None)
    with pytest.raises(DatabaseError), transaction.atomic():
        ClaimLine.objects.all().delete()


@pytest.mark.parametrize(
    "state", [ApplicationState.DRAFT, ApplicationState.RETURNED, ApplicationState.AWARDED]
)
def test_rows_are_decided_only_while_the_bureau_examines(state):
    application = claimed(reached=state)

    with pytest.raises(Refused):
        judge(application, ACCEPT)


def test_only_officers_of_the_department_decide(client):
    application = claimed()
    stranger = officer(Role.PROGRAMME_MANAGER)

    with pytest.raises(Refused):
        judge(application, ACCEPT, by=stranger)

    client.force_login(stranger)
    address = reverse("admin:applications_application_judge_claim", args=[application.pk])
    assert client.get(address).status_code == 404
    assert not Claim.objects.exists()


def test_a_decision_waits_for_the_rows_and_takes_their_amount():
    application = claimed()
    with pytest.raises(Refused) as waiting:
        limits.check_amount(application, Decimal(450_000))
    judge(application, ACCEPT, REFUSE, ACCEPT)
    with pytest.raises(Refused) as wrong:
        decide(application, amount=Decimal(299_999))

    decide(application, amount=Decimal(300_000))

    assert waiting.value.code == "not_judged"
    assert wrong.value.message == "拟资助额 29.9999 万元 应为逐笔核定的结果 30 万元。"
    with pytest.raises(Refused):
        judge(application, ACCEPT, ACCEPT, ACCEPT)
    with pytest.raises(DatabaseError), transaction.atomic():
        ClaimLine.objects.filter(number=1).update(reason="别的")
    with pytest.raises(DatabaseError), transaction.atomic():
        Claim.objects.update(amount=1)


def test_the_applicant_reads_each_row_once_it_is_decided(client):
    application = claimed()
    judge(application, ACCEPT, REFUSE, cut(50_000))
    client.force_login(application.created_by)
    address = reverse("applications:detail", args=[application.pk])

    before = client.get(address).content.decode()
    decide(application, amount=Decimal(0), outcome=Outcome.REJECT)
    after = client.get(address).content.decode()

    assert "发票重复" not in before
    assert all(words in after for words in ("发票重复", "超出实施期", "核定资助额"))
    client.force_login(UserFactory())
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("count", [1, 30])
def test_the_desk_costs_the_same_for_any_number_of_rows(client, django_assert_num_queries, count):
    rows = [{"name": f"HT{n}", "amount": "100.00"} for n in range(count)]
    application = claimed(rows=rows, asked=count * 50)
    application.manager = manager_of(application.call)
    client.force_login(application.manager)
    address = reverse("admin:applications_application_judge_claim", args=[application.pk])
    client.get(address)

    with django_assert_num_queries(27):
        page = client.get(address)

    assert len(page.context["rows"]) == count

    claim = Claim.objects.get()
    fields = {"application": application, "by": application.created_by, "at": timezone.now()}
    again = [Submission(version=n, content={}, sha256="0" * 64, **fields) for n in range(2, count + 1)]
    Claim.objects.bulk_create(
        Claim(application=application, submission=found, share=1)
        for found in Submission.objects.bulk_create(again)
    )
    api = APIClient()
    api.force_authenticate(application.manager)
    with django_assert_num_queries(3):
        assert len(api.get(CLAIMS).json()["results"]) == count
    with django_assert_num_queries(5):
        assert len(api.get(f"{CLAIMS}{claim.pk}/").json()["lines"]) == count


def test_rows_are_decided_by_api_as_on_the_desk():
    application = claimed()
    department, author, stranger = (APIClient() for _n in range(3))
    department.force_authenticate(manager_of(application.call))
    author.force_authenticate(application.created_by)
    stranger.force_authenticate(officer(Role.PROGRAMME_MANAGER))
    begin = f"/api/v1/applications/{application.pk}/claim/"
    assert (author.post(begin).status_code, stranger.post(begin).status_code) == (422, 404)
    claim = department.post(begin).json()
    first, second, third = claim["lines"]
    assert first["cells"] == [{"heading": "合同", "text": "HT1"}, {"heading": "合同额", "text": "40 万元"}]
    address = f"{CLAIMS}{claim['id']}/"
    assert [client.get(address).status_code for client in (department, author, stranger)] == [200, 404, 404]

    def send(*verdicts):
        lines = [
            {"number": line["number"], "version": line["version"], **verdict}
            for line, verdict in zip((first, second, third), verdicts, strict=True)
        ]
        return department.post(f"{address}judge/", {"lines": lines}, format="json")

    accept, refuse = {"result": "accepted"}, {"result": "refused", "reason": "发票重复"}
    unreasoned = send(accept, accept, {"result": "refused"})
    assert (unreasoned.status_code, unreasoned.json()["error"]["field"]) == (422, "3-reason")
    assert not ClaimLine.objects.exclude(result="").exists()
    judged = send(
        accept, refuse, {"result": "reduced", "approved": "50000.00", "reason": "超出实施期"}
    ).json()
    assert (judged["judged_total"], judged["approved_total"], judged["amount"]) == (
        3,
        "450000.00",
        "225000.00",
    )
    assert send(accept, accept, accept).status_code == 409

    decide(application, amount=Decimal(0), outcome=Outcome.REJECT)
    assert [client.get(address).status_code for client in (department, author, stranger)] == [200, 200, 404]
    assert author.post(f"{address}judge/", {"lines": []}, format="json").status_code == 400


def test_the_officer_works_through_the_rows_and_loses_nothing(client):
    application = claimed(reached=ApplicationState.FORMAL_CHECK)
    client.force_login(manager_of(application.call))
    address = reverse("admin:applications_application_judge_claim", args=[application.pk])
    page = client.get(address)
    sent = {f"{form.line.number}-seen": form.initial["seen"] for _row, form, _repeats in page.context["rows"]}
    sent |= {
        "1-result": "accepted",
        "2-result": "reduced",
        "2-approved": "20",
        "2-reason": "",
        "3-result": "",
    }

    refused = client.post(address, sent)
    kept = client.post(address, sent | {"2-reason": "部分在期外"}, follow=True)

    assert refused.status_code == 422
    assert refused.context["rows"][1][1].errors == {"reason": ["第 2 行：请写明理由。"]}
    assert "已保存，还有 1 行待核定。" in kept.content.decode()
    assert list(ClaimLine.objects.values_list("result", flat=True)) == ["accepted", "reduced", ""]


def test_a_new_submission_is_decided_anew():
    application = claimed()
    judge(application, ACCEPT, ACCEPT, ACCEPT)
    application.version = 2
    Application.objects.filter(pk=application.pk).update(version=2)
    sealed(application)

    assert queries.claim_of(application) is None
    actions.begin_claim(
        application=application, by=manager_of(application.call), at=timezone.now() + timedelta(days=1)
    )
    assert Claim.objects.count() == 2


def test_a_contract_claimed_twice_is_shown_with_its_place_and_decides_nothing(client):
    """Within a claim, and in another department's of which only the programme is named."""
    first = claimed(reached=ApplicationState.REJECTED)
    rows = [{"name": name, "amount": "400000.00"} for name in ("ＨＴ－1", "HT7", "ht 7")]
    second = claimed(rows=rows)
    programme, number = first.call.programme.name, first.number
    address = reverse("admin:applications_application_judge_claim", args=[second.pk])
    everywhere = reverse("admin:applications_application_repeated_numbers", args=[second.pk])
    client.force_login(manager_of(second.call))
    page = client.get(address)
    notes = [[repeat.other.row for repeat in repeats] for _row, _form, repeats in page.context["rows"]]
    assert notes == [[1], [3], [2]]
    assert programme in page.content.decode()
    assert number not in page.content.decode() + client.get(everywhere).content.decode()
    api = APIClient()
    api.force_authenticate(manager_of(second.call))
    lines = api.get(f"{CLAIMS}{second.claims.get().pk}/").json()["lines"]
    assert [[(one["is_own"], one["row"]) for one in line["repeats"]] for line in lines] == [
        [(False, 1)],
        [(True, 3)],
        [(True, 2)],
    ]
    elsewhere = lines[0]["repeats"][0]
    assert (elsewhere["number"], elsewhere["programme"]) == ("ＨＴ－1", programme)
    assert (elsewhere["application"], elsewhere["application_number"]) == (None, "")
    client.force_login(officer(Role.AUDITOR))
    page = client.get(everywhere).content.decode()
    assert number in page
    assert first.get_state_display() in page
    assert client.get(everywhere.replace(str(second.pk), str(first.pk))).status_code == 200
    client.force_login(second.created_by)
    assert client.get(everywhere).status_code == 302
    # What was given up may be used again: an expression of the notice does not count it.
    assert queries.context(second)["project"]["repeated"] == []
    Application.objects.filter(pk=first.pk).update(state=ApplicationState.DECISION)
    assert queries.context(second)["project"]["repeated"] == ["ＨＴ－1"]
    assert judge(second, ACCEPT, ACCEPT, ACCEPT).amount is not None
    # Whoever reads the bureau's work reads the rows, and cannot change them.
    client.force_login(officer(Role.AUDITOR))
    page = client.get(address)
    assert [form for _row, form, _repeats in page.context["rows"]] == [None, None, None]
    assert client.post(address, {}).status_code == 403


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("patent", "ZL 2023 1 0000001.X", "２０２３１００００００１x"),
        ("paper", "https://doi.org/10.1000/ABC-1", "doi:10.1000/abc1"),
        ("invoice", "2537 2000-01", "2537200001"),
    ],
)
def test_numbers_are_compared_as_people_write_them(kind, one, other):
    assert plain_number(kind, one) == plain_number(kind, other) != ""
