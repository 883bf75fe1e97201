"""The desk of filed facilities: file, open a year, score, publish grades, decide removals."""

import re

from django.contrib import messages
from django.contrib.admin import display, register
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display as badge
from unfold.enums import ActionVariant

from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button, dress, run
from core.money import wan
from core.workflow import Refused
from facilities import actions, queries, rules
from facilities.forms import (
    FilingForm,
    PaymentForm,
    ProlongForm,
    ReasonForm,
    RenewForm,
    ScoreForm,
    YearForm,
)
from facilities.models import UNQUALIFIED, AnnualEvaluation, Facility, FacilityScheme
from facilities.states import EvaluationState, FacilityState

FACILITY_TONES = {
    FacilityState.OPERATING: "success",
    FacilityState.RECTIFYING: "warning",
    FacilityState.REMOVED: "danger",
    FacilityState.CLOSED: "info",
    FacilityState.EXPIRED: "info",
    FacilityState.REPLACED: "info",
}
EVALUATION_TONES = {
    EvaluationState.REPORTING: "warning",
    EvaluationState.DISTRICT_CHECK: "info",
    EvaluationState.SCORING: "warning",
    EvaluationState.GRADED: "warning",
    EvaluationState.PUBLISHED: "info",
    EvaluationState.CONCLUDED: "success",
    EvaluationState.CANCELLED: "info",
}
SEPARATORS = re.compile(r"[、,，;；\s]+")


@register(FacilityScheme)
class FacilitySchemeAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("call", "kind", "data_from", "data_to", "report_opens", "report_closes", "pass_mark")
    list_filter = ("kind",)
    list_select_related = ("call",)


