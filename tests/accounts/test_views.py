"""A person's own pages: units, members, profile, token. A stranger stands beside every owner."""

import random

import pytest
from rest_framework.authtoken.models import Token

from accounts.identity import mask_id_number
from accounts.models import JoinRequest, Membership, Organisation, PersonRecord
from accounts.roles import Role, UnitRole
from accounts.states import JoinState
from seeds.codes import make_credit_code, make_id_number
from tests.factories.accounts import (
    PASSWORD,
    JoinRequestFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
    member_of,
    officer,
)

UNIT = {"name": "青岛甲公司", "kind": "enterprise", "region": "370212"}
CHECK = "/my/units/check-code/"


@pytest.fixture
def unit(db):
    return OrganisationFactory(name="青岛海澜公司")


def as_(client, person):
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def test_registering_a_unit(client, db):
    person = UserFactory()
    code = make_credit_code(910)
    typed = f" {code[:4]} {code[4:].lower()} "
    response = as_(client, person).post("/my/units/register/", {**UNIT, "credit_code": typed}, follow=True)
    unit = Organisation.objects.get()
    assert response.redirect_chain == [(f"/my/units/{unit.pk}/record/", 302)]
    assert messages_of(response) == [
        "单位已登记，您是它的单位管理员。请登记营业执照或法人证书，并上传扫描件。"
    ]
    assert unit.credit_code == code
    assert unit.memberships.get().role == UnitRole.ADMIN


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (
            {"credit_code": "91370212MA3C4R5T6X"},
            "credit_code",
            "统一社会信用代码“91370212MA3C4R5T6X”不正确：应为 18 位，最后一位是校验码（GB 32100-2015）。",
        ),
        ({"region": "3702"}, "region", "区域代码应为 6 位数字（GB/T 2260），例如 370212。"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_typed_is_lost(client, db, change, field, message):
    data = {**UNIT, "credit_code": make_credit_code(911), **change}
    response = as_(client, UserFactory()).post("/my/units/register/", data)
    assert response.status_code == 422
    assert response.context["form"].errors == {field: [message]}
    assert 'value="青岛甲公司"' in response.content.decode()
    assert Organisation.objects.count() == 0


def test_a_registered_code_offers_to_join(client, unit):
    response = as_(client, UserFactory()).post(
        "/my/units/register/", {**UNIT, "credit_code": unit.credit_code}
    )
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "credit_code": ["这个统一社会信用代码已经登记，请申请加入该单位。"]
    }
    assert f"/my/units/join/{unit.credit_code}/" in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ""),
        ("9137", "统一社会信用代码“9137”不正确：应为 18 位，最后一位是校验码（GB 32100-2015）。"),
        (make_credit_code(912).lower(), f"代码正确：{make_credit_code(912)}"),
    ],
)
def test_the_code_is_answered_while_it_is_typed(client, db, typed, expected):
    response = as_(client, UserFactory()).get(CHECK, {"credit_code": typed})
    text = " ".join(response.content.decode().replace("<", "\n<").split("\n"))
    assert expected in text
    assert (text.strip() == "") is (expected == "")


def test_the_code_of_a_unit_names_it(client, unit):
    body = as_(client, UserFactory()).get(CHECK, {"credit_code": unit.credit_code}).content.decode()
    assert "“青岛海澜公司”已经登记。" in body
    assert f'href="/my/units/join/{unit.credit_code}/"' in body


def test_asking_to_join_and_being_let_in(client, unit):
    person, admin = UserFactory(), member_of(unit, UnitRole.ADMIN)
    url = f"/my/units/join/{unit.credit_code}/"
    assert as_(client, person).get(url).status_code == 200
    response = client.post(url, {"role": "member", "message": "研发部"}, follow=True)
    assert messages_of(response) == ["申请已提交，请等待“青岛海澜公司”的单位管理员审核。"]
    assert messages_of(client.post(url, {"role": "member"}, follow=True)) == [
        "您的加入申请已经提交，正在等待单位管理员审核。"
    ]
    asked = JoinRequest.objects.get()
    page = as_(client, admin).get(f"/my/units/{unit.pk}/").content.decode()
    assert "研发部" in page
    response = client.post(f"/my/join-requests/{asked.pk}/", {"do": "approve"}, follow=True)
    assert messages_of(response) == ["已通过。"]
    assert Membership.objects.filter(user=person, is_active=True).count() == 1


def test_an_impossible_role_is_refused_with_its_field(client, unit):
    response = as_(client, UserFactory()).post(f"/my/units/join/{unit.credit_code}/", {"role": "king"})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["role"]


