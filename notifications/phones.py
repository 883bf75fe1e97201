"""Prove that a phone is one's own: a code by SMS that is typed in again."""

import secrets
from datetime import datetime, timedelta

from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts import actions as accounts
from accounts.models import User
from core.workflow import Refused
from notifications import channels
from notifications.gateways import Gateway, GatewayChannel
from notifications.routing import Route

VALID = timedelta(minutes=10)
TRIES = 5
SESSION_KEY = "phone_code"


def gateway() -> Gateway | None:
    """The active SMS gateway; without one no phone can be verified."""
    return Gateway.objects.active().filter(channel=GatewayChannel.SMS).first()


def _digest(phone: str, code: str) -> str:
    return salted_hmac("notifications.phones", f"{phone}:{code}", algorithm="sha256").hexdigest()


def send_code(*, session, by: User, at: datetime) -> None:
    """Send six digits to the person's phone. The session keeps their digest, not them. Raises Refused."""
    way = gateway()
    if way is None:
        raise Refused(_("本站没有开通短信，请联系系统管理员。"), code="no_gateway")
    code = f"{secrets.randbelow(10**6):06}"
    try:
        with Route(GatewayChannel.SMS, way).connect() as connected:
            text = _("验证码 %(code)s，10 分钟内有效") % {"code": code}
            connected.say(text, to=by.phone, key=f"code.{by.pk}.{secrets.token_hex(8)}", tail="")
    except channels.ChannelError as error:
        raise Refused(_("短信没有发出，请稍后再试。"), code="not_sent") from error
    session[SESSION_KEY] = {
        "phone": by.phone,
        "digest": _digest(by.phone, code),
        "until": (at + VALID).isoformat(),
        "tries": 0,
    }


def check_code(*, session, code: str, by: User, at: datetime) -> None:
    """Note the phone as verified if the code is right. Raises Refused."""
    asked = session.get(SESSION_KEY)
    if not asked or at > datetime.fromisoformat(asked["until"]) or asked["tries"] >= TRIES:
        session.pop(SESSION_KEY, None)
        raise Refused(_("验证码已失效，请重新发送。"), field="code", code="expired")
    if not constant_time_compare(asked["digest"], _digest(asked["phone"], code.strip())):
        session[SESSION_KEY] = {**asked, "tries": asked["tries"] + 1}
        raise Refused(_("验证码不正确。"), field="code", code="wrong")
    session.pop(SESSION_KEY)
    accounts.verify_phone(phone=asked["phone"], by=by, at=at)
