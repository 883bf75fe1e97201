"""axe finds nothing on the portal's pages, wide and on a phone; they fit a phone; they work by keyboard."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions
from applications.models import Partner
from applications.queries import Office
from notifications.actions import Owes
from tests.applications.test_nominators import ask, fellow, nominated_call
from tests.applications.test_recommending import waiting
from tests.applications.test_unit_tables import stamped_call
from tests.awards.test_conditions import CERTIFIED, signing
from tests.factories.accounts import OrganisationFactFactory, OrganisationFactory, member_of, officer
from tests.factories.applications import filled, submitted
from tests.factories.equity import deal_of, settled
from tests.factories.facilities import file, handed_in, opened
from tests.factories.facilities import people_of as people_of_platform
from tests.factories.grants import CallFactory, TopicFactory
from tests.factories.milestones import agreement, milestone_of, people_of
from tests.factories.notifications import MessageFactory, open_deadline
from tests.portal.test_views import demand_call, notice_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
ZOOMED = {"width": 640, "height": 450}
"""What is left of a wide window where everything is shown at 200 %."""
SCREEN_ONLY = (".jb-nav", ".jb-sticky", ".jb-parts", "#comments form")


@pytest.fixture
def addresses():
    """Every public page with something on it, and one of nothing."""
    call, challenge = CallFactory(), demand_call()
    topic = TopicFactory(call=challenge, owner=OrganisationFactory(), owner_is_public=True)
    notice = notice_of(call)
    return [
        "/",
        "/calls/",
        "/calls/?tab=coming",
        f"/calls/{call.pk}/",
        f"/calls/{call.pk}/could-we-apply/",
        f"/calls/{challenge.pk}/",
        "/board/",
        f"/board/{topic.pk}/",
        "/publicity/",
        f"/publicity/{notice.pk}/",
        f"/awards/publicity/{notice.pk}/object/",
        "/facilities/registry/",
        "/results/",
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/applications/verify/",
        "/nowhere/",
    ]


@pytest.fixture
def signed_in(new_page, client, live_server):
    """A function that opens a page as a person of a unit who owes something and has a message."""

    def open_page():
        unit, now = OrganisationFactory(), timezone.now()
        user = member_of(unit, UnitRole.ADMIN)
        open_deadline(at=now, owed_by=[Owes(user=user)], due_in=-timedelta(days=1))
        open_deadline(at=now, owed_by=[Owes(user=user)], due_in=timedelta(days=30))
        MessageFactory(recipient=user)
        page = sit(new_page, client, live_server, user)
        page.unit = unit
        return page

    return open_page


def faults(page, address: str) -> list[str]:
    """What axe finds, the width that does not fit (a phone, twice the letters), what the console says."""
    said = []
    page.set_viewport_size(WIDE)
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    answer = page.goto(address)
    found = [
        f"{address} {fault['id']}: {node['html'][:120]}"
        for fault in Axe().run(page).response["violations"]
        for node in fault["nodes"]
        # Scroll areas of the back office's theme all have the same name.
        if "simplebar-content-wrapper" not in node["html"]
    ]
    for size in (ZOOMED, PHONE):
        page.set_viewport_size(size)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append(f"{address} is wider than {size['width']}")
    # The browser itself reports a page that is not found.
    return found + [text for text in said if answer.ok or "status of 404" not in text]


def sit(new_page, client, live_server, user):
    """A page of somebody who has signed in before."""
    client.force_login(user)
    page = new_page()
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    return page


def test_the_public_pages(new_page, addresses):
    page = new_page()
    assert [fault for address in addresses for fault in faults(page, address)] == []
    # On a phone the menu and the lists have another look.
    page.set_viewport_size(PHONE)
    page.goto("/calls/")
    assert Axe().run(page).response["violations"] == []


def test_a_persons_own_pages(signed_in):
    page = signed_in()
    unit = OrganisationFactFactory(organisation=page.unit).organisation
    mine = ("profile", "record", "token", "units", "units/register", f"units/{unit.pk}")
    own = ["/todo/", "/todo/?tab=done", "/todo/month/", "/inbox/", "/my/subscription/", "/my/reminders/"]
    own += [*(f"/my/{name}/" for name in mine), f"/my/units/{unit.pk}/record/", f"/my/units/{unit.pk}/edit/"]
    assert [fault for address in own for fault in faults(page, address)] == []


def test_a_teams_pages_and_the_departments(new_page, client, live_server):
    """The workspace, what was handed in, the desks on its way, and the back office."""
    draft = filled()
    call = CallFactory(parts__stages=("unit_review", "recommendation", "formal_check", "decision"))
    waits, sent = submitted(call=call), submitted(call=call, organisation__region="370212")
    section, now = draft.call.sections.first().code, timezone.now()
    actions.unit_approve(application=sent, by=None, at=now)
    office = officer(Role.RECOMMENDER, OrganisationFactory(), region="3702")
    manager = officer(Role.PROGRAMME_MANAGER, call.programme.department)
    team = ("", "basics/", f"form/{section}/", "participants/", "import/participants/", "budget/")
    desk, own = "/admin/applications/application/", f"/applications/{sent.pk}/"
    asked = (
        (draft.created_by, [f"/applications/{draft.pk}/{name}" for name in (*team, "milestones/", "check/")]),
        (sent.created_by, ["/applications/", own, f"{own}versions/", "/applications/consents/"]),
        (
            member_of(waits.organisation, UnitRole.ADMIN),
            ["/applications/unit-review/", f"/applications/{waits.pk}/unit-review/"],
        ),
        (
            office,
            [
                "/applications/recommendations/",
                f"{own}recommendation/",
                f"/applications/recommendations/calls/{call.pk}/",
            ],
        ),
        (manager, [desk, f"{desk}{sent.pk}/change/", f"{desk}causes/"]),
    )
    found = []
    for user, addresses in asked:
        page = sit(new_page, client, live_server, user)
        found += [fault for address in addresses for fault in faults(page, address)]
    assert found == []


def test_the_pages_of_partners_nominators_appeals_and_projects(new_page, client, live_server):
    """What others than the team open on an application's way, and a running project with its requests."""
    now = timezone.now()
    draft, partner = filled(), OrganisationFactory()
    asked_of = {"invited_by": draft.created_by, "invited_at": now}
    Partner.objects.create(application=draft, organisation=partner, **asked_of)
    nominated, leader = filled(call=nominated_call()), fellow(7, "赵院士")
    nominators = reverse("applications:detail", args=[nominated.pk])
    (nominator,) = ask(nominated, leader)
    actions.submit(application=nominated, by=nominated.created_by, at=now)
    rejected = submitted(call=CallFactory(parts__stages=("formal_check", "decision")))
    by = officer(Role.PROGRAMME_MANAGER, rejected.call.programme.department)
    actions.reject(application=rejected, reason="成立不足一年", clause="第三条", by=by, at=now)
    project = agreement()
    around, own = people_of(project), f"/milestones/projects/{project.pk}/"
    section = draft.call.sections.first().code
    asked = (
        (
            draft.created_by,
            [f"/applications/start/{draft.call_id}/", f"/applications/{draft.pk}/comments/{section}/"],
        ),
        (member_of(partner, UnitRole.ADMIN), [f"/applications/{draft.pk}/partner/"]),
        (nominated.created_by, [nominators]),
        (leader, ["/applications/nominations/", f"/applications/nominations/{nominator.pk}/"]),
        (rejected.created_by, [f"/applications/{rejected.pk}/", f"/applications/{rejected.pk}/appeal/"]),
        (
            around["team"],
            [
                "/projects/",
                f"/projects/{project.pk}/",
                f"{own}changes/",
                f"{own}changes/leader/",
                f"{own}changes/budget/",
                f"{own}extension/",
                f"{own}termination/",
                f"/milestones/{milestone_of(project).pk}/",
            ],
        ),
    )
    found = []
    for user, addresses in asked:
        page = sit(new_page, client, live_server, user)
        found += [fault for address in addresses for fault in faults(page, address)]
    assert found == []