def test_an_unknown_unit_cannot_be_joined(client, db):
    assert as_(client, UserFactory()).get(f"/my/units/join/{make_credit_code(913)}/").status_code == 404


def test_refusing_with_a_reason(client, unit):
    asked = JoinRequestFactory(organisation=unit)
    as_(client, member_of(unit, UnitRole.ADMIN))
    done = client.post(
        f"/my/join-requests/{asked.pk}/", {"do": "refuse", "note": "不是本单位职工"}, follow=True
    )
    assert messages_of(done) == ["已拒绝。"]
    asked.refresh_from_db()
    assert asked.state == JoinState.REFUSED
    again = client.post(f"/my/join-requests/{asked.pk}/", {"do": "approve"}, follow=True)
    assert messages_of(again) == ["这份申请已经处理过了。"]


def test_withdrawing_ones_own_request(client, unit):
    asked = JoinRequestFactory(organisation=unit)
    response = as_(client, asked.user).post(f"/my/join-requests/{asked.pk}/", {"do": "withdraw"})
    assert response.url == "/my/units/"
    asked.refresh_from_db()
    assert asked.state == JoinState.WITHDRAWN


def test_a_manager_sees_a_request_but_does_not_answer_it(client, unit):
    asked = JoinRequestFactory(organisation=unit)
    response = as_(client, officer()).post(f"/my/join-requests/{asked.pk}/", {"do": "approve"})
    assert response.status_code == 403
    assert JoinRequest.objects.get().state == JoinState.REQUESTED


@pytest.mark.parametrize("who", ["stranger", "other_admin", "anonymous"])
def test_a_strangers_door_is_closed(client, unit, who):
    asked = JoinRequestFactory(organisation=unit)
    membership = MembershipFactory(organisation=unit)
    if who != "anonymous":
        as_(client, UserFactory() if who == "stranger" else member_of(OrganisationFactory(), UnitRole.ADMIN))
    wanted = 302 if who == "anonymous" else 404
    assert client.get(f"/my/units/{unit.pk}/").status_code == wanted
    assert client.get(f"/my/units/{unit.pk}/edit/").status_code == wanted
    for url in (
        f"/my/units/{unit.pk}/edit/",
        f"/my/units/{unit.pk}/members/",
        f"/my/members/{membership.pk}/end/",
        f"/my/join-requests/{asked.pk}/",
    ):
        assert client.post(url, {"do": "approve"}).status_code == wanted
    assert JoinRequest.objects.get().state == JoinState.REQUESTED
    assert Membership.objects.get(pk=membership.pk).is_active is True


def test_a_plain_member_reads_and_does_not_write(client, unit):
    membership = MembershipFactory(organisation=unit, role=UnitRole.ADMIN)
    as_(client, member_of(unit))
    page = client.get(f"/my/units/{unit.pk}/")
    assert (page.status_code, page.context["managing"], page.context["requests"]) == (200, False, [])
    assert client.get(f"/my/units/{unit.pk}/edit/").status_code == 403
    for url in (
        f"/my/units/{unit.pk}/members/",
        f"/my/members/{membership.pk}/end/",
    ):
        assert client.post(url).status_code == 403


