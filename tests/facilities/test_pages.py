"""What people see and do with facilities: portal, admin and API."""

import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from core.workflow import Refused
from facilities import actions
from facilities.models import AnnualEvaluation, Facility, ServiceCase
from tests.factories.accounts import member_of
from tests.factories.facilities import (
    CASE,
    IN_WINDOW,
    OPENED,
    REPORT,
    concluded,
    graded,
    handed_in,
    opened,
)
from tests.factories.milestones import evidence

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
POSTED = {
    "client": "海大团队",
    "result": "深海密封件",
    "service": "testing",
    "trl_before": "4",
    "trl_after": "6",
    "served_date": "2026-02-01",
    "fee": "8",
}


def at(name, *args):
    return reverse(f"facilities:{name}", args=args)


def more(facility, people, count):
    """`count` facilities of the unit, the first with as many cases."""
    given = {
        name: getattr(facility, name) for name in ("call", "organisation", "kind", "services", "filed_date")
    }
    Facility.objects.bulk_create(
        Facility(number=f"GN-{number:03d}", name=f"平台{number:02d}", **given)
        for number in range(2, count + 1)
    )
    ServiceCase.objects.bulk_create(
        ServiceCase(facility=facility, created_by=people["member"], created_at=OPENED, **CASE)
        for _number in range(count)
    )


# ---- lists cost the same for any number ----


@pytest.mark.parametrize("rows", [1, 30])
def test_lists_and_pages_cost_the_same_for_any_number(client, django_assert_num_queries, platform, rows):
    facility, people = platform
    evaluation = opened(facility)
    more(facility, people, rows)
    first = ServiceCase.objects.first()
    actions.change_case(case=first, file=evidence(), by=people["member"], at=OPENED, **CASE)
    client.get(at("registry"))
    with django_assert_num_queries(3):
        client.get(at("registry"))
    client.force_login(people["member"])
    for url, queries in (
        (at("list"), 7),
        (at("facility", facility.pk), 11),
        (at("cases", facility.pk), 11),
        (at("evaluation", evaluation.pk), 10),
        (at("report", evaluation.pk), 9),
        ("/api/v1/facilities/", 5),
        ("/api/v1/evaluations/", 5),
    ):
        client.get(url)
        with django_assert_num_queries(queries):
            assert client.get(url).status_code == 200, url
    client.force_login(people["manager"])
    for name, queries in (("facility", 7), ("annualevaluation", 9)):
        url = reverse(f"admin:facilities_{name}_changelist")
        client.get(url)
        with django_assert_num_queries(queries):
            assert client.get(url).status_code == 200


def test_lists_are_searched_filtered_and_paged(client, platform):
    facility, people = platform
    opened(facility)
    more(facility, people, 30)
    client.force_login(people["member"])
    assert [row.name for row in client.get(at("list"), {"q": "平台07"}).context["listing"]] == ["平台07"]
    page = client.get(at("list")).context["listing"]
    assert (len(page), page.count) == (20, "30")
    assert len(client.get(at("list"), {"cursor": page.next}).context["listing"]) == 10
    assert len(client.get(at("list"), {"state": "rectifying"}).context["listing"]) == 0
    waiting = client.get(at("list"), {"wait": "reporting"}, headers={"HX-Request": "true"})
    assert waiting.context["listing"].rows == [facility]
    assert "<html" not in waiting.content.decode()
    cases = client.get(at("cases", facility.pk), {"service": "assessment"})
    assert cases.context["listing"].rows == []
    assert "没有符合条件的服务案例" in cases.content.decode()
    book = client.get(at("export", facility.pk), {"service": "testing", "year": "2026"})
    rows = list(load_workbook(io.BytesIO(book.content)).active.values)
    assert (len(rows), rows[1][:2], rows[1][6]) == (31, ("海大团队", "深海密封件"), 8)


# ---- who ----


def test_the_public_list_shows_what_stands_and_nothing_else(client, platform):
    facility, people = platform
    evaluation = opened(facility)
    body = client.get(at("registry")).content.decode()
    assert facility.name in body
    assert "性能测试" in body
    for url in (at("list"), at("facility", facility.pk), at("report", evaluation.pk)):
        assert client.get(url).status_code == 302
    actions.close(facility=facility, reason="停办", by=people["manager"], at=OPENED)
    assert facility.name not in client.get(at("registry")).content.decode()


