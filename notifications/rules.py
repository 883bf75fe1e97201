"""Who may do what with messages and deliveries."""

from django.utils.translation import gettext as _

from accounts.roles import allows
from core.workflow import Refused
from notifications.models import Delivery, Message
from notifications.states import DeliveryState


def check_can_read(user, message: Message) -> None:
    if message.recipient_id != user.pk:
        raise Refused(_("只能阅读发给自己的消息。"), code="forbidden")


def check_can_resend(user, delivery: Delivery) -> None:
    """Raises Refused unless `user` runs the system and the delivery has failed."""
    if not any(allows(role, "notifications", "change") for role in user.scope.roles):
        raise Refused(_("只有系统管理员可以重新发送。"), code="forbidden")
    if delivery.state != DeliveryState.FAILED:
        raise Refused(_("只能重新发送失败的消息。"), field="state", code="not_failed")


def can_resend(user, delivery: Delivery) -> bool:
    try:
        check_can_resend(user, delivery)
    except Refused:
        return False
    return True
