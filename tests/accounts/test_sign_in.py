"""Signing in by name or e-mail, resetting a password, the second factor, and limits on guessing."""

import random
import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from tests.factories.accounts import PASSWORD, OrganisationFactory, UserFactory, member_of, officer

LOGIN = "/accounts/login/"


@pytest.fixture
def client(db):
    """A browser at an address of its own: rate limits count per address and outlive a test."""
    return Client(REMOTE_ADDR=".".join(str(random.randint(1, 250)) for _n in range(4)))  # noqa: S311


def sign_in(client, login, password=PASSWORD):
    return client.post(LOGIN, {"login": login, "password": password})


def person(**kwargs):
    number = random.randint(10**6, 10**9)  # noqa: S311
    return UserFactory(username=f"person{number}", **kwargs)


@pytest.mark.parametrize("field", ["username", "email"])
def test_a_person_signs_in_by_name_or_e_mail(client, field):
    user = person()
    response = sign_in(client, getattr(user, field))
    assert (response.status_code, response.url) == (302, "/todo/")
    assert client.session["_auth_user_id"] == str(user.pk)


def test_the_bureau_starts_in_the_admin(client):
    manager = officer(Role.PROGRAMME_MANAGER, username=f"pm{random.randint(1, 10**9)}")  # noqa: S311
    assert sign_in(client, manager.username).url == "/admin/"


def test_an_officer_who_also_belongs_to_a_unit_starts_at_the_to_do_list(client):
    expert = member_of(OrganisationFactory(), username=f"ex{random.randint(1, 10**9)}")  # noqa: S311
    expert.is_staff = True
    expert.save()
    assert sign_in(client, expert.username).url == "/todo/"


@pytest.mark.parametrize("active", [True, False])
def test_a_wrong_password_or_a_closed_account_stays_outside(client, active):
    user = person(is_active=active)
    response = sign_in(client, user.username, PASSWORD if not active else "wrong-password")
    assert "_auth_user_id" not in client.session
    if active:
        assert response.context["form"].non_field_errors() == ["用户名或密码不正确。"]
    else:
        assert response.url == "/accounts/inactive/"


def test_guessing_is_stopped_even_for_the_right_password(client):
    user = person()
    for _n in range(5):
        sign_in(client, user.username, "wrong-password")
    response = sign_in(client, user.username)
    assert response.context["form"].non_field_errors() == ["登录失败次数过多，请五分钟后再试，或重设密码。"]
    assert "_auth_user_id" not in client.session


def test_one_address_is_stopped_across_accounts(client):
    answers = [sign_in(client, f"nobody{n}", "wrong-password").status_code for n in range(31)]
    assert answers == [200] * 30 + [429]
    page = client.post(LOGIN, {"login": "x", "password": "y"})
    assert page.status_code == 429
    assert "请求过于频繁" in page.content.decode()


def test_the_password_is_reset_by_mail(client):
    user = person()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    response = client.post("/accounts/password/reset/", {"email": user.email})
    assert (response.status_code, response.url) == (302, "/accounts/password/reset/done/")
    (message,) = mail.outbox
    assert message.to == [user.email]
    assert message.subject == "[揭榜] 重设密码"
    assert f"您的用户名是 {user.username}。" in message.body
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", message.body)[1]
    page = client.get(link, follow=True)
    form_url = page.redirect_chain[-1][0]
    fresh = "a-new-long-password-7"
    assert client.post(form_url, {"password1": fresh, "password2": fresh}).status_code == 302
    assert sign_in(client, user.username, fresh).status_code == 302
    again = Client().get(link, follow=True)
    assert "重设密码的链接无效" in again.content.decode()


def test_an_unknown_address_gets_the_same_answer(client):
    address = f"nobody{random.randint(1, 10**9)}@example.com"  # noqa: S311
    response = client.post("/accounts/password/reset/", {"email": address})
    assert (response.status_code, response.url) == (302, "/accounts/password/reset/done/")
    assert [message.to for message in mail.outbox] == [[address]]


SIGNUP = {"name": "王小明", "phone": "13812345678", "password1": PASSWORD, "password2": PASSWORD}