def test_strangers_get_404_and_readers_403(client, platform):
    facility, people = platform
    evaluation = opened(facility)
    case = actions.add_case(facility=facility, by=people["member"], at=OPENED, **CASE)
    addresses = [
        at("facility", facility.pk),
        at("cases", facility.pk),
        at("export", facility.pk),
        at("case", case.pk),
        at("evaluation", evaluation.pk),
        f"/api/v1/facilities/{facility.pk}/",
        f"/api/v1/evaluations/{evaluation.pk}/",
    ]
    client.force_login(people["stranger"])
    assert [client.get(url).status_code for url in addresses] == [404] * len(addresses)
    assert client.post(at("report", evaluation.pk), REPORT).status_code == 404
    client.force_login(people["auditor"])
    assert [client.get(url).status_code for url in addresses] == [200] * len(addresses)
    for url in (at("new_case", facility.pk), at("case", case.pk), at("report", evaluation.pk)):
        assert client.post(url, POSTED).status_code == 403
    client.post(at("drop_case", case.pk))
    client.post(at("return", evaluation.pk), {"reason": "补"})
    case.refresh_from_db()
    evaluation.refresh_from_db()
    assert evaluation.state == "reporting"


# ---- cases ----


def test_a_case_is_entered_corrected_and_proved(client, platform):
    facility, people = platform
    client.force_login(people["member"])
    wrong = client.post(at("new_case", facility.pk), POSTED | {"trl_after": "3", "result": "写了很多字"})
    assert wrong.status_code == 422
    assert "服务后不低于服务前" in wrong.content.decode()
    assert "写了很多字" in wrong.content.decode()
    client.post(at("new_case", facility.pk), POSTED | {"file": evidence()})
    case = ServiceCase.objects.get()
    assert (case.fee, case.trl_after) == (Decimal(80_000), 6)
    bad = SimpleUploadedFile("a.exe", b"MZ", "application/octet-stream")
    assert client.post(at("case", case.pk), POSTED | {"file": bad}).status_code == 422
    assert client.post(at("case", case.pk), POSTED | {"fee": "9.5"}).status_code == 302
    case.refresh_from_db()
    assert case.fee == Decimal(95_000)
    assert "报告.pdf" in client.get(at("cases", facility.pk)).content.decode()
    assert client.post(at("drop_case", case.pk)).status_code == 302
    assert not ServiceCase.objects.exists()


# ---- the self-report and the district's check ----


@pytest.fixture
def in_window(monkeypatch):
    """The pages' clock stands in the reporting window."""
    moment = {"at": IN_WINDOW}
    monkeypatch.setattr("facilities.views.timezone.now", lambda: moment["at"])
    return moment


def test_a_report_keeps_what_is_wrong_and_goes_on_to_the_district(client, platform, in_window):
    facility, people = platform
    evaluation = opened(facility)
    client.force_login(people["member"])
    url = at("report", evaluation.pk)
    saved = client.post(url, {"value_converted": "约三个"}, headers={"HX-Request": "true"})
    assert "已保存" in saved.content.decode()
    assert 'value="约三个"' in client.get(url).content.decode()
    wrong = client.post(url, {"value_converted": "约三个", "summary": "全年开放", "do": "submit"})
    body = wrong.content.decode()
    assert wrong.status_code == 422
    assert "应为不小于 0 的数字" in body
    assert "第十三条" in body
    assert "全年开放" in body
    assert 'href="#id_value_converted"' in body
    assert client.post(url, REPORT | {"do": "submit"}).status_code == 302
    evaluation.refresh_from_db()
    assert evaluation.state == "district_check"
    client.force_login(people["district"])
    page = at("evaluation", evaluation.pk)
    assert client.post(page, {"is_green": "yes", "opinion": ""}).status_code == 422
    assert client.post(at("return", evaluation.pk), {"reason": "补充用户评价"}).status_code == 302
    client.force_login(people["member"])
    assert "补充用户评价" in client.get(url).content.decode()
    client.post(url, {"do": "submit"})
    client.force_login(people["district"])
    assert client.post(page, {"is_green": "no", "opinion": "环评未过"}).status_code == 302
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.is_green) == ("scoring", False)