def test_the_pages_of_letters_agreements_demands_and_shares(new_page, client, live_server):
    now = timezone.now()
    bureau = OrganisationFactory()
    office, recommender = Office(bureau.pk, "370212"), officer(Role.RECOMMENDER, bureau, region="370212")
    call = CallFactory()
    (sent,) = waiting(call)
    actions.recommend(application=sent, opinion="同意", by=recommender, at=now)
    letter = actions.issue_letter(call=call, office=office, by=recommender, at=now)
    deal = deal_of()
    around, agreed = people_of(deal.agreement), f"/awards/agreements/{deal.agreement_id}/"
    settled(deal, around)
    trigger, report = deal.triggers.first(), deal.reports.first()
    asked = (
        (recommender, ["/applications/recommendations/", f"/applications/letters/{letter.pk}/"]),
        (around["team"], ["/awards/agreements/", agreed, "/equity/", f"/equity/{deal.pk}/"]),
        (around["team"], [f"/equity/triggers/{trigger.pk}/", f"/equity/reports/{report.pk}/"]),
        (around["unit_admin"], ["/demands/", "/demands/new/", "/demands/unit-check/", "/facilities/"]),
    )
    found = []
    for user, addresses in asked:
        page = sit(new_page, client, live_server, user)
        found += [fault for address in addresses for fault in faults(page, address)]
    assert found == []


