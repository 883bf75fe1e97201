"""From a notice to a running call in the admin, without code; and an applicant whom one rule stops."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Organisation
from applications.models import Application
from applications.states import ApplicationState
from core import calendar_table
from grants.models import Call
from grants.states import CallState
from seeds.demo.story import Story
from tests.e2e import steps

pytestmark = [pytest.mark.browser, pytest.mark.servers]

NOTICE = """第一条 支持高校和院所开展海洋仪器研究。
第二条 申报单位应为高等院校或科研院所。
第三条 项目执行期不超过12个月。
第四条 单个项目不超过100万元，自筹资金不低于财政资金的1倍。
第五条 由不少于3名专家评审。
第六条 任务书签订后拨付60%，中期检查通过后拨付40%。"""


class Desk:
    """A manager at the desk of one call."""

    def __init__(self, manager, call):
        self.manager, self.page, self.call = manager, manager.page, call
        self.root = f"/admin/grants/call/{call.pk}"

    def part(self, name):
        self.manager.open(f"{self.root}/part/{name}/")

    def add(self, prefix, **fields):
        """One more row of a part."""
        section = self.page.locator(f"[data-rows={prefix}]")
        number = section.locator("[data-list] > [data-row]").count()
        section.locator("[data-add]").click()
        for name, value in fields.items():
            self.manager.fill_one(f"{prefix}-{number}-{name}", value)

    def save(self, sentence="已保存"):
        self.manager.press("保存")
        self.manager.sees(sentence)

    def problems(self):
        self.manager.open(f"{self.root}/change/")
        return self.page.locator(".jd-problems-error li").count()


def begin(manager):
    """1. A programme, and a call of which nothing is known but its name and time."""
    manager.open("/admin/grants/programme/add/")
    department = Organisation.objects.get(name__endswith="高新技术处")
    manager.fill(name="海洋仪器专项", slug="marine-instruments", department=department.pk)
    manager.page.locator("[name=_save]").first.click()
    manager.sees("海洋仪器专项")
    now = timezone.localtime()
    manager.open("/admin/grants/call/add/")
    manager.page.locator("[name=programme]").select_option(label="海洋仪器专项")
    manager.fill(
        title="关于申报海洋仪器专项的通知",
        year=now.year,
        sourcing="window",
        instrument="grant",
        opens_at=f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        closes_at=f"{now + timedelta(days=30):%Y-%m-%dT%H:%M}",
    )
    manager.press("建立草稿")
    manager.sees("发布前还有", "通知正文是空的。", "还没有环节。", "还没有申报条件。")
    return Desk(manager, Call.objects.get(programme__slug="marine-instruments"))


def write_notice(desk):
    desk.part("notice")
    desk.manager.fill(notice=NOTICE)
    desk.save()
    desk.part("contacts")
    desk.add("contacts", kind="policy", name="高新处", phone="0532-55501211")
    desk.save()


def build_form(desk):
    """2. One section, three questions, one of which depends on another; proposed milestones are not asked."""
    manager = desk.manager
    manager.open(f"{desk.root}/form/section/add/")
    manager.fill(title="项目内容")
    manager.press("保存并添加题目")
    manager.fill(label="研究方向", kind="choice")
    manager.fill_one("c-choices", "sensor | 传感器\nplatform | 共享平台")
    manager.press("保存并再加一题")
    manager.fill(label="技术路线", kind="text")
    manager.fill_one("c-max_length", "500")
    manager.press("保存并再加一题")
    manager.fill(label="平台开放机时", kind="number", shown_when="answers.q1 == 'platform'")
    manager.fill_one("c-unit", "小时")
    manager.press("保存并返回申报表")
    manager.sees("研究方向", "技术路线", "平台开放机时", "有条件显示")
    # By keyboard: the third question goes up by one.
    last = desk.page.locator("[data-question]").nth(2)
    last.locator("[data-up]").focus()
    desk.page.keyboard.press("Enter")
    manager.press("保存顺序")
    manager.sees("顺序已保存。")
    assert list(desk.call.questions.values_list("code", flat=True)) == ["q1", "q3", "q2"]
    manager.fill(asks_milestones=False)
    desk.save()


def write_rules(desk):
    """3. Two rules by template."""
    manager = desk.manager
    manager.open(f"{desk.root}/rules/templates/")
    desk.page.locator("[data-filter]").fill("单位类型")
    desk.page.locator("[data-filter-item]:visible").first.get_by_role("link").click()
    for kind in ("university", "institute"):
        desk.page.locator(f"[name=p_kinds][value={kind}]").check()
    desk.page.locator("[name=p_kinds][value=enterprise]").uncheck()
    manager.fill(clause="第二条")
    manager.press("添加并再选一条")
    manager.open(f"{desk.root}/rules/templates/duration/")
    manager.fill(p_most="12", clause="第三条")
    manager.press("添加")
    manager.sees("项目执行期不超过12个月。")
    manager.fill(organisation="琴岛海洋大学")
    manager.press("试算")
    manager.sees("缺少数据：执行期（月）。")


def write_money(desk):
    """4. Budget, cap and ratio."""
    desk.part("money")
    desk.manager.fill(cap="100", cap_clause="第四条", own_per_fiscal="1", own_clause="第四条")
    desk.add("categories", name="设备费", code="equipment")
    desk.add("categories", name="业务费", code="operations")
    desk.add("sources", name="财政资金", code="fiscal", is_fiscal=True)
    desk.add("sources", name="自筹资金", code="own")
    desk.save()


def write_review(desk):
    """5. Steps, the score sheet, milestones and instalments; sums are wrong at first."""
    desk.part("stages")
    for kind in ("formal_check", "expert_review", "decision", "publicity", "agreement"):
        desk.add("stages", kind=kind, days="10")
    desk.save()
    desk.part("review")
    desk.manager.fill(panel_size="3", clause="第五条")
    desk.add("criteria", name="创新性", weight="60")
    desk.add("criteria", name="可行性", weight="30")
    expect(desk.page.locator("[data-sum] b")).to_have_text("90")
    desk.save()
    desk.part("milestones")
    desk.add(
        "milestones", name="中期检查", offset_months="6", deliverable="中期报告", clause="第六条", code="mid"
    )
    desk.save()
    desk.part("instalments")
    desk.add("instalments", name="首期", share="60", condition="signed", clause="第六条")
    desk.add(
        "instalments", name="二期", share="40", condition="milestone", milestone_code="mid", clause="第六条"
    )
    desk.save()


def mend_and_publish(desk):
    """6. One problem is left; its link leads to it; then the form is previewed and the notice published."""
    manager = desk.manager
    assert desk.problems() == 1
    manager.sees("评审指标的权重之和应为 100，现为 90。")
    desk.page.locator(".jd-problems-error a").click()
    manager.fill_one("criteria-1-weight", "40")
    desk.save()
    assert desk.problems() == 0
    preview(desk)
    manager.open(f"{desk.root}/publish/")
    if desk.page.locator("[name=accepts_warnings]").count():
        manager.fill(accepts_warnings=True)
    manager.press("发布")
    manager.sees("通知已发布")
    desk.call.refresh_from_db()
    assert desk.call.state == CallState.PUBLISHED


def preview(desk):
    desk.manager.open(f"{desk.root}/preview/")
    frame = desk.page.frame_locator("#preview-frame")
    hours = frame.locator("#question-q3")
    expect(hours).to_be_hidden()
    frame.locator("[name=a-q1][value=platform]").check()
    expect(hours).to_be_visible()
    frame.locator("[name=a-q3]").fill("很多")
    expect(hours.locator("[data-fault]")).to_have_count(1)
    desk.page.locator("[data-width=phone]").click()
    assert desk.page.locator("#preview-frame").bounding_box()["width"] == 390
    assert not Application.objects.filter(call=desk.call).exists()


def apply(applicant, call, pi):
    """7. An applicant fills everything in; the period is too long."""
    applicant.open(f"/applications/start/{call.pk}/")
    applicant.press("建立申报书")
    applicant.sees("基本信息")
    application = Application.objects.get(call=call)
    starts = timezone.localdate() + timedelta(days=60)
    applicant.fill(title="水下声学传感器研究", summary="研制传感器。", starts_date=starts)
    applicant.fill(ends_date=starts + timedelta(days=500))
    steps.save(applicant)
    steps.fill_people(applicant, application, [pi])
    applicant.open(f"/applications/{application.pk}/budget/")
    steps.type_budget(applicant, application, {"fiscal": {"operations": "50"}, "own": {"operations": "50"}})
    steps.save(applicant)
    applicant.open(f"/applications/{application.pk}/form/section1/")
    applicant.fill_one("a-q1", "sensor")
    applicant.fill_one("a-q2", "先仿真后试制。")
    steps.save(applicant)
    return application, starts


@pytest.fixture
def story(transactional_db):
    """The demo's people, and no call at all."""
    calendar_table.seed()
    return Story(timezone.now())


def test_a_notice_becomes_a_running_call_without_code(story, person):
    manager, applicant = person("manager"), person("applicant")
    desk = begin(manager)
    write_notice(desk)
    build_form(desk)
    write_rules(desk)
    write_money(desk)
    write_review(desk)
    mend_and_publish(desk)

    application, starts = apply(applicant, desk.call, story.cast.person("applicant", "pi"))
    applicant.open(f"/applications/{application.pk}/check/")
    stopped = applicant.page.locator(".jb-problems li")
    expect(stopped).to_have_count(1)
    expect(stopped).to_contain_text("第三条")
    applicant.open(f"/applications/{application.pk}/basics/")
    applicant.fill(ends_date=starts + timedelta(days=330))
    steps.save(applicant)
    applicant.open(f"/applications/{application.pk}/check/")
    applicant.press("提交申报书")
    applicant.page.wait_for_url(f"**/applications/{application.pk}/")
    application.refresh_from_db()
    assert (application.state, application.version) == (ApplicationState.FORMAL_CHECK, 1)
