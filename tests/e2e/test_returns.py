"""The ways that lead back: a visitor asks and registers; what was returned or refused is heard again."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.roles import UnitRole
from applications.models import Appeal
from applications.queries import latest_submission, stored_answers
from applications.states import ApplicationState
from grants.models import StageKind
from seeds.codes import make_credit_code
from tests.e2e.people import Person
from tests.factories.accounts import PASSWORD, member_of, officer
from tests.factories.applications import filled
from tests.factories.grants import CallFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def sit(new_page, live_server):
    """A function that sits a person at a browser of their own, signed in."""

    def sat(user: User) -> Person:
        found = Person(new_page(), user.username)
        found.is_signed_in(live_server.url)
        return found

    return sat


def test_a_visitor_asks_whether_they_could_apply_and_registers(new_page):
    call = CallFactory()
    visitor = Person(new_page())
    visitor.open(reverse("portal:call", args=[call.pk]))
    visitor.click("我们能申报吗")
    visitor.press("对照条款检查")
    visitor.sees("要看情况", "这是按通知条款对您填写内容的自动对照，不是受理结论")
    visitor.click("登录或注册后申报")
    visitor.click("注册")
    visitor.fill(username="haiyang", name="海小阳", email="haiyang@example.com", phone="13812345678")
    visitor.fill(password1=PASSWORD, password2=PASSWORD)
    visitor.press("注册")
    visitor.page.wait_for_url(lambda address: "signup" not in address)
    visitor.open(reverse("accounts:register"))
    code = make_credit_code(4711)
    visitor.fill(credit_code=code[:-1] + "X")
    visitor.sees("最后一位是校验码（GB 32100-2015）")
    visitor.fill(credit_code=code, name="琴岛海测仪器有限公司", kind="enterprise", region="370212")
    visitor.sees(f"代码正确：{code}")
    visitor.press("登记单位")
    visitor.sees("单位已登记，您是它的单位管理员")
    unit = Organisation.objects.get(credit_code=code)
    assert unit.memberships.get().role == UnitRole.ADMIN
    visitor.open(reverse("applications:start", args=[call.pk]))
    visitor.sees(call.title)
    visitor.press("建立申报书")
    visitor.sees("申报书已建立")


def test_returned_by_the_unit_and_by_the_bureau_refused_and_heard_again(sit):
    stages = (StageKind.UNIT_REVIEW, StageKind.FORMAL_CHECK, StageKind.EXPERT_REVIEW)
    application = filled(call=CallFactory(parts__stages=stages))
    bureau = application.call.programme.department
    team, admin = sit(application.created_by), sit(member_of(application.organisation, UnitRole.ADMIN))
    manager, other = (sit(officer(organisation=bureau)) for _desk in range(2))
    hand_in(team, application)
    returned_by_the_unit(admin, team, application)
    hand_in(team, application)
    admin.open(reverse("applications:unit_review", args=[application.pk]))
    admin.fill(text="同意申报。")
    admin.press("审核通过")
    admin.sees("已审核通过")
    returned_by_the_bureau(manager, team, application)
    hand_in(team, application)
    anybody_verifies(sit, application)
    refused_and_heard(manager, other, team, application)


def hand_in(team, application):
    team.open(reverse("applications:check", args=[application.pk]))
    team.press("提交申报书")
    team.page.wait_for_url(f"**/applications/{application.pk}/")


def answer(team, application, text):
    team.open(reverse("applications:section", args=[application.pk, "solution"]))
    team.fill_one("a-route", text)
    team.press("保存")
    team.sees("已保存。")
    assert stored_answers(application)["route"] == text


def returned_by_the_unit(admin, team, application):
    """Without a reason nothing is returned; what was typed stays; the team reads it at its question."""
    admin.open(reverse("applications:unit_review", args=[application.pk]))
    admin.page.locator("summary", has_text="写退回意见").first.click()
    admin.page.locator("textarea[form=act]").first.fill("请写明试验条件。")
    admin.press("退回修改")
    admin.sees("请写明")
    admin.fill(text="技术路线不具体。")
    admin.press("退回修改")
    team.open(reverse("applications:detail", args=[application.pk]))
    team.sees("技术路线不具体。", "退回修改")
    answer(team, application, "先仿真，再在消声水池试制。")


def returned_by_the_bureau(manager, team, application):
    """The officer names items; after the correction the desk shows what changed."""
    desk = f"applications/application/{application.pk}/change/"
    manager.admin_button(desk, "退回补正", reason="缺少计算依据。", items="补充灵敏度的计算\n写明试验条件")
    manager.sees("已退回补正")
    team.open(reverse("applications:detail", args=[application.pk]))
    team.sees("缺少计算依据。", "补充灵敏度的计算", "写明试验条件")
    answer(team, application, "灵敏度按附录 A 计算，消声水池试验。")


def anybody_verifies(sit, application):
    """The paper says number, version and code; the public page says whether that is what was sealed."""
    application.refresh_from_db()
    sealed = latest_submission(application)
    reader = sit(member_of(application.organisation))
    reader.open(
        f"{reverse('applications:verify')}?n={application.number}&v={sealed.version}&h={sealed.sha256[:32]}"
    )
    reader.sees("与封存的版本一致", f"第 {sealed.version} 版")


def refused_and_heard(manager, other, team, application):
    """Whoever refused does not hear the appeal; another officer does, and it goes back to the check."""
    desk = f"applications/application/{application.pk}/change/"
    manager.open(f"/admin/{desk}")
    manager.sees("灵敏度按附录 A 计算")
    manager.admin_button(desk, "不予受理", reason="经费测算依据不足。", clause="第五条")
    manager.sees("已作不予受理处理")
    team.open(reverse("applications:detail", args=[application.pk]))
    team.click("申请复审")
    team.fill(grounds="短")
    team.press("提交复审申请")
    team.sees("不少于 10 个字")
    team.fill(grounds="测算依据在附件第三页，与通知第五条一致。")
    team.press("提交复审申请")
    appeal = Appeal.objects.get(application=application)
    page = f"applications/appeal/{appeal.pk}/change/"
    manager.open(f"/admin/{page}")
    assert not manager.page.get_by_role("link", name=re.compile("作出复审决定")).count()
    other.admin_button(page, "作出复审决定", upheld="yes", reason="依据充分，撤销不予受理。")
    other.sees("已作出复审决定")
    application.refresh_from_db()
    assert application.state == ApplicationState.FORMAL_CHECK
    team.open(reverse("applications:detail", args=[application.pk]))
    team.sees("依据充分，撤销不予受理。")
    assert application.submitted_at < timezone.now()
