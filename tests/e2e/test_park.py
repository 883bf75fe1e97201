"""From a window call to the last instalment of a park's enterprise, in a real browser, in Chinese."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from applications.models import Application
from applications.states import ApplicationState
from core.calendar import add_days, working_days_between
from finance.models import Appropriation, Instalment
from finance.states import InstalmentState
from grants.models import Call
from milestones.models import Milestone
from notifications.models import Deadline, DeadlineKind
from reviews.actions import submit_review
from reviews.models import Assignment, Criterion, Recommendation
from seeds.demo.outcome import accept
from tests.conftest import wait_until
from tests.e2e import steps

pytestmark = [pytest.mark.browser, pytest.mark.servers]

TITLE = "高通量四元泵关键技术研发及产业化"
OPENLY = {"expert1": 90, "expert2": 80}
"""Who scores in the browser; the others do the same by the same actions."""
QUIETLY = {"expert3": 70, "expert6": 85, "expert7": 88}
CONFLICTED = "expert5"
"""Of the partner's own university."""
MONEY = {
    "fiscal": {"equipment": "250", "operations": "200", "labour": "40", "indirect": "30"},
    "own": {"equipment": "200", "operations": "150", "labour": "30", "indirect": "20"},
}
"""万元: 520 of public money, 20 more than the cap, and too little of the enterprise's own."""


def find_call(firm, call: Call):
    """1. The enterprise finds the notice among those that are open, and opens an application."""
    firm.open("/calls/")
    firm.click(call.title)
    firm.sees("500 万元", "不低于 1 : 1", "去掉最高分", "首期拨款", "60 %", "二期拨款", "40 %")
    firm.click("我要申报")
    firm.sees(call.title)
    firm.press("建立申报书")
    firm.sees("基本信息", "申报书已建立")
    return Application.objects.get(call=call)


def write(firm, application, people, pdf):
    """2. Part by part; the panel beside them says at once which clauses are met."""
    starts = timezone.localdate() + timedelta(days=60)
    ends = add_days(starts, 24, kind="month", inclusive=True)
    firm.fill(title=TITLE, summary="突破130兆帕四元泵，建成生产线。", starts_date=starts, ends_date=ends)
    steps.save(firm)
    steps.fill_sections(firm, application, pdf)
    steps.fill_people(firm, application, people)
    firm.never_sees(people[0]["id_number"])
    plan_milestones(firm, application, starts, ends)
    too_much(firm, application)


def plan_milestones(firm, application, starts, ends):
    firm.open(f"/applications/{application.pk}/milestones/")
    middle = add_days(starts, 12, kind="month", inclusive=True)
    for number, (name, day, share) in enumerate([("中期检查", middle, 60), ("验收", ends, 40)]):
        firm.add_row(f"milestones-{number}-name", "添加里程碑")
        values = {"name": name, "due_date": day, "deliverable": f"{name}报告、检测报告", "share": share}
        values["indicators"] = "整机无故障时间，h，≥ 5000\n国产化率，%，≥ 95"
        for field, value in values.items():
            firm.fill_one(f"milestones-{number}-{field}", value)
    steps.save(firm)


def too_much(firm, application):
    """More than the cap is refused with its clause; the ratio is answered while the amounts are typed."""
    firm.open(f"/applications/{application.pk}/budget/")
    steps.type_budget(firm, application, MONEY)
    firm.sees("不符合", "520", "400")
    firm.fill_one(steps.budget_cell(application, "equipment", "own"), "420")
    firm.page.locator("#budget-totals").get_by_text("1.19").wait_for()
    steps.save(firm)
    firm.open(f"/applications/{application.pk}/check/")
    firm.sees("提交前请先改正", "申请 520 万元，超过上限 500 万元，多 20 万元。", "第五条")
    assert firm.page.get_by_role("button", name="提交申报书").count() == 0
    firm.page.get_by_role("link", name="超过上限 500 万元").click()
    firm.sees("经费预算")
    firm.fill_one(steps.budget_cell(application, "equipment", "fiscal"), "180")
    steps.save(firm)
    firm.sees("450", "620")


def approve(firmadmin, application):
    """3a. The enterprise's own administrator."""
    firmadmin.open("/applications/unit-review/")
    firmadmin.click(TITLE)
    firmadmin.sees("450 万元", "证明材料.pdf")
    firmadmin.fill(text="同意申报。")
    firmadmin.press("审核通过")
    firmadmin.sees("已审核通过", "没有等待单位审核的申报书")


def recommend(recommender, elsewhere, application):
    """3b. The district of the park recommends; another district does not even know of it."""
    page = f"/applications/{application.pk}/recommendation/"
    elsewhere.open("/applications/recommendations/")
    elsewhere.sees("没有等待推荐的申报书")
    elsewhere.never_sees(TITLE)
    elsewhere.is_refused(page)
    recommender.open("/applications/recommendations/")
    recommender.click(TITLE)
    recommender.sees("琴岛精微色谱科技有限公司", "位于高新区“一区多园”")
    recommender.press("推荐")
    recommender.sees("请写明意见，申请人会看到。")
    recommender.fill(text="符合园区主导产业方向，同意推荐。")
    recommender.press("推荐")
    recommender.sees("已推荐")
    application.refresh_from_db()
    assert application.state == ApplicationState.FORMAL_CHECK


