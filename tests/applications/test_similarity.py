"""Duplicates (查重): what is found, who sees it, what waits for an opinion."""

import io
import zipfile
from contextlib import nullcontext
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import actions, queries, similarity, tasks
from applications.models import Application, ComparedText, PastProject, SimilarityReport, Submission
from applications.similarity import Passage, Prose, finding
from core.workflow import Lost, Refused
from documents import words as reading
from documents.actions import store
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.applications import ApplicationFactory, submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db

ROUTE = (
    "项目拟采用压电复合材料制备换能器阵列，先以有限元方法仿真声场分布，再通过流延成型工艺制作样片，"
    "最后在消声水池中标定接收灵敏度与指向性，并与国外同类产品的公开指标逐项比较。"
)
ENGLISH = "the ring will be cast, then measured in an anechoic water tank by all of us"
OTHER = "本课题研究城市轨道交通的客流预测问题，以刷卡数据训练时空图网络，在三条线路上验证预测误差。"

EMPTY = {"summary": "", "participants": [], "milestones": []}


def received(**kwargs) -> Application:
    """As good as handed in; nothing is filled in."""
    by = UserFactory()
    moment = {"submitted_at": timezone.now(), "submitted_by": by, "created_by": by, "version": 1}
    return ApplicationFactory(**{"state": "formal_check", **moment, **kwargs})


def compared(text: str, *, application=None, version=1, **kwargs) -> SimilarityReport:
    """The report on an application with this one answer."""
    application = application or received(**kwargs)
    answer = {"kind": "text", "label": "技术路线", "text": text, "value": text, "rows": []}
    content = {
        "title": application.title,
        "summary": "",
        "answers": [answer],
        "participants": [],
        "milestones": [],
    }
    submission = Submission(application=application, version=version, content=content)
    return actions.compare(submission=submission, at=timezone.now())


def test_a_copied_paragraph_is_found_with_its_source_and_its_place():
    earlier, other = compared(ROUTE).application, compared(OTHER).application
    text = "我们的想法如下。" + ROUTE.replace("国外同类产品", "进口产品") + OTHER[:20] + "并推广。"
    report = compared(text)
    first, second = report.sources.all()
    assert [first.application, second.application] == [earlier, other]
    assert first.passages[0]["source_place"] == first.passages[0]["place"] == "技术路线"
    assert "流延成型工艺制作样片" in first.passages[0]["text"]
    assert 60 < first.covered < report.covered == report.covered_by_others < report.examined
    assert 70 < report.percent < 100


def test_the_same_words_in_several_sources_count_once():
    unit = OrganisationFactory()
    compared(ROUTE), compared(ROUTE, organisation=unit)
    report = compared(ROUTE, organisation=unit)
    assert sorted(report.sources.values_list("covered", "is_same_unit")) == [(80, False), (80, True)]
    assert (report.covered, report.covered_by_others, report.percent) == (80, 80, 100)


def test_its_own_versions_and_the_step_before_are_no_sources():
    outline = compared(ROUTE).application
    report = compared(ROUTE, follows=outline)
    again = compared(ROUTE, application=report.application, version=2)
    assert (report.covered, again.covered) == (0, 0)
    assert compared(OTHER, application=outline) != again
    # A slow worker that still compares the first version does not write over the text of the second.
    compared(OTHER, application=report.application)
    assert ComparedText.objects.get(application=report.application).version == 2


def test_the_notices_own_words_and_references_are_nobodys():
    call = CallFactory(notice=f"申报内容要求如下：{ROUTE}")
    compared(ROUTE, call=call)
    report = compared(ROUTE, call=call)
    assert (report.examined, report.covered, report.percent) == (0, 0, 0)
    assert ENGLISH in similarity.words_of_call(CallFactory(title_en=ENGLISH))


LISTED = (
    "[1] 王海, 李洋. 压电复合材料换能器阵列的有限元仿真[J]. 声学学报, 2021, 46(3): 401-412.",
    "3. Smith J, Lee K, et al. A flow cast ring for receiving arrays and its calibration in a tank:",
    "methods, results and the uncertainty of what was measured. J. Acoust. Soc. Am., 2019, 145(2): 88–97",
    "（4）陈明等，《水声计量》，北京：科学出版社，2018年。",
    "国家标准 GB/T 7965-2002 水声换能器测量. https://example.org/gb",
)


