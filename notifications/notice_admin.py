"""Decisions served on teams: who has acknowledged, when, and who is still to be chased; and the rules."""

import csv
from datetime import timedelta
from io import StringIO

from django.contrib import messages
from django.contrib.admin import SimpleListFilter, action, register
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Subquery, TextField
from django.db.models.functions import Cast, Coalesce
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold import admin as unfold
from unfold.decorators import display

from core.admin import HistoryMixin, ModelAdmin, ReadOnlyMixin
from core.workflow import Refused
from notifications import chasing, receipts
from notifications.models import Acknowledgement, Message, Notice, NoticeRule
from notifications.states import NoticeState

MOST_ROWS = 20_000
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be computed by a spreadsheet."""

NOTICE_TONES = {
    NoticeState.SERVED: "warning",
    NoticeState.RECEIVED: "success",
    NoticeState.DEEMED: "info",
}


class SoonFilter(SimpleListFilter):
    title = _("视为送达")
    parameter_name = "soon"

    def lookups(self, request, model_admin):
        return [("2", _("两天内视为送达"))]

    def queryset(self, request, queryset):
        if self.value() == "2":
            until = timezone.now() + timedelta(days=2)
            return queryset.filter(state=NoticeState.SERVED, deemed_at__lt=until)
        return queryset


class ReceiptInline(ReadOnlyMixin, unfold.TabularInline):
    """Each person on whom the notice was served, with the moments of reading and of acknowledging."""

    model = Message
    fields = ("person", "sent", "read", "acknowledged")
    readonly_fields = fields
    extra = 0
    hide_title = True
    verbose_name_plural = _("收件人")

    def get_queryset(self, request):
        own = Acknowledgement.objects.filter(notice=OuterRef("notice_id"), user=OuterRef("recipient_id"))
        rows = super().get_queryset(request).select_related("recipient").order_by("id")
        return rows.annotate(acknowledged_at=Subquery(own.values("at")[:1]))

    @display(description=_("姓名"))
    def person(self, message):
        return message.recipient.name

    @display(description=_("送达时间"))
    def sent(self, message):
        return _moment(message.created_at)

    @display(description=_("阅读时间"))
    def read(self, message):
        return _moment(message.read_at)

    @display(description=_("签收时间"))
    def acknowledged(self, message):
        return _moment(message.acknowledged_at)


def _moment(at) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else "—"


def _counted(model, owner: str):
    rows = model.objects.filter(**{owner: OuterRef("pk")}).order_by().values(owner)
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)


@register(Notice)
class NoticeAdmin(ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """What was served on whom; nothing here can be changed, those who have not acknowledged can be chased."""

    list_display = ("said", "served", "condition", "receiver", "received", "deemed", "count")
    list_filter = ("state", SoonFilter, "kind", "department", "served_at")
    list_select_related = ("department", "received_by")
    search_fields = ("words", "received_by__name")
    ordering = ("-id",)
    fields = (
        "said",
        "kind",
        "state",
        "department",
        "served_at",
        "deemed_at",
        "basis",
        "received_at",
        "received_by",
    )
    inlines = (ReceiptInline,)
    actions = ("chase", "export")

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .annotate(
                words=Cast("title", TextField()),
                people=_counted(Message, "notice"),
                signed=_counted(Acknowledgement, "notice"),
            )
        )

    def has_chase_permission(self, request) -> bool:
        try:
            chasing.check_can_chase(request.user)
        except Refused:
            return False
        return True

    @action(description=_("催签勾选的通知"), permissions=["chase"])
    def chase(self, request, queryset):
        if not self.has_chase_permission(request):
            raise PermissionDenied
        chosen = list(queryset[: receipts.MOST])
        count = receipts.chase(notices=chosen, by=request.user, at=timezone.now())
        text = ngettext("已催签 %(count)s 份通知。", "已催签 %(count)s 份通知。", count) % {"count": count}
        if count < len(chosen):
            text += str(_("其余的已签收、已视为送达，或今天已经催过。"))
        messages.success(request, text)

    @action(description=_("导出勾选的通知（CSV）"), permissions=["view"])
    def export(self, request, queryset):
        body = StringIO()
        writer = csv.writer(body)
        writer.writerow(
            str(title)
            for title in (
                _("标题"),
                _("通知种类"),
                _("状态"),
                _("主管处室"),
                _("送达时间"),
                _("视为送达时间"),
                _("收到时间"),
                _("签收人"),
                _("签收人数"),
                _("收件人数"),
            )
        )
        for notice in queryset.order_by("-id")[:MOST_ROWS]:
            writer.writerow(
                (
                    _plain(str(notice.title)),
                    notice.get_kind_display(),
                    notice.get_state_display(),
                    notice.department or "",
                    _moment(notice.served_at),
                    _moment(notice.deemed_at),
                    _moment(notice.received_at),
                    _plain(notice.received_by.name if notice.received_by else ""),
                    notice.signed,
                    notice.people,
                )
            )
        response = HttpResponse(body.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="receipts.csv"'
        return response

    @display(description=_("标题"))
    def said(self, notice):
        return str(notice.title)

    @display(description=_("依据"))
    def basis(self, notice):
        return str(notice.explanation)

    @display(description=_("状态"), label=NOTICE_TONES, ordering="state")
    def condition(self, notice):
        return notice.state, notice.get_state_display()

    @display(description=_("签收人"))
    def receiver(self, notice):
        return notice.received_by.name if notice.received_by else "—"

    @display(description=_("送达时间"), ordering="served_at")
    def served(self, notice):
        return _moment(notice.served_at)

    @display(description=_("收到时间"), ordering="received_at")
    def received(self, notice):
        return _moment(notice.received_at)

    @display(description=_("视为送达时间"), ordering="deemed_at")
    def deemed(self, notice):
        return _moment(notice.deemed_at)

    @display(description=_("签收／收件人"))
    def count(self, notice):
        return f"{notice.signed}／{notice.people}"


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULAS) else text


@register(NoticeRule)
class NoticeRuleAdmin(ModelAdmin):
    """Which notices must be acknowledged, and when they are deemed served."""

    list_display = ("kind", "scope", "needs_receipt", "period", "clause")
    list_filter = ("kind", "programme", "needs_receipt")
    ordering = ("id",)
    fields = ("kind", "programme", "series", "needs_receipt", "deemed_days", "day_kind", "clause")

    def has_delete_permission(self, request, obj=None):
        """A rule of its own may go; the general rule of a kind stays."""
        return bool(obj and (obj.programme or obj.series)) and super().has_delete_permission(request, obj)

    @display(description=_("范围"))
    def scope(self, rule):
        if rule.series:
            return _("通知 %(series)s") % {"series": str(rule.series)[:8]}
        return _("计划 %(slug)s") % {"slug": rule.programme} if rule.programme else _("全部")

    @display(description=_("视为送达"))
    def period(self, rule):
        return f"{rule.deemed_days} {rule.get_day_kind_display()}" if rule.needs_receipt else "—"
