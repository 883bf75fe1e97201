"""The formal-check desk: the lines of the rules beside the document; pass, return or reject."""

from typing import NamedTuple

from django.contrib import messages
from django.contrib.admin import SimpleListFilter, display, register
from django.core.exceptions import PermissionDenied
from django.db.models import Min, OuterRef, Subquery
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from applications import actions, eligibility, queries, rules
from applications.admin.batches import BatchMixin, CheckFilter, RuleFilter
from applications.admin.causes import CausesMixin
from applications.admin.claims import ClaimMixin
from applications.admin.intakes import IntakeFilter
from applications.admin.papers import PaperFilter, PaperMixin
from applications.admin.revising import RevisionMixin
from applications.admin.similarity import SimilarityFilter, SimilarityMixin
from applications.admin.tables import TableMixin
from applications.eligibility.places import places_of
from applications.forms import ConclusionForm, MarkForm, RejectForm, ReturnForm
from applications.models import Application, RuleResult, copies_received
from applications.states import OFFICE, ApplicationState
from core.admin import ActionButtonsMixin, ModelAdmin, button
from core.calendar import end_of_day
from core.models import Event
from core.money import wan
from core.workflow import Refused
from grants.models import NOMINATORS_RULE
from notifications.models import Deadline

EVENTS_SHOWN = 30


class Line(NamedTuple):
    """One rule on the desk: its result, the form for the officer, the places it was read from."""

    result: RuleResult
    form: MarkForm
    places: list[tuple[str, str]]
    faults: list[str]


