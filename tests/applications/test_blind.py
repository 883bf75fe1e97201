"""Blind parts of a form name nobody, in answers and in files; all files together have a limit."""

import io
import zipfile

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from applications import actions, completeness, eligibility, queries
from grants.models import Call
from grants.states import CallState
from seeds.demo import paper
from tests.factories.applications import filled
from tests.factories.grants import CallFactory


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("依托青岛示范 大学开展", ["青岛示范大学"]),
        ("由欧阳修远提出", ["欧阳修远"]),
        ("求解偏微分方程的方法", []),
        ("申请人方程多年研究", []),
        ("方程教授多年研究", ["方程"]),
        ("负责人方程，1985年生", ["方程"]),
        ("（方程）", ["方程"]),
        ("proved by Anna Lee", ["Anna Lee"]),
        ("Joanna Leeds", []),
    ],
)
def test_a_name_is_found_where_it_names_somebody(text, found):
    words = ["青岛示范大学", "欧阳修远", "方程", "Anna Lee"]
    assert queries.named_in(iter([text]), words) == found


@pytest.fixture
def blind(db):
    """A filled draft of a call whose only part is blind, with files of at most one megabyte."""
    call = CallFactory(draft=True, max_megabytes=1)
    call.sections.update(is_blind=True)
    call.questions.filter(code="plan").update(config={"endings": ["pdf", "docx", "xlsx"]})
    Call.objects.filter(pk=call.pk).update(state=CallState.PUBLISHED, published_at=call.opens_at)
    call.refresh_from_db()
    return filled(call=call)


def office_files(code):
    """(name, content, what is found): a code cut in two by a change of letters, a cell, only a picture."""
    body = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["单位", code])
    book.save(body)
    split = f"<w:p><w:r><w:t>by {code[:7]}</w:t></w:r><w:r><w:t>{code[7:]} &amp; co</w:t></w:r></w:p>"
    yield "方案.docx", docx(split), [code]
    yield "表.xlsx", body.getvalue(), [code]
    yield "图.docx", docx("<w:p><w:drawing/></w:p>"), []


def docx(text) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("word/document.xml", f"<w:document>{text}</w:document>")
    return body.getvalue()


def said(application) -> list[str]:
    return [sentence for _label, _clause, sentence, *_place in completeness.faults_of(application)]


def answer(application, **answers):
    by = application.created_by
    actions.save_answers(application=application, answers=answers, by=by, at=timezone.now())


def test_an_answer_or_a_file_of_a_blind_part_that_names_the_unit_is_no_application(blind):
    by, question = blind.created_by, blind.call.questions.get(code="plan")
    code = blind.organisation.credit_code
    assert said(blind) == []
    answer(blind, route=f"由{blind.organisation.name}研制，周海声负责。")
    names = "、".join(sorted((blind.organisation.name, "周海声"), key=lambda name: (-len(name), name)))
    assert said(blind) == [f"匿名部分不得出现人员和单位的名称：{names}。"]
    answer(blind, route="先仿真后试制。")
    for text, found in ((f"by {code}", [f"匿名部分不得出现人员和单位的名称：{code}。"]), ("by us", [])):
        file = paper.file(text)
        where = {"application": blind, "question": question, "by": by, "at": timezone.now()}
        actions.attach(file=file, name="方案.pdf", **where)
        assert said(blind) == found
    sealed = {row["code"]: row.get("blind") for row in queries.snapshot(blind)["answers"]}
    assert sealed == dict.fromkeys(sealed, True)
    for name, body, names in office_files(code):
        actions.attach(file=ContentFile(body), name=name, **where)
        assert said(blind) == [f"匿名部分不得出现人员和单位的名称：{found}。" for found in names]
    (line,) = eligibility.blind.lines(blind)
    assert (line.status, line.blocks) == ("warning", False)
    assert line.hint.endswith("：图.docx。")
    padded = paper.pdf("large") + b"\n%" + b"0" * 1_048_576
    actions.attach(file=type(file)(padded, name="大.pdf"), name="大.pdf", **where)
    assert said(blind) == ["一份申报书的附件合计不超过 1 MB，现在是 1.0 MB。"]
