"""Deadlines with the overdue ladder, reminder rules, one's own inbox and what was sent."""

from datetime import timedelta

from django import forms
from django.conf import settings
from django.contrib.admin import SimpleListFilter, register
from django.db.models import Exists, OuterRef, TextField
from django.db.models.functions import Cast
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _
from unfold import admin as unfold
from unfold.decorators import display

from accounts.roles import Role
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button, page
from notifications import actions, channels, queries
from notifications.delivery_admin import DeliveryAdmin, GatewayAdmin
from notifications.models import Deadline, Message, Obligor, ReminderPolicy, ReminderStep
from notifications.notice_admin import NoticeAdmin, NoticeRuleAdmin
from notifications.policies import Audience
from notifications.states import DeadlineState

__all__ = [
    "DeadlineAdmin",
    "DeliveryAdmin",
    "GatewayAdmin",
    "MessageAdmin",
    "NoticeAdmin",
    "NoticeRuleAdmin",
    "ReminderPolicyAdmin",
]


class LadderFilter(SimpleListFilter):
    """The overdue ladder: each rung holds what is at least so many days overdue."""

    title = _("逾期")
    parameter_name = "overdue"

    def lookups(self, request, model_admin):
        rungs = [(str(days), queries.rung_label(days)) for days in queries.LADDER]
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
    "suspended": "warning",
}


