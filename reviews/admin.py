"""Two desks: the manager's, who composes panels, and the expert's own, who scores."""

from django.contrib import messages
from django.contrib.admin import SimpleListFilter, display, register
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from accounts.roles import Role
from applications.admin.intakes import IntakeFilter
from applications.queries import decks_of
from applications.states import ApplicationState
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button, dress, page
from core.paging import paginate
from core.sent import numbers
from core.workflow import Refused
from grants.admin import PartOfCallMixin
from reviews import actions, library, queries, rules
from reviews.forms import (
    CandidateFilter,
    ConflictForm,
    DeclareForm,
    PledgeForm,
    ReasonForm,
    ScoreSheetForm,
)
from reviews.models import (
    Assignment,
    Conflict,
    Criterion,
    DemanderChoice,
    Expert,
    LibraryRule,
    Panel,
    Review,
    ReviewScheme,
)
from reviews.states import AssignmentState


def is_of_bureau(user) -> bool:
    """Managers and whoever sees everything; not experts, who hold the app's permission for their desk."""
    return user.scope.sees_everything or user.has_role(Role.PROGRAMME_MANAGER)


class BureauOnlyMixin:
    """Pages of this app that an expert must not open."""

    def has_module_permission(self, request):
        return super().has_module_permission(request) and is_of_bureau(request.user)

    def has_view_permission(self, request, obj=None):
        return super().has_view_permission(request, obj) and is_of_bureau(request.user)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and is_of_bureau(request.user)


class FollowsLibraryMixin:
    """Whatever is changed here brings the deadlines of the yearly update along."""

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        library.follow(by=request.user, at=timezone.now())

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        library.follow(by=request.user, at=timezone.now())

    def delete_queryset(self, request, queryset):
        super().delete_queryset(request, queryset)
        library.follow(by=request.user, at=timezone.now())


class FreshnessFilter(SimpleListFilter):
    title = _("年度更新")
    parameter_name = "fresh"

    def lookups(self, request, model_admin):
        return [("yes", _("已更新")), ("no", _("逾期未更新"))]

    def queryset(self, request, queryset):
        return queryset.filter(is_stale=self.value() == "no") if self.value() else queryset


@register(Expert)
class ExpertAdmin(FollowsLibraryMixin, BureauOnlyMixin, HistoryMixin, ModelAdmin):
    list_display = ("user", "organisation", "field", "title", "max_per_year", "is_active", "freshness")
    list_filter = ("is_active", FreshnessFilter, "field")
    readonly_fields = ("freshness", "updated_at")
    search_fields = ("user__name", "field", "organisation__name")
    list_select_related = ("user", "organisation")
    raw_id_fields = ("user", "organisation")

    def get_queryset(self, request):
        return super().get_queryset(request).with_freshness(at=timezone.now())

    @display(description=_("年度更新"))
    def freshness(self, expert):
        return _("逾期未更新") if getattr(expert, "is_stale", False) else _("已更新")


@register(LibraryRule)
class LibraryRuleAdmin(FollowsLibraryMixin, BureauOnlyMixin, ModelAdmin):
    """One row: by which day of the year experts look at their records."""

    list_display = ("__str__", "open_days", "from_year", "clause")

    def add_view(self, request, form_url="", extra_context=None):
        """There is one: whoever wants another comes to it."""
        if request.method == "GET" and (rule := queries.library_rule()):
            return redirect("admin:reviews_libraryrule_change", rule.pk)
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request, obj, form, change):
        obj.pk = 1
        super().save_model(request, obj, form, change)


@register(ReviewScheme)
class ReviewSchemeAdmin(PartOfCallMixin, BureauOnlyMixin, ModelAdmin):
    list_display = ("call", "panel_size", "is_blind", "aggregation", "threshold", "max_spread")
    list_select_related = ("call",)
    raw_id_fields = ("call",)


@register(Criterion)
class CriterionAdmin(PartOfCallMixin, BureauOnlyMixin, ModelAdmin):
    list_display = ("call", "name", "weight", "max_score", "order")
    list_filter = ("call",)
    list_select_related = ("call",)
    raw_id_fields = ("call",)


@register(Conflict)
class ConflictAdmin(ReadOnlyMixin, BureauOnlyMixin, ModelAdmin):
    list_display = ("expert", "application", "kind", "note", "recorded_by", "recorded_at")
    list_filter = ("kind",)
    list_select_related = ("expert__user", "application", "recorded_by")


@register(DemanderChoice)
class DemanderChoiceAdmin(ReadOnlyMixin, BureauOnlyMixin, ModelAdmin):
    list_display = ("topic", "application", "by", "at")
    list_select_related = ("topic", "application", "by")


