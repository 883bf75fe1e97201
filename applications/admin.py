"""The formal-check desk: what was handed in, one line per rule, pass, return or reject."""

from collections import Counter

from django import forms
from django.contrib import messages
from django.contrib.admin import SimpleListFilter, display, register
from django.core.exceptions import PermissionDenied
from django.db.models import Min, OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from accounts.roles import Role
from applications import actions, queries, rules, sheets
from applications.forms import ConclusionForm, ReasonForm, ReturnForm, elsewhere
from applications.models import Application, PastProject, RuleResult, RuleStatus
from applications.queries.elsewhere import SAME, compared
from applications.states import OFFICE
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, button, dress, run
from core.calendar import end_of_day
from core.money import wan
from core.workflow import Refused
from notifications.models import Deadline

KEPT = "projects_elsewhere"
"""The key of the session under which a table waits for its confirmation."""
MARKS = [("", _("待审查")), *((mark.value, mark.label) for mark in rules.MARKS)]


class MarkForm(forms.ModelForm):
    """What the officer makes of one line."""

    officer_status = forms.ChoiceField(
        label=_("审查结论"), choices=MARKS, required=False, widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = RuleResult
        fields = ("officer_status", "officer_note")
        widgets = {"officer_note": UnfoldAdminTextareaWidget(attrs={"rows": 2})}


class RuleResultInline(TabularInline):
    model = RuleResult
    form = MarkForm
    fields = ("clause", "machine", "officer_status", "officer_note")
    readonly_fields = ("clause", "machine")
    extra = 0
    can_delete = False
    hide_title = True
    verbose_name_plural = _("逐条审查")

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and obj is not None and rules.allowed(rules.check_can_examine, request.user, obj)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("rule", "officer").order_by("rule__order")

    @display(description=_("条文"))
    def clause(self, line):
        return render_to_string("applications/admin/rule.html", {"line": line})

    @display(description=_("机器判断与依据"))
    def machine(self, line):
        return render_to_string("applications/admin/machine.html", {"line": line})


class OverdueFilter(SimpleListFilter):
    title = _("期限")
    parameter_name = "overdue"

    def lookups(self, request, model_admin):
        return [("yes", _("已逾期")), ("no", _("未逾期"))]

    def queryset(self, request, queryset):
        if self.value() == "yes":
            return queryset.filter(due_at__lt=timezone.now())
        if self.value() == "no":
            return queryset.filter(due_at__gte=timezone.now())
        return queryset


def with_due(rows):
    """Adds `due_at`, the nearest open deadline about an application, in the same query."""
    deadlines = Deadline.objects.open().filter(
        content_type__app_label="applications",
        content_type__model="application",
        object_id=OuterRef("pk"),
    )
    nearest = deadlines.order_by().values("object_id").annotate(due=Min("due_at")).values("due")
    return rows.annotate(due_at=Subquery(nearest))


@register(Application)
class ApplicationAdmin(HistoryMixin, ActionButtonsMixin, ModelAdmin):
    list_display = ("number", "title", "organisation", "call", "wan_asked", "state", "submitted_at", "due")
    list_filter = ("state", OverdueFilter, "call")
    search_fields = ("number", "title", "organisation__name", "organisation__credit_code")
    list_select_related = ("organisation", "call")
    ordering = ("-id",)
    inlines = (RuleResultInline,)

    class Media:
        css = {"all": ["applications/desk.css"]}

    actions_detail = ("pass_check", "conclude", "give_back", "turn_down")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "state"),
                    "title",
                    ("organisation", "call"),
                    "topic",
                    ("wan_asked", "wan_own"),
                    ("submitted_at", "submitted_by", "version"),
                    "files",
                    "exports",
                )
            },
        ),
        (_("申报内容"), {"fields": ("content",)}),
    )

    def get_queryset(self, request):
        return with_due(super().get_queryset(request))

    def get_readonly_fields(self, request, obj=None):
        names = []
        for _title, options in self.fieldsets:
            for entry in options["fields"]:
                names += entry if isinstance(entry, tuple) else [entry]
        return names

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or rules.allowed(rules.check_can_examine, request.user, obj))

    def save_model(self, request, obj, form, change):
        """Nothing of the application itself can be edited here."""

    def save_formset(self, request, form, formset, change):
        """Each changed line is one action."""
        for line in formset.forms:
            if line.has_changed():
                run(
                    request,
                    actions.officer_mark,
                    success=_("%(code)s：已记录审查结论。") % {"code": line.instance.rule.code},
                    rule_result=RuleResult.objects.select_related("rule").get(pk=line.instance.pk),
                    status=line.cleaned_data["officer_status"] or RuleStatus.MANUAL,
                    note=line.cleaned_data["officer_note"],
                )
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []

    @display(description=_("导出申报内容"))
    def exports(self, application):
        urls = [
            (reverse("applications:export", args=[application.pk, form]), name)
            for form, name in (("xlsx", "Excel"), ("json", "JSON"))
        ]
        if application.version > 1:
            urls.append((reverse("applications:versions", args=[application.pk]), _("比较各版本的内容")))
        return format_html_join(" · ", '<a class="text-primary-600 underline" href="{}">{}</a>', urls)

    @display(description=_("申请财政资金"), ordering="requested_amount")
    def wan_asked(self, application):
        return wan(application.requested_amount)

    @display(description=_("自筹资金"))
    def wan_own(self, application):
        return wan(application.own_amount)

    @display(description=_("办理期限"), ordering="due_at")
    def due(self, application):
        if application.due_at is None:
            return "—"
        text = f"{timezone.localtime(application.due_at):%Y-%m-%d}"
        return _("%(date)s（已逾期）") % {"date": text} if application.due_at < timezone.now() else text

    @display(description=_("文件"))
    def files(self, application):
        documents = queries.documents_of(application).order_by("kind", "-version")
        links = (
            (reverse("documents:download", args=[document.pk]), document.name, document.version)
            for document in documents
        )
        return format_html_join(" · ", '<a href="{}">{}（v{}）</a>', links) or "—"

    @display(description=_("已封存的内容"))
    def content(self, application):
        submission = queries.latest_submission(application)
        if submission is None:
            return "—"
        context = {
            "content": queries.for_reading(submission.content),
            "submission": submission,
            "documents": queries.latest_documents(application),
        }
        return render_to_string("applications/includes/_content.html", context)

    @button(
        _("通过形式审查"),
        may=lambda user, application: rules.allowed(rules.check_can_examine, user, application),
        text=_("逐条结论齐全且没有不符合的，进入下一环节。"),
        icon="check",
        variant=ActionVariant.PRIMARY,
    )
    def pass_check(self, request, application, data, at):
        actions.pass_formal_check(application=application, by=request.user, at=at)
        return _("形式审查通过，进入“%(state)s”。") % {"state": application.get_state_display()}

    @button(
        _("记录环节结论"),
        form=ConclusionForm,
        may=lambda user, application: (
            application.state in OFFICE and rules.allowed(rules.check_manages, user, application)
        ),
        text=_("记录本环节（考察、调查、论证、审批等）的结论：通过的进入下一环节，不通过的申报到此结束。"),
        icon="fact_check",
        variant=ActionVariant.PRIMARY,
    )
    def conclude(self, request, application, data, at):
        actions.conclude_step(application=application, by=request.user, at=at, **data)
        return _("结论已记录，现在是“%(state)s”。") % {"state": application.get_state_display()}

    @button(
        _("退回补正"),
        form=ReturnForm,
        may=lambda user, application: rules.allowed(rules.check_can_examine, user, application),
        text=_("申报团队会收到理由和期限；不填期限时为 5 个工作日。"),
        icon="undo",
    )
    def give_back(self, request, application, data, at):
        actions.return_for_supplement(
            application=application,
            reason=data["reason"],
            items=[line for line in data["items"].splitlines() if line.strip()],
            due_at=end_of_day(data["due_date"]) if data["due_date"] else None,
            by=request.user,
            at=at,
        )
        return _("已退回补正。")

    @button(
        _("不予受理"),
        form=ReasonForm,
        may=lambda user, application: rules.allowed(rules.check_can_examine, user, application),
        text=_("申报到此结束，申报团队会收到理由。"),
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def turn_down(self, request, application, data, at):
        actions.reject(application=application, reason=data["reason"], by=request.user, at=at)
        return _("已作不予受理处理。")


@register(PastProject)
class PastProjectAdmin(HistoryMixin, ModelAdmin):
    """Projects elsewhere (national, provincial, earlier systems) that limits on parallel projects count."""

    list_display = ("title", "plan", "status", "role", "credit_code", "starts_date", "ends_date")
    list_filter = ("status", "role", "plan")
    search_fields = ("title", "number", "credit_code", "id_number")
    fields = (
        ("plan", "number"),
        "title",
        ("credit_code", "id_number", "role"),
        ("status", "amount", "months_per_year"),
        ("starts_date", "ends_date"),
        "source",
        ("uploaded_by", "uploaded_at"),
    )
    readonly_fields = ("uploaded_by", "uploaded_at")
    actions_list = ("upload",)

    def upload(self, request):
        """`?template` is the table to fill; a file is compared first and written when it is confirmed."""
        if not self.has_upload_permission(request):
            raise PermissionDenied
        if "template" in request.GET:
            body = sheets.template(str(PastProject._meta.verbose_name), elsewhere.heads(), [])
            response = HttpResponse(body, content_type=sheets.XLSX)
            response["Content-Disposition"] = 'attachment; filename="projects-elsewhere.xlsx"'
            return response
        if request.method == "POST" and "confirm" in request.POST:
            return self._write(request)
        form = elsewhere.UploadForm(request.POST or None, request.FILES or None)
        shown = {"faults": [], "compared": None}
        if request.method == "POST" and form.is_valid():
            shown = self._compare(request, form)
        counts = Counter(one.what for one in shown["compared"] or ())
        context = {
            **self.admin_site.each_context(request),
            **shown,
            "opts": self.opts,
            "title": _("上传外部项目"),
            "form": dress(form),
            "counts": counts,
            "differing": [one for one in shown["compared"] or () if one.what != SAME],
            "back": reverse("admin:applications_pastproject_changelist"),
        }
        status = 422 if form.errors or shown["faults"] else 200
        return render(request, "applications/admin/upload.html", context, status=status)

    def _compare(self, request, form) -> dict:
        """What the file would change; kept for the confirmation, so that nobody sends it twice."""
        try:
            typed = sheets.read(form.cleaned_data["file"], elsewhere.heads())
            rows = elsewhere.cleaned(typed)
        except Refused as refused:
            form.add_error("file", refused.message)
            return {"faults": getattr(refused, "faults", []), "compared": None}
        kept = {"source": form.cleaned_data["source"], "rows": [list(row) for row in typed]}
        request.session[KEPT] = kept
        return {"faults": [], "compared": compared(rows)}

    def _write(self, request):
        kept = request.session.pop(KEPT, None)
        if kept is None:
            messages.error(request, _("没有等待写入的表格，请重新上传。"))
            return redirect("admin:applications_pastproject_upload")
        rows = elsewhere.cleaned([sheets.Row(*row) for row in kept["rows"]])
        try:
            counts = actions.record_elsewhere(
                rows=rows, source=kept["source"], by=request.user, at=timezone.now()
            )
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect("admin:applications_pastproject_upload")
        said = {what: counts[what] for what in ("new", "changed", "same")}
        messages.success(request, _("新增 %(new)s 项，更新 %(changed)s 项，%(same)s 项没有变化。") % said)
        return redirect("admin:applications_pastproject_changelist")

    upload.short_description = _("上传 Excel")
    upload.attrs = {}
    upload.icon = "upload"
    upload.variant = ActionVariant.PRIMARY
    upload.allowed_permissions = ["upload"]

    def has_upload_permission(self, request):
        return self.has_add_permission(request)

    def has_add_permission(self, request):
        return request.user.has_role(Role.PROGRAMME_MANAGER) or super().has_add_permission(request)
