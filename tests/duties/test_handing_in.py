"""A duty is filled in, handed in, accepted, sent back or waived; what waits for it waits until then."""

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions as applications
from applications.rules import Incomplete
from awards import actions as awards
from core.workflow import Refused
from documents.models import Document
from duties import actions, queries
from duties.models import AcceptedBy, Blocks, Duty, HandIn, Moment, OnePer, OwedBy
from duties.states import DutyState
from grants.models import FormKind, Question, QuestionKind, Section
from notifications.models import Deadline, DeadlineKind
from tests.factories.accounts import member_of, officer
from tests.factories.applications import filled
from tests.factories.awards import LATER, agreement_of, beside, decide, to_decide, unit_admin_of
from tests.factories.duties import hand_in, term, unchecked
from tests.factories.grants import CallFactory
from tests.factories.reviews import manager_of, panel_call, publish

pytestmark = pytest.mark.django_db
SIGNED = ("formal_check", "decision", "agreement")


def owed(**said):
    """(a duty of an application handed in, its leader)."""
    application = filled(call=CallFactory(parts__duties=[term(**said)]))
    applications.submit(application=application, by=application.created_by, at=timezone.now())
    return queries.with_subject(Duty.objects.all()).get(), application.created_by


def refused(action, **kwargs) -> Refused:
    with pytest.raises(Refused) as caught, transaction.atomic():
        action(at=timezone.now(), **kwargs)
    return caught.value


def test_what_nobody_checks_is_done_when_it_is_handed_in_and_its_clock_is_met():
    duty, leader = owed(accepted_by=AcceptedBy.NOBODY)
    hand_in(duty, by=leader)
    assert Duty.objects.get().state == DutyState.DONE
    assert Deadline.objects.get(kind=DeadlineKind.DUTY).state == "met"
    sealed = HandIn.objects.get()
    assert [answer["code"] for answer in sealed.answers] == ["files", "note"]
    assert Document.objects.about(sealed).get().name == "材料.pdf"


def test_an_empty_form_is_refused_with_its_clause_and_nothing_is_sealed():
    duty, leader = owed()
    fault = refused(actions.hand_in, duty=duty, by=leader)
    assert (fault.message, fault.clause) == ("还有 1 处需要填写或改正，例如“材料”：必填。", "第四条")
    assert (Duty.objects.get().state, HandIn.objects.count()) == (DutyState.OPEN, 0)


def test_the_officer_sends_back_with_a_reason_and_accepts_what_comes_again():
    duty, leader = owed(check_days=5)
    manager = manager_of(duty.term.call)
    hand_in(duty, by=leader)
    assert set(Deadline.objects.open().owed_by(manager).values_list("kind", flat=True)) >= {"duty_check"}
    fault = refused(actions.conclude, duty=duty, outcome="returned", note=" ", by=manager)
    assert fault.field == "note"
    actions.conclude(duty=duty, outcome="returned", note="缺公章", by=manager, at=timezone.now())
    assert (Duty.objects.get().state, HandIn.objects.get().note) == (DutyState.RETURNED, "缺公章")
    assert Deadline.objects.open().get(kind=DeadlineKind.DUTY).object_id == duty.pk

    actions.hand_in(duty=duty, by=leader, at=timezone.now())
    actions.conclude(duty=duty, outcome="accepted", note="", by=manager, at=timezone.now())
    assert Duty.objects.get().state == DutyState.DONE
    assert [row.outcome for row in HandIn.objects.order_by("number")] == ["returned", "accepted"]
    with pytest.raises(ProgrammingError), transaction.atomic():
        HandIn.objects.filter(number=2).update(note="改")


def test_only_whoever_owes_it_fills_it_in_and_only_the_bureau_accepts(subtests):
    duty, leader = owed()
    application = duty.application
    people = beside(application, "admin", "member", "other_admin", "other_manager", "leader", "stranger")
    people["manager"] = manager_of(application.call)
    for name, person in people.items():
        with subtests.test(name):
            assert Duty.objects.owed_by(person).exists() is (name == "admin")
            assert Duty.objects.visible_to(person).exists() is (name in ("admin", "manager", "leader"))
            if name != "admin":
                assert refused(actions.hand_in, duty=duty, by=person).code == "not_allowed"
    hand_in(duty, by=leader)
    for name in set(people) - {"manager"}:
        with subtests.test(f"{name} concludes"):
            said = {"duty": duty, "outcome": "accepted", "note": "", "by": people[name]}
            assert refused(actions.conclude, **said).message


def test_where_the_unit_accepts_its_administrator_does_and_no_officer():
    duty, leader = owed(accepted_by=AcceptedBy.UNIT)
    hand_in(duty, by=leader)
    said = {"outcome": "accepted", "note": ""}
    manager = manager_of(duty.term.call)
    assert refused(actions.conclude, duty=duty, by=manager, **said).message == "由单位管理员审核。"
    admin = member_of(duty.application.organisation, role=UnitRole.ADMIN)
    actions.conclude(duty=duty, by=admin, at=timezone.now(), **said)
    assert Duty.objects.get().state == DutyState.DONE


