"""What the journeys have in common: one desk after another, each as the person there works."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import BankAccount
from applications.models import Application
from awards.actions import close_publicity
from awards.models import Agreement, Publicity
from core.calendar import end_of_day
from documents.models import Document
from finance.models import Instalment
from finance.states import InstalmentState
from grants.models import QuestionKind
from milestones.models import Milestone, Report
from milestones.states import MilestoneState
from reviews.models import Assignment, Criterion, Expert
from seeds.demo import writing
from tests.conftest import wait_until
from tests.e2e.people import Person

ACCOUNT = "6222021001116245702"
PERSON_FIELDS = (
    "role",
    "name",
    "id_number",
    "title",
    "organisation_name",
    "credit_code",
    "months_per_year",
    "task",
)


# ---- the applicant ----


def save(applicant: Person) -> None:
    applicant.press("保存")
    expect(applicant.page.locator(".jb-messages, .messages, main").first).to_contain_text("已保存。")


def fill_people(applicant: Person, application: Application, people: list[dict]) -> None:
    """One row for each; the lead's unit stands in the form already."""
    applicant.open(f"/applications/{application.pk}/participants/")
    for number, person in enumerate(people):
        if number:
            applicant.add_row(f"participants-{number}-name", "添加人员")
        for name in PERSON_FIELDS:
            applicant.fill_one(f"participants-{number}-{name}", person[name])
    save(applicant)


def type_budget(applicant: Person, application: Application, money: dict[str, dict[str, str]]) -> None:
    """万元 by source and category, typed into the open page; the page answers when the last one is left."""
    cell = ""
    for source, amounts in money.items():
        for category, amount in amounts.items():
            cell = budget_cell(application, category, source)
            applicant.fill_one(cell, amount)
    applicant.page.locator(f"[name='{cell}']").blur()


def budget_cell(application: Application, category: str, source: str) -> str:
    call = application.call
    row, column = call.budget_categories.get(code=category), call.funding_sources.get(code=source)
    return f"cell-{row.pk}-{column.pk}"


def fill_sections(applicant: Person, application: Application, pdf) -> None:
    answers = writing.answers(application)
    for section in application.call.sections.order_by("order"):
        fill_section(applicant, application, section, answers, pdf)


def fill_section(applicant: Person, application: Application, section, answers: dict, pdf) -> None:
    applicant.open(f"/applications/{application.pk}/form/{section.code}/")
    for question in section.questions.order_by("order"):
        name = f"a-{question.code}"
        if question.kind == QuestionKind.ATTACHMENT:
            applicant.fill_one(name, pdf)
            expect(applicant.page.locator(f"#file-{question.code}")).to_contain_text(pdf.name)
        elif question.kind == QuestionKind.TABLE:
            for number, row in enumerate(answers[question.code]):
                for column, value in row.items():
                    applicant.add_row(f"{name}-{number}-{column}", "加一行", f"#question-{question.code}")
                    applicant.fill_one(f"{name}-{number}-{column}", value)
        elif question.code in answers:
            applicant.fill_one(name, answers[question.code])
    save(applicant)


def submit(applicant: Person, application: Application, *, state: str) -> None:
    """Hand in by a double click: one version, one PDF, and the application is at its first desk."""
    applicant.open(f"/applications/{application.pk}/check/")
    applicant.page.get_by_role("button", name="提交申报书").dblclick()
    applicant.page.wait_for_url(f"**/applications/{application.pk}/")
    application.refresh_from_db()
    assert (application.state, application.version) == (state, 1)
    applicant.sees(application.number, application.get_state_display())
    wait_until(
        lambda: Document.objects.about(application).filter(kind="snapshot", version=1).exists(),
        "the worker made the PDF snapshot",
    )


# ---- the bureau and its experts ----


def check_formally(manager: Person, application: Application) -> None:
    """One line per rule; what the machine cannot know the officer marks."""
    manager.open(f"/admin/applications/application/{application.pk}/change/")
    marks = manager.page.locator("[type=radio][value=passed]")
    for number in range(marks.count()):
        marks.nth(number).check()
    manager.page.locator("[name=do][value=pass]").click()
    manager.sees("形式审查通过")


def invite(manager: Person, application: Application, logins: tuple[str, ...], *, conflicted: str) -> None:
    """The experts are invited; who is of a participant's unit cannot be chosen, and it says why."""
    manager.open(f"/admin/reviews/panel/{application.pk}/change/")
    manager.action("指派专家")
    assert manager.page.locator(f"#expert-{expert(conflicted).pk}").is_disabled()
    manager.sees("同一单位")
    for login in logins:
        manager.page.locator(f"#expert-{expert(login).pk}").check()
    manager.press("邀请所选专家")
    manager.sees(f"已邀请 {len(logins)} 名专家")


