"""Whole calls on the desk: new, copied, imported, exported, published, closed."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from desk import packs
from desk.years import shifted
from grants.models import Call
from grants.states import CallState
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.grants import CallFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db
STAGES = ("unit_review", "formal_check", "decision", "publicity")


def at(name, *args):
    return reverse(f"admin:grants_call_{name}", args=args)


@pytest.fixture
def call():
    return CallFactory(draft=True, parts__stages=STAGES)


@pytest.fixture
def manager(client, call):
    user = officer(Role.PROGRAMME_MANAGER, call.programme.department)
    client.force_login(user)
    return user


# ---- new ----

NEW = {
    "title": "关于申报新计划的通知",
    "year": 2026,
    "sourcing": "window",
    "instrument": "grant",
    "opens_at": "2026-03-02T09:00",
    "closes_at": "2026-04-02T17:00",
}


def test_a_new_call_needs_only_the_least(client, manager, call):
    response = client.post(at("add"), NEW | {"programme": call.programme_id})
    made = Call.objects.get(title=NEW["title"])
    assert response.url == at("change", made.pk)
    assert (made.state, made.notice) == (CallState.DRAFT, "")
    assert client.get(response.url).status_code == 200


def test_a_programme_of_another_department_cannot_be_chosen(client, manager, call):
    other = ProgrammeFactory()
    response = client.post(at("add"), NEW | {"programme": other.pk})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["programme"]


def test_the_same_title_twice_in_a_year_is_refused(client, manager, call):
    data = NEW | {"programme": call.programme_id, "title": call.title, "year": call.year}
    response = client.post(at("add"), data)
    assert response.context["form"].errors == {"title": ["同一计划、同一年度已有同名通知。"]}


# ---- copies ----


def test_a_copy_for_another_year_moves_years_along(client, manager, call):
    Call.objects.filter(pk=call.pk).update(
        title="关于申报2026年度项目的通知",
        year=2026,
        notice="第一条 2025年1月1日前注册。第三条 第五条 第六条 第七条 第九条",
    )
    call.rules.filter(code="U1").update(
        expression="unit.registered_date <= date(params.before)", params={"before": "2025-01-01"}
    )
    page = client.get(at("copy", call.pk))
    assert page.context["form"].initial == {"year": 2027, "title": "关于申报2027年度项目的通知"}
    client.post(at("copy", call.pk), page.context["form"].initial)
    copy = Call.objects.get(year=2027)
    assert (copy.state, copy.number, copy.version) == (CallState.DRAFT, "", 1)
    assert copy.series != call.series
    assert "2026年1月1日" in copy.notice
    assert copy.rules.get(code="U1").params == {"before": "2026-01-01"}
    assert copy.opens_at.year == call.opens_at.year + 1
    assert copy.questions.count() == call.questions.count()


def test_a_copy_that_exists_is_refused(client, manager, call):
    response = client.post(at("copy", call.pk), {"year": call.year, "title": call.title})
    assert response.context["form"].errors == {"title": ["同一计划、同一年度已有同名通知。"]}


def test_only_years_are_moved():
    text = "2026年 2026-01-01 〔2026〕 '2026' 不超过2000万元 12026年"
    assert shifted(text, 1) == "2027年 2027-01-01 〔2027〕 '2027' 不超过2000万元 12026年"
    assert shifted({"day": "2024-02-29", "n": [2026, "2026"]}, 1) == {
        "day": "2025-02-28",
        "n": [2026, "2027"],
    }


# ---- packs ----


def pack_of(call) -> str:
    return packs.write(packs.dump(call))


def upload(client, text, name="通知.yaml", **fields):
    file = SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())
    return client.post(at("import"), {"file": file} | fields)


def test_what_is_exported_can_be_imported(client, manager, call):
    exported = client.get(at("export", call.pk))
    assert exported["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    text = exported.content.decode()
    assert text == pack_of(call)
    renamed = text.replace(call.title, "改名后的通知")
    response = upload(client, renamed)
    assert response.status_code == 302, response.context["form"].errors
    copy = Call.objects.get(title="改名后的通知")
    assert copy.questions.count() == 3
    assert response.url == at("change", copy.pk)


def test_mistakes_in_a_file_are_shown_by_line(client, manager, call):
    count = Call.objects.count()
    text = pack_of(call).replace("clause: 第九条", "clause: 第九十九条", 1)
    response = upload(client, text.replace(call.title, "另一份"))
    assert response.status_code == 422
    (problem,) = response.context["pack_problems"]
    assert text.splitlines()[problem.line - 1].strip() == "clause: 第九十九条"
    assert "通知正文里没有“第九十九条”" in response.content.decode()
    assert Call.objects.count() == count


@pytest.mark.parametrize("text", [b"\xff\xfe", b"a: [", b"just text"])
def test_what_is_no_pack_is_refused(client, manager, call, text):
    assert upload(client, text).status_code == 422


def test_a_known_draft_is_replaced_only_when_asked(client, manager, call):
    text = pack_of(call).replace("技术成熟度", "成熟度")
    response = upload(client, text)
    assert list(response.context["form"].errors) == ["replaces"]
    assert upload(client, text, replaces="on").status_code == 302
    assert call.questions.get(code="trl").label == "成熟度"


def test_a_new_programme_needs_a_department_and_anothers_is_refused(client, manager, call):
    text = pack_of(call).replace(call.programme.slug, "brand-new")
    assert list(upload(client, text).context["form"].errors) == ["department"]
    department = call.programme.department_id
    assert upload(client, text, department=department).status_code == 302
    other = CallFactory(draft=True, parts__stages=STAGES)
    response = upload(client, pack_of(other), replaces="on")
    assert response.status_code == 422
    assert "项目主管可以这样做" in response.content.decode()


# ---- publishing ----


def test_publishing_shows_errors_and_does_nothing(client, manager, call):
    Call.objects.filter(pk=call.pk).update(notice="第一条 一。")
    page = client.get(at("publish", call.pk))
    assert page.status_code == 200
    assert page.context["errors"]
    assert client.post(at("publish", call.pk), {"accepts_warnings": "on"}).status_code == 422
    call.refresh_from_db()
    assert call.state == CallState.DRAFT


def test_publishing_asks_for_a_tick_and_then_publishes(client, manager, call):
    assert client.get(at("publish", call.pk)).context["warnings"]
    refused = client.post(at("publish", call.pk), {})
    assert refused.context["form"].errors == {"accepts_warnings": ["请先确认上面的提醒。"]}
    assert client.post(at("publish", call.pk), {"accepts_warnings": "on"}).url == at("change", call.pk)
    call.refresh_from_db()
    assert call.state == CallState.PUBLISHED
    assert client.get(at("publish", call.pk)).url == at("change", call.pk)


def test_a_call_is_closed_after_its_moment_only(client, manager, call):
    published = CallFactory(programme=call.programme)
    assert at("close", published.pk) not in client.get(at("change", published.pk)).content.decode()
    assert client.post(at("close", published.pk)).status_code == 403
    late = CallFactory(programme=call.programme, closes_at=timezone.now() - timedelta(hours=1))
    assert at("close", late.pk) in client.get(at("change", late.pk)).content.decode()
    assert client.post(at("close", late.pk)).status_code == 302
    late.refresh_from_db()
    assert late.state == CallState.CLOSED


def test_an_import_by_who_may_not_write_is_refused(client, call):
    client.force_login(officer(Role.AUDITOR))
    assert upload(client, pack_of(call)).status_code == 403
    client.force_login(officer(Role.PROGRAMME_MANAGER, OrganisationFactory()))
    assert client.get(at("import")).status_code == 200
