"""From a posted demand to a paid milestone, in a real browser, in Chinese, with a worker and mail."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from applications.models import Application
from applications.states import ApplicationState
from awards.actions import close_publicity
from awards.models import Agreement, Publicity
from core.calendar import end_of_day
from documents.models import Document
from exchange.models import Demand
from finance.models import Appropriation, Instalment
from finance.states import InstalmentState
from grants.models import QuestionKind
from milestones.models import Milestone, Report
from milestones.states import MilestoneState
from notifications.models import Deadline, DeadlineKind
from reviews.actions import close_bids
from reviews.models import Assignment, Criterion, Expert
from seeds.demo import writing
from tests.conftest import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.servers]

TITLE = "高分辨质谱离子源长期稳定性提升"
SECRET = "HP-9000 型质谱的离子源喷针镀层配方在 72 小时后失效"
JUDGES = ("expert1", "expert3", "expert6")
CONFLICTED = "expert5"
"""Of the bidder's own university."""


def post_demand(demander, call):
    """1. A 科技型中小企业 posts its demand; the credit code is checked while it types."""
    demander.open(f"/demands/new/?call={call.pk}")
    demander.fill(credit_code="91370212MA3C4R5T6X")
    demander.sees("不正确")
    demander.page.reload()
    demander.sees("科技型中小企业", "符合")
    demander.press("开始填写")
    demander.fill(
        title=TITLE,
        field="科学仪器",
        public_summary="现有离子源连续运行后灵敏度下降明显，需要在不增加体积的前提下提高长期稳定性。",
        problem=SECRET,
        amount="120",
        offered_amount="80",
        deadline_date=f"{call.year + 1}-10-31",
        ip_ownership="shared",
        contact_name="梁思齐",
        contact_phone="13853200000",
    )
    for cell, value in {"name": "连续运行时间", "target": "≥ 720", "unit": "小时"}.items():
        demander.fill_one(f"indicators-0-{cell}", value)
    demander.press("提交")
    demander.sees("已提交")
    return Demand.objects.get(title=TITLE)


def list_demand(manager, demand):
    """2. The manager argues and lists it in the admin."""
    page = f"exchange/demand/{demand.pk}/change/"
    manager.admin_button(page, "论证", accept="yes", opinion="指标明确，企业有应用条件，同意发榜。")
    manager.sees("已记录论证结论")
    manager.admin_button(page, "发榜")
    manager.sees("已发榜")
    demand.refresh_from_db()
    return demand.topic


def bid(applicant, topic, pi, pdf):
    """3. A university finds it on the board, fills its bid part by part and hands it in."""
    applicant.open("/board/")
    applicant.click(TITLE)
    applicant.click("我要揭榜")
    applicant.press("建立申报书")
    applicant.sees("基本信息")
    application = Application.objects.get(topic=topic)
    starts = timezone.localdate() + timedelta(days=60)
    applicant.fill(
        title="长寿命离子源关键技术研究",
        summary="研制长寿命离子源，完成现场验证。",
        starts_date=starts,
        ends_date=starts + timedelta(days=330),
    )
    save(applicant)
    applicant.open(f"/applications/{application.pk}/participants/")
    person = {name: pi[name] for name in ("role", "name", "id_number", "title", "months_per_year", "task")}
    for name, value in person.items():
        applicant.fill_one(f"participants-0-{name}", value)
    save(applicant)
    fill_budget(applicant, application)
    answers = writing.answers(application)
    for section in application.call.sections.order_by("order"):
        fill_section(applicant, application, section, answers, pdf)
    return application


def fill_budget(applicant, application):
    """The budget says at once when the own money is too little, and keeps what was typed."""
    call = application.call
    applicant.open(f"/applications/{application.pk}/budget/")
    money = {"fiscal": "80", "demander": "60", "own": "10"}
    sources = {source.code: source.pk for source in call.funding_sources.all()}
    category = call.budget_categories.get(code="operations").pk
    for code, amount in money.items():
        applicant.fill_one(f"cell-{category}-{sources[code]}", amount)
    applicant.page.locator(f"[name='cell-{category}-{sources['own']}']").blur()
    applicant.sees("不符合")
    applicant.fill_one(f"cell-{category}-{sources['own']}", "30")
    save(applicant)
    applicant.sees("170")