@register(Review)
class ReviewAdmin(ReadOnlyMixin, BureauOnlyMixin, ModelAdmin):
    """Sealed score sheets, for the bureau to read."""

    list_display = ("application_number", "expert_name", "total", "recommendation", "submitted_at")
    list_filter = ("recommendation",)
    search_fields = ("assignment__application__number", "assignment__expert__user__name")
    list_select_related = ("assignment__application", "assignment__expert__user")
    ordering = ("-id",)

    @display(description=_("受理编号"), ordering="assignment__application__number")
    def application_number(self, review):
        return review.assignment.application.number

    @display(description=_("专家"))
    def expert_name(self, review):
        return str(review.assignment.expert)


@register(Panel)
class PanelAdmin(ReadOnlyMixin, BureauOnlyMixin, HistoryMixin, ActionButtonsMixin, ModelAdmin):
    """Applications under review: who judges, what came in, when the round ends."""

    list_display = ("number", "title", "organisation", "call", "state", "progress")
    list_filter = ("state", "call", IntakeFilter)
    search_fields = ("number", "title", "organisation__name")
    list_select_related = ("organisation", "call")
    ordering = ("-id",)
    fields = ("number", "title", "organisation", "call", "intake", "topic", "state")
    actions_detail = ("assign", "finish", "note_conflict")
    change_form_outer_before_template = "reviews/admin/panel.html"

    def get_queryset(self, request):
        tasks = Assignment.objects.filter(application=OuterRef("pk")).order_by()
        sealed = tasks.filter(state=AssignmentState.SUBMITTED)
        rows = super().get_queryset(request).filter(submitted_at__isnull=False)
        rows = rows.filter(Q(state=ApplicationState.EXPERT_REVIEW) | Exists(tasks))
        return rows.annotate(active=_count(tasks.active()), sealed=_count(sealed))

    @display(description=_("已提交 / 已邀请"))
    def progress(self, panel):
        return f"{panel.sealed} / {panel.active}"

    def change_view(self, request, object_id, form_url="", extra_context=None):
        panel = self._subject(request, object_id)
        tasks = queries.panel_of(panel)
        extra = {
            "result": queries.result(panel),
            "scheme": queries.scheme_of(panel.call),
            "decks": decks_of(panel),
            "tasks": [(task, rules.can_replace(request.user, task)) for task in tasks],
            "now": timezone.now(),
        }
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    @page(_("指派专家"), may=rules.can_organise, icon="group_add", variant=ActionVariant.PRIMARY)
    def assign(self, request, panel):
        """The candidates with load and conflicts; whoever has one cannot be chosen, and it says why."""
        now = timezone.now()
        errors = []
        if request.method == "POST":
            picked = Expert.objects.filter(pk__in=numbers(request.POST.getlist("expert")))
            try:
                found = actions.invite_several(
                    application=panel, experts=list(picked), by=request.user, at=now
                )
            except Refused as refused:
                errors.append(refused.message)
            else:
                messages.success(request, _("已邀请 %(n)s 名专家。") % {"n": len(found)})
                return redirect("admin:reviews_panel_change", panel.pk)
        form = CandidateFilter(request.GET)
        listing = paginate(
            queries.experts(q=form.chosen(), at=now),
            queries.CANDIDATE_ORDER,
            request.GET.get("cursor"),
            50,
            count=False,  # the page does not say how many
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("指派专家"),
            "panel": panel,
            "result": queries.result(panel),
            "candidates": queries.candidates(listing.rows, panel),
            "picked": set(request.POST.getlist("expert")),
            "errors": errors,
            "listing": listing,
            "filter": dress(form),
            "q": form.chosen(),
            "back": reverse("admin:reviews_panel_change", args=[panel.pk]),
        }
        return render(request, "reviews/admin/assign.html", context, status=422 if errors else 200)

    @button(
        _("结束评审"),
        may=rules.can_finish,
        text=_("全部评审表已提交。结束后进入通知规定的下一个环节。"),
        icon="task_alt",
        variant=ActionVariant.PRIMARY,
    )
    def finish(self, request, panel, data, at):
        state = actions.finish_round(application=panel, by=request.user, at=at)
        return _("评审已结束，进入“%(state)s”。") % {"state": ApplicationState(state).label}

    @button(_("登记回避"), form=ConflictForm, may=rules.can_organise, icon="block")
    def note_conflict(self, request, panel, data, at):
        actions.record_conflict(application=panel, by=request.user, at=at, **data)
        return _("已登记回避。")


def _count(rows):
    counted = rows.values("application_id").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


