"""What was sent, what was not, and by which ways: deliveries, gateways, and how delivery is doing."""

from datetime import datetime

from django import forms
from django.contrib import messages
from django.contrib.admin import SimpleListFilter, action, register
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold import widgets
from unfold.decorators import display
from unfold.enums import ActionVariant

from accounts.identity import validate_phone
from core import calendar
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button
from core.workflow import Refused
from notifications import actions, channels, figures, operating, rules
from notifications.channels import http
from notifications.gateways import Gateway, GatewayChannel
from notifications.models import Delivery
from notifications.queries import rendered
from notifications.states import DeliveryState

DELIVERY_TONES = {
    DeliveryState.QUEUED: "info",
    DeliveryState.SENT: "success",
    DeliveryState.FAILED: "danger",
    DeliveryState.SKIPPED: "warning",
    DeliveryState.MERGED: "warning",
}


class ChannelFilter(SimpleListFilter):
    """The channels there are, not those found in the table: that would read all of it."""

    title = _("渠道")
    parameter_name = "channel"

    def lookups(self, request, model_admin):
        return [(name, channels.label(name)) for name in channels.names()]

    def queryset(self, request, queryset):
        return queryset.filter(channel=self.value()) if self.value() else queryset


@register(Delivery)
class DeliveryAdmin(ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """What was sent to whom, and what was not; a failed one can be sent again."""

    list_display = (
        "recipient",
        "subject",
        "way",
        "condition",
        "attempts",
        "next_try_at",
        "sent_at",
        "reason",
    )
    list_filter = ("state", ChannelFilter, "gateway", "message__created_at")
    search_fields = ("message__recipient__name", "message__recipient__email", "error")
    ordering = ("-id",)
    fields = (
        "recipient",
        "subject",
        "way",
        "gateway",
        "state",
        "attempts",
        "next_try_at",
        "sent_at",
        "error",
        "merged_into",
    )
    actions = ("resend_chosen",)
    actions_list = ("to_operations", "to_gateways")
    actions_detail = ("resend",)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("message__recipient", "gateway")

    def get_urls(self):
        page = self.admin_site.admin_view(self.operations)
        return [path("operations/", page, name="notifications_delivery_operations"), *super().get_urls()]

    def get_actions(self, request):
        found = super().get_actions(request)
        if not operating.may_operate(request.user):
            found.pop("resend_chosen", None)
        return found

    @display(description=_("收件人"), ordering="message__recipient__name")
    def recipient(self, obj):
        return obj.message.recipient

    @display(description=_("内容"))
    def subject(self, obj):
        """What it says; of a text that cannot be rendered its name."""
        try:
            return rendered(obj.message, get_language(), on_page=True)[0]
        except (
            Exception
        ):  # whatever made it a dead letter must not keep the list of dead letters from opening
            return obj.message.template

    @display(description=_("渠道"), ordering="channel")
    def way(self, obj):
        return channels.label(obj.channel)

    @display(description=_("状态"), ordering="state", label=DELIVERY_TONES)
    def condition(self, obj):
        return obj.state, obj.get_state_display()

    @display(description=_("说明"))
    def reason(self, obj):
        return obj.error if len(obj.error) <= 60 else f"{obj.error[:59]}…"

    @button(_("重新发送"), may=rules.can_resend, icon="send")
    def resend(self, request, delivery, data, at):
        actions.resend(delivery=delivery, by=request.user, at=at)
        return _("已重新排队，马上发送。")

    @action(description=_("重新发送所选的失败消息"))
    def resend_chosen(self, request, queryset):
        try:
            count = operating.resend_failed(deliveries=queryset, by=request.user, at=timezone.now())
        except Refused as refused:
            raise PermissionDenied from refused
        if count:
            messages.success(request, _("%(n)s 条已重新排队，马上发送。") % {"n": count})
        else:
            messages.warning(request, _("所选消息中没有失败的。"))

    def to_operations(self, request):
        return redirect("admin:notifications_delivery_operations")

    to_operations.short_description = _("运行情况")
    to_operations.attrs, to_operations.icon = {}, "monitoring"
    to_operations.variant = ActionVariant.DEFAULT

    def to_gateways(self, request):
        return redirect("admin:notifications_gateway_changelist")

    to_gateways.short_description = _("通道")
    to_gateways.attrs, to_gateways.icon = {}, "hub"
    to_gateways.variant = ActionVariant.DEFAULT
    to_gateways.allowed_permissions = ["operate"]

    def has_operate_permission(self, request):
        return operating.may_operate(request.user)

    def operations(self, request):
        """How delivery is doing, in plain words, with the last day as bars."""
        if not (request.user.is_superuser or request.user.scope.sees_everything):
            raise PermissionDenied
        now = timezone.now()
        found = figures.read(at=now)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("运行情况"),
            "found": found,
            "awaited": calendar.awaited(calendar.local_date(now)),
            "silent": operating.silent_for(at=now),
            "last_sweep": getattr(found.pulses.get(operating.SWEEP), "at", None),
            "failed": sum(row.failed for row in found.channels),
            "due": sum(row.due for row in found.channels),
            "rows": [bars(row, at=now) for row in found.channels],
            "deliveries": reverse("admin:notifications_delivery_changelist"),
            "may_operate": operating.may_operate(request.user),
        }
        return render(request, "notifications/operations.html", context)


