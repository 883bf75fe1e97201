"""What the unit's record (单位档案) holds is taken into every form, with its date and source."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.kinds import FactKind
from applications import actions, queries
from applications.models import Answer
from core.workflow import Refused
from desk.packs import questions as kinds
from tests.factories.accounts import (
    BankAccountFactory,
    OrganisationFactFactory,
    OrganisationFactory,
    ShareholderFactory,
    member_of,
)
from tests.factories.applications import ApplicationFactory, fill
from tests.factories.grants import QUESTIONS, CallFactory

pytestmark = pytest.mark.django_db

ASKED = (
    {"code": "revenue", "kind": "money", "label": "营业收入", "config": {"from_record": "revenue"}},
    {"code": "staff", "kind": "number", "label": "职工人数", "config": {"from_record": "staff"}},
    {"code": "cert", "kind": "line", "label": "高企证书", "config": {"from_record": "high_tech"}},
    {"code": "founded", "kind": "date", "label": "成立日期", "config": {"from_record": "registered_date"}},
)


@pytest.fixture
def call():
    questions = (*QUESTIONS, *({"is_required": False, **question} for question in ASKED))
    return CallFactory(parts__questions=questions, parts__rules=())


@pytest.fixture
def unit():
    unit = OrganisationFactory(registered_date=date(2015, 3, 1), kind="university")
    known = {"organisation": unit, "source": "2025 年审计报告", "valid_to": None}
    OrganisationFactFactory(
        kind=FactKind.REVENUE, number=Decimal(9_000_000), valid_from="2024-01-01", **known
    )
    OrganisationFactFactory(
        kind=FactKind.REVENUE, number=Decimal(12_340_000), valid_from="2025-01-01", **known
    )
    OrganisationFactFactory(kind=FactKind.STAFF, number=Decimal(85), valid_from="2025-01-01", **known)
    return unit


def started(call, unit):
    return actions.start(call=call, organisation=unit, by=member_of(unit), at=timezone.now())


def stored(application) -> dict:
    return dict(Answer.objects.filter(application=application).values_list("question__code", "value"))


def test_a_draft_begins_with_what_the_record_holds(call, unit):
    OrganisationFactFactory(
        organisation=unit,
        kind=FactKind.HIGH_TECH,
        number=None,
        text="GR2020001",
        valid_from="2020-01-01",
        valid_to="2023-01-01",
        source="高新技术企业证书",
    )
    application = started(call, unit)
    assert stored(application) == {"revenue": "12340000.00", "staff": 85, "founded": "2015-03-01"}
    known = queries.recorded(application, queries.questions_of(application))
    assert (known["revenue"].year, known["revenue"].source) == (2025, "2025 年审计报告")
    # An expired certificate is offered with a warning, never taken by itself.
    assert (known["cert"].value, known["cert"].is_expired) == ("GR2020001", True)


def test_the_form_says_where_an_answer_comes_from_and_takes_the_records_value(call, unit, client):
    application = started(call, unit)
    client.force_login(application.created_by)
    address = reverse("applications:section", args=[application.pk, "solution"])
    shown = client.get(address).content.decode()
    assert "来自单位档案：2025 年度，登记于" in shown
    assert "来源 2025 年审计报告" in shown
    assert "采用档案中的数值" not in shown
    sent = {"a-revenue": "100", "a-staff": "85", "a-founded": "2015-03-01", "a-route": "路线。"}
    client.post(address, sent)
    assert stored(application)["revenue"] == "1000000.00"
    assert "单位档案中为 1234 万元" in client.get(address).content.decode()
    # One click: what else was typed on the page is saved too.
    client.post(address, sent | {"a-route": "另一条路线。", "use_recorded": "revenue"})
    assert (stored(application)["revenue"], stored(application)["route"]) == ("12340000.00", "另一条路线。")
    with pytest.raises(Refused):
        actions.use_recorded(
            application=application, code="route", by=application.created_by, at=timezone.now()
        )
    with pytest.raises(Refused):
        actions.use_recorded(application=application, code="revenue", by=member_of(unit), at=timezone.now())


def test_the_record_is_sealed_beside_the_answer_and_another_unit_gets_nothing(call, unit):
    application = fill(ApplicationFactory(call=call, organisation=unit))
    by, at = application.created_by, timezone.now()
    actions.save_answers(application=application, answers={"revenue": "100", "staff": "85"}, by=by, at=at)
    submission = actions.submit(application=application, by=by, at=at)
    OrganisationFactFactory(
        organisation=unit, kind=FactKind.STAFF, number=Decimal(3), valid_from=timezone.localdate()
    )
    sealed = {answer["code"]: answer.get("record") for answer in submission.content["answers"]}
    assert sealed["route"] is None
    assert (sealed["revenue"]["same"], sealed["staff"]["same"]) == (False, True)
    assert sealed["staff"]["source"] == "2025 年审计报告"
    foreign = ApplicationFactory(call=call, organisation=OrganisationFactory(registered_date=None))
    assert queries.recorded(foreign, queries.questions_of(foreign)) == {}


def test_a_figure_of_a_named_year_the_account_and_lists_fill_their_answers(unit, client):
    columns = [
        {"code": "who", "label": "股东", "record": "name"},
        {"code": "share", "label": "比例", "kind": "number", "record": "percent"},
        {"code": "note", "label": "说明"},
    ]
    papers = [
        {"code": "what", "label": "证书", "record": "kind"},
        {"code": "until", "label": "有效期", "kind": "date", "record": "valid_to"},
    ]
    call = CallFactory(
        year=2026,
        parts__rules=(),
        parts__questions=[
            {"is_required": False, "label": code, "code": code, "kind": kind, "config": config}
            for code, kind, config in (
                ("exact", "money", {"from_record": "revenue", "record_year": 2024}),
                ("before", "money", {"from_record": "revenue", "record_year": -1}),
                ("this", "money", {"from_record": "revenue", "record_year": 0}),
                ("account", "line", {"from_record": "account"}),
                ("holders", "table", {"from_record": "shareholders", "columns": columns}),
                ("papers", "table", {"from_record": "certificates", "columns": papers}),
            )
        ],
    )
    BankAccountFactory(organisation=unit, number="370212345678", bank="琴岛银行", holder="海大")
    for day, name, percent in (("2020-01-01", "旧", 100), ("2025-06-01", "甲", 60), ("2025-06-01", "乙", 40)):
        ShareholderFactory(organisation=unit, as_of_date=day, name=name, percent=percent)
    for kind, until in ((FactKind.HIGH_TECH, "2099-01-01"), (FactKind.TECH_SME, "2021-01-01")):
        dates = {"valid_from": "2020-01-01", "valid_to": until}
        OrganisationFactFactory(organisation=unit, kind=kind, number=None, text="GR1", **dates)
    application = started(call, unit)
    found = stored(application)
    assert (found["exact"], found["before"], "this" in found) == ("9000000.00", "12340000.00", False)
    assert found["account"] == "海大 琴岛银行 ****5678"
    assert found["holders"] == [{"who": "甲", "share": 60}, {"who": "乙", "share": 40}]
    assert found["papers"] == [{"what": "高新技术企业", "until": "2099-01-01"}]
    # Cells that the record does not fill stay when its list is taken again.
    holders, answers = Answer.objects.get(question__code="holders"), queries.stored_answers
    Answer.objects.filter(pk=holders.pk).update(
        value=[{"who": "乙", "share": 41, "note": "增资"}, {"who": "丙", "share": 59}]
    )
    by = application.created_by
    actions.use_recorded(application=application, code="holders", by=by, at=timezone.now())
    kept = [{"who": "甲", "share": 60}, {"who": "乙", "share": 40, "note": "增资"}]
    assert answers(application)["holders"] == kept
    client.force_login(by)
    text = client.get(reverse("applications:section", args=[application.pk, "solution"])).content.decode()
    assert "来源 单位档案的股东名册" in text
    assert "370212345678" not in text
    assert "采用档案中的数值" not in text


@pytest.mark.parametrize(
    ("kind", "config", "place"),
    [
        ("money", {"from_record": "revenue", "record_year": 99}, ("record_year",)),
        ("money", {"record_year": 2025}, ("record_year",)),
        ("line", {"from_record": "shareholders"}, ("from_record",)),
        ("table", {"from_record": "account", "columns": [{"code": "a", "label": "甲"}]}, ("from_record",)),
        (
            "table",
            {"from_record": "shareholders", "columns": [{"code": "a", "label": "甲"}]},
            ("from_record",),
        ),
        (
            "table",
            {
                "from_record": "shareholders",
                "columns": [{"code": "a", "label": "甲", "kind": "date", "record": "name"}],
            },
            ("columns", 0, "kind"),
        ),
        ("table", {"columns": [{"code": "a", "label": "甲", "record": "name"}]}, ("columns", 0, "record")),
    ],
)
def test_a_pack_says_what_cannot_be_taken_from_the_record(kind, config, place):
    assert [found for found, _sentence in kinds.faults((), kind, config)] == [place]


def test_facts_of_the_future_are_not_taken(call, unit):
    tomorrow = timezone.localdate() + timedelta(days=1)
    OrganisationFactFactory(organisation=unit, kind=FactKind.STAFF, number=Decimal(999), valid_from=tomorrow)
    assert stored(started(call, unit))["staff"] == 85


@pytest.mark.parametrize(
    ("kind", "name", "right"),
    [
        ("money", "revenue", True),
        ("line", "high_tech", True),
        ("date", "registered_date", True),
        ("line", "revenue", False),
        ("money", "high_tech", False),
        ("line", "nonsense", False),
        ("text", "address", False),
    ],
)
def test_a_pack_names_a_field_that_can_answer_the_question(kind, name, right):
    assert (list(kinds.faults((), kind, {"from_record": name})) == []) is right