@register(Assignment)
class AssignmentAdmin(ReadOnlyMixin, HistoryMixin, ActionButtonsMixin, ModelAdmin):
    """For an expert the own desk; for managers every task of the department."""

    list_filter = ("state",)
    search_fields = ("application__number",)
    list_select_related = ("application__call", "application__topic", "expert__user", "review")
    ordering = ("-id",)
    fields = (
        "number",
        "call",
        "expert",
        "state",
        "invited_by",
        "invited_at",
        "due_at",
        "pledged_at",
        "score",
    )
    readonly_fields = fields
    actions_detail = ("accept", "decline", "declare", "replace")

    def get_queryset(self, request):
        related = ("application__call__programme", "application__topic", "application__organisation")
        return super().get_queryset(request).select_related(*related, "expert__user", "review")

    def get_list_display(self, request):
        shown = ["number", "call", "state", "due_at", "score"]
        return [*shown[:2], "expert", *shown[2:]] if is_of_bureau(request.user) else shown

    @display(description=_("受理编号"), ordering="application__number")
    def number(self, task):
        return task.application.number

    @display(description=_("通知"))
    def call(self, task):
        return task.application.call.title

    @display(description=_("总分"))
    def score(self, task):
        review = getattr(task, "review", None)
        return review.total if review and review.total is not None else "—"

    def get_inlines(self, request, obj):
        """The history of a task names officers; an expert reads the desk alone."""
        return super().get_inlines(request, obj) if is_of_bureau(request.user) else []

    def change_view(self, request, object_id, form_url="", extra_context=None):
        task = self._subject(request, object_id)
        if task.expert.user_id == request.user.pk:
            return self._desk(request, task)
        return super().change_view(request, object_id, form_url, extra_context)

    # ---- the expert's desk ----

    def _desk(self, request, task):
        now = timezone.now()
        form = ScoreSheetForm(request.POST or None, assignment=task)
        if request.method == "POST":
            answer = self._store(request, task, form, at=now)
            if answer is not None:
                return answer
        status = 422 if request.method == "POST" else 200
        review = Review.objects.filter(assignment=task).first()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("评审 %(number)s") % {"number": task.application.number},
            "task": task,
            "review": review,
            "form": dress(form),
            "dossier": queries.dossier(task),
            "limit": rules.amount_limit(task.application),
            "can_score": rules.can_score(request.user, task),
            "can_accept": rules.can_accept(request.user, task),
            "can_decline": rules.can_decline(request.user, task),
            "now": now,
        }
        return render(request, "reviews/admin/desk.html", context, status=status)

    def _store(self, request, task, form, *, at):
        """Save or submit; None when the page must be shown again with what was typed."""
        do = request.POST.get("do", "save")
        valid = form.is_valid()
        if not valid and do != "autosave":
            return None
        store = actions.submit_review if do == "submit" else actions.save_review
        try:
            review = store(assignment=task, by=request.user, at=at, **form.sheet())
        except Refused as refused:
            if do == "autosave":
                return JsonResponse({"error": refused.message}, status=422)
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
            return None
        if do == "autosave":
            return JsonResponse(
                {
                    "saved": timezone.localtime(at).strftime("%H:%M:%S"),
                    "total": None if review.total is None else str(review.total),
                    "faults": [
                        f"{form[name].label}：{messages[0]}" for name, messages in form.errors.items()
                    ],
                }
            )
        if do == "submit":
            messages.success(request, _("评审表已提交并封存，谢谢。"))
            return redirect("admin:reviews_assignment_changelist")
        messages.success(request, _("已保存，可以继续修改。"))
        return redirect("admin:reviews_assignment_change", task.pk)

    @button(
        _("接受邀请"),
        form=PledgeForm,
        may=rules.can_accept,
        text=_("接受前请确认没有应当回避的情形。"),
        icon="check",
        variant=ActionVariant.PRIMARY,
    )
    def accept(self, request, task, data, at):
        actions.accept(assignment=task, pledge=data["pledge"], by=request.user, at=at)
        return _("已接受，请在 %(due)s 前提交评审表。") % {
            "due": timezone.localtime(task.due_at).strftime("%Y-%m-%d %H:%M")
        }

    @button(_("谢绝"), form=ReasonForm, may=rules.can_decline, icon="close")
    def decline(self, request, task, data, at):
        actions.decline(assignment=task, reason=data["reason"], by=request.user, at=at)
        return _("已谢绝。")

    @button(
        _("申明回避"),
        form=DeclareForm,
        may=rules.can_decline,
        text=_("与项目、单位或人员有利害关系的，请申明回避；任务随即结束。"),
        icon="block",
    )
    def declare(self, request, task, data, at):
        actions.declare_conflict(assignment=task, note=data["note"], by=request.user, at=at)
        return _("已申明回避。")

    @button(_("更换专家"), form=ReasonForm, may=rules.can_replace, icon="swap_horiz")
    def replace(self, request, task, data, at):
        actions.replace(assignment=task, reason=data["reason"], by=request.user, at=at)
        return _("已取消这名专家的任务。")