def test_a_form_of_the_notice_is_asked_question_by_question():
    call = CallFactory(draft=True, parts__duties=[term(section_code="need")])
    section = Section.objects.create(call=call, form=FormKind.DUTY, code="need", title="需求汇总", order=9)
    asked = {"call": call, "section": section}
    Question.objects.create(code="need_n", kind=QuestionKind.NUMBER, label="需求数", order=1, **asked)
    columns = [{"code": "name", "label": "名称"}]
    Question.objects.create(
        code="rows", kind=QuestionKind.TABLE, label="需求", order=2, config={"columns": columns}, **asked
    )
    application = filled(call=publish(call))
    leader = application.created_by
    applications.submit(application=application, by=leader, at=timezone.now())
    duty = queries.with_subject(Duty.objects.all()).get()
    faults = actions.save(duty=duty, answers={"need_n": "三"}, by=leader, at=timezone.now())
    assert list(faults) == ["need_n"]
    assert refused(actions.hand_in, duty=duty, by=leader).code == "incomplete"
    told = {"need_n": "3", "rows": [{"name": "轴承"}]}
    assert actions.save(duty=duty, answers=told, by=leader, at=timezone.now()) == {}
    actions.hand_in(duty=duty, by=leader, at=timezone.now())
    assert next(answer["text"] for answer in HandIn.objects.get().answers) == "3"


# ---- what waits ----


def test_an_application_waits_for_what_the_notice_wants_before():
    before = {"moment": Moment.CLOSING, "days": 0, "blocks": Blocks.HANDING_IN}
    call = CallFactory(parts__duties=[unchecked(**before)])
    application = filled(call=call)
    leader = application.created_by
    actions.follow(application=application, by=None, at=timezone.now())
    with pytest.raises(Incomplete) as caught, transaction.atomic():
        applications.submit(application=application, by=leader, at=timezone.now())
    assert [tuple(problem[:3]) for problem in caught.value.problems] == [
        ("佐证材料", "第四条", "“佐证材料”须先完成，现在是“待报送”。")
    ]
    hand_in(queries.with_subject(Duty.objects.all()).get(), by=leader)
    applications.submit(application=application, by=leader, at=timezone.now())


def test_an_office_recommends_once_its_own_table_is_there():
    office = officer(Role.RECOMMENDER, region="370211")
    other = officer(Role.RECOMMENDER, region="370202")
    table = unchecked(
        per=OnePer.RECOMMENDER,
        owed_by=OwedBy.RECOMMENDER,
        moment=Moment.CLOSING,
        days=5,
        blocks=Blocks.RECOMMENDATION,
    )
    call = CallFactory(parts__duties=[table], parts__stages=("recommendation", "formal_check", "decision"))
    actions.follow_call(call=call, by=None, at=timezone.now())
    application = filled(call=call, organisation__region="370211")
    applications.submit(application=application, by=application.created_by, at=timezone.now())
    said = {"application": application, "opinion": "同意推荐。"}
    assert refused(applications.recommend, by=office, **said).code == "duty"
    hand_in(queries.with_subject(Duty.objects.owed_by(other)).get(), by=other)
    assert refused(applications.recommend, by=office, **said).code == "duty", "of the other office only"
    hand_in(queries.with_subject(Duty.objects.owed_by(office)).get(), by=office)
    applications.recommend(by=office, at=timezone.now(), **said)


def test_funding_signing_and_paying_each_wait_for_their_own():
    visit = unchecked(
        code="visit", owed_by=OwedBy.OFFICE, moment=Moment.CLOSING, days=30, blocks=Blocks.DECISION
    )
    plan = {"per": OnePer.AWARD, "owed_by": OwedBy.UNIT, "moment": Moment.AWARD, "days": 30}
    signed = unchecked(code="signed", blocks=Blocks.SIGNING, **plan)
    paid = unchecked(code="paid", blocks=Blocks.PAYMENT, **plan)
    call = panel_call(stages=SIGNED, duties=[visit, signed, paid])
    application, manager = to_decide(call=call), manager_of(call)
    actions.follow(application=application, by=None, at=LATER)

    def of(code):
        return queries.with_subject(Duty.objects.filter(code=code)).get()

    with pytest.raises(Refused, match="佐证材料"), transaction.atomic():
        decide(application, at=LATER)
    hand_in(of("visit"), by=manager, at=LATER)
    decide(application, at=LATER)
    agreement, admin = agreement_of(application), unit_admin_of(application)
    with pytest.raises(Refused, match="佐证材料"), transaction.atomic():
        awards.unit_sign(agreement=agreement, by=admin, at=LATER)
    actions.waive(duty=of("signed"), note="已在纸质任务书中提供", by=manager, at=LATER)
    awards.unit_sign(agreement=agreement, by=admin, at=LATER)
    awards.bureau_sign(agreement=agreement, by=manager, at=LATER)


def test_a_waiver_needs_a_reason_and_the_bureau():
    duty, leader = owed()
    manager = manager_of(duty.term.call)
    assert refused(actions.waive, duty=duty, note="", by=manager).field == "note"
    assert refused(actions.waive, duty=duty, note="不想写", by=leader).message
    actions.waive(duty=duty, note="涉密", by=manager, at=timezone.now())
    assert Duty.objects.get().state == DutyState.WAIVED
    assert not Deadline.objects.open().filter(kind=DeadlineKind.DUTY).exists()