def fill_section(applicant, application, section, answers, pdf):
    applicant.open(f"/applications/{application.pk}/form/{section.code}/")
    for question in section.questions.order_by("order"):
        name = f"a-{question.code}"
        if question.kind == QuestionKind.ATTACHMENT:
            applicant.fill_one(name, pdf)
            applicant.sees("证明材料.pdf")
        elif question.kind == QuestionKind.TABLE:
            for number, row in enumerate(answers[question.code]):
                for column, value in row.items():
                    applicant.fill_one(f"{name}-{number}-{column}", value)
        elif question.code in answers:
            applicant.fill_one(name, answers[question.code])
    save(applicant)


def save(applicant):
    applicant.press("保存")
    expect(applicant.page.locator(".jb-messages, .messages, main").first).to_contain_text("已保存。")


def submit(applicant, application):
    applicant.open(f"/applications/{application.pk}/check/")
    applicant.page.get_by_role("button", name="提交申报书").dblclick()
    applicant.sees("形式审查")
    application.refresh_from_db()
    assert (application.state, application.version) == (ApplicationState.FORMAL_CHECK, 1)
    wait_until(
        lambda: Document.objects.about(application).filter(kind="snapshot", version=1).exists(),
        "the worker made the PDF snapshot",
    )


def check_formally(manager, application):
    """4a. One line per rule; what the machine cannot know the officer marks."""
    page = f"applications/application/{application.pk}/change/"
    manager.open(f"/admin/{page}")
    rows = manager.page.locator("select[name$='officer_status']:visible")
    for number in range(rows.count()):
        rows.nth(number).select_option("passed")
    manager.page.locator("[name=_save]").first.click()
    manager.admin_button(page, "通过形式审查")
    manager.sees("形式审查通过")


def invite(manager, application):
    """4b. Three experts are invited; the one of the bidder's university cannot be chosen, and it says why."""
    page = f"reviews/panel/{application.pk}/change/"
    manager.open(f"/admin/{page}")
    manager.action("指派专家")
    conflicted = Expert.objects.get(user__username=CONFLICTED)
    assert manager.page.locator(f"#expert-{conflicted.pk}").is_disabled()
    manager.sees("同一单位")
    for login in JUDGES:
        manager.page.locator(f"#expert-{Expert.objects.get(user__username=login).pk}").check()
    manager.press("邀请所选专家")
    manager.sees("已邀请 3 名专家")


def score(expert, application):
    """4c. An expert accepts and scores on the own desk in the admin."""
    task = Assignment.objects.get(application=application, expert__user__username=expert.login)
    expert.open(f"/admin/reviews/assignment/{task.pk}/change/")
    expert.action("接受邀请")
    expert.fill(pledge=True)
    expert.press("接受邀请")
    for number, criterion in enumerate(Criterion.objects.filter(call=application.call)):
        expert.fill_one(f"score_{criterion.pk}", 85 + number)
    expert.fill(recommendation="fund", suggested_amount="75", comment="路线可行，指标可考核，同意立项。")
    expert.press("提交并封存")
    expert.sees("已提交并封存")


def choose(manager, demander, application):
    """4d. Bidding closes; the demander compares the bids and chooses."""
    manager.admin_button(f"reviews/panel/{application.pk}/change/", "结束评审")
    manager.sees("评审已结束")
    demander.open(f"/reviews/choice/{application.topic_id}/")
    demander.fill(choice=application.pk, reason="方案与本企业工况吻合。")
    demander.press("提交选择")
    demander.sees("已提交选择")


def decide(leader, manager, public, application):
    """5a. The decision, and five working days of publicity that anybody can read."""
    leader.admin_button(
        f"awards/proposal/{application.pk}/change/",
        "决定",
        outcome="fund",
        amount="75",
        reason="综合评审得分和发榜方意见。",
        meeting="局长办公会第 5 次",
    )
    leader.sees("已决定")
    held = Appropriation.objects.get(programme=application.call.programme, year=timezone.localdate().year)
    assert held.committed == 750_000
    manager.open(f"/admin/awards/proposal/{application.pk}/change/")
    manager.action("公示")
    manager.press("发布公示")
    manager.sees("已发布公示")
    notice = Publicity.objects.get()
    public.open(f"/publicity/{notice.pk}/")
    public.sees("长寿命离子源关键技术研究", "琴岛海洋大学", "5 个工作日")
    return notice


