"""Causes of returns and rejections at the formal check: a page for managers, and its table for Excel."""

import io

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from rustpy_xlsxwriter import FastExcel
from unfold.enums import ActionVariant

from accounts.models import OrganisationKind
from applications import sheets
from applications.queries import causes as queries
from applications.questions import localised
from core.admin import dress

LABEL = 60


class CausesForm(forms.Form):
    """A GET form; what it cannot read counts as not chosen."""

    call = forms.ModelChoiceField(label=gettext_lazy("通知"), queryset=None, empty_label=None)
    kind = forms.ChoiceField(
        label=gettext_lazy("单位类型"),
        required=False,
        choices=[("", gettext_lazy("不限")), *OrganisationKind.choices],
    )
    region = forms.ChoiceField(label=gettext_lazy("区域"), required=False)
    recommender = forms.ChoiceField(label=gettext_lazy("推荐单位"), required=False)

    def __init__(self, *args, calls, call, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["call"].queryset = calls
        self.fields["call"].label_from_instance = lambda one: localised(one, "title")
        every = [("", gettext_lazy("不限"))]
        self.fields["region"].choices = every + [(code, code) for code in queries.regions_of(call)]
        self.fields["recommender"].choices = every + self._recommenders(call)

    def _recommenders(self, call) -> list:
        """As a region's office, or by name: as the authority of units or as chosen by applicants."""
        self.offices = {}
        by_region, by_name = [], []
        for office, name in queries.recommenders(call):
            key = office.region or f"unit-{office.organisation_id}"
            self.offices[key] = office
            (by_region if office.region else by_name).append((key, name))
        groups = ((_("区域的推荐单位"), by_region), (_("上级主管部门、申报人选择的推荐单位"), by_name))
        return [group for group in groups if group[1]]

    def chosen(self, call) -> queries.Chosen:
        self.is_valid()
        data = self.cleaned_data
        office = self.offices.get(data.get("recommender"))
        return queries.Chosen(
            data.get("call") or call, data.get("kind") or "", data.get("region") or "", office
        )


class CausesMixin:
    """The button above the list and the page behind it; `ApplicationAdmin` takes it."""

    actions_list = ("causes",)

    def has_causes_permission(self, request):
        scope = request.user.scope
        watches = scope.sees_everything or scope.departments or scope.headed
        return bool(watches) and self.has_view_permission(request)

    def causes(self, request):
        if not self.has_causes_permission(request):
            raise PermissionDenied
        calls = queries.calls_of(request.user)
        wanted = request.GET.get("call", "")
        call = calls.filter(pk=wanted).first() if wanted.isdecimal() and len(wanted) < 10 else None
        call = call or calls.first()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("退回与不予受理的原因"),
            "call": call,
        }
        if call is None:
            return render(request, "applications/admin/causes.html", context)
        form = CausesForm({"call": call.pk, **_given(request)}, calls=calls, call=call)
        chosen = form.chosen(call)
        found, totals = queries.causes(chosen), queries.totals(chosen)
        if "export" in request.GET:
            return _workbook(found, totals)
        context |= {
            "form": dress(form),
            "causes": found,
            "totals": totals,
            "decided": totals["passed"] + totals["returned"] + totals["rejected"],
            "bars": _bars(found, totals),
            "clauses": queries.clauses(chosen),
            "query": request.GET.urlencode(),
        }
        return render(request, "applications/admin/causes.html", context)

    causes.short_description = gettext_lazy("退回与不予受理的原因")
    causes.attrs = {}
    causes.icon = "bar_chart"
    causes.variant = ActionVariant.DEFAULT
    causes.allowed_permissions = ["causes"]


def _given(request) -> dict:
    return {name: request.GET.get(name, "") for name in ("kind", "region", "recommender")}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0


def _bars(found, totals) -> list[dict]:
    """The share of all returns and rejections behind which a rule stood."""
    whole = totals["returned"] + totals["rejected"]
    rows = [
        (f"{cause.clause} {Truncator(cause.text).chars(LABEL)}", cause.returned + cause.rejected)
        for cause in found
    ]
    if totals["other"]:
        rows.append((_("没有不符合的规则（其他原因）"), totals["other"]))
    return [
        {
            "label": label,
            "text": ngettext("%(n)s 次，%(share)s%%", "%(n)s 次，%(share)s%%", count)
            % {"n": count, "share": round(100 * _share(count, whole))},
            "share": _share(count, whole),
        }
        for label, count in rows
        if count
    ]


def _workbook(found, totals) -> HttpResponse:
    """Numbers as numbers, one row per rule, the sums in a sheet of their own."""
    whole = totals["returned"] + totals["rejected"]
    rows = [
        {
            _("条款"): cause.clause,
            _("代码"): cause.code,
            _("条文"): cause.text,
            _("退回补正"): cause.returned,
            _("不予受理"): cause.rejected,
            _("占退回与不予受理（%）"): round(100 * _share(cause.returned + cause.rejected, whole), 1),
            _("机器判为不符合"): cause.machine,
            _("审查人改为符合"): cause.overruled,
            _("审查人认定不符合"): cause.found_by_officer,
        }
        for cause in found
    ]
    sums = [
        {
            _("通过形式审查"): totals["passed"],
            _("退回补正"): totals["returned"],
            _("不予受理"): totals["rejected"],
            _("没有不符合的规则（其他原因）"): totals["other"],
        }
    ]
    body = io.BytesIO()
    book = FastExcel(body, output_format="xlsx", autofit=True).sheet(_("合计"), sums)
    if rows:
        book = book.sheet(_("逐条原因"), rows)
    book.save()
    response = HttpResponse(body.getvalue(), content_type=sheets.XLSX)
    response["Content-Disposition"] = 'attachment; filename="formal-check-causes.xlsx"'
    response["Cache-Control"] = "private, no-store"
    return response