@pytest.mark.parametrize(
    ("after", "is_kept"),
    [
        ((), False),
        (("二、方案", OTHER), True),
        (("5.1 研究基础", OTHER), True),
        ((OTHER, "后续工作另行说明。"), True),
        (("", *OTHER.split("，")), True),
    ],
    ids=("the end", "a heading", "a heading in figures", "a paragraph", "lines of a page"),
)
def test_references_end_where_prose_begins(after, is_kept):
    text = "\n".join(("一、现状", "正文很短。", "参考文献：", *LISTED, *after))
    kept = similarity.texts.without_references(text)
    assert kept.startswith("一、现状\n正文很短。")
    assert [line for line in LISTED if line in kept] == []
    assert all(part in kept for part in OTHER.split("，")) == is_kept
    # A heading above nothing, or a number before a paragraph, hides nothing.
    for hidden in (
        f"参考文献\n{ROUTE}",
        f"[1] {ROUTE}{OTHER}",
        f"参考文献\n[2] {ROUTE}{OTHER}",
        "参考文献\n短",
    ):
        assert hidden.split("\n")[-1] in similarity.texts.without_references(hidden)


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("短的一样的话不算数呀呀呀", "短的一样的话不算数呀呀呀", 0),
        (ROUTE, ROUTE, 80),
        (ROUTE, ROUTE.replace("有限元", "边界元"), 78),
        (ROUTE, ROUTE.replace("，", "\n").replace("。", "  "), 80),
        (ROUTE, OTHER, 0),
        ("a b c " * 2000, "a b c " * 3, 0),
        (ENGLISH, ENGLISH, 16),
    ],
    ids=("too short", "the same", "a word exchanged", "other signs", "nothing", "repetition", "English"),
)
def test_words_in_common(one, other, words):
    prose, source = Prose([Passage("甲", one)]), Prose([Passage("乙", other)])
    assert sum(run.words for run in similarity.runs_of(prose, source)) == words


def test_wording_that_very_many_use_finds_nothing(monkeypatch):
    monkeypatch.setattr(finding, "COMMON", 2)
    assert [compared(ROUTE).covered for _n in range(3)] == [0, 80, 0]


def test_a_similar_title_of_the_same_head_or_unit_is_shown_whatever_the_text():
    unit = OrganisationFactory()
    first = compared(ROUTE, title="面向深海观测的低功耗水听器研制", organisation=unit).application
    past = {"plan": "国家计划", "status": "running", "source": "台账"}
    past = PastProject.objects.create(title="低功耗深海观测水听器", credit_code=unit.credit_code, **past)
    theirs = {"title": "面向深海观测的水听器低功耗研制", "organisation": unit}
    report = compared(OTHER, **theirs)
    rows = list(report.sources.values_list("application", "past_project", "is_same_head", "is_same_unit"))
    assert rows == [(first.pk, None, False, True), (None, past.pk, False, True)]
    assert report.covered == 0
    assert compared(OTHER, title=theirs["title"]).sources.filter(covered=0).count() == 0


def stopped(**_given):
    raise SoftTimeLimitExceeded


def test_what_was_handed_in_is_compared_once_files_included(handed_in, monkeypatch):
    application = Application.objects.get(pk=handed_in.pk)
    earlier = compared("先仿真后试制。" * 3).application
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("word/document.xml", f"<w:p>{ROUTE}\x00</w:p>" + "<" * 99_999)
    file = store(
        subject=application,
        kind="plan",
        file=ContentFile(body.getvalue()),
        name="正文.docx",
        by=None,
        at=timezone.now(),
        endings=["docx"],
    )
    answer = {"document": file.pk, "name": "正文.docx", "sha256": file.sha256}
    answers = [{"kind": "attachment", "label": "正文", "value": answer, "text": "", "rows": []}]
    content = {"title": "甲", "answers": answers} | EMPTY
    with monkeypatch.context() as patched:
        # What a reader of files raises over a broken one is anybody's guess.
        patched.setattr(reading, "PARTS", {"docx": None})
        assert [passage.place for passage in similarity.passages_of(content)] == ["项目名称"]
    cache.clear()
    assert [passage.place for passage in similarity.passages_of(content)] == ["项目名称", "正文.docx"]
    assert "\x00" not in similarity.passages_of(content)[1].text
    submission = Submission.objects.get(application=application)
    cache.add(f"comparing:{submission.pk}", True)
    tasks.compare_missing()
    assert queries.report_of(application) is None  # another worker has it
    cache.clear()
    with monkeypatch.context() as patched:
        patched.setattr(actions, "compare", stopped)
        for _try in range(2):  # The second finds it put aside, the worker free for others.
            with nullcontext() if _try else pytest.raises(SoftTimeLimitExceeded):
                tasks.compare(submission.pk)
    cache.clear()
    # However long nobody compared: what waits at the desk is never left out.
    monkeypatch.setattr(tasks, "LOOK_BACK", timedelta())
    tasks.compare_missing()
    assert queries.report_of(application) is None
    Application.objects.filter(pk=application.pk).update(state="formal_check")
    answers[0]["value"] = {"documents": [answer, {"document": file.pk, "name": "扫描.png", "sha256": "0"}]}
    assert similarity.unread_in(content) == ["扫描.png"]
    tasks.compare_missing()
    tasks.compare_missing()
    report = queries.report_of(application)
    assert report.version == 1
    assert not report.sources.filter(application=earlier).exists()
    tasks.compare(application.submissions.get().pk)
    assert application.similarity_reports.count() == 1