def expert(login: str) -> Expert:
    return Expert.objects.get(user__username=login)


def score(judge: Person, application: Application, points: int, *, amount: str) -> None:
    """An expert accepts and gives `points` for everything on the own desk in the admin."""
    task = Assignment.objects.get(application=application, expert__user__username=judge.login)
    judge.open(f"/admin/reviews/assignment/{task.pk}/change/")
    judge.action("接受邀请")
    judge.fill(pledge=True)
    judge.press("接受邀请")
    for criterion in Criterion.objects.filter(call=application.call):
        judge.fill_one(f"score_{criterion.pk}", points)
    judge.fill(recommendation="fund", suggested_amount=amount, comment="路线可行，指标可考核，同意立项。")
    judge.press("提交并封存")
    judge.sees("已提交并封存")


def finish_round(manager: Person, application: Application) -> None:
    manager.admin_button(f"reviews/panel/{application.pk}/change/", "结束评审")
    manager.sees("评审已结束")


def decide(leader: Person, application: Application, *, amount: str) -> None:
    leader.admin_button(
        f"awards/proposal/{application.pk}/change/",
        "决定",
        outcome="fund",
        amount=amount,
        reason="综合评审得分和年度预算。",
        meeting="局长办公会第 5 次",
    )
    leader.sees("已决定")


def publicise(manager: Person, application: Application) -> Publicity:
    manager.open(f"/admin/awards/proposal/{application.pk}/change/")
    manager.action("公示")
    manager.press("发布公示")
    manager.sees("已发布公示")
    return Publicity.objects.get()


def sign(unitadmin: Person, manager: Person, notice: Publicity, *, closed_by) -> Agreement:
    """The notice ends without objection; both sides sign."""
    close_publicity(publicity=notice, by=closed_by, at=end_of_day(notice.ends_date) + timedelta(minutes=1))
    agreement = Agreement.objects.get()
    unitadmin.open(f"/awards/agreements/{agreement.pk}/")
    unitadmin.page.locator("form[action$='/sign/'] [type=checkbox]").check()
    unitadmin.press("签订任务书")
    unitadmin.sees("等待主管部门签订")
    manager.admin_button(f"awards/agreement/{agreement.pk}/change/", "主管部门签订")
    manager.sees("任务书生效")
    return agreement


# ---- milestones and money ----


def hand_in(applicant: Person, milestone: Milestone, pdf, *, text: str, spent: str) -> Report:
    applicant.open(f"/milestones/{milestone.pk}/")
    applicant.fill(text=text, spent_amount=spent, files=pdf)
    for indicator in milestone.indicators.all():
        applicant.fill_one(f"value_{indicator.pk}", indicator.target)
    applicant.press("提交材料")
    applicant.sees("待审核")
    return Report.objects.get(milestone=milestone)


def accept(manager: Person, milestone: Milestone) -> None:
    page = f"milestones/milestone/{milestone.pk}/change/"
    manager.admin_button(page, "审核", outcome="accepted", note="材料齐全，通过。")
    manager.sees("审核结论已保存")
    milestone.refresh_from_db()
    assert milestone.state == MilestoneState.ACCEPTED


def register_account(keeper: Person, finance: Person, agreement: Agreement) -> None:
    """The unit says where it is paid; finance, which cannot pay before, confirms it."""
    unit = agreement.award.application.organisation
    keeper.open(f"/my/units/{unit.pk}/record/#accounts")
    keeper.page.get_by_text("登记账户").click()
    keeper.fill(holder=unit.name, bank="琴岛银行大学路支行", number=ACCOUNT)
    keeper.page.locator("form[action$='/account/'] [type=submit]").click()
    keeper.sees("已登记", "待确认")
    account = BankAccount.objects.get(organisation=unit)
    finance.admin_button(f"accounts/bankaccount/{account.pk}/change/", "确认账户")
    finance.sees("账户已确认")


def pay(finance: Person, agreement: Agreement, *, amount: int, voucher: str) -> None:
    """The one instalment that is due is paid whole."""
    instalment = Instalment.objects.get(agreement=agreement, state=InstalmentState.DUE)
    assert instalment.amount == amount
    finance.admin_button(
        f"finance/instalment/{instalment.pk}/change/",
        "登记付款",
        paid_date=timezone.localdate(),
        voucher=voucher,
    )
    finance.sees("已登记付款")
    instalment.refresh_from_db()
    assert (instalment.state, instalment.paid) == (InstalmentState.PAID, amount)
