"""From a posted demand to a paid milestone, in a real browser, in Chinese, with a worker and mail."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from applications.models import Application
from applications.states import ApplicationState
from exchange.models import Demand
from finance.models import Appropriation
from milestones.models import Milestone
from notifications.models import Deadline, DeadlineKind
from reviews.actions import close_bids
from tests.conftest import wait_until
from tests.e2e import steps

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
    steps.save(applicant)
    steps.fill_people(applicant, application, [pi])
    fill_budget(applicant, application)
    steps.fill_sections(applicant, application, pdf)
    return application


def fill_budget(applicant, application):
    """The budget says at once when the own money is too little, and keeps what was typed."""
    applicant.open(f"/applications/{application.pk}/budget/")
    money = {"fiscal": "80", "demander": "60", "own": "10"}
    sources = {source: {"operations": amount} for source, amount in money.items()}
    steps.type_budget(applicant, application, sources)
    applicant.sees("不符合")
    applicant.fill_one(steps.budget_cell(application, "operations", "own"), "30")
    steps.save(applicant)
    applicant.sees("170")


def choose(manager, demander, application):
    """4d. Bidding closes; the demander compares the bids and chooses."""
    steps.finish_round(manager, application)
    demander.open(f"/reviews/choice/{application.topic_id}/")
    demander.fill(choice=application.pk, reason="方案与本企业工况吻合。")
    demander.press("提交选择")
    demander.sees("已提交选择")


def decide(leader, manager, public, application):
    """5a. The decision, and five working days of publicity that anybody can read."""
    steps.decide(leader, application, amount="75")
    held = Appropriation.objects.get(programme=application.call.programme, year=timezone.localdate().year)
    assert held.committed == 750_000
    notice = steps.publicise(manager, application)
    public.open(f"/publicity/{notice.pk}/")
    public.sees("长寿命离子源关键技术研究", "琴岛海洋大学", "5 个工作日")
    return notice


def deliver(applicant, demander, manager, agreement, pdf):
    """6a. The team hands evidence in, the demander says its word, the manager accepts."""
    milestone = Milestone.objects.filter(agreement=agreement).order_by("due_date").first()
    text = "样机连续运行 760 小时，第三方检测合格。"
    report = steps.hand_in(applicant, milestone, pdf, text=text, spent="60")
    demander.open(f"/milestones/reports/{report.pk}/opinion/")
    demander.fill(opinion="accept", text="样机已在现场使用。")
    demander.page.get_by_role("main").get_by_role("button").first.click()
    demander.sees("同意")
    steps.accept(manager, milestone)


def pay(unitadmin, finance, applicant, agreement):
    """6b. The instalment is due; the unit's account is confirmed; finance pays; the team sees it."""
    steps.register_account(unitadmin, finance, agreement)
    steps.pay(finance, agreement, amount=450_000, voucher="2026-0001")
    applicant.open(f"/projects/{agreement.pk}/")
    applicant.sees("45 万元")
    applicant.never_sees(steps.ACCOUNT)


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
    steps.submit(applicant, application, state=ApplicationState.FORMAL_CHECK)
    steps.check_formally(manager, application)
    steps.invite(manager, application, JUDGES, conflicted=CONFLICTED)
    for login in JUDGES:
        steps.score(person(login), application, 86, amount="75")
    # Fifteen days later the clock closes the bidding.
    close_bids(topic=topic, by=None, at=topic.bids_close_at + timedelta(seconds=1))
    choose(manager, demander, application)

    notice = decide(person("leader"), manager, public, application)
    unitadmin = person("unitadmin")
    agreement = steps.sign(unitadmin, manager, notice, closed_by=users["manager"])
    deliver(applicant, demander, manager, agreement, pdf)
    pay(unitadmin, person("finance"), applicant, agreement)

    application.refresh_from_db()
    assert application.state == ApplicationState.AWARDED
    open_now = Deadline.objects.open().values_list("kind", flat=True)
    assert set(open_now) == {DeadlineKind.MILESTONE, DeadlineKind.PROJECT_END, DeadlineKind.EXTENSION}
    wait_until(
        lambda: any("applicant@" in message["To"] for message in smtp_server.messages),
        "the applicant was told by mail",
    )
