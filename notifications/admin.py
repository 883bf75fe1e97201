"""Deadlines with the overdue ladder, reminder rules, one's own inbox and what was sent."""

from datetime import timedelta

from django import forms
from django.contrib.admin import SimpleListFilter, register
from django.http import Http404
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold import admin as unfold
from unfold.decorators import display

from core.admin import HistoryMixin, ModelAdmin, ReadOnlyMixin
from notifications import actions, channels, queries
from notifications.delivery_admin import DeliveryAdmin, GatewayAdmin
from notifications.models import Deadline, Message, Obligor, ReminderPolicy
from notifications.states import DeadlineState

__all__ = ["DeadlineAdmin", "DeliveryAdmin", "GatewayAdmin", "MessageAdmin", "ReminderPolicyAdmin"]


class LadderFilter(SimpleListFilter):
    """The overdue ladder: each rung holds what is at least so many days overdue."""

    title = _("逾期")
    parameter_name = "overdue"

    def lookups(self, request, model_admin):
        rungs = [(str(days), _("逾期 %(days)s 天以上") % {"days": days}) for days in queries.LADDER]
        return [("0", _("已逾期")), *rungs, ("week", _("一周内到期"))]

    def queryset(self, request, queryset):
        now = timezone.now()
        if self.value() == "week":
            return queryset.open().filter(due_at__gte=now, due_at__lt=now + timedelta(days=7))
        if self.value() in {"0", *map(str, queries.LADDER)}:
            return queryset.open().filter(due_at__lt=now - timedelta(days=int(self.value())))
        return queryset


class ObligorInline(ReadOnlyMixin, unfold.TabularInline):
    model = Obligor
    fields = ("user", "organisation", "unit_role", "role")
    extra = 0

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user", "organisation")


STATE_TONES = {
    DeadlineState.OPEN: "info",
    DeadlineState.MET: "success",
    DeadlineState.CANCELLED: "warning",
    "overdue": "danger",
}


@register(Deadline)
class DeadlineAdmin(ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """Every dated obligation a person may see; acting on one happens where `url` leads."""

    list_display = ("title", "kind", "due", "overdue_days", "condition", "department", "go")
    list_filter = (LadderFilter, "state", "kind", "department")
    list_select_related = ("department",)
    search_fields = ("title",)
    ordering = ("due_at", "id")
    fields = (
        "title",
        "kind",
        "due_at",
        "explanation",
        "state",
        "department",
        "opened_at",
        "closed_at",
        "go",
    )
    inlines = (ObligorInline,)

    def get_queryset(self, request):
        return queries.with_rung(super().get_queryset(request), at=timezone.now())

    def changelist_view(self, request, extra_context=None):
        # What is open is what the list is for; everything else is a click away.
        if not request.GET and request.method == "GET":
            request.GET = request.GET.copy()
            request.GET["state__exact"] = DeadlineState.OPEN.value
            request.META["QUERY_STRING"] = request.GET.urlencode()
        return super().changelist_view(request, extra_context)

    @display(description=_("到期"), ordering="due_at")
    def due(self, obj):
        return f"{timezone.localtime(obj.due_at):%Y-%m-%d %H:%M}"

    @display(description=_("逾期天数"))
    def overdue_days(self, obj):
        if obj.state != DeadlineState.OPEN or not obj.rung:
            return "—"
        return (timezone.now() - obj.due_at).days

    @display(description=_("状态"), label=STATE_TONES)
    def condition(self, obj):
        if obj.state == DeadlineState.OPEN and obj.rung:
            return "overdue", _("已逾期")
        return obj.state, obj.get_state_display()

    @display(description=_("办理"))
    def go(self, obj):
        return format_html('<a class="text-primary-600 underline" href="{}">{}</a>', obj.url, _("打开"))


class PolicyForm(forms.ModelForm):
    class Meta:
        model = ReminderPolicy
        fields = ("kind", "lead_minutes", "channels", "manager_overdue_minutes", "leader_overdue_minutes")

    def clean_lead_minutes(self):
        leads = self.cleaned_data["lead_minutes"] or []
        return sorted(set(leads), reverse=True)

    def clean_channels(self):
        wanted = self.cleaned_data["channels"] or []
        for name in wanted:
            if name not in channels.names():
                raise forms.ValidationError(
                    _("没有叫“%(name)s”的渠道，可用：%(names)s。"),
                    params={"name": name, "names": "、".join(channels.names())},
                )
        return wanted


def in_words(minutes: int) -> str:
    """A lead as a person says it: 7 天前, 逾期 1 天."""
    size = abs(minutes)
    if size % actions.DAY == 0:
        length = _("%(n)s 天") % {"n": size // actions.DAY}
    elif size % actions.HOUR == 0:
        length = _("%(n)s 小时") % {"n": size // actions.HOUR}
    else:
        length = _("%(n)s 分钟") % {"n": size}
    if minutes == 0:
        return str(_("到期时"))
    if minutes == actions.AT_ONCE:
        return str(_("产生时"))
    return str((_("提前 %(length)s") if minutes > 0 else _("逾期 %(length)s")) % {"length": length})


@register(ReminderPolicy)
class ReminderPolicyAdmin(ModelAdmin):
    """When to remind for each kind of deadline."""

    form = PolicyForm
    list_display = ("kind", "leads", "ways", "manager_overdue", "leader_overdue")
    ordering = ("id",)

    def has_delete_permission(self, request, obj=None):
        return False

    @display(description=_("提醒时间"))
    def leads(self, obj):
        return "、".join(in_words(minutes) for minutes in obj.lead_minutes) or "—"

    @display(description=_("渠道"))
    def ways(self, obj):
        return "、".join([str(_("站内信")), *map(channels.label, obj.channels)])

    @display(description=_("同时提醒项目主管"))
    def manager_overdue(self, obj):
        return "—" if obj.manager_overdue_minutes is None else in_words(-obj.manager_overdue_minutes)

    @display(description=_("同时提醒局领导"))
    def leader_overdue(self, obj):
        return "—" if obj.leader_overdue_minutes is None else in_words(-obj.leader_overdue_minutes)


@register(Message)
class MessageAdmin(ReadOnlyMixin, ModelAdmin):
    """The person's own inbox."""

    list_display = ("subject", "created_at", "is_read")
    ordering = ("-id",)
    fields = ("subject", "body", "created_at", "go")
    list_select_related = ("recipient",)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("recipient")

    def has_view_permission(self, request, obj=None):
        return request.user.is_active and request.user.is_staff

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        message = self.get_object(request, object_id)
        if message is None:
            raise Http404
        actions.read(message=message, by=request.user, at=timezone.now())
        return super().change_view(request, object_id, form_url, extra_context)

    @display(description=_("主题"))
    def subject(self, obj):
        return queries.rendered(obj)[0]

    @display(description=_("正文"))
    def body(self, obj):
        return format_html('<div class="whitespace-pre-line">{}</div>', queries.rendered(obj)[1])

    @display(description=_("已读"), boolean=True)
    def is_read(self, obj):
        return obj.read_at is not None

    @display(description=_("办理"))
    def go(self, obj):
        return (
            format_html('<a class="text-primary-600 underline" href="{}">{}</a>', obj.url, _("打开"))
            if obj.url
            else "—"
        )