def test_signing_up_keeps_name_phone_and_language(client):
    client.cookies["django_language"] = "en"
    data = {**SIGNUP, "username": "wangxm", "email": "wangxm@example.com"}
    assert client.post("/accounts/signup/", data).status_code == 302
    user = User.objects.get(username="wangxm")
    assert (user.name, user.phone, user.language, user.is_staff) == ("王小明", "13812345678", "en", False)


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"password1": "12345", "password2": "12345"}, "password1", None),
        ({"password2": "something-else"}, "password2", "每次输入的密码必须相同。"),
        ({"phone": "1234"}, "phone", None),
        ({"name": ""}, "name", None),
    ],
)
def test_faults_of_signing_up_name_their_field(client, change, field, message):
    data = {**SIGNUP, "username": "wangxm", "email": "wangxm@example.com", **change}
    response = client.post("/accounts/signup/", data)
    assert list(response.context["form"].errors) == [field]
    if message:
        assert response.context["form"].errors[field] == [message]
    assert User.objects.count() == 0


def code_for(secret):
    return totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))


def with_recent_password(client, user):
    """Signed in, and the password given once more: what safeguards the second factor."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    sign_in(client, user.username)
    assert client.get("/accounts/2fa/totp/activate/").url.startswith("/accounts/reauthenticate/?next=")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def test_the_second_factor_with_a_real_code(client):
    user = person()
    with_recent_password(client, user)
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    response = client.post("/accounts/2fa/totp/activate/", {"code": code_for(secret)})
    assert response.status_code == 302
    assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp", "recovery_codes"}
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10
    assert client.get("/accounts/2fa/").status_code == 200

    other = Client(REMOTE_ADDR=client.defaults["REMOTE_ADDR"])
    assert sign_in(other, user.username).url == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in other.session
    wrong = other.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong.context["form"].errors["code"]
    assert other.post("/accounts/2fa/authenticate/", {"code": codes[0]}).url == "/todo/"
    assert other.session["_auth_user_id"] == str(user.pk)

    third = Client(REMOTE_ADDR=client.defaults["REMOTE_ADDR"])
    sign_in(third, user.username)
    used = third.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert used.context["form"].errors["code"]
    assert third.post("/accounts/2fa/authenticate/", {"code": code_for(secret)}).status_code in {200, 302}


def test_the_second_factor_is_not_active_with_a_wrong_code(client):
    user = person()
    with_recent_password(client, user)
    client.get("/accounts/2fa/totp/activate/")
    response = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert list(response.context["form"].errors) == ["code"]
    assert Authenticator.objects.count() == 0


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/x-y/",
        "/accounts/password/reset/key/done/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/wrong-key/",
        "/accounts/inactive/",
    ],
)
def test_pages_before_signing_in(client, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/logout/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/reauthenticate/",
        "/accounts/2fa/",
        "/my/profile/",
        "/my/token/",
        "/my/units/",
        "/my/units/register/",
    ],
)
def test_pages_after_signing_in(client, path):
    user = person()
    assert client.get(path).status_code == 302
    sign_in(client, user.username)
    assert client.get(path).status_code == 200


def test_signing_out_takes_a_post(client):
    user = person()
    sign_in(client, user.username)
    client.get("/accounts/logout/")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert client.post("/accounts/logout/").url == "/"
    assert "_auth_user_id" not in client.session


def test_the_admin_is_entered_through_the_same_door(client):
    assert client.get("/admin/login/?next=/admin/").url == "/accounts/login/?next=%2Fadmin%2F"
    client.force_login(person())
    assert client.get("/admin/login/").status_code == 403


def test_pages_follow_the_language_of_the_profile_until_the_switch_is_used(client):
    client.force_login(person(language="en"))
    assert client.get("/my/profile/").headers["Content-Language"] == "en"
    client.cookies["django_language"] = "zh-hans"
    assert client.get("/my/profile/").headers["Content-Language"] == "zh-hans"


def test_with_the_mail_server_away_the_account_is_made_and_the_person_is_told(client, db, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    words = {"username": "newcomer", "name": "新来者", "email": "new@firm.example"}
    secret = "Zk9-qwe!rty77"
    page = client.post("/accounts/signup/", {**words, "password1": secret, "password2": secret}, follow=True)
    assert page.status_code == 200
    assert "邮件暂时发不出去" in page.content.decode()
    assert "确认邮件已发往" not in page.content.decode()
    # Whoever has no unit yet is shown the way to one.
    assert 'href="/my/units/register/"' in page.content.decode()
    assert User.objects.get(username="newcomer").name == "新来者"
    client.logout()
    page = client.post("/accounts/password/reset/", {"email": "new@firm.example"}, follow=True)
    assert page.status_code == 200
    assert "邮件暂时发不出去" in page.content.decode()
