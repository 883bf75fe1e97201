"""The table of working days: uploaded by years, corrected by hand."""

from django import forms
from django.contrib import messages
from django.contrib.admin import register
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, Count, Q, When
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.enums import ActionVariant

from core import calendar, calendar_table
from core.admin.buttons import dress
from core.admin.pages import ModelAdmin
from core.models import CalendarDay
from core.workflow import Lost


class CalendarUploadForm(forms.Form):
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("例如：国办发明电〔2026〕9 号"))
    file = forms.FileField(
        label=_("工作日历表"),
        help_text=_("CSV 或 YAML，列为：日期、上班（是/否）、节日。表中出现的年份将整年替换。"),
    )

    def clean(self):
        file = self.cleaned_data.get("file")
        if file:
            try:
                self.cleaned_data["rows"] = calendar_table.parse(
                    file.read(calendar_table.MAX_BYTES + 1), file_name=file.name
                )
            except ValidationError as fault:
                self.add_error("file", fault)
        return self.cleaned_data


@register(CalendarDay)
class CalendarDayAdmin(ModelAdmin):
    """The 调休 table. Years are replaced by an upload; single days can be corrected by hand."""

    list_display = ("date", "is_working", "name", "source")
    list_filter = ("is_working",)
    date_hierarchy = "date"
    # What was announced first: ten years of days that follow from the law would stand before it.
    ordering = (Case(When(source=calendar.BY_LAW, then=1), default=0), "-date")
    search_fields = ("name", "source")
    actions_list = ("upload",)

    list_before_template = "core/includes/_awaited.html"

    def changelist_view(self, request, extra_context=None):
        awaited = calendar.awaited(calendar.local_date(timezone.now()))
        context = {"awaited": awaited, "may_upload": self.has_change_permission(request)}
        return self._unless_lost(
            request, super().changelist_view, extra_context=context | (extra_context or {})
        )

    def changeform_view(self, request, *args, **kwargs):
        return self._unless_lost(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request, *args, **kwargs):
        return self._unless_lost(request, super().delete_view, *args, **kwargs)

    def _unless_lost(self, request, view, *args, **kwargs):
        """The page; or, of a change that somebody else was in the way of, the sentence and the page again."""
        try:
            return view(request, *args, **kwargs)
        except Lost as lost:
            messages.error(request, lost.message)
            return redirect(request.get_full_path())

    def save_model(self, request, obj, form, change):
        with calendar_table.changing(source=obj.source, by=request.user, at=timezone.now()) as moved:
            obj.save()
        self._tell(request, "", moved)

    def delete_model(self, request, obj):
        with calendar_table.changing(source=obj.source, by=request.user, at=timezone.now()) as moved:
            obj.delete()
        self._tell(request, "", moved)

    def delete_queryset(self, request, queryset):
        with calendar_table.changing(
            source=str(_("删除调休日")), by=request.user, at=timezone.now()
        ) as moved:
            queryset.delete()
        self._tell(request, "", moved)

    def _tell(self, request, sentence: str, moved: calendar_table.Moved) -> None:
        if moved.dates:
            text = ngettext(
                "%(n)s 个未办结的期限按新的工作日历改到别的日期，已通知办理人。",
                "%(n)s 个未办结的期限按新的工作日历改到别的日期，已通知办理人。",
                moved.dates,
            )
            sentence += text % {"n": moved.dates}
        if sentence:
            messages.success(request, sentence)

    def upload(self, request):
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = CalendarUploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            rows = form.cleaned_data["rows"]
            try:
                moved = calendar_table.replace_years(
                    rows=rows, source=form.cleaned_data["source"], by=request.user, at=timezone.now()
                )
            except Lost as lost:
                form.add_error(None, lost.message)
            else:
                self._tell(request, _("已写入 %(days)s 天。") % {"days": len(rows)}, moved)
                return redirect("admin:core_calendarday_changelist")
        years = (
            CalendarDay.objects.order_by()
            .values("date__year")
            .annotate(
                rest=Count("pk", filter=Q(is_working=False)),
                work=Count("pk", filter=Q(is_working=True)),
                announced=Count("pk", filter=~Q(source=calendar.BY_LAW)),
            )
            .order_by("-date__year")
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("上传工作日历表"),
            "form": dress(form),
            "years": years,
            "awaited": calendar.awaited(calendar.local_date(timezone.now())),
            "back": reverse("admin:core_calendarday_changelist"),
        }
        status = 422 if request.method == "POST" else 200
        return render(request, "core/calendar_upload.html", context, status=status)

    upload.short_description = _("上传工作日历表")
    upload.attrs = {}
    upload.icon = "upload"
    upload.variant = ActionVariant.PRIMARY

    def has_upload_permission(self, request):
        return self.has_change_permission(request)

    upload.allowed_permissions = ["upload"]