def test_two_writers_do_not_write_over_each_other(client, platform, in_window):
    facility, people = platform
    evaluation = opened(facility)
    other = member_of(facility.organisation)
    url = at("report", evaluation.pk)
    client.force_login(people["member"])
    first = client.get(url).context["seen"]
    mine = {"value_converted": "3", "summary": "我写的", "problems": ""}
    actions.save_report(
        evaluation=evaluation, report={"summary": "同事写的", "problems": "缺人"}, by=other, at=IN_WINDOW
    )
    state = client.post(url, mine | {"seen": first}, headers={"HX-Request": "true"})
    assert state.status_code == 409
    assert f"“运行情况与成效”已由{other}在 2026-10-12 10:00 改过" in state.content.decode()
    evaluation.refresh_from_db()
    assert evaluation.report == {"summary": "同事写的", "problems": "缺人", "value_converted": "3"}
    # It was not seen what the other wrote: saved by itself it is refused again, and so is handing in.
    assert client.post(url, mine | {"seen": state.context["seen"], "do": "submit"}).status_code == 409
    page = client.post(url, mine | {"seen": state.context["seen"]})
    body = page.content.decode()
    assert (page.status_code, page.context["theirs"]) == (409, [("运行情况与成效", "同事写的")])
    assert "我写的" in body
    assert page.context["form"]["problems"].value() == "缺人", (
        "what the writer left alone is shown as it stands"
    )
    merged = mine | {"summary": "合并好的", "problems": "缺人", "seen": page.context["seen"]}
    assert client.post(url, merged).status_code == 302
    evaluation.refresh_from_db()
    assert (evaluation.report["summary"], evaluation.report["problems"]) == ("合并好的", "缺人")
    assert evaluation.saved_by == people["member"]
    assert client.post(url, mine | {"seen": "[nonsense"}).status_code == 409


def test_files_prove_a_report_and_are_read_with_it(client, platform, in_window):
    facility, people = platform
    evaluation = opened(facility)
    url = at("report", evaluation.pk)
    client.force_login(people["member"])
    seen = client.get(url).context["seen"]
    pdf = SimpleUploadedFile("清单.pdf", PDF)
    sent = {**REPORT, "seen": seen, "evidence_about": "converted", "evidence": pdf}
    assert client.post(url, sent).status_code == 302
    wrong = client.post(
        url, {"seen": seen, "evidence_about": "", "evidence": SimpleUploadedFile("x.exe", b"MZ")}
    )
    assert (wrong.status_code, "请重新选择" in wrong.content.decode()) == (422, True)
    nowhere = {"evidence_about": "moon", "evidence": SimpleUploadedFile("清单.pdf", PDF)}
    assert "请选择佐证材料说明的指标" in client.post(url, nowhere).content.decode()
    ((label, file),) = client.get(url).context["evidence"]
    assert (label, file.name, file.version) == ("落地转化项目数", "清单.pdf", 1)
    download = reverse("documents:download", args=[file.pk])

    def readers() -> list[str]:
        found = []
        for who in ("member", "district", "manager", "stranger"):
            client.force_login(people[who])
            response = client.get(download)
            if response.status_code == 200:
                assert b"".join(response.streaming_content) == PDF
                found.append(who)
        return found

    assert readers() == ["member"]
    actions.submit_report(evaluation=evaluation, by=people["member"], at=IN_WINDOW)
    assert readers() == ["member", "district", "manager"]
    client.force_login(people["district"])
    assert "清单.pdf" in client.get(at("evaluation", evaluation.pk)).content.decode()
    with pytest.raises(Refused):
        actions.add_evidence(evaluation=evaluation, about="", file=pdf, by=people["member"], at=IN_WINDOW)


def test_the_platform_reads_its_score_once_it_is_public(client, platform):
    facility, people = platform
    evaluation = graded(handed_in(opened(facility), people), people, "61.25")
    client.force_login(people["member"])
    assert "61.25" not in client.get(at("evaluation", evaluation.pk)).content.decode()
    assert client.get(f"/api/v1/evaluations/{evaluation.pk}/").json()["score"] is None
    concluded(evaluation, people)
    for url in (at("evaluation", evaluation.pk), at("facility", facility.pk)):
        body = client.get(url).content.decode()
        assert "61.25" in body
        assert " style=" not in body
    assert client.get(f"/api/v1/evaluations/{evaluation.pk}/").json()["score"] == "61.25"


