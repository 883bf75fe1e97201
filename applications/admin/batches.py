"""Many applications decided at once: chosen in the list, looked at, done one by one, told one by one."""

from secrets import token_urlsafe
from typing import NamedTuple

from django.contrib import messages
from django.contrib.admin import SimpleListFilter, action
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from applications import actions, queries, rules
from applications.actions.desks import RETURN_DAYS
from applications.forms import BatchForm
from applications.models import Application, CheckOutcome
from applications.states import ApplicationState
from core.admin import dress
from core.calendar import due, end_of_day
from core.sent import numbers
from core.workflow import Refused

MOST = 200
"""So many at once: the page names each of them."""
KEPT = "formal_check_batches"
RESULTS_KEPT = 5


class CheckFilter(SimpleListFilter):
    """What the formal check of an application still needs."""

    title = _("形式审查情况")
    parameter_name = "check"

    def lookups(self, request, model_admin):
        return [
            ("ready", _("逐条都有结论，可以通过")),
            ("failed", _("有不符合的")),
            ("manual", _("有待人工审查的")),
        ]

    def queryset(self, request, queryset):
        if self.value() not in ("ready", "failed", "manual"):
            return queryset
        rows = queryset.filter(state=ApplicationState.FORMAL_CHECK)
        if self.value() == "ready":
            return queries.ready(rows)
        return queries.having(rows, queries.FAILED if self.value() == "failed" else queries.OPEN)


class RuleFilter(SimpleListFilter):
    """Applications under check that one rule says no of; within a call, the rules that do are offered."""

    title = _("不符合的规则")
    parameter_name = "rule"

    def lookups(self, request, model_admin):
        call = request.GET.get("call__id__exact", "")
        if not (call.isdecimal() and len(call) < 10):
            return []
        rows = Application.objects.visible_to(request.user).filter(
            state=ApplicationState.FORMAL_CHECK, call_id=call
        )
        return [(code, f"{clause} {code}") for code, clause in queries.failing_rules(rows)]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        rows = queryset.filter(state=ApplicationState.FORMAL_CHECK)
        return queries.having(rows, queries.FAILED, rule__code=self.value())


class Expected(NamedTuple):
    """What will happen to one application, or why nothing can."""

    application: Application
    is_possible: bool
    sentence: str


class BatchMixin:
    """The list action and its pages; `ApplicationAdmin` takes it."""

    actions = ("batch", "receive")

    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("batch/", wrap(self.batch_page), name="applications_application_batch"),
            path(
                "batch/<slug:token>/", wrap(self.batch_result), name="applications_application_batch_result"
            ),
            *super().get_urls(),
        ]

    def has_batch_permission(self, request):
        return request.user.has_role(Role.PROGRAMME_MANAGER, Role.SYSADMIN)

    @action(description=_("批量办理形式审查"), permissions=["batch"])
    def batch(self, request, queryset):
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
        if len(keys) > MOST:
            messages.error(request, _("一次最多办理 %(n)s 份，请先筛选。") % {"n": MOST})
            return None
        address = reverse("admin:applications_application_batch")
        return redirect(f"{address}?{urlencode({'ids': ','.join(map(str, keys))})}")

    def _chosen(self, request) -> list[Application]:
        """Those of the address that the person may see, and may decide on."""
        keys = numbers(request.GET.get("ids", "").split(","))
        rows = Application.objects.visible_to(request.user).filter(pk__in=keys[:MOST])
        return list(rows.select_related("call__programme", "organisation").order_by("-pk"))

    def batch_page(self, request):
        """First the decision, then what it will do to each, then done: three looks at one address."""
        if not self.has_batch_permission(request):
            raise PermissionDenied
        chosen = self._chosen(request)
        if not chosen:
            messages.error(request, _("没有选择可以办理的申报书。"))
            return redirect("admin:applications_application_changelist")
        form = BatchForm(request.POST or None)
        step = request.POST.get("do", "")
        is_valid = form.is_bound and form.is_valid()
        if is_valid and step == "act":
            return self._act(request, chosen, form)
        preview = is_valid and step == "look"
        outcome = form.cleaned_data["outcome"] if is_valid else CheckOutcome.PASSED
        expected = self._expected(request, chosen, outcome)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("批量办理形式审查"),
            "form": form if preview else dress(form),
            "preview": preview,
            "outcome": CheckOutcome(outcome),
            "expected": expected,
            "possible": sum(one.is_possible for one in expected),
            "due_at": self._due(form) if preview else None,
            "token": token_urlsafe(12),
            "back": f"{reverse('admin:applications_application_changelist')}?state=formal_check",
        }
        status = 422 if form.is_bound and not is_valid else 200
        return render(request, "applications/admin/batch.html", context, status=status)

    def _expected(self, request, chosen, outcome) -> list[Expected]:
        """One query for the lines of all of them, one for their reports on duplicates."""
        lines = queries.lines_by_application(chosen) if outcome == CheckOutcome.PASSED else {}
        reports = queries.reports_of(chosen) if outcome == CheckOutcome.PASSED else {}
        found = []
        for application in chosen:
            try:
                if outcome == CheckOutcome.PASSED:
                    rules.check_can_pass(
                        request.user, application, lines=lines[application.pk], reports=reports
                    )
                else:
                    rules.check_can_examine(request.user, application)
            except Refused as refused:
                found.append(Expected(application, False, refused.message))
            else:
                found.append(Expected(application, True, CheckOutcome(outcome).label))
        return found

    def _due(self, form):
        day = form.cleaned_data["due_date"]
        return end_of_day(day) if day else due(timezone.now(), RETURN_DAYS)

    def _act(self, request, chosen, form):
        token = request.POST.get("token", "")[:40]
        kept = request.session.get(KEPT, {})
        if token not in kept:
            data = form.cleaned_data
            orders = actions.Orders(
                outcome=data["outcome"],
                reason=data["reason"],
                items=tuple(line for line in data["items"].splitlines() if line.strip()),
                due_at=self._due(form),
                clause=data["clause"],
            )
            done = actions.decide_many(applications=chosen, orders=orders, by=request.user, at=timezone.now())
            rows = [
                {
                    "pk": one.application.pk,
                    "number": one.application.number,
                    "title": one.application.title,
                    "is_done": one.is_done,
                    "sentence": str(one.sentence),
                }
                for one in done
            ]
            kept[token] = {"outcome": orders.outcome, "rows": rows}
            request.session[KEPT] = dict(list(kept.items())[-RESULTS_KEPT:])
        return redirect("admin:applications_application_batch_result", token)

    def batch_result(self, request, token):
        """Which were decided, which were not and why; may be read again."""
        found = request.session.get(KEPT, {}).get(token)
        if found is None:
            raise Http404
        rows = found["rows"]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("批量办理结果"),
            "outcome": CheckOutcome(found["outcome"]),
            "done": [row for row in rows if row["is_done"]],
            "left": [row for row in rows if not row["is_done"]],
            "back": f"{reverse('admin:applications_application_changelist')}?state=formal_check",
        }
        return render(request, "applications/admin/batch_result.html", context)