def test_only_the_department_and_the_overseers_read_it(client, handed_in):
    application = Application.objects.get(pk=handed_in.pk)
    report = compared(ROUTE, application=application)
    department = application.call.programme.department
    readers = [officer(role, department) for role in (Role.PROGRAMME_MANAGER, Role.DIVISION_HEAD)]
    readers += [officer(role) for role in (Role.AUDITOR, Role.SYSADMIN)]
    strangers = [
        officer(Role.PROGRAMME_MANAGER, OrganisationFactory()),
        officer(Role.EXPERT),
        officer(Role.FINANCE),
    ]
    strangers += [application.created_by, officer(Role.RECOMMENDER, region="31")]
    page = reverse("admin:applications_application_similarity", args=[application.pk])
    for stranger in strangers:
        assert not SimilarityReport.objects.visible_to(stranger).exists()
        client.force_login(stranger)
        assert client.get(page).status_code in (302, 403, 404)
    for reader in readers:
        assert list(SimilarityReport.objects.visible_to(reader)) == [report]
        client.force_login(reader)
        assert "没有发现相同的文字" in client.get(page).content.decode()


def test_the_api_gives_it_to_the_department_alone(client):
    compared(ROUTE, number="A-1")
    application = compared(ROUTE).application
    address = f"/api/v1/applications/{application.pk}/"
    client.force_login(application.created_by)
    assert client.get(address).json()["similarity"] is None
    client.force_login(officer(Role.PROGRAMME_MANAGER, application.call.programme.department))
    found = client.get(address).json()["similarity"]
    assert (found["percent"], found["covered"], found["sources"][0]["number"]) == (100, 80, "A-1")


def test_another_departments_source_is_named_but_not_opened(client):
    earlier = compared(ROUTE, number="B-1").application
    application = compared(ROUTE, number="A-1").application
    client.force_login(officer(Role.PROGRAMME_MANAGER, application.call.programme.department))
    page = client.get(reverse("admin:applications_application_similarity", args=[application.pk]))
    words = page.content.decode()
    assert "B-1" in words
    assert "由其他处室管理" in words
    client.force_login(officer(Role.AUDITOR))
    page = client.get(reverse("admin:applications_application_similarity", args=[earlier.pk]))
    words = page.content.decode()
    assert "后来提交、与本申报相似的" in words
    assert reverse("admin:applications_application_change", args=[application.pk]) in words


def test_above_the_line_of_the_notice_an_opinion_comes_first(client):
    stages = ("formal_check", "decision")
    call = CallFactory(duplicate_percent=30, duplicate_clause="第十条", parts__stages=stages)
    by, at = officer(Role.PROGRAMME_MANAGER, call.programme.department), timezone.now()
    application = submitted(call=call)
    for line in application.rule_results.exclude(status="passed"):
        actions.officer_mark(rule_result=line, status="passed", by=by, at=at)
    with pytest.raises(Refused, match="查重还没有完成"):
        actions.pass_formal_check(application=application, by=by, at=at)
    compared(ROUTE)
    compared(ROUTE, application=application)
    with pytest.raises(Refused, match="达到通知规定的 30 %，请先填写查重意见"):
        actions.pass_formal_check(application=application, by=by, at=at)
    client.force_login(by)
    page = reverse("admin:applications_application_similarity", args=[application.pk])
    given = {"seen": "1-", "conclusion": "duplicate", "note": "与甲项目相同"}
    refused = client.post(page, given | {"note": " "})
    assert refused.status_code == 422
    assert refused.context["form"]["conclusion"].value() == "duplicate"
    assert client.post(page, given).status_code == 302
    with pytest.raises(Refused, match="认定重复"):
        actions.pass_formal_check(application=application, by=by, at=at)
    # Another officer, who has not seen that opinion, does not write over it; what was typed stays.
    refused = client.post(page, given | {"conclusion": "explained"})
    assert "刚刚有人填写了查重意见" in refused.content.decode()
    assert refused.context["form"]["conclusion"].value() == "explained"
    seen = {"seen": refused.context["form"]["seen"].value()}
    assert client.post(page, given | seen | {"conclusion": "explained"}).status_code == 302
    actions.pass_formal_check(application=application, by=by, at=at)
    assert application.state == "decision"