def test_the_platform_asks_to_be_evaluated_again(client, platform, in_window):
    facility, people = platform
    evaluation = graded(handed_in(opened(facility), people), people, 40)
    in_window["at"] = concluded(evaluation, people) + timedelta(days=30)
    client.force_login(people["member"])
    assert "申请复评" in client.get(at("facility", facility.pk)).content.decode()
    client.post(at("again", facility.pk))
    again = AnnualEvaluation.objects.get(round=2)
    assert client.get(at("report", again.pk)).status_code == 200
    refused = client.post(at("again", facility.pk), follow=True)
    assert "已有一次评价正在进行" in refused.content.decode()


# ---- the admin ----


def press(client, model, pk, action, data=None):
    return client.post(reverse(f"admin:facilities_{model}_{action}", args=[pk]), data or {})


def test_a_year_is_run_from_the_admin(client, platform, monkeypatch):
    facility, people = platform
    moment = {"at": OPENED}
    for module in ("facilities.admin", "core.admin.buttons"):
        monkeypatch.setattr(f"{module}.timezone.now", lambda: moment["at"])
    client.force_login(people["manager"])
    url = reverse("admin:facilities_facility_open_year")
    wrong = client.post(url, {"call": facility.call_id, "year": "2020"})
    assert wrong.status_code == 422
    assert "已于" in wrong.content.decode()
    assert client.post(url, {"call": facility.call_id, "year": "2026"}).status_code == 302
    evaluation = AnnualEvaluation.objects.get()
    moment["at"] = IN_WINDOW
    client.force_login(people["manager"])  # the session of a month ago is over
    handed_in(evaluation, people)
    actions.check_green(
        evaluation=evaluation, is_green=True, opinion="符合", by=people["district"], at=IN_WINDOW
    )
    assert press(client, "annualevaluation", evaluation.pk, "give_score", {"score": "101"}).status_code == 422
    assert press(client, "annualevaluation", evaluation.pk, "give_score", {"score": "50"}).status_code == 422
    press(client, "annualevaluation", evaluation.pk, "give_score", {"score": "92"})
    listing = reverse("admin:facilities_annualevaluation_changelist")
    client.post(listing, {"action": "publish_selected", "_selected_action": [evaluation.pk]})
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.grade) == ("published", "优秀")
    assert (
        client.get(reverse("admin:facilities_annualevaluation_change", args=[evaluation.pk])).status_code
        == 200
    )
    assert press(client, "annualevaluation", evaluation.pk, "conclude").status_code == 422
    client.force_login(people["auditor"])
    assert client.post(url, {"call": facility.call_id, "year": "2027"}).status_code == 403
    assert press(client, "annualevaluation", evaluation.pk, "score_again", {"reason": "x"}).status_code == 403


def test_filing_and_removal_from_the_admin(client, platform, monkeypatch):
    facility, people = platform
    client.force_login(people["manager"])
    url = reverse("admin:facilities_facility_file_one")
    given = {
        "call": facility.call_id,
        "credit_code": facility.organisation.credit_code,
        "name": "二期平台",
        "number": "GN-009",
        "services": "testing",
        "filed_date": "2026-01-05",
    }
    assert client.post(url, given | {"credit_code": "91370200XXXXXXXXXX"}).status_code == 422
    assert client.post(url, given | {"award_number": "无此编号"}).status_code == 422
    assert client.post(url, given).status_code == 302
    second = Facility.objects.get(number="GN-009")
    assert (second.filed_date, second.services) == (date(2026, 1, 5), ["testing"])
    after = concluded(graded(handed_in(opened(facility), people), people, 30), people)
    late = after + timedelta(days=400)
    monkeypatch.setattr("core.admin.buttons.timezone.now", lambda: late)
    client.force_login(people["manager"])
    assert press(client, "facility", facility.pk, "remove", {"reason": "逾期"}).status_code == 403
    client.force_login(people["leader"])
    assert client.get(reverse("admin:facilities_facility_change", args=[facility.pk])).status_code == 200
    assert press(client, "facility", facility.pk, "remove", {"reason": "逾期未整改"}).status_code == 302
    facility.refresh_from_db()
    assert facility.state == "removed"