def test_editing_the_unit(client, unit):
    as_(client, member_of(unit, UnitRole.ADMIN))
    assert client.get(f"/my/units/{unit.pk}/edit/").status_code == 200
    wrong = client.post(f"/my/units/{unit.pk}/edit/", {**UNIT, "region": "x"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["region"])
    assert client.post(f"/my/units/{unit.pk}/edit/", UNIT).url == f"/my/units/{unit.pk}/"
    unit.refresh_from_db()
    assert unit.name == "青岛甲公司"


def test_giving_a_member_another_role_and_ending_it(client, unit):
    admin, membership = member_of(unit, UnitRole.ADMIN), MembershipFactory(organisation=unit)
    url = f"/my/units/{unit.pk}/members/"
    as_(client, admin)
    assert client.post(url, {"membership": membership.pk, "role": "finance"}).status_code == 302
    assert client.post(url, {"membership": MembershipFactory().pk, "role": "finance"}).status_code == 422
    finance = Membership.objects.get(user=membership.user, role=UnitRole.FINANCE)
    response = client.post(f"/my/members/{finance.pk}/end/", follow=True)
    assert messages_of(response) == ["成员身份已停用。"]
    own = admin.memberships.get()
    refused = client.post(f"/my/members/{own.pk}/end/", follow=True)
    assert messages_of(refused) == ["单位至少要有一名单位管理员：请先让另一名成员担任。"]


def test_who_leaves_is_led_back_to_their_units(client, unit):
    membership = MembershipFactory(organisation=unit)
    assert as_(client, membership.user).post(f"/my/members/{membership.pk}/end/").url == "/my/units/"


def test_the_profile(client, db):
    person = UserFactory()
    as_(client, person)
    wrong = client.post("/my/profile/", {"name": "", "phone": "1", "language": "xx"})
    assert (wrong.status_code, set(wrong.context["form"].errors)) == (422, {"name", "phone", "language"})
    response = client.post("/my/profile/", {"name": "李明", "phone": "13812345678", "language": "en"})
    assert (response.url, response.cookies["django_language"].value) == ("/my/profile/", "en")
    person.refresh_from_db()
    assert (person.name, person.phone, person.language) == ("李明", "13812345678", "en")


def test_the_token_asks_for_the_password_and_shows_itself_once(client, db):
    person = UserFactory()
    as_(client, person)
    asked = client.post("/my/token/", {"do": "create"})
    assert asked.url == "/accounts/reauthenticate/?next=%2Fmy%2Ftoken%2F"
    assert Token.objects.count() == 0
    made = client.post(asked.url, {"password": PASSWORD}, REMOTE_ADDR=f"10.1.{random.randint(1, 250)}.9")  # noqa: S311
    token = Token.objects.get()
    assert made.status_code == 200
    assert made.content.decode().count(token.key) == 2
    assert token.key not in client.get("/my/token/").content.decode()
    assert client.post("/my/token/", {"do": "revoke"}).url == "/my/token/"
    assert Token.objects.count() == 0


@pytest.mark.parametrize("rows", [1, 30])
def test_the_unit_page_takes_the_same_queries_for_any_number_of_rows(
    client, unit, rows, django_assert_num_queries
):
    admin = member_of(unit, UnitRole.ADMIN)
    for _n in range(rows):
        MembershipFactory(organisation=unit)
        JoinRequestFactory(organisation=unit)
    as_(client, admin)
    client.get(f"/my/units/{unit.pk}/")
    # session, user, offices, memberships, unit, requests, members, the form's members, licence, messages
    with django_assert_num_queries(12):
        assert client.get(f"/my/units/{unit.pk}/").status_code == 200


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_of_units_takes_the_same_queries(client, db, rows, django_assert_num_queries):
    person = UserFactory()
    for _n in range(rows):
        MembershipFactory(user=person)
        JoinRequestFactory(user=person)
    as_(client, person)
    client.get("/my/units/")
    # session, user, offices, memberships, units, requests, unread messages
    with django_assert_num_queries(7):
        assert client.get("/my/units/").status_code == 200


def test_a_recommender_reads_the_units_of_the_region(client, unit):
    as_(client, officer(Role.RECOMMENDER, region="370212"))
    assert client.get(f"/my/units/{unit.pk}/").status_code == 200


def test_ones_own_record_is_kept_masked_and_removed(client, unit):
    person = member_of(unit)
    number = make_id_number(7)
    typed = {"id_number": number.lower(), "title": "高级工程师", "degree": "doctor", "organisation": unit.pk}
    as_(client, person)
    assert client.post("/my/record/", typed).status_code == 302
    page = client.get("/my/record/").content.decode()
    assert number not in page
    assert mask_id_number(number) in page
    again = client.post("/my/record/", {**typed, "id_number": mask_id_number(number), "is_shared": "on"})
    assert again.status_code == 302
    kept = PersonRecord.objects.get()
    assert (kept.user, kept.id_number, kept.is_shared) == (person, number, True)
    # Two countries may give the same number: a passport says who issued it.
    passport = typed | {"id_number": "C0123456"}
    assert client.post("/my/record/", passport).status_code == 422
    assert client.post("/my/record/", passport | {"id_country": "DE"}).status_code == 302
    kept.refresh_from_db()
    assert kept.holds("C0123456", "DE")
    assert client.post("/my/record/", {"do": "drop"}).status_code == 302
    assert PersonRecord.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id_number": "110105194912310021"}, "id_number"),
        ({"id_number": "护照"}, "id_number"),
        ({"degree": "king"}, "degree"),
        ({"is_shared": "on", "organisation": ""}, "organisation"),
    ],
)
def test_a_faulty_record_is_not_kept(client, unit, change, field):
    as_(client, member_of(unit))
    answer = client.post("/my/record/", {"organisation": unit.pk, **change})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert PersonRecord.objects.count() == 0


def test_a_record_names_no_unit_of_others(client, unit):
    as_(client, UserFactory())
    assert client.post("/my/record/", {"organisation": unit.pk}).status_code == 422
