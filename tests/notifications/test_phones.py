"""A phone is verified by a code that comes back."""

import re

import pytest
from django.urls import reverse

from core.models import Event
from notifications import phones
from tests.factories.accounts import UserFactory
from tests.factories.notifications import GatewayFactory
from tests.notifications.services import SmsService

pytestmark = pytest.mark.django_db
SECRET = "SEC-of-the-tests"


@pytest.fixture
def sms():
    with SmsService(SECRET) as service:
        GatewayFactory(channel="sms", address=service.address, secret=SECRET)
        yield service


@pytest.fixture
def user(client):
    user = UserFactory(phone="13800138000")
    client.force_login(user)
    return user


def post(client, **data):
    return client.post(reverse("notifications:phone"), data)


def code_of(service) -> str:
    return re.search(r"验证码 (\d{6})，", service.accepted[-1]["content"])[1]


def test_the_code_comes_by_sms_and_back(client, user, sms):
    assert "发送验证码" in client.get(reverse("notifications:phone")).content.decode()
    assert post(client, do="send").status_code == 302
    assert sms.accepted[-1]["phone"] == "13800138000"
    assert code_of(sms) not in str(dict(client.session))
    body = client.get(reverse("notifications:phone")).content.decode()
    assert "138****8000" in body
    assert 'autocomplete="one-time-code"' in body
    assert post(client, do="check", code=code_of(sms)).status_code == 302
    user.refresh_from_db()
    assert user.phone_verified_at
    assert Event.objects.about(user).get().verb == "phone_verified"
    assert "已验证" in client.get(reverse("accounts:profile")).content.decode()


def test_a_wrong_code_may_be_tried_five_times(client, user, sms):
    post(client, do="send")
    wrong = f"{(int(code_of(sms)) + 1) % 10**6:06}"
    for _ in range(phones.TRIES):
        response = post(client, do="check", code=wrong)
        assert (response.status_code, "验证码不正确" in response.content.decode()) == (422, True)
    assert "验证码已失效" in post(client, do="check", code=code_of(sms)).content.decode()
    user.refresh_from_db()
    assert user.phone_verified_at is None


def test_a_number_that_changed_meanwhile_is_not_verified(client, user, sms):
    post(client, do="send")
    user.phone = "13900139000"
    user.save()
    assert "手机号已经修改" in post(client, do="check", code=code_of(sms)).content.decode()
    user.refresh_from_db()
    assert user.phone_verified_at is None


def test_codes_are_limited(client, user, sms):
    for _ in range(5):
        assert post(client, do="send").status_code == 302
    response = post(client, do="send")
    assert (response.status_code, "太频繁" in response.content.decode()) == (422, True)
    assert len(sms.accepted) == 5


def test_what_cannot_be_sent_is_said(client, user):
    assert "本站没有开通短信" in client.get(reverse("notifications:phone")).content.decode()
    assert "没有开通短信" in post(client, do="send").content.decode()
    GatewayFactory(channel="sms")
    assert "短信没有发出" in post(client, do="send").content.decode()
    user.phone = ""
    user.save()
    assert "还没有填写手机号" in post(client, do="send").content.decode()


def test_strangers_sign_in_first(client):
    assert "/accounts/login/" in client.get(reverse("notifications:phone"))["Location"]
