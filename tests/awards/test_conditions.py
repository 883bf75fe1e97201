"""Clauses that hold at signing: judged then, certified by the unit, looked at by an officer."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, ProgrammingError, transaction

from accounts.models import Organisation, OrganisationKind
from accounts.roles import UnitRole
from applications import eligibility
from awards import actions
from awards.conditions import Place, conditions
from awards.models import Agreement, ConditionCheck
from awards.states import AgreementState
from core.workflow import Refused
from documents.models import Document
from grants.models import Automation, CheckMoment, EligibilityRule, Severity
from tests.factories.accounts import OrganisationFactory, member_of
from tests.factories.awards import LATER, agreement_of, beside, decide, to_decide, unit_admin_of
from tests.factories.reviews import manager_of, panel_call

pytestmark = pytest.mark.django_db
AT_SIGNING = {"moment": CheckMoment.SIGNING, "scope": "unit", "clause": "第五条"}
HERE = Place()


def signing(*rules):
    """(agreement, its unit's administrator, a manager) of a call with these clauses of signing."""
    steps = ("formal_check", "decision", "agreement")
    call = panel_call(stages=steps, rules=[AT_SIGNING | rule for rule in rules])
    application = to_decide(call=call)
    decide(application, at=LATER)
    return agreement_of(application), unit_admin_of(application), manager_of(call)


def kind_is(kind, **more):
    return {"code": "kind", "text": "立项时仍为高校。", "automation": Automation.AUTO} | {
        "expression": f"unit.kind == '{kind}' && award.amount > 0.0",
        "hint": "单位类型已变。",
        **more,
    }


CERTIFIED = {
    "code": "small",
    "text": "立项时仍为小型企业。",
    "automation": Automation.MANUAL,
    "is_certified": True,
    "asks_file": "声明函",
}


def refused(action, **kwargs) -> Refused:
    with pytest.raises(Refused) as caught:
        action(at=LATER, **kwargs)
    return caught.value


def paper():
    return SimpleUploadedFile("声明函.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")


def test_a_clause_of_signing_says_nothing_of_the_application_and_stops_signing_by_the_data_of_that_day():
    agreement, admin, manager = signing(kind_is("university"))
    application = agreement.award.application
    assert "kind" not in {line.code for line in eligibility.evaluate(application)}
    Organisation.objects.filter(pk=application.organisation_id).update(kind=OrganisationKind.ENTERPRISE)

    fault = refused(actions.unit_sign, agreement=agreement, by=admin)
    assert (fault.message, fault.clause) == ("不符合“立项时仍为高校”。单位类型已变。", "第五条")
    assert Agreement.objects.get().state == AgreementState.DRAFT

    # Nobody waits for the time to sign to run out: the manager may end it at once.
    actions.lapse(agreement=agreement, reason="不再符合条件", by=manager, at=LATER)
    assert Agreement.objects.get().state == AgreementState.FORGONE


def test_the_unit_certifies_with_its_file_and_an_officer_looks_before_both_sign():
    agreement, admin, manager = signing(CERTIFIED, kind_is("university"))
    rule = EligibilityRule.objects.get(code="small")
    said = {"agreement": agreement, "rule": rule, "place": HERE}
    assert refused(actions.unit_sign, agreement=agreement, by=admin).message == (
        "单位还没有确认“立项时仍为小型企业”。"
    )
    fault = refused(actions.certify, **said, by=admin)
    assert (fault.message, fault.field) == ("请上传“声明函”。", "file")

    actions.certify(**said, by=admin, file=paper(), at=LATER)
    assert Document.objects.get().subject == ConditionCheck.objects.get()
    actions.unit_sign(agreement=agreement, by=admin, at=LATER)
    assert refused(actions.bureau_sign, agreement=agreement, by=manager).message == (
        "“立项时仍为小型企业”还没有审查结论。"
    )
    assert refused(actions.mark_condition, **said, status="failed", note="", by=manager).field == "note"
    actions.mark_condition(**said, status="failed", note="从业人员超过 300 人", by=manager, at=LATER)
    assert "从业人员超过" in refused(actions.bureau_sign, agreement=agreement, by=manager).message
    actions.mark_condition(**said, status="passed", note="已核实", by=manager, at=LATER)

    actions.bureau_sign(agreement=agreement, by=manager, at=LATER)

    rows = ConditionCheck.objects.order_by("rule__order").values_list("rule__code", "status", "certified_by")
    assert list(rows) == [("small", "passed", admin.pk), ("kind", "passed", None)]
    assert refused(actions.certify, **said, by=admin).code == "not_allowed"
    with pytest.raises(ProgrammingError), transaction.atomic():
        ConditionCheck.objects.update(officer_note="改")


def test_only_the_units_administrator_certifies_and_only_managers_judge(subtests):
    agreement, admin, manager = signing(CERTIFIED)
    rule = EligibilityRule.objects.get(code="small")
    said = {"agreement": agreement, "rule": rule, "place": HERE}
    names = ("member", "other_manager", "stranger")
    around = beside(agreement.award.application, *names)
    for name, by in (around | {"manager": manager}).items():
        with subtests.test(f"{name} certifies"):
            refused(actions.certify, **said, by=by, file=paper())
    for name, by in (around | {"admin": admin}).items():
        with subtests.test(f"{name} judges"):
            refused(actions.mark_condition, **said, status="passed", note="", by=by)
    assert not ConditionCheck.objects.exists()


def test_a_clause_asked_of_others_needs_nothing_and_the_units_word_alone_may_be_enough():
    agreement, admin, _manager = signing(
        CERTIFIED | {"applies_when": "unit.kind == 'enterprise'"},
        {"code": "word", "text": "未变更法人。", "automation": Automation.AUTO, "is_certified": True},
    )
    small, word = conditions(agreement, HERE, at=LATER)
    assert (small.holds, small.status, word.waits_for_unit) == (True, "not_applicable", True)
    assert refused(actions.certify, agreement=agreement, rule=word.rule, place=Place(7), by=admin).code == (
        "not_allowed"
    )
    actions.certify(agreement=agreement, rule=word.rule, place=HERE, by=admin, at=LATER)
    actions.unit_sign(agreement=agreement, by=admin, at=LATER)
    assert Agreement.objects.get().state == AgreementState.UNIT_SIGNED


@pytest.mark.parametrize(
    "fields",
    [
        {"moment": "application", "is_certified": True},
        {"is_certified": False, "asks_file": "声明函"},
        {"severity": Severity.PREFERENCE},
    ],
)
def test_the_database_refuses_clauses_that_cannot_be(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        panel_call(rules=[AT_SIGNING | CERTIFIED | fields])


def test_the_database_refuses_words_of_nobody():
    agreement, admin, _manager = signing(CERTIFIED)
    row = {"agreement": agreement, "rule": EligibilityRule.objects.get(code="small")}
    for fields in (
        {"certified_by": admin},
        {"officer_status": "passed"},
        {"settled_at": LATER, "status": "failed"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            ConditionCheck.objects.create(**row, **fields)


def test_everybody_says_their_part_on_one_page_and_strangers_see_none(client):
    agreement, admin, manager = signing(CERTIFIED)
    rule = EligibilityRule.objects.get(code="small")
    page, of_agreement = f"/projects/{agreement.pk}/conditions/", f"/awards/agreements/{agreement.pk}/"
    client.force_login(member_of(OrganisationFactory(), role=UnitRole.ADMIN))
    assert client.get(page).status_code == 404
    client.force_login(admin)
    assert "立项时仍为小型企业" in client.get(of_agreement).content.decode()
    name = f"c0-{rule.pk}"
    said = {"place": "0", "rule": rule.pk, "do": "certify", f"{name}-agree": "on"}
    missing = client.post(page, said)
    assert (missing.status_code, "required" in missing.content.decode()) == (422, True)
    assert client.post(page, said | {f"{name}-file": paper()}).status_code == 302
    assert client.post(page, {"place": "0", "rule": rule.pk, "do": "mark"}).status_code == 404
    client.force_login(manager)
    answer = {"place": "0", "rule": rule.pk, "do": "mark", f"m0-{rule.pk}-status": "failed"}
    assert "必须写明理由" in client.post(page, answer).content.decode()
    assert client.post(page, answer | {f"m0-{rule.pk}-note": "人数超过"}).status_code == 302
    assert "人数超过" in client.get(page).content.decode()
