"""The portal's demand pages, as each kind of person meets them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import FactKind
from accounts.roles import Role
from exchange import actions
from exchange.models import Demand
from exchange.states import DemandState
from seeds.codes import make_credit_code
from tests.factories.accounts import (
    OrganisationFactFactory,
    OrganisationFactory,
    UserFactory,
    member_of,
    officer,
)
from tests.factories.exchange import DemandFactory, tech_sme_call
from tests.factories.reviews import bid_call, manager_of

pytestmark = pytest.mark.django_db


def start_url(call):
    return f"{reverse('exchange:start')}?call={call.pk}"


def form_of(demand, **changed) -> dict:
    """What a browser would send of the form as it stands."""
    data = {
        "title": demand.title,
        "field": demand.field,
        "problem": demand.problem,
        "public_summary": demand.public_summary,
        "indicators-0-name": "寿命",
        "indicators-0-target": "≥2000",
        "indicators-0-unit": "小时",
        "amount": "200",
        "offered_amount": "150",
        "deadline_date": demand.deadline_date.isoformat(),
        "ip_ownership": demand.ip_ownership,
        "contact_name": demand.contact_name,
        "contact_phone": demand.contact_phone,
    }
    return data | changed


# ---- posting ----


def test_a_member_begins_by_the_credit_code_of_the_own_unit(client):
    call = tech_sme_call()
    unit = OrganisationFactory()
    OrganisationFactFactory(organisation=unit, kind=FactKind.TECH_SME)
    client.force_login(member_of(unit))
    typed = f" {unit.credit_code[:8]} {unit.credit_code[8:].lower()} "

    answer = client.post(start_url(call), {"credit_code": typed})

    demand = Demand.objects.get()
    assert answer["Location"] == reverse("exchange:edit", args=[demand.pk])
    assert demand.organisation == unit


WRONG = "统一社会信用代码“%s”不正确：应为 18 位，最后一位是校验码（GB 32100-2015）。"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [("91370212MA3C4R5T6X", WRONG % "91370212MA3C4R5T6X"), ("123", WRONG % "123"), ("", "该字段是必填项。")],
)
def test_a_wrong_code_is_refused_with_a_sentence_and_stays_in_the_field(client, code, sentence):
    call = bid_call()
    client.force_login(member_of(OrganisationFactory()))

    answer = client.post(start_url(call), {"credit_code": code})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors["credit_code"]) == [sentence]
    assert answer.context["form"]["credit_code"].value() == code
    assert not Demand.objects.exists()


def test_a_unit_of_others_and_an_unknown_one_read_alike(client):
    call = bid_call()
    client.force_login(member_of(OrganisationFactory()))
    others, unknown = OrganisationFactory().credit_code, make_credit_code(987_654, "370212")

    sentences = [
        client.post(start_url(call), {"credit_code": code}).context["form"].errors["credit_code"][0]
        for code in (others, unknown)
    ]

    assert sentences[0].replace(others, "") == sentences[1].replace(unknown, "")


def test_a_unit_without_the_certificate_is_refused_naming_the_clause(client):
    call = tech_sme_call()
    unit = OrganisationFactory()
    client.force_login(member_of(unit))

    check = client.get(
        reverse("exchange:unit_check"), {"call": call.pk, "credit_code": unit.credit_code}
    ).content.decode()
    answer = client.post(start_url(call), {"credit_code": unit.credit_code})

    assert "不符合" in check
    assert "第二条" in check
    assert answer.status_code == 422
    assert not Demand.objects.exists()


def test_the_only_unit_of_a_person_is_filled_in(client):
    unit = OrganisationFactory()
    client.force_login(member_of(unit))

    page = client.get(start_url(bid_call()))

    assert page.context["form"]["credit_code"].value() == unit.credit_code


def test_without_a_call_one_chooses_among_those_that_take_demands(client):
    call = bid_call()
    client.force_login(member_of(OrganisationFactory()))

    page = client.get(reverse("exchange:start"))

    assert [found.pk for found in page.context["calls"]] == [call.pk]


@pytest.mark.parametrize("query", ["?call=0", "?call=99999", "?call=x"])
def test_an_unknown_call_is_not_found(client, query):
    client.force_login(member_of(OrganisationFactory()))

    assert client.get(reverse("exchange:start") + query).status_code == 404


# ---- writing ----


def test_saving_keeps_the_valid_and_what_cannot_be_read_yet(client):
    demand = DemandFactory()
    client.force_login(demand.created_by)
    url = reverse("exchange:edit", args=[demand.pk])

    answer = client.post(url, form_of(demand, title="新名称", amount="两百万", contact_phone="12"))

    kept = Demand.objects.get()
    assert answer.status_code == 422
    assert (kept.title, kept.typed) == ("新名称", {"amount": "两百万", "contact_phone": "12"})
    again = client.get(url)
    assert again.context["form"]["amount"].value() == "两百万"
    assert "两百万" in again.content.decode()


@pytest.fixture
def disputed(client):
    """(demand, what a page sends that was opened before a colleague stored another title and problem)."""
    demand = DemandFactory()
    client.force_login(demand.created_by)
    page = client.get(reverse("exchange:edit", args=[demand.pk]))
    sent = form_of(demand, seen=page.context["seen"], problem="我写的", field="我的领域")
    newer = {"problem": "同事写的", "title": "同事的名称"}
    actions.save(
        demand=demand, values=newer, by=member_of(demand.organisation, name="陈同事"), at=timezone.now()
    )
    return demand, sent


def kept_of(demand) -> tuple:
    return Demand.objects.values_list("title", "problem", "field").get(pk=demand.pk)


def test_of_two_writers_both_texts_are_shown_and_nothing_is_lost(client, disputed):
    demand, sent = disputed
    url = reverse("exchange:edit", args=[demand.pk])

    page = client.post(url, sent | {"do": "submit"})

    assert page.status_code == 409
    assert kept_of(demand) == ("同事的名称", "同事写的", "我的领域")
    (conflict,) = page.context["conflicts"]
    # Who wrote it is told, also after the writer stored something else.
    demand.refresh_from_db()
    assert (conflict["by"], demand.saved_by) == ("陈同事", demand.created_by)
    assert "陈同事保存的：" in page.content.decode()
    assert (conflict["label"], conflict["theirs"], conflict["mine"]) == (
        "要解决的问题（完整表述）",
        "同事写的",
        "我写的",
    )
    assert page.context["form"]["problem"].value() == "我写的"
    assert page.context["form"]["title"].value() == "同事的名称"
    again = sent | {"title": "同事的名称", "seen": page.context["seen"]}
    assert client.post(url, again).status_code == 409
    client.post(url, again | {"keep-problem": conflict["version"]})
    assert kept_of(demand) == ("同事的名称", "我写的", "我的领域")


def test_a_colleagues_text_is_taken_and_a_third_one_is_asked_about_again(client, disputed):
    demand, sent = disputed
    url = reverse("exchange:edit", args=[demand.pk])
    page = client.post(url, sent)
    actions.save(demand=demand, values={"problem": "又改了"}, by=demand.created_by, at=timezone.now())
    sent |= {"title": "同事的名称", "seen": page.context["seen"]}

    mine = client.post(url, sent | {"keep-problem": page.context["conflicts"][0]["version"]})

    assert mine.status_code == 409
    assert mine.context["conflicts"][0]["theirs"] == "又改了"
    assert client.post(url, sent | {"keep-problem": "theirs"}).status_code == 302
    assert kept_of(demand) == ("同事的名称", "又改了", "我的领域")


def test_autosave_asks_too_and_renews_the_page_when_the_other_text_is_chosen(client, disputed):
    demand, sent = disputed
    url, htmx = reverse("exchange:edit", args=[demand.pk]), {"HX-Request": "true"}

    asked = client.post(url, sent, headers=htmx)

    assert "同事写的" in asked.content.decode()
    assert kept_of(demand) == ("同事的名称", "同事写的", "我的领域")
    # The inputs stay as they were: what is typed later where only the colleague wrote is asked about.
    later = client.post(url, sent | {"seen": asked.context["seen"], "title": "我的名称"}, headers=htmx)
    assert {conflict["unit"] for conflict in later.context["conflicts"]} == {"title", "problem"}
    chosen = sent | {"seen": asked.context["seen"], "keep-problem": "theirs"}
    assert client.post(url, chosen, headers=htmx)["HX-Refresh"] == "true"


def test_autosave_answers_with_the_state_and_the_preview(client):
    demand = DemandFactory()
    client.force_login(demand.created_by)

    answer = client.post(
        reverse("exchange:edit", args=[demand.pk]),
        form_of(demand, public_summary="新的公开表述"),
        headers={"HX-Request": "true"},
    )

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "已保存" in text
    assert 'hx-swap-oob="true"' in text
    assert "新的公开表述" in text
    assert demand.problem not in text
    assert "<html" not in text


def test_the_preview_of_the_page_shows_no_secret(client):
    demand = DemandFactory()
    client.force_login(demand.created_by)

    page = client.get(reverse("exchange:edit", args=[demand.pk]))

    assert "机密甲" not in str(vars(page.context["public"]))
    assert page.context["public"].owner_name == ""


def test_submitting_saves_first_and_shows_every_problem(client):
    demand = DemandFactory()
    client.force_login(demand.created_by)
    url = reverse("exchange:edit", args=[demand.pk])

    answer = client.post(
        url, form_of(demand, title="先存下来", public_summary="", offered_amount="300", do="submit")
    )

    assert answer.status_code == 422
    assert [problem["anchor"] for problem in answer.context["problems"]] == [
        "id_public_summary",
        "id_offered_amount",
    ]
    kept = Demand.objects.get()
    assert (kept.title, kept.state) == ("先存下来", DemandState.DRAFT)


def test_a_second_click_on_submit_changes_nothing(client):
    demand = DemandFactory()
    client.force_login(demand.created_by)
    url = reverse("exchange:edit", args=[demand.pk])

    first = client.post(url, form_of(demand, do="submit"))
    second = client.post(url, form_of(demand, title="又点一次", do="submit"))

    assert first["Location"] == reverse("exchange:detail", args=[demand.pk])
    assert second.status_code == 403
    assert "又点一次" in second.content.decode()
    assert Demand.objects.get().title == demand.title


def test_a_late_autosave_says_why_it_is_not_stored(client):
    demand = DemandFactory()
    actions.submit(demand=demand, by=demand.created_by, at=timezone.now())
    client.force_login(demand.created_by)

    answer = client.post(
        reverse("exchange:edit", args=[demand.pk]), form_of(demand), headers={"HX-Request": "true"}
    )

    assert answer.status_code == 422
    assert "内容不能再改" in answer.content.decode()


def test_the_reason_of_a_return_stands_above_the_form(client):
    demand = DemandFactory()
    at = timezone.now()
    actions.submit(demand=demand, by=demand.created_by, at=at)
    actions.return_demand(demand=demand, reason="指标写得不清楚", by=manager_of(demand.call), at=at)
    client.force_login(demand.created_by)

    page = client.get(reverse("exchange:edit", args=[demand.pk]))

    assert page.context["returned"]["note"] == "指标写得不清楚"


# ---- who sees what ----


@pytest.mark.parametrize("name", ["detail", "edit"])
def test_strangers_find_nothing_and_visitors_sign_in(client, name):
    demand = DemandFactory()
    url = reverse(f"exchange:{name}", args=[demand.pk])

    assert client.get(url).status_code == 302
    for stranger in (UserFactory(), member_of(OrganisationFactory()), manager_of(demand.call)):
        client.force_login(stranger)
        assert client.get(url).status_code == 404
        assert client.post(reverse("exchange:withdraw", args=[demand.pk])).status_code == 404


def test_the_matrix_of_a_demand_before_and_after_it_is_handed_in():
    demand = DemandFactory()
    who = {
        "writer": demand.created_by,
        "colleague": member_of(demand.organisation),
        "manager": manager_of(demand.call),
        "recommender": officer(Role.RECOMMENDER, region="3702"),
        "leader": officer(Role.LEADER),
        "other_recommender": officer(Role.RECOMMENDER, region="3701"),
        "other_manager": officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "finance": officer(Role.FINANCE),
        "expert": officer(Role.EXPERT),
        "other_unit": member_of(OrganisationFactory()),
        "stranger": UserFactory(),
    }

    def seeing():
        return [name for name, user in who.items() if Demand.objects.visible_to(user).exists()]

    draft = seeing()
    actions.submit(demand=demand, by=demand.created_by, at=timezone.now())

    assert draft == ["writer", "colleague"]
    assert seeing() == ["writer", "colleague", "manager", "recommender", "leader"]


def test_a_manager_reads_but_does_not_write_a_demand(client):
    demand = DemandFactory()
    actions.submit(demand=demand, by=demand.created_by, at=timezone.now())
    client.force_login(manager_of(demand.call))
    url = reverse("exchange:edit", args=[demand.pk])

    assert client.get(url)["Location"] == reverse("exchange:detail", args=[demand.pk])
    assert client.post(url, form_of(demand, title="改掉")).status_code == 403
    assert Demand.objects.get().title == demand.title


def test_withdrawing_asks_for_the_reason_by_message(client):
    demand = DemandFactory()
    actions.submit(demand=demand, by=demand.created_by, at=timezone.now())
    client.force_login(demand.created_by)
    url = reverse("exchange:withdraw", args=[demand.pk])

    client.post(url, {"reason": ""})
    assert Demand.objects.get().state == DemandState.SUBMITTED
    client.post(url, {"reason": "自行解决"})

    assert Demand.objects.get().state == DemandState.WITHDRAWN


# ---- the list ----


def test_the_list_holds_the_own_units_demands_and_its_filters(client):
    unit = OrganisationFactory()
    user = member_of(unit)
    mine = DemandFactory(organisation=unit, title="海水淡化膜")
    DemandFactory(organisation=unit, title="阀门", created_by=mine.created_by)
    DemandFactory(title="别家的海水淡化膜")
    client.force_login(user)
    url = reverse("exchange:list")

    found = client.get(url, {"q": "淡化"}).context["listing"].rows

    assert [demand.pk for demand in found] == [mine.pk]
    assert len(client.get(url).context["listing"].rows) == 2
    assert len(client.get(url, {"state": "listed"}).context["listing"].rows) == 0
    assert len(client.get(url, {"state": "nonsense"}).context["listing"].rows) == 2


def test_the_list_costs_the_same_for_one_and_for_thirty(client, django_assert_num_queries):
    unit = OrganisationFactory()
    user = member_of(unit)
    client.force_login(user)
    url = reverse("exchange:list")
    call = bid_call()
    DemandFactory(organisation=unit, call=call, created_by=user)
    client.get(url)

    for count in (1, 30):
        while Demand.objects.count() < count:
            DemandFactory(organisation=unit, call=call, created_by=user)
        with django_assert_num_queries(7):
            client.get(url)


def test_the_swapped_results_equal_those_of_a_fresh_page(client):
    unit = OrganisationFactory()
    DemandFactory(organisation=unit, created_by=(user := member_of(unit)))
    client.force_login(user)
    url = reverse("exchange:list")

    part = client.get(url, headers={"HX-Request": "true"}).content.decode().strip()

    assert part in client.get(url).content.decode()
