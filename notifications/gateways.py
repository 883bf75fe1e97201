"""The ways out of the site as rows: gateways and robots, their circuits, and the pulse of the clock."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from notifications.secrets import EncryptedTextField


class GatewayChannel(models.TextChoices):
    """Channels whose address is a row; e-mail stands in the environment."""

    SMS = "sms", _("短信")
    WECOM = "wecom", _("企业微信机器人")
    DINGTALK = "dingtalk", _("钉钉机器人")
    FEISHU = "feishu", _("飞书机器人")
    WEBHOOK = "webhook", _("推送接口")


ROBOTS = frozenset({GatewayChannel.WECOM, GatewayChannel.DINGTALK, GatewayChannel.FEISHU})


class GatewayQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)


class Gateway(models.Model):
    """One address to which messages go, with what is needed to be believed there.

    A robot speaks to a group: it belongs to a department or unit (or, without one, to all who hold an
    office), and a reminder for several of its people is posted once. A robot's address alone lets
    anybody post, so it is as secret as the key.
    """

    event_verbs = {"added": _("新建"), "changed": _("修改"), "tested": _("试发")}

    channel = models.CharField(_("渠道"), max_length=20, choices=GatewayChannel)
    name = models.CharField(_("名称"), max_length=60)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("处室或单位"),
        help_text=_("机器人与推送接口：发给这个处室或单位的人的消息走这里；留空则供没有专用通道的人使用。"),
    )
    address = EncryptedTextField(_("地址"))
    secret = EncryptedTextField(_("密钥"), blank=True)
    account = models.CharField(_("账号"), max_length=60, blank=True)
    template_id = models.CharField(_("短信模板编号"), max_length=60, blank=True)
    signature = models.CharField(_("短信签名"), max_length=20, blank=True, help_text=_("不含【】"))
    per_minute = models.PositiveIntegerField(
        _("每分钟上限"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("留空用这种渠道的默认值。"),
    )
    is_active = models.BooleanField(_("启用"), default=True)

    objects = GatewayQuerySet.as_manager()

    class Meta:
        verbose_name = _("通道")
        verbose_name_plural = pgettext_lazy("list", "通道")
        ordering = ["channel", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "organisation"],
                name="gateway_one_active",
                condition=Q(is_active=True),
                nulls_distinct=False,
                violation_error_message=_("这个处室或单位在这种渠道上已有启用的通道。"),
            ),
            models.CheckConstraint(
                condition=~Q(channel="sms")
                | Q(organisation__isnull=True) & ~Q(template_id="") & ~Q(signature=""),
                name="gateway_sms_complete",
                violation_error_message=_("短信通道要有模板编号和签名，且不属于某个处室或单位。"),
            ),
            models.CheckConstraint(
                condition=~Q(channel__in=["sms", "webhook"]) | ~Q(secret=""),
                name="gateway_signs",
                violation_error_message=_("短信与推送接口要有密钥。"),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def route(self) -> str:
        """The name under which its rate is limited and its circuit is kept."""
        return f"{self.channel}:{self.pk}"

    @property
    def host(self) -> str:
        """What of the address may be shown."""
        return urlsplit(self.address).hostname or "—"


class Circuit(models.Model):
    """How a way out is doing: closed without `retry_at`, open until then, then half-open for one probe."""

    route = models.CharField(max_length=40, unique=True)
    failures = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("通道状态")
        verbose_name_plural = pgettext_lazy("list", "通道状态")

    def __str__(self):
        return self.route


class Pulse(models.Model):
    """When something that runs by the clock last finished, at how many rows it failed in that run, and
    whether its silence was already reported."""

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()
    failed = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    """The first of these failures."""
    alarmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("定时任务")
        verbose_name_plural = pgettext_lazy("list", "定时任务")

    def __str__(self):
        return self.name


class Unsubscription(models.Model):
    """Messages of a topic that a person does not want outside the site; the inbox still gets them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    topic = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("退订")
        verbose_name_plural = pgettext_lazy("list", "退订")
        constraints = [models.UniqueConstraint(fields=["user", "topic"], name="unsubscription_once")]

    def __str__(self):
        return f"{self.user_id} {self.topic}"