def review(manager, person, application):
    """4. Five experts of the library; the highest and the lowest score do not count."""
    steps.check_formally(manager, application)
    steps.invite(manager, application, (*OPENLY, *QUIETLY), conflicted=CONFLICTED)
    for login, points in OPENLY.items():
        steps.score(person(login), application, points, amount="430")
    for login, points in QUIETLY.items():
        score_quietly(login, application, points)
    manager.open(f"/admin/reviews/panel/{application.pk}/change/")
    manager.sees("去掉最高最低后的平均分", "84.33")
    steps.finish_round(manager, application)


def score_quietly(login, application, points):
    criteria = Criterion.objects.filter(call=application.call)
    task = Assignment.objects.get(application=application, expert__user__username=login)
    now = timezone.now()
    accept(task, at=now)
    submit_review(
        assignment=task,
        scores=dict.fromkeys(criteria.values_list("pk", flat=True), Decimal(points)),
        comment="技术路线清晰，产业化前景好。",
        recommendation=Recommendation.FUND,
        suggested_amount=Decimal(4_300_000),
        by=task.expert.user,
        at=now,
    )


def decide(leader, manager, public, application):
    """5. The decision sets the money aside; five working days of publicity."""
    steps.decide(leader, application, amount="430")
    held = Appropriation.objects.get(programme=application.call.programme, year=application.call.year)
    assert held.committed == 4_300_000
    notice = steps.publicise(manager, application)
    assert working_days_between(notice.starts_date, notice.ends_date) == 5
    public.open("/publicity/")
    public.click(notice.title)
    public.sees(TITLE, "琴岛精微色谱科技有限公司", "430", "5 个工作日", "第十条", "提出异议")
    return notice


def work_and_pay(firm, firmadmin, manager, finance, agreement, pdf):
    """6. 60 per cent on signing, 40 when the milestone is accepted; both to the account that is confirmed."""
    steps.register_account(firmadmin, finance, agreement)
    firm.open(f"/projects/{agreement.pk}/")
    firm.sees("258", "172", "“中期检查”通过后")
    steps.pay(finance, agreement, amount=2_580_000, voucher="2026-0101")
    milestone = Milestone.objects.get(agreement=agreement, code="m1")
    text = "四元泵样机通过第三方检测，连续运行 5200 小时。"
    report = steps.hand_in(firm, milestone, pdf, text=text, spent="320")
    manager.open(f"/admin/milestones/milestone/{milestone.pk}/change/")
    manager.sees(report.text, "证明材料.pdf", "320 万元")
    steps.accept(manager, milestone)
    steps.pay(finance, agreement, amount=1_720_000, voucher="2026-0102")
    firm.open(f"/projects/{agreement.pk}/")
    firm.sees("2026-0101", "2026-0102", "430 万元")
    firm.never_sees(steps.ACCOUNT)
    states = Instalment.objects.filter(agreement=agreement).order_by("order").values_list("state", flat=True)
    assert list(states) == [InstalmentState.PAID, InstalmentState.PAID]


def test_from_a_window_call_to_the_last_instalment(story, person, pdf, celery_worker, smtp_server):
    celery_worker(EMAIL_URL=smtp_server.url)
    users = {user.username: user for user in User.objects.all()}
    firm, firmadmin, manager, public = (person(login) for login in ("firm", "firmadmin", "manager", ""))

    application = find_call(firm, story.calls["park-cultivation"])
    people = [story.cast.person("firm", "pi"), story.cast.person("applicant", months=2)]
    write(firm, application, people, pdf)
    steps.submit(firm, application, state=ApplicationState.UNIT_REVIEW)
    approve(firmadmin, application)
    recommend(person("recommender"), person("recommender2"), application)

    review(manager, person, application)
    firm.open(f"/applications/{application.pk}/")
    firm.sees("评审中")
    firm.never_sees("84.33", "林致远", "待决定")
    public.open("/publicity/")
    public.never_sees(TITLE)

    notice = decide(person("leader"), manager, public, application)
    agreement = steps.sign(firmadmin, manager, notice, closed_by=users["manager"])
    work_and_pay(firm, firmadmin, manager, person("finance"), agreement, pdf)

    application.refresh_from_db()
    assert application.state == ApplicationState.AWARDED
    open_now = Deadline.objects.open().values_list("kind", flat=True)
    wanted = {
        DeadlineKind.MILESTONE,
        DeadlineKind.PROJECT_END,
        DeadlineKind.CERTIFICATE,
        DeadlineKind.EXTENSION,
    }
    assert set(open_now) == wanted
    wait_until(
        lambda: any("firm@" in message["To"] for message in smtp_server.messages),
        "the applicant was told by mail",
    )