@register(Deadline)
class DeadlineAdmin(ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """Every dated obligation a person may see; acting on one happens where `url` leads."""

    list_display = ("said", "kind", "due", "overdue_days", "condition", "department", "go")
    list_filter = (LadderFilter, "state", "kind", "department")
    list_select_related = ("department",)
    search_fields = ("words",)
    ordering = ("due_at", "id")
    fields = (
        "said",
        "kind",
        "due_at",
        "basis",
        "clock",
        "suspended_at",
        "state",
        "department",
        "opened_at",
        "closed_at",
        "go",
    )
    inlines = (ObligorInline,)

    def get_queryset(self, request):
        own = Obligor.objects.covering(request.user).filter(deadline=OuterRef("pk"))
        rows = super().get_queryset(request).annotate(words=Cast("title", TextField()), is_own=Exists(own))
        return queries.with_rung(rows, at=timezone.now())

    def changelist_view(self, request, extra_context=None):
        # What is open is what the list is for; everything else is a click away.
        if not request.GET and request.method == "GET":
            request.GET = request.GET.copy()
            request.GET["state__exact"] = DeadlineState.OPEN.value
            request.META["QUERY_STRING"] = request.GET.urlencode()
        return super().changelist_view(request, extra_context)

    @display(description=_("标题"))
    def said(self, obj):
        return str(obj.title)

    @display(description=_("期限依据"))
    def basis(self, obj):
        return str(obj.explanation)

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
        if obj.suspended_at:
            return "suspended", _("中止计时")
        if obj.state == DeadlineState.OPEN and obj.rung:
            return "overdue", _("已逾期")
        return obj.state, obj.get_state_display()

    @display(description=_("办理"))
    def go(self, obj):
        """The page where it is done, for those who do it: others may not be let in there."""
        return _to(obj.url) if obj.is_own else "—"


def _to(url: str) -> str:
    return format_html('<a class="text-primary-600 underline" href="{}">{}</a>', url, _("打开"))


class StepForm(forms.ModelForm):
    audience = forms.MultipleChoiceField(
        label=_("告知"), choices=Audience, widget=forms.CheckboxSelectMultiple
    )
    channels = forms.MultipleChoiceField(
        label=_("渠道"),
        choices=lambda: [(name, channels.label(name)) for name in channels.names()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("站内信总会发送"),
    )

    class Meta:
        model = ReminderStep
        fields = ("amount", "unit", "every", "audience", "channels")


class StepInline(unfold.TabularInline):
    model = ReminderStep
    form = StepForm
    extra = 0


@register(ReminderPolicy)
class ReminderPolicyAdmin(ActionButtonsMixin, ModelAdmin):
    """When to remind whom of each kind of deadline: everywhere, of one programme, of one notice."""

    list_display = ("kind", "scope", "leads", "ways", "climbs", "legal")
    list_filter = ("kind", "programme", "is_legal")
    ordering = ("id",)
    fieldsets = (
        (None, {"fields": ("kind", "programme", "series")}),
        (_("时间"), {"fields": ("hour", "on_rest_day", "quiet_from", "quiet_to", "is_legal")}),
        (
            _("文本"),
            {
                "fields": ("subject", "body", "subject_en", "body_en"),
                "description": _("可用的占位符：{name} {kind} {title} {due} {explanation} {link}"),
            },
        ),
        (
            _("逾期后的文本"),
            {
                "fields": ("late_subject", "late_body", "late_subject_en", "late_body_en"),
                "description": _("期限已过的提醒用这里的文本；正文留空的语言与到期前相同。"),
            },
        ),
    )
    inlines = (StepInline,)
    actions_detail = ("preview", "test_send")

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("steps")

    def has_delete_permission(self, request, obj=None):
        """A rule of its own may go; the general rule of a kind stays."""
        return bool(obj and (obj.programme or obj.series)) and super().has_delete_permission(request, obj)

    @display(description=_("范围"))
    def scope(self, obj):
        if obj.series:
            return _("通知 %(series)s") % {"series": str(obj.series)[:8]}
        return _("计划 %(slug)s") % {"slug": obj.programme} if obj.programme else _("全部")

    @display(description=_("提醒时间"))
    def leads(self, obj):
        return _("、").join(step.in_words() for step in obj.steps.all()) or "—"

    @display(description=_("渠道"))
    def ways(self, obj):
        names = dict.fromkeys(name for step in obj.steps.all() for name in step.channels)
        return _("、").join(map(channels.label, names)) or _("仅站内信")

    @display(description=_("法定通知"), label={"legal": "info"})
    def legal(self, obj):
        return ("legal", _("不能关闭")) if obj.is_legal else "—"

    @display(description=_("逾期升级"))
    def climbs(self, obj):
        told = [
            _("%(when)s：%(who)s")
            % {
                "when": step.in_words(),
                "who": _("、").join(str(Audience(name).label) for name in step.audience),
            }
            for step in obj.steps.all()
            if step.audience != [Audience.OWNERS]
        ]
        return _("；").join(map(str, told)) or "—"

    @page(_("预览文本"), may=lambda user, policy: user.has_role(Role.SYSADMIN), icon="visibility")
    def preview(self, request, policy):
        """What a person would read before and behind the due moment, in every language."""
        parts = []
        for heading, is_late in ((_("到期前"), False), (_("逾期后"), True)):
            texts = []
            for code, _name in settings.LANGUAGES:
                with translation.override(code):
                    text = actions.preview(policy=policy, by=request.user, at=timezone.now(), is_late=is_late)
                texts.append((get_language_info(code), *text))
            parts.append((heading, texts))
        title = _("预览文本：%(kind)s") % {"kind": policy}
        context = {**self.admin_site.each_context(request), "title": title, "policy": policy, "parts": parts}
        return render(request, "notifications/preview.html", context)

    @button(_("试发给我"), may=lambda user, policy: user.has_role(Role.SYSADMIN), icon="send")
    def test_send(self, request, policy, data, at):
        actions.test_send(policy=policy, by=request.user, at=at)
        return _("已发送到您的站内信和邮箱。")


@register(Message)
class MessageAdmin(ReadOnlyMixin, ModelAdmin):
    """The person's own inbox."""

    list_display = ("subject", "created_at", "is_read")
    ordering = ("-id",)
    fields = ("subject", "body", "created_at", "go")
    list_select_related = ("recipient",)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("recipient", "notice")

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
        return _to(obj.url) if obj.url else "—"