BAR_HEIGHT = 40


def bars(row: figures.ChannelFigures, *, at: datetime) -> dict:
    """A channel with the bars of its 24 hours, as lengths for an SVG."""
    highest = max([*row.hours, 1])
    lengths = [round(BAR_HEIGHT * sent / highest) if sent else 0 for sent in row.hours]
    return {
        "channel": row,
        "since": at - row.oldest,
        "bars": [
            {"x": hour * 10, "y": BAR_HEIGHT - length, "height": length, "sent": sent, "ago": 23 - hour}
            for hour, (length, sent) in enumerate(zip(lengths, row.hours, strict=True))
        ],
    }


class GatewayForm(forms.ModelForm):
    """Address and key are written, never shown: left empty they stay as they are."""

    address = forms.CharField(
        label=_("地址"),
        required=False,
        widget=widgets.UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("以 https:// 开头。机器人地址里含有口令，保存后只显示主机名；修改时留空表示不变。"),
    )
    secret = forms.CharField(
        label=_("密钥"),
        required=False,
        widget=widgets.UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "钉钉、飞书为“加签”密钥，企业微信没有；短信与推送接口必填。保存后不再显示；修改时留空表示不变。"
        ),
    )

    class Meta:
        model = Gateway
        fields = (
            "channel",
            "name",
            "organisation",
            "address",
            "secret",
            "account",
            "template_id",
            "signature",
            "per_minute",
            "is_active",
        )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.kept = (self.instance.address, self.instance.secret)
        self.initial.pop("address", None)
        self.initial.pop("secret", None)

    def clean_address(self):
        address = self.cleaned_data["address"].strip() or self.kept[0]
        if not address:
            raise forms.ValidationError(_("请填写地址。"))
        try:
            http.resolve(address)
        except http.Forbidden as error:
            raise forms.ValidationError(
                _("不能向这个地址发送：要以 https:// 或 http:// 开头，且不在内部网络（%(error)s）。"),
                params={"error": error},
            ) from error
        except channels.Unreachable as error:
            raise forms.ValidationError(_("找不到这个主机：%(error)s"), params={"error": error}) from error
        return address

    def clean_secret(self):
        return self.cleaned_data["secret"] or self.kept[1]


class GatewayTestForm(forms.Form):
    to = forms.CharField(
        label=_("手机号"),
        max_length=20,
        required=False,
        validators=[validate_phone],
        help_text=_("只有短信通道需要填写。"),
    )


@register(Gateway)
class GatewayAdmin(ActionButtonsMixin, HistoryMixin, ModelAdmin):
    """SMS gateway, robots and webhooks. One that was used is switched off, not deleted."""

    form = GatewayForm
    fieldsets = (
        (
            None,
            {"fields": ("channel", "name", "organisation", "address", "secret", "per_minute", "is_active")},
        ),
        (_("短信"), {"fields": ("account", "template_id", "signature")}),
    )
    list_display = ("name", "channel", "organisation", "host", "rate", "is_active")
    list_filter = ("channel", "is_active")
    list_select_related = ("organisation",)
    search_fields = ("name", "organisation__name")
    autocomplete_fields = ("organisation",)
    ordering = ("channel", "id")
    actions_detail = ("test",)

    def has_view_permission(self, request, obj=None):
        return operating.may_operate(request.user)

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        operating.save_gateway(gateway=obj, by=request.user, at=timezone.now())

    @display(description=_("主机"))
    def host(self, obj):
        return format_html("<code>{}</code>", obj.host)

    @display(description=_("每分钟上限"))
    def rate(self, obj):
        return obj.per_minute or channels.per_minute(obj.channel)

    @button(
        _("试发一条"),
        form=GatewayTestForm,
        text=_("向这个通道发一条测试消息，马上看到结果。"),
        icon="send",
    )
    def test(self, request, gateway, data, at):
        if gateway.channel == GatewayChannel.SMS and not data["to"]:
            raise Refused(_("短信通道请填写接收测试的手机号。"), field="to")
        operating.test_gateway(gateway=gateway, to=data["to"], by=request.user, at=at)
        return _("已发出，请到接收的一方查看。")