def test_the_pages_of_platforms_conditions_and_stamped_tables(new_page, client, live_server):
    evaluation = opened(file())
    around, facility = people_of_platform(evaluation.facility), evaluation.facility_id
    handed_in(evaluation, around)
    agreement, admin, manager = signing(CERTIFIED)
    held = f"/projects/{agreement.pk}/conditions/"
    sent = submitted(call=stamped_call())
    asked = (
        (
            around["member"],
            [
                "/facilities/",
                f"/facilities/{facility}/",
                f"/facilities/{facility}/cases/",
                f"/facilities/{facility}/cases/new/",
                f"/facilities/evaluations/{evaluation.pk}/",
            ],
        ),
        (admin, [held]),
        (manager, [held]),
        (
            member_of(sent.organisation, UnitRole.ADMIN),
            ["/applications/unit-review/"],
        ),
    )
    found = []
    for user, addresses in asked:
        page = sit(new_page, client, live_server, user)
        found += [fault for address in addresses for fault in faults(page, address)]
    assert found == []


def test_a_form_is_printed_without_what_only_a_screen_can_do(new_page, client, live_server):
    draft = filled()
    page = sit(new_page, client, live_server, draft.created_by)
    page.goto(f"/applications/{draft.pk}/basics/")
    page.emulate_media(media="print")
    shown = {name: page.locator(name).first.is_visible() for name in ("h1", "#id_title", *SCREEN_ONLY)}
    assert [name for name, is_shown in shown.items() if is_shown] == ["h1", "#id_title"]


def test_the_menu_closes_with_escape(signed_in):
    page = signed_in()
    page.goto("/calls/")
    menu = page.locator("details.jb-menu")
    menu.locator("summary").click()
    assert menu.get_attribute("open") is not None
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_filter_swaps_the_list_and_the_address(new_page):
    call = demand_call()
    TopicFactory(call=call, title="溶解氧传感器", field="海洋仪器")
    TopicFactory(call=call, title="电机退磁检测", field="智能制造")
    page = new_page()
    page.goto("/board/")
    page.select_option("#id_field", "智能制造")
    page.wait_for_url("**field=*")
    page.locator("#results h3", has_text="电机退磁检测").wait_for()
    assert page.locator("#results h3").all_inner_texts() == ["电机退磁检测"]


def test_the_countdown_stays_true_while_the_page_is_open(new_page):
    call = CallFactory(closes_at=timezone.now() + timedelta(hours=2, minutes=30))
    page = new_page()
    page.clock.install()
    page.goto(f"/calls/{call.pk}/")
    left = page.locator("[data-countdown]").first
    assert left.inner_text().startswith("还剩 2 小时")
    page.clock.fast_forward("02:00:00")
    assert left.inner_text().startswith("还剩 2")
    assert "分钟" in left.inner_text()


def test_without_scripts_the_pages_work(new_page):
    call = demand_call()
    TopicFactory(call=call, title="溶解氧传感器", field="海洋仪器")
    page = new_page(java_script_enabled=False)
    page.goto("/board/")
    page.fill("#id_q", "没有的词")
    page.click("form[role=search] button")
    assert page.locator("#results h3").count() == 0
    assert "没有符合条件的榜单" in page.inner_text("#results")
