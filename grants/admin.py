"""Programmes, topics and dictionaries in the admin; the call itself has a desk of its own (`desk.admin`)."""

from django.contrib import messages
from django.contrib.admin import display, register
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.enums import ActionVariant

from accounts.models import Organisation
from accounts.roles import Role
from core.admin import (
    ActionButtonsMixin,
    HistoryMixin,
    ModelAdmin,
    PagedRows,
    ReadOnlyMixin,
    button,
    dress,
)
from core.calendar import end_of_day
from core.money import wan
from core.workflow import Refused
from grants import actions, rules
from grants.forms import DictionaryForm, DictionaryUploadForm, NoteForm, RelistForm
from grants.models import (
    Call,
    Dictionary,
    DictionaryEntry,
    Programme,
    Topic,
)
from grants.states import CallState, TopicState


def _allowed(check, *args, **kwargs) -> bool:
    try:
        check(*args, **kwargs)
    except Refused:
        return False
    return True


class PartOfCallMixin:
    """A page of what the database freezes with its call: read only once the call is published."""

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "call":
            kwargs["queryset"] = Call.objects.visible_to(request.user).filter(state=CallState.DRAFT)
            kwargs["error_messages"] = {
                "invalid_choice": _("请选择本处室还没有发布的通知：发布后内容不能再改。")
            }
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and self._is_open(request, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self._is_open(request, obj)

    def _is_open(self, request, obj) -> bool:
        return obj is None or _allowed(rules.check_can_edit, request.user, obj.call)


@register(Programme)
class ProgrammeAdmin(ModelAdmin):
    list_display = ("said_name", "slug", "department")
    search_fields = ("name", "name_en", "slug")
    list_select_related = ("department",)

    @display(description=_("名称"), ordering="name")
    def said_name(self, programme):
        return str(programme)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "department" and not request.user.has_role(Role.SYSADMIN):
            kwargs["queryset"] = Organisation.objects.filter(pk__in=request.user.scope.departments)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        if obj is None or request.user.has_role(Role.SYSADMIN):
            return allowed
        return allowed and obj.department_id in request.user.scope.departments

    def has_delete_permission(self, request, obj=None):
        return obj is not None and self.has_change_permission(request, obj) and not obj.calls.exists()


@register(Topic)
class TopicAdmin(ReadOnlyMixin, HistoryMixin, ActionButtonsMixin, ModelAdmin):
    list_display = ("number", "title", "call", "wan_amount", "state", "listed_at", "bids_close_at")
    list_filter = ("state", "call")
    search_fields = ("number", "title", "field")
    list_select_related = ("call",)
    actions_detail = ("close", "unfilled", "relist")
    fields = (
        "call",
        "number",
        "title",
        "field",
        "content",
        "indicators",
        "bidder_conditions",
        "wan_amount",
        "planned_number",
        "owner",
        "owner_is_public",
        "state",
        "listed_at",
        "bids_close_at",
    )
    readonly_fields = fields

    @display(description=_("榜单金额"), ordering="amount")
    def wan_amount(self, topic):
        return "—" if topic.amount is None else wan(topic.amount)

    @button(
        _("截止揭榜"),
        may=lambda user, topic: (
            topic.state == TopicState.LISTED
            and _allowed(rules.check_can_close_topic, user, topic, at=timezone.now())
        ),
        text=_("截止后不再接受揭榜，开始评榜。"),
        icon="event_busy",
    )
    def close(self, request, topic, data, at):
        actions.close_topic(topic=topic, by=request.user, at=at)
        return _("已截止揭榜。")

    @button(
        _("流榜"),
        form=NoteForm,
        may=lambda user, topic: (
            topic.machine.allows(topic.state, TopicState.UNFILLED)
            and _allowed(rules.check_manages, user, topic.call)
        ),
        text=_("没有合格的揭榜方。"),
        icon="block",
    )
    def unfilled(self, request, topic, data, at):
        actions.topic_unfilled(topic=topic, note=data["note"], by=request.user, at=at)
        return _("已记录流榜。")

    @button(
        _("重新发榜"),
        form=RelistForm,
        may=lambda user, topic: _allowed(rules.check_can_relist, user, topic),
        text=_("任务回到榜单，按新的截止日期接受揭榜；发榜方会收到通知，没有提交的揭榜草稿重新计时。"),
        icon="replay",
        variant=ActionVariant.PRIMARY,
    )
    def relist(self, request, topic, data, at):
        closes = end_of_day(data["bids_close_at"])
        actions.relist_topic(topic=topic, bids_close_at=closes, note=data["note"], by=request.user, at=at)
        return _("已重新发榜。")


class DictionaryEntryInline(ReadOnlyMixin, TabularInline):
    """What the version holds; it changes by an upload alone."""

    model = DictionaryEntry
    fields = ("code", "name", "name_en", "parent")
    ordering = ("code",)
    formset = PagedRows
    per_page = 100
    extra = 0


@register(Dictionary)
class DictionaryAdmin(ModelAdmin):
    """Code lists that forms choose from, one row a dated version; entries come from a CSV file."""

    list_display = ("name", "code", "valid_from", "valid_to", "entry_count", "source")
    list_filter = ("code",)
    search_fields = ("code", "name", "source")
    fields = ("code", "name", "source", "valid_from", "valid_to")
    readonly_fields = ("code", "valid_from")
    form = DictionaryForm
    inlines = (DictionaryEntryInline,)
    actions_list = ("upload",)

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(number=Count("entries"))

    @display(description=_("条目数"))
    def entry_count(self, dictionary):
        return dictionary.number

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def upload(self, request):
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = DictionaryUploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                changed = actions.load_dictionary(**_uploaded(form.cleaned_data))
            except Refused as refused:
                form.add_error(refused.field if refused.field in form.fields else None, refused.message)
            else:
                messages.success(request, _("已更新 %(count)s 个条目。") % {"count": changed})
                return redirect("admin:grants_dictionary_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("上传字典"),
            "form": dress(form),
            "back": reverse("admin:grants_dictionary_changelist"),
        }
        status = 422 if request.method == "POST" else 200
        return render(request, "grants/dictionary_upload.html", context, status=status)

    upload.short_description = _("上传字典")
    upload.attrs = {}
    upload.icon = "upload"
    upload.variant = ActionVariant.PRIMARY
    upload.allowed_permissions = ["upload"]

    def has_upload_permission(self, request):
        return self.has_change_permission(request)


def _uploaded(data: dict) -> dict:
    return {name: data[name] for name in ("code", "name", "source", "valid_from", "codes")}