def _nomination(application, lines: list[Line]) -> dict:
    """Who nominates it, where the notice lets people do so; no query where it does not."""
    if all(line.result.rule.code != NOMINATORS_RULE for line in lines):
        return {}
    return {
        "ways": queries.standing_of_nominators(application),
        "nominators": queries.nominators_for(application),
    }


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
class ApplicationAdmin(
    RevisionMixin,
    ClaimMixin,
    PaperMixin,
    BatchMixin,
    CausesMixin,
    SimilarityMixin,
    TableMixin,
    ActionButtonsMixin,
    ModelAdmin,
):
    list_display = (
        "number",
        "title",
        "organisation",
        "state",
        "due",
        "standing",
        "repeated",
        "paper",
        "wan_asked",
        "place",
        "call",
    )
    list_filter = (
        "state",
        CheckFilter,
        RuleFilter,
        SimilarityFilter,
        OverdueFilter,
        PaperFilter,
        "call",
        IntakeFilter,
    )
    search_fields = ("number", "title", "organisation__name", "organisation__credit_code")
    list_select_related = ("organisation", "call")
    ordering = ("-id",)
    actions_detail = (
        "judge_claim",
        "similarity",
        "repeated_numbers",
        "receive_papers",
        "excuse_papers",
        "pass_check",
        "conclude",
        "ask_revision",
        "go_on",
        "give_back",
        "turn_down",
    )

    def get_queryset(self, request):
        rows = queries.with_standing(with_due(super().get_queryset(request)))
        rows = queries.with_recommendation(rows).annotate(papers=copies_received())
        return queries.with_similarity(rows)

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or rules.allowed(rules.check_can_examine, request.user, obj))

    # ---- the desk ----

    def change_view(self, request, object_id, form_url="", extra_context=None):
        application = self._subject(request, object_id)
        if not self.has_view_permission(request, application):
            raise PermissionDenied
        may_mark = self.has_change_permission(request, application)
        if request.method != "POST":
            return self._page(request, application, self._lines(application))
        if not may_mark:
            raise PermissionDenied
        lines = self._lines(application, request.POST)
        if not self._mark(request, lines):
            return self._page(request, application, lines, status=422)
        if request.POST.get("do") != "pass":
            return redirect("admin:applications_application_change", application.pk)
        return self._pass(request, application)

    def _lines(self, application, data=None) -> list[Line]:
        """Six queries at most, however many lines there are."""
        labels = eligibility.labels_for(application.call)
        submission = queries.latest_submission(application)
        answered = {answer["code"] for answer in submission.content["answers"]} if submission else set()
        return [
            Line(result, MarkForm(data, line=result), places_of(result.rule, labels, answered), [])
            for result in queries.rule_results(application)
        ]

    def _mark(self, request, lines: list[Line]) -> bool:
        """Each changed line is one action; False when one could not be recorded: it says why."""
        now, recorded = timezone.now(), 0
        for line in lines:
            if not line.form.is_valid():
                line.faults.extend(fault for faults in line.form.errors.values() for fault in faults)
            elif line.form.is_changed:
                data = line.form.cleaned_data
                try:
                    actions.officer_mark(
                        rule_result=line.result,
                        status=data["status"],
                        note=data["note"],
                        by=request.user,
                        at=now,
                    )
                except Refused as refused:
                    line.faults.append(refused.message)
                else:
                    recorded += 1
        if recorded:
            messages.success(request, _("已记录 %(n)s 条审查结论。") % {"n": recorded})
        elif request.POST.get("do") != "pass" and not any(line.faults for line in lines):
            messages.info(request, _("没有改动：没有新的审查结论可以记录。"))
        return not any(line.faults for line in lines)

    def _pass(self, request, application):
        """Pass and go on to the next in the queue; what stands against it is said on the same page."""
        _before, after = queries.neighbours(application, request.user)
        try:
            actions.pass_formal_check(application=application, by=request.user, at=timezone.now())
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect("admin:applications_application_change", application.pk)
        messages.success(
            request,
            _("%(number)s 形式审查通过，进入“%(state)s”。")
            % {"number": application.number, "state": application.get_state_display()},
        )
        if after is None:
            return redirect(f"{reverse('admin:applications_application_changelist')}?state=formal_check")
        return redirect("admin:applications_application_change", after)

    def _page(self, request, application, lines, *, status=200):
        latest, earlier = queries.two_versions(application)
        before, after = queries.neighbours(application, request.user)
        reads_report = rules.allowed(rules.check_reads_similarity, request.user, application)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": application.title,
            "application": application,
            "lines": lines,
            "stamped": queries.stamped_for(application, request.user),
            "joint": queries.joint_opinions(application, request.user),
            "sign_offs": queries.sign_offs(application),
            "copies": queries.papers_of(application),
            "may_receive": rules.allowed(rules.check_can_receive_papers, request.user, application),
            **_nomination(application, lines),
            "report": queries.report_of(application) if reads_report else None,
            "reads_report": reads_report,
            "decks": queries.decks_of(application, [line.result for line in lines]),
            "faulty": [line for line in lines if line.faults],
            "may_mark": self.has_change_permission(request, application),
            "submission": latest,
            "content": latest and queries.for_reading(latest.content),
            "papers": queries.sealed_papers(application, latest) if latest else [],
            "earlier": earlier,
            "changes": queries.differences(earlier.content, latest.content) if earlier else [],
            "unconfirmed": queries.unconfirmed_authority(application),
            "recommended": queries.recommendation_of(application),
            "returned": queries.returns(application, before=latest.at)[:1] if earlier else [],
            "appeals": queries.appeals_of(application),
            "buttons": self._buttons(request, application),
            "before": before,
            "after": after,
            "deadlines": Deadline.objects.open().filter(
                content_type__app_label="applications",
                content_type__model="application",
                object_id=application.pk,
            ),
            "events": Event.objects.about(application)
            .select_related("content_type")
            .order_by("-at", "-id")[:EVENTS_SHOWN],
            "now": timezone.now(),
            "exports": [(form, name) for form, name in (("xlsx", "Excel"), ("json", "JSON"))],
        }
        return render(request, "applications/admin/desk.html", context, status=status)

    def _buttons(self, request, application) -> list[tuple[str, str, str]]:
        """(name, words, address) of what the person may do now."""
        found = []
        for name in self.actions_detail:
            view = getattr(self, name)
            if self._may_press(request, view, application):
                address = reverse(f"admin:applications_application_{name}", args=[application.pk])
                found.append((name, view.short_description, address))
        return found

    @display(description=_("申请财政资金"), ordering="requested_amount")
    def wan_asked(self, application):
        return wan(application.requested_amount)

    @display(description=_("逐条结论"))
    def standing(self, application):
        """How far the lines are, for what is under check."""
        if application.state != ApplicationState.FORMAL_CHECK:
            return "—"
        if application.failed_lines:
            return _("%(n)s 条不符合") % {"n": application.failed_lines}
        if application.open_lines:
            return _("%(n)s 条待审查") % {"n": application.open_lines}
        return _("可以通过")

    @display(description=_("推荐排序"), ordering="place")
    def place(self, application):
        return application.place or "—"

    @display(description=_("办理期限"), ordering="due_at")
    def due(self, application):
        if application.due_at is None:
            return "—"
        text = f"{timezone.localtime(application.due_at):%Y-%m-%d}"
        return _("%(date)s（已逾期）") % {"date": text} if application.due_at < timezone.now() else text

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
        form=RejectForm,
        may=lambda user, application: rules.allowed(rules.check_can_examine, user, application),
        text=_("申报团队会收到理由和条款，可以在通知规定的期限内申请一次复审，由您以外的人办理。"),
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def turn_down(self, request, application, data, at):
        actions.reject(application=application, by=request.user, at=at, **data)
        return _("已作不予受理处理。")
