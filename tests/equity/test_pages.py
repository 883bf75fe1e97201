"""The portal's pages, the office's desk and the API of deals."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from equity import actions, queries
from equity.models import Deal, PeriodicReport, Trigger, Valuation
from tests.factories.equity import file
from tests.factories.milestones import AT, draft_agreement

pytestmark = pytest.mark.django_db


def body(response, status=200) -> str:
    assert response.status_code == status
    return response.content.decode()


def test_the_firm_reports_declares_and_sees_what_is_owed_by_which_clause(held, client):
    deal, people = held
    page = reverse("equity:deal", args=[deal.pk])
    client.force_login(people["team"])
    assert deal.application.title in body(client.get(reverse("equity:list") + "?state=holding"))
    assert "没有符合条件" in body(client.get(reverse("equity:list") + "?q=没有这样的企业"))
    shown = body(client.get(page))
    for part in (
        "年度估值",
        "最长持股期",
        "回购期最后一天",
        "投后报告",
        "第八条",
        "第九条",
        "20.00%",
        "运营方 30%",
    ):
        assert part in shown
    assert "提出回购" not in shown  # its window has not begun
    report = queries.due_report(deal)
    address = reverse("equity:hand_in", args=[report.pk])
    typed = {"revenue": "120", "profit": "-3.5", "staff": "12", "text": "产品定型"}
    assert "财务报表" in body(client.post(address, typed), 422)
    assert client.post(address, typed | {"file": file("报表.pdf")}).status_code == 302
    report.refresh_from_db()
    assert (report.state, report.revenue, report.profit) == ("submitted", 1_200_000, -35_000)
    assert "报表.pdf" in body(client.get(page))
    window = queries.window_of(deal)
    assert client.get(reverse("equity:declare", args=[deal.pk])).status_code == 403
    assert window.state == "open"


def test_the_trustee_reports_a_trigger_and_a_value(watching, client):
    deal, people = watching
    client.force_login(people["trustee"])
    trigger = deal.triggers.first()
    address = reverse("equity:report_trigger", args=[trigger.pk])
    assert address in body(client.get(reverse("equity:deal", args=[deal.pk])))
    typed = {"met_date": "2099-01-01", "evidence": "投资协议", "file": file()}
    assert "不能晚于今天。（第六条）" in body(client.post(address, typed), 422)
    answer = client.post(
        address, typed | {"met_date": "2026-09-01", "file": file()}, headers={"HX-Request": "true"}
    )
    assert answer.headers["HX-Redirect"] == reverse("equity:deal", args=[deal.pk])
    assert Trigger.objects.get(pk=trigger.pk).state == "reported"
    assert client.get(address).status_code == 403
    assert client.get(reverse("equity:value", args=[deal.pk])).status_code == 403


@pytest.mark.parametrize("who", ["stranger", "demander", "district", "colleague", "other_manager", "expert"])
def test_for_others_there_is_no_deal(held, client, who):
    deal, people = held
    client.force_login(people[who])
    pages = [
        reverse("equity:deal", args=[deal.pk]),
        reverse("equity:hand_in", args=[deal.reports.first().pk]),
    ]
    assert [client.get(page).status_code for page in pages] == [404, 404]
    assert deal.application.title not in body(client.get(reverse("equity:list")))
    caller = APIClient()
    caller.force_authenticate(people[who])
    assert caller.get("/api/v1/deals/").json()["results"] == []


def test_the_office_moves_a_deal_from_its_desk_to_its_end(watching, client):
    deal, people = watching
    trigger = deal.triggers.first()
    actions.report_trigger(
        trigger=trigger, met_date=AT.date(), evidence="协议", file=file(), by=people["team"], at=AT
    )

    def press(name, who, **typed):
        client.force_login(people[who])
        answer = client.post(reverse(f"admin:equity_deal_{name}", args=[deal.pk]), typed)
        assert answer.status_code == 302, answer.content.decode()

    client.force_login(people["manager"])
    desk = reverse("admin:equity_deal_change", args=[deal.pk])
    assert "确认触发" in body(client.get(desk))
    assert client.get(reverse("admin:equity_deal_approve_conversion", args=[deal.pk])).status_code == 403
    press("confirm_trigger", "manager")
    value = {"as_of_date": "2026-09-01", "post_money": "500", "basis": "assessed", "filing_number": "备-1"}
    press("record_valuation", "manager", **value, file=file())
    press("approve_conversion", "leader", percent="20", note="同意")
    client.force_login(people["manager"])
    register = {"shares": "200000", "registered_date": "2026-09-02", "file": file()}
    wrong = client.post(
        reverse("admin:equity_deal_register", args=[deal.pk]), register | {"others": "张三，八十万"}
    )
    assert "第 1 行读不懂" in body(wrong, 422)
    press("register", "manager", **register | {"others": "张三，800000", "file": file()})
    assert "张三 80.00%" in body(client.get(desk))
    later = {"as_of_date": "2026-09-10", "occasion": "A 轮增资", "shares": "200000", "file": file()}
    press("restructure", "manager", **later | {"others": "张三，800000\n蓝海创投，1000000"})
    shown = body(client.get(desk))
    assert "蓝海创投 50.00%" in shown
    assert "2026-09-02：20%" in shown
    client.force_login(people["trustee"])
    shown = body(client.get(reverse("equity:deal", args=[deal.pk])))
    assert "历次股权结构" in shown
    assert "转股登记" in shown
    form = reverse("equity:restructure", args=[deal.pk])
    assert form in shown
    assert "蓝海创投，1000000" in body(client.get(form)), "what counts now stands there"
    again = client.post(form, later | {"others": "张三，800000", "file": file()})
    assert "已经登记过" in body(again, 422)
    client.force_login(people["team"])
    assert client.get(form).status_code == 403
    press("propose_exit", "manager", kind="listing", price="90", counterparty="二级市场", reason="上市")
    press("approve_exit", "leader")
    press("book_exit", "finance", received="150", received_date="2026-09-02", voucher="收-9")
    press("distribute", "finance")
    deal.refresh_from_db()
    assert deal.state == "closed"
    assert "资金池" in body(client.get(desk))
    sheet = client.get(reverse("admin:equity_deal_export"))
    assert sheet.content[:2] == b"PK"


def grown(deal, people, rows: int) -> None:
    """More of everything that a deal has rows of."""
    for number in range(1, rows):
        Valuation.objects.create(
            deal=deal,
            as_of_date=AT.date() - timedelta(days=number),
            post_money=Decimal(1),
            basis="other",
            recorded_by=people["manager"],
            recorded_at=AT,
        )
        PeriodicReport.objects.create(deal=deal, number=100 + number, due_date=AT.date(), state="dropped")


def more_deals(deal, rows: int) -> None:
    """Deals of the same notice, as agreed."""
    call = deal.application.call
    agreements = [draft_agreement(call=call, amount=Decimal(1_000_000)) for _ in range(rows)]
    Deal.objects.bulk_create(
        Deal(agreement=found, instrument=deal.instrument, amount=found.award.amount, opened_at=AT)
        for found in agreements
    )


def test_pages_and_lists_cost_the_same_for_one_row_and_for_thirty(
    held, watching, client, django_assert_num_queries
):
    deal, people = held
    caller = APIClient()
    caller.force_authenticate(people["manager"])
    client.force_login(people["manager"])
    page, desk = reverse("equity:deal", args=[deal.pk]), reverse("admin:equity_deal_change", args=[deal.pk])
    lists = ((client, reverse("equity:list"), 7), (client, reverse("admin:equity_deal_changelist"), 8))
    pages = ((client, page, 23), (client, desk, 21), (caller, "/api/v1/deals/", 4))
    for rows in (1, 30):
        if rows == 30:
            grown(deal, people, rows)
            more_deals(deal, 27)
        for asking, address, count in (*pages, *lists):
            asking.get(address)
            with django_assert_num_queries(count):
                answer = asking.get(address)
            assert answer.status_code == 200
    assert len(caller.get("/api/v1/deals/").json()["results"]) == 30
    listing = client.get(reverse("equity:list")).context["listing"]
    assert (len(listing.rows), bool(listing.next)) == (20, True), "by keyset"
