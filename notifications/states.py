from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import UnitRole
from core.workflow import Machine


class DeadlineState(models.TextChoices):
    OPEN = "open", _("进行中")
    MET = "met", _("已完成")
    CANCELLED = "cancelled", _("已取消")


DEADLINE = Machine(
    states=DeadlineState,
    initial=DeadlineState.OPEN,
    transitions={DeadlineState.OPEN: frozenset({DeadlineState.MET, DeadlineState.CANCELLED})},
    owners={state: frozenset({"system"}) for state in DeadlineState.values},
)


class DeliveryState(models.TextChoices):
    QUEUED = "queued", _("待发送")
    SENT = "sent", _("已发送")
    FAILED = "failed", _("失败")
    SKIPPED = "skipped", _("不发送")
    MERGED = "merged", _("已并入另一条")


class NoticeState(models.TextChoices):
    SERVED = "served", _("待签收")
    RECEIVED = "received", _("已签收")
    DEEMED = "deemed", _("视为送达")


NOTICE = Machine(
    states=NoticeState,
    initial=NoticeState.SERVED,
    transitions={NoticeState.SERVED: frozenset({NoticeState.RECEIVED, NoticeState.DEEMED})},
    owners={
        NoticeState.SERVED: frozenset(UnitRole.values),
        NoticeState.RECEIVED: frozenset(),
        NoticeState.DEEMED: frozenset(),
    },
)