def sign(unitadmin, manager, notice, users):
    """5b. The notice ends without objection; both sides sign."""
    close_publicity(
        publicity=notice, by=users["manager"], at=end_of_day(notice.ends_date) + timedelta(minutes=1)
    )
    agreement = Agreement.objects.get()
    unitadmin.open(f"/awards/agreements/{agreement.pk}/")
    unitadmin.page.locator("form[action$='/sign/'] [type=checkbox]").check()
    unitadmin.press("签订任务书")
    unitadmin.sees("等待主管部门签订")
    manager.admin_button(f"awards/agreement/{agreement.pk}/change/", "主管部门签订")
    manager.sees("任务书生效")
    return agreement


def deliver(applicant, demander, manager, agreement, pdf):
    """6a. The team hands evidence in, the demander says its word, the manager accepts."""
    milestone = Milestone.objects.filter(agreement=agreement).order_by("due_date").first()
    applicant.open(f"/milestones/{milestone.pk}/")
    applicant.fill(text="样机连续运行 760 小时，第三方检测合格。", spent_amount="60", files=pdf)
    for indicator in milestone.indicators.all():
        applicant.fill_one(f"value_{indicator.pk}", indicator.target)
    applicant.press("提交材料")
    applicant.sees("待审核")
    report = Report.objects.get(milestone=milestone)
    demander.open(f"/milestones/reports/{report.pk}/opinion/")
    demander.fill(opinion="accept", text="样机已在现场使用。")
    demander.page.get_by_role("main").get_by_role("button").first.click()
    demander.sees("同意")
    manager.admin_button(
        f"milestones/milestone/{milestone.pk}/change/", "审核", outcome="accepted", note="材料齐全，通过。"
    )
    manager.sees("审核结论已保存")
    milestone.refresh_from_db()
    assert milestone.state == MilestoneState.ACCEPTED


def pay(finance, applicant, agreement):
    """6b. The instalment is due; finance records the payment; the team sees it."""
    instalment = Instalment.objects.get(agreement=agreement, state=InstalmentState.DUE)
    assert instalment.amount == 450_000
    finance.admin_button(
        f"finance/instalment/{instalment.pk}/change/",
        "登记付款",
        paid_date=timezone.localdate(),
        voucher="2026-0001",
        payee_account="6222 0210 0111 6245 702",
        payee_bank="琴岛银行大学路支行",
    )
    finance.sees("已登记付款")
    instalment.refresh_from_db()
    assert (instalment.state, instalment.paid) == (InstalmentState.PAID, 450_000)
    applicant.open(f"/projects/{agreement.pk}/")
    applicant.sees("45 万元")
    applicant.never_sees("6222 0210 0111 6245 702")


def test_from_a_posted_demand_to_a_paid_milestone(story, person, pdf, celery_worker, smtp_server):
    celery_worker(EMAIL_URL=smtp_server.url)
    call = story.calls["jiebang-sme"]
    users = {user.username: user for user in User.objects.all()}
    demander, manager, public, applicant = (
        person(login) for login in ("demander", "manager", "", "applicant")
    )

    demand = post_demand(demander, call)
    topic = list_demand(manager, demand)
    public.open("/board/")
    public.click(TITLE)
    public.sees("连续运行时间", "80 万元")
    public.never_sees(SECRET, "琴岛海谱仪器有限公司")

    application = bid(applicant, topic, story.cast.person("applicant", "pi"), pdf)
    submit(applicant, application)
    check_formally(manager, application)
    invite(manager, application)
    for login in JUDGES:
        score(person(login), application)
    # Fifteen days later the clock closes the bidding.
    close_bids(topic=topic, by=None, at=topic.bids_close_at + timedelta(seconds=1))
    choose(manager, demander, application)

    notice = decide(person("leader"), manager, public, application)
    agreement = sign(person("unitadmin"), manager, notice, users)
    deliver(applicant, demander, manager, agreement, pdf)
    pay(person("finance"), applicant, agreement)

    application.refresh_from_db()
    assert application.state == ApplicationState.AWARDED
    open_now = Deadline.objects.open().values_list("kind", flat=True)
    assert set(open_now) == {DeadlineKind.MILESTONE}
    wait_until(
        lambda: any("applicant@" in message["To"] for message in smtp_server.messages),
        "the applicant was told by mail",
    )
