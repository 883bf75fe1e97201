"""The call's own questions about a milestone: answered as an application's are, sealed with the hand-in."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from applications import completeness
from applications.models import UsedNumber
from core.workflow import Refused
from documents.models import Document
from grants.models import FormKind, Question, QuestionKind, Section
from milestones import actions, printing, queries
from milestones.models import MilestoneTemplate, Report, ReportDraft
from seeds.codes import make_id_number
from tests.factories.accounts import OrganisationFactory
from tests.factories.milestones import (
    AT,
    PARTIES,
    PEOPLE,
    agreement,
    awarded_application,
    evidence,
    milestone_of,
    people_of,
)
from tests.factories.milestones import hand_in as hand_in_evidence
from tests.factories.reviews import CallFactory, publish

pytestmark = pytest.mark.django_db

QUESTIONS = (
    {"code": "done", "kind": QuestionKind.TEXT, "label": "完成情况说明", "clause": "第十二条"},
    {
        "code": "spent",
        "kind": QuestionKind.TABLE,
        "label": "支出明细",
        "config": {
            "columns": [
                {"code": "what", "label": "用途", "required": True, "once": "contract"},
                {"code": "cost", "label": "金额", "kind": "money", "total": True},
            ],
        },
    },
    {"code": "leader", "kind": QuestionKind.PERSON, "label": "负责人", "is_required": False},
    {
        "code": "people",
        "kind": QuestionKind.NUMBER,
        "label": "人数",
        "valid_when": "value > 0 && value < award.amount",
        "valid_message": "应大于 0。",
    },
    {
        "code": "each",
        "kind": QuestionKind.COMPUTED,
        "label": "人均",
        "config": {"expression": "sum(answers.spent.map(r, r.cost)) / double(answers.people)"},
    },
    {
        "code": "proof",
        "kind": QuestionKind.ATTACHMENT,
        "label": "检测报告",
        "config": {"max_count": 2, "endings": ["pdf"]},
    },
)
ANSWERS = {
    "done": "样机完成。",
    "spent": [{"what": "材料", "cost": "10"}],
    "leader": {"name": "周海声", "id_number": make_id_number(1)},
    "people": "4",
}


@pytest.fixture
def project():
    call = CallFactory()
    forms = (FormKind.MILESTONE, FormKind.ACCEPTANCE, FormKind.APPLICATION)
    for order, form in enumerate(forms, start=1):
        fields = {"code": f"s{order}", "form": form, "title": form.label, "order": order}
        section = Section.objects.create(call=call, **fields)
        only = {"code": f"only{order}", "kind": QuestionKind.LINE, "label": form.label}
        for number, row in enumerate(QUESTIONS if form == FormKind.MILESTONE else (only,), start=1):
            Question.objects.create(call=call, section=section, order=number, **row)
    found = agreement(application=awarded_application(call=templates(call), owner=OrganisationFactory()))
    return found, people_of(found)


def templates(call):
    for order, (code, name, months) in enumerate((("prototype", "样机", 6), ("final", "验收", 18)), start=1):
        MilestoneTemplate.objects.create(
            call=call, order=order, code=code, name=name, offset_months=months, deliverable="按通知"
        )
    return publish(call)


def save(milestone, by, **answers):
    return actions.save_form(milestone=milestone, answers=answers, by=by, at=AT)


def attach(milestone, by, name="报告.pdf", content=b""):
    question = Question.objects.get(code="proof")
    body = evidence(name).read() + content
    file = SimpleUploadedFile(name, body, "application/pdf")
    return actions.attach(milestone=milestone, question=question, file=file, name=name, by=by, at=AT)


def test_a_form_may_hold_against_what_was_awarded(project):
    found, _people = project
    milestone = milestone_of(found, "final")
    seen = queries.form_context(milestone, {})
    assert (seen["award"]["amount"], seen["award"]["grade"], seen["award"]["paid"]) == (
        found.award.amount,
        "",
        0,
    )
    assert (seen["milestone"]["code"], "only3" in seen["answers"]) == ("final", True)


def test_each_milestone_asks_its_form_and_the_last_also_the_acceptances(project):
    found, _people = project
    asked = [q.code for q in queries.form_questions(milestone_of(found))]
    assert asked == ["done", "spent", "leader", "people", "each", "proof"]
    assert [q.code for q in queries.form_questions(milestone_of(found, "final"))] == [*asked, "only2"]


def test_what_was_typed_is_kept_judged_and_worked_out(project):
    found, people = project
    milestone = milestone_of(found)
    assert save(milestone, people["team"], people="x", done="好", unknown="y") == {
        "people": ["输入一个数字。"]
    }
    assert queries.form_answers(milestone)["people"] == {"typed": "x"}
    assert save(milestone, people["team"], people="-1") == {"people": ["应大于 0。"]}
    assert save(milestone, people["team"], **ANSWERS) == {}
    answers = queries.form_answers(milestone)
    assert (answers["people"], answers["each"], "unknown" in answers) == (4, 25000, False)
    assert queries.form_answers(milestone_of(found, "final")) == {}


def test_a_hand_in_waits_for_the_form_and_seals_it_with_copies_of_its_files(project):
    found, people = project
    milestone = milestone_of(found)
    with pytest.raises(Refused, match="材料表单还有 4 处需要改正，例如“完成情况说明”：必填。"):
        hand_in_evidence(milestone, by=people["team"])
    assert not Report.objects.exists()
    save(milestone, people["team"], **ANSWERS)
    attach(milestone, people["team"])
    report = hand_in_evidence(milestone, by=people["team"])
    assert [answer["text"] for answer in report.answers][:2] == ["样机完成。", "用途 材料，金额 10 万元"]
    assert report.answers[1]["rows"] == [["材料", "10 万元"], ["合计", "10 万元"]]
    kinds = sorted(Document.objects.about(report).values_list("kind", flat=True))
    assert kinds == ["evidence_1", "form_proof_1"]
    ((title, answers),) = queries.hand_ins(milestone, people["manager"])[0].sections
    assert title == "里程碑材料"
    assert answers[-1]["value"]["documents"][0]["name"] == "报告.pdf"
    assert "*" in next(a for a in answers if a["code"] == "leader")["value"]["id_number"]
    assert printing.report(report)[:5] == b"%PDF-"
    with pytest.raises(DatabaseError), transaction.atomic():
        Report.objects.filter(pk=report.pk).update(answers=[])
    # What the application itself said already is no new result.
    used = UsedNumber.objects.get()
    assert (used.milestone, used.place, used.row) == (milestone.pk, "样机", 1)
    assert queries.repeats(milestone, people["manager"]) == []
    UsedNumber.objects.create(application=used.application, kind=used.kind, value=used.value, question="old")
    (repeat,) = queries.repeats(milestone, people["manager"])
    assert (repeat.is_own, repeat.other.milestone) == (True, None)


def test_what_is_handed_in_is_not_written_on(project):
    found, people = project
    milestone = milestone_of(found)
    save(milestone, people["team"], **ANSWERS)
    attach(milestone, people["team"])
    hand_in_evidence(milestone, by=people["team"])
    with pytest.raises(Refused):
        save(milestone, people["team"], done="改")
    assert queries.form_answers(milestone)["done"] == "样机完成。"


def test_several_files_stand_side_by_side_and_each_can_be_taken_out(project):
    found, people = project
    milestone, by = milestone_of(found), people["team"]
    first, _second = attach(milestone, by), attach(milestone, by, "二.pdf", b"%2")
    with pytest.raises(Refused, match="最多上传 2 个文件"):
        attach(milestone, by, "三.pdf", b"%3")
    actions.detach(
        milestone=milestone, question=Question.objects.get(code="proof"), document=first.pk, by=by, at=AT
    )
    assert [f["name"] for f in queries.form_answers(milestone)["proof"]["documents"]] == ["二.pdf"]


@pytest.mark.parametrize("who", PEOPLE)
def test_only_the_project_reads_and_writes_what_is_not_handed_in(client, project, who):
    found, people = project
    milestone = milestone_of(found)
    save(milestone, people["team"], **ANSWERS)
    document = attach(milestone, people["team"])
    client.force_login(people[who])
    own = who in ("team", "unit_admin")
    expected = 200 if own else 403 if who in PARTIES else 404
    assert client.get(reverse("milestones:form", args=[milestone.pk])).status_code == expected
    file = client.get(reverse("documents:download", args=[document.pk]))
    assert file.status_code == (200 if own else 404)
    assert not own or b"".join(file.streaming_content).startswith(b"%PDF")
    assert ReportDraft.objects.visible_to(people[who]).exists() == own
    sent = json.dumps({"values": {"a-done": ["新"]}, "questions": ["done"]})
    address = reverse("milestones:form", args=[milestone.pk])
    response = client.patch(address, sent, content_type="application/json")
    assert response.status_code == expected
    assert queries.form_answers(milestone)["done"] == ("新" if own else "样机完成。")


def test_the_page_saves_uploads_and_hands_in(client, project):
    found, people = project
    milestone = milestone_of(found)
    address = reverse("milestones:form", args=[milestone.pk])
    sent = json.dumps({"values": {"a-people": ["4"]}, "questions": ["people"]})
    assert client.patch(address, sent, content_type="application/json").status_code == 401
    assert client.get(address).status_code == 302
    client.force_login(people["team"])
    assert client.patch(address, "{", content_type="application/json").status_code == 400
    assert client.patch(address, sent, content_type="application/json").json()["texts"] == {
        "computed-each": ""
    }
    data = {"a-done": "好", "a-people": "x", "a-spent-0-what": "材料", "a-spent-0-cost": "10", "do": "next"}
    response = client.post(address, data)
    assert response.status_code == 422
    assert "输入一个数字。" in response.content.decode()
    response = client.post(address, data | {"a-people": "4", "a-proof": [evidence()]})
    assert response.status_code == 302
    upload = reverse("milestones:upload", args=[milestone.pk, "proof"])
    response = client.post(upload, {"file": SimpleUploadedFile("a.txt", b"x")})
    assert response.status_code == 422
    response = client.post(upload, {"file": SimpleUploadedFile("二.pdf", evidence().read() + b"%2")})
    assert "二.pdf" in response.json()["fragments"]["file-proof"]
    assert client.post(upload, {}).status_code == 400
    document = queries.form_answers(milestone)["proof"]["documents"][0]["document"]
    assert client.post(address, {"detach": f"proof:{document}"}).status_code == 302
    assert len(queries.form_answers(milestone)["proof"]["documents"]) == 1
    body = client.get(reverse("milestones:milestone", args=[milestone.pk])).content.decode()
    assert "材料表单已填写完整，随本次提交一并封存。" in body
    report = hand_in_evidence(milestone, by=people["team"])
    body = client.get(reverse("milestones:milestone", args=[milestone.pk])).content.decode()
    assert "支出明细" in body
    assert client.get(reverse("milestones:report_pdf", args=[report.pk])).status_code == 200
    assert client.get(address).status_code == 302


def test_a_call_without_such_questions_asks_nothing(client):
    found = agreement()
    milestone = milestone_of(found)
    assert queries.form_faults(milestone) == []
    assert hand_in_evidence(milestone).answers == []


def test_a_question_may_be_asked_of_some_projects_only_by_what_the_application_says(project):
    """`only3` is of the application; while nothing is known of it nobody has to answer."""
    found, people = project
    milestone = milestone_of(found)
    save(milestone, people["team"], **ANSWERS)
    attach(milestone, people["team"])

    def missing(source):
        done = next(q for q in queries.form_questions(milestone) if q.code == "done")
        done.is_required, done.required_when = False, source
        context = queries.form_context(milestone, {})
        return [words for _q, words in completeness.answer_faults([done], {}, context)]

    assert missing("milestone.code == 'final'") == []
    assert missing(f"milestone.code == '{milestone.code}' && project.amount > 1.0") == ["必填。"]
    assert missing("answers.only3 == 'x'") == []