@register(Facility)
class FacilityAdmin(ReadOnlyMixin, HistoryMixin, ActionButtonsMixin, ModelAdmin):
    list_display = ("name", "number", "kind", "organisation", "filed_date", "last_score", "condition")
    list_filter = ("state", "kind", "call__programme")
    search_fields = ("name", "number", "organisation__name", "organisation__credit_code")
    ordering = ("-id",)
    fields = (
        "number",
        "name",
        "kind",
        "organisation",
        "call",
        "award",
        "service_list",
        "filed_date",
        "valid_until",
        "filed_by",
        "state",
        "failures",
        "rectify_due_date",
        "removal_due_at",
        "on_the_portal",
    )
    readonly_fields = ("service_list", "on_the_portal")
    actions_list = ("file_one", "open_year")
    actions_detail = ("renew", "prolong", "remove", "close")

    def get_queryset(self, request):
        last = AnnualEvaluation.objects.filter(
            facility=OuterRef("pk"), state=EvaluationState.CONCLUDED
        ).order_by("-year", "-round")
        rows = queries.with_call(super().get_queryset(request)).select_related("filed_by", "award")
        return rows.annotate(
            score=Subquery(last.values("score")[:1]), grade=Subquery(last.values("grade")[:1])
        )

    @display(description=_("最近得分"), ordering="score")
    def last_score(self, facility):
        grade = _("不合格") if facility.grade == UNQUALIFIED else facility.grade
        return "—" if facility.score is None else f"{facility.score} · {grade}"

    @badge(description=_("状态"), label=FACILITY_TONES, ordering="state")
    def condition(self, facility):
        return facility.state, facility.get_state_display()

    @display(description=_("服务"))
    def service_list(self, facility):
        names = queries.service_names(queries.scheme_of(facility.call))
        return str(_("、")).join(names.get(code, code) for code in facility.services)

    @display(description=_("案例与评价"))
    def on_the_portal(self, facility):
        pages = [
            (reverse("facilities:facility", args=[facility.pk]), _("平台页面")),
            (reverse("facilities:cases", args=[facility.pk]), _("服务案例")),
        ]
        return format_html_join(" · ", '<a href="{}">{}</a>', pages)

    # ---- the list's own pages ----

    def has_work_permission(self, request):
        return super(ReadOnlyMixin, self).has_change_permission(request)

    def _list_page(self, request, title, text, form, act):
        """A page with one form whose POST calls `act(data)`, which returns a sentence."""
        if not self.has_work_permission(request):
            raise PermissionDenied
        form = dress(form)
        if request.method == "POST" and form.is_valid():
            try:
                sentence = act(form)
            except Refused as refused:
                form.add_error(refused.field if refused.field in form.fields else None, refused.message)
            else:
                messages.success(request, sentence)
                return redirect("admin:facilities_facility_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "text": text,
            "form": form,
            "media": self.media + form.media,
            "back": reverse("admin:facilities_facility_changelist"),
        }
        status = 422 if request.method == "POST" else 200
        return render(request, "core/admin_button.html", context, status=status)

    def open_year(self, request):
        def act(form):
            opened = actions.open_year(by=request.user, at=timezone.now(), **form.cleaned_data)
            return _("已开展 %(n)s 个平台的年度评价，自评期限已通知平台。") % {"n": len(opened)}

        form = YearForm(request.POST or None, user=request.user, initial={"year": timezone.localdate().year})
        text = _("通知下运行和整改中的平台都开始这一年的评价；已开展的不重复，可以再次操作补上新备案的平台。")
        return self._list_page(request, _("开展年度评价"), text, form, act)

    open_year.short_description = _("开展年度评价")
    open_year.attrs, open_year.icon = {}, "event_repeat"
    open_year.variant = ActionVariant.PRIMARY
    open_year.allowed_permissions = ["work"]

    def file_one(self, request):
        def act(form):
            facility = self._filed(request, form)
            return _("已备案：%(name)s（%(number)s）。") % {"name": facility, "number": facility.number}

        text = _("任务书签订时系统自动备案；签订前或系统上线前备案的平台在这里登记。")
        form = FilingForm(request.POST or None, user=request.user)
        return self._list_page(request, _("登记备案平台"), text, form, act)

    file_one.short_description = _("登记备案平台")
    file_one.attrs, file_one.icon = {}, "add_business"
    file_one.variant = ActionVariant.DEFAULT
    file_one.allowed_permissions = ["work"]

    def _filed(self, request, form) -> Facility:
        data, at = form.cleaned_data, timezone.now()
        if number := data["award_number"].strip():
            award = queries.unfiled_award(number)
            if award is None or not rules.can_file(request.user, award.application.call):
                raise Refused(_("没有这个立项编号，或它已经备案。"), field="award_number", code="not_found")
            return actions.file_award(award=award, by=request.user, at=at)
        scheme = queries.scheme_of(data["call"])
        chosen = [code for code in SEPARATORS.split(data["services"]) if code]
        return actions.file_facility(
            call=data["call"],
            organisation=form.organisation(),
            name=data["name"],
            number=data["number"],
            services=chosen or [row["code"] for row in scheme.services],
            kind=data["kind"],
            filed_date=data["filed_date"],
            valid_until=data["valid_until"],
            by=request.user,
            at=at,
        )

    # ---- one facility ----

    @button(
        _("续期"),
        form=RenewForm,
        may=rules.can_renew,
        text=_("备案有效期届满前续期；到期后也可以补办，平台恢复运行。"),
        icon="event_available",
        variant=ActionVariant.PRIMARY,
    )
    def renew(self, request, facility, data, at):
        actions.renew(facility=facility, by=request.user, at=at, **data)
        return _("备案已续期至 %(date)s。") % {"date": facility.valid_until}

    @button(
        _("取消备案"),
        form=ReasonForm,
        may=rules.can_decide_removal,
        text=_("连续不合格达到规定次数，或整改逾期的，由局领导决定取消备案。平台会收到理由。"),
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def remove(self, request, facility, data, at):
        actions.remove(facility=facility, reason=data["reason"], by=request.user, at=at)
        return _("已取消备案。")

    @button(
        _("延长整改"),
        form=ProlongForm,
        may=rules.can_decide_removal,
        text=_("不取消备案，另给整改期限。"),
        icon="more_time",
    )
    def prolong(self, request, facility, data, at):
        actions.prolong(facility=facility, by=request.user, at=at, **data)
        return _("整改期限已延长。")

    @button(
        _("登记主动退出"),
        form=ReasonForm,
        may=rules.can_close,
        text=_("平台申请退出备案的，登记后不再列入公开名单，未完成的评价随之取消。"),
        icon="logout",
    )
    def close(self, request, facility, data, at):
        actions.close(facility=facility, reason=data["reason"], by=request.user, at=at)
        return _("已退出备案。")


@register(AnnualEvaluation)
class AnnualEvaluationAdmin(ReadOnlyMixin, HistoryMixin, ActionButtonsMixin, ModelAdmin):
    list_display = ("platform", "year", "round", "report_due_at", "green", "score", "grade", "condition")
    list_filter = ("state", "year", "grade", "facility__kind", "facility__call__programme")
    search_fields = ("facility__name", "facility__number", "facility__organisation__name")
    ordering = ("-year", "-id")
    fieldsets = (
        (None, {"fields": ("facility", "year", "round", "state", "data_window", "clause", "report_link")}),
        (
            _("自评"),
            {
                "fields": (
                    "report_opens_at",
                    "report_due_at",
                    "submitted_by",
                    "submitted_at",
                    "figures",
                    "said",
                )
            },
        ),
        (_("区级审查"), {"fields": ("is_green", "check_opinion", "checked_by", "checked_at")}),
        (
            _("评价"),
            {"fields": ("pass_mark", "score", "grade", "score_opinion", "scored_by", "scored_at")},
        ),
        (_("公示与拨付"), {"fields": ("publicity_ends_date", "wan_paid", "paid_date")}),
    )
    actions_detail = ("give_score", "publish", "conclude", "pay", "score_again", "give_back", "go_on")
    actions = ("publish_selected",)

    def get_readonly_fields(self, request, obj=None):
        return [name for _title, options in self.fieldsets for name in options["fields"]]

    def get_queryset(self, request):
        return queries.with_facility(super().get_queryset(request))

    @display(description=_("平台"), ordering="facility__name")
    def platform(self, evaluation):
        return evaluation.facility.name

    @display(description=_("绿色门槛"), boolean=True)
    def green(self, evaluation):
        return evaluation.is_green

    @badge(description=_("状态"), label=EVALUATION_TONES, ordering="state")
    def condition(self, evaluation):
        return evaluation.state, evaluation.get_state_display()

    @display(description=_("数据期"))
    def data_window(self, evaluation):
        return f"{evaluation.data_from_date:%Y-%m-%d} — {evaluation.data_to_date:%Y-%m-%d}"

    @display(description=_("自评报告"))
    def report_link(self, evaluation):
        url = reverse("facilities:evaluation", args=[evaluation.pk])
        return format_html('<a href="{}">{}</a>', url, _("查看自评和服务案例"))

    @display(description=_("服务数据"))
    def figures(self, evaluation):
        facts = evaluation.facts
        if not facts:
            return "—"
        return _("案例 %(n)s 个，收费 %(fees)s，成熟度提升 %(rise)s 级") % {
            "n": facts["cases"],
            "fees": wan(rules.figure(facts["fees"])),
            "rise": facts["trl_rise"],
        }

    @display(description=_("自评内容"))
    def said(self, evaluation):
        typed, scheme = evaluation.report, queries.scheme_of(evaluation.facility.call)
        lines = [
            f"{queries.named(row)}：{typed.get('value_' + row['code']) or '—'} {queries.unit_of(row)}"
            for row in scheme.indicators
        ]
        return "\n".join([*lines, typed.get("summary", "")]) or "—"

    @display(description=_("拨付金额"))
    def wan_paid(self, evaluation):
        return "—" if evaluation.paid_amount is None else wan(evaluation.paid_amount)

    @button(
        _("评分"),
        form=ScoreForm,
        may=rules.can_score,
        text=_("等次按通知的标准由得分得出；公示之前可以重新评分。"),
        icon="grading",
        variant=ActionVariant.PRIMARY,
    )
    def give_score(self, request, evaluation, data, at):
        actions.score(evaluation=evaluation, by=request.user, at=at, **data)
        return _("已评分：%(score)s，%(grade)s。") % {"score": evaluation.score, "grade": evaluation.grade}

    @button(_("公示等次"), may=rules.can_publish, icon="campaign", variant=ActionVariant.PRIMARY)
    def publish(self, request, evaluation, data, at):
        actions.publish(evaluation=evaluation, by=request.user, at=at)
        return _("已公示，到 %(date)s 期满。") % {"date": evaluation.publicity_ends_date}

    def publish_selected(self, request, queryset):
        for evaluation in queries.with_facility(queryset):
            run(
                request,
                actions.publish,
                success=_("“%(name)s”已公示。") % {"name": evaluation},
                evaluation=evaluation,
            )

    publish_selected.short_description = _("公示所选评价的等次")
    publish_selected.allowed_permissions = ["view"]

    @button(
        _("公示期满生效"),
        may=rules.can_conclude,
        text=_("公示期满后系统会自动生效；不合格的平台随即开始整改。"),
        icon="check_circle",
    )
    def conclude(self, request, evaluation, data, at):
        actions.conclude(evaluation=evaluation, by=request.user, at=at)
        return _("评价已生效。")

    @button(_("登记拨付"), form=PaymentForm, may=rules.can_pay, icon="payments")
    def pay(self, request, evaluation, data, at):
        actions.mark_paid(evaluation=evaluation, by=request.user, at=at, **data)
        return _("已登记拨付。")

    @button(
        _("重新评分"),
        form=ReasonForm,
        may=rules.can_score_again,
        text=_("评分有误，或公示期内异议成立的，退回重新评分；理由记入历史。"),
        icon="replay",
    )
    def score_again(self, request, evaluation, data, at):
        actions.score_again(evaluation=evaluation, reason=data["reason"], by=request.user, at=at)
        return _("已退回重新评分。")

    @button(_("退回补正"), form=ReasonForm, may=rules.can_return, icon="undo")
    def give_back(self, request, evaluation, data, at):
        actions.return_report(evaluation=evaluation, reason=data["reason"], by=request.user, at=at)
        return _("已退回平台补正。")

    @button(
        _("未自评直接评分"),
        form=ReasonForm,
        may=rules.can_go_on,
        text=_("自评截止后平台仍未提交的，按已有服务案例评分。"),
        icon="skip_next",
    )
    def go_on(self, request, evaluation, data, at):
        actions.go_on_without_report(evaluation=evaluation, reason=data["reason"], by=request.user, at=at)
        return _("已转入评分。")