def test_the_opinion_is_the_departments_and_of_the_version_handed_in_last():
    application = compared(ROUTE).application
    given = {"application": application, "conclusion": "cleared", "note": "看过", "at": timezone.now()}
    manager = officer(Role.PROGRAMME_MANAGER, application.call.programme.department)
    strangers = (officer(Role.PROGRAMME_MANAGER, OrganisationFactory()), application.created_by)
    for stranger in (*strangers, officer(Role.AUDITOR)):
        with pytest.raises(Refused):
            actions.conclude_similarity(seen="1-", by=stranger, **given)
    with pytest.raises(Lost):
        actions.conclude_similarity(seen="2-", by=manager, **given)
    with pytest.raises(Refused, match="请选择"):
        actions.conclude_similarity(seen="1-", by=manager, **given | {"conclusion": "maybe"})
    actions.conclude_similarity(seen="1-", by=manager, **given)
    assert queries.report_of(application).conclusion == "cleared"


@pytest.mark.parametrize(
    "change", [{"covered": 1}, {"examined": 1}, {"conclusion": "cleared"}, {"version": 3}, {"note": "无"}]
)
def test_the_database_keeps_what_was_found(change):
    report = compared(ROUTE)
    with pytest.raises(DatabaseError), transaction.atomic():
        SimilarityReport.objects.filter(pk=report.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        report.sources.create(covered=3)


def test_list_and_desk_show_it_with_the_same_queries(client, django_assert_max_num_queries):
    call = CallFactory()
    found = compared(ROUTE, call=call, number="A-1").application
    waiting = received(call=call, number="A-2")
    client.force_login(officer(Role.PROGRAMME_MANAGER, call.programme.department))
    address = reverse("admin:applications_application_changelist")
    for chosen, numbers in (("waiting", ["A-2"]), ("high", []), ("asked", []), ("concluded", [])):
        rows = client.get(address, {"similarity": chosen}).context["cl"].result_list
        assert [row.number for row in rows] == numbers
    for application, words in ((found, "重复率 0"), (waiting, "正在与以往申报比对")):
        desk = client.get(reverse("admin:applications_application_change", args=[application.pk]))
        assert words in desk.content.decode()


def test_thirty_sources_take_no_more_queries_than_one(client, django_assert_num_queries):
    compared(ROUTE)
    report = compared(ROUTE)
    application = report.application
    client.force_login(officer(Role.PROGRAMME_MANAGER, application.call.programme.department))
    page = reverse("admin:applications_application_similarity", args=[application.pk])
    client.get(page)
    with django_assert_num_queries(13):
        client.get(page)
    report.sources.bulk_create(
        report.sources.model(report=report, application=received(call=application.call)) for _n in range(29)
    )
    with django_assert_num_queries(13):
        client.get(page)


def test_the_team_sees_how_far_the_work_is_and_the_page_asks_until_it_is_done(client, handed_in):
    application = Application.objects.get(pk=handed_in.pk)
    address = reverse("applications:processing", args=[application.pk])
    client.force_login(UserFactory())
    assert client.get(address).status_code == 404
    client.force_login(application.created_by)
    words = client.get(address).content.decode()
    assert "正在生成" in words
    assert f'hx-get="{address}"' in words
    tasks.make_missing_snapshots()
    tasks.compare_missing()
    for page in (address, reverse("applications:detail", args=[application.pk])):
        words = client.get(page).content.decode()
        assert "-第1版.pdf" in words
        assert "结果由主管处室查看" in words
        assert f'hx-get="{address}"' not in words
    draft = ApplicationFactory(created_by=application.created_by)
    assert client.get(reverse("applications:processing", args=[draft.pk])).status_code == 404
