"""The report on duplicates (查重) of one application: what was found, side by side; the officer's opinion."""

from django.contrib import messages
from django.contrib.admin import SimpleListFilter, display
from django.db.models import F
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from applications import actions, queries, rules
from applications.forms import SimilarityForm
from applications.models import SimilarityConclusion
from core.admin import dress, page
from core.workflow import Refused

HIGH = 30
"""Percent from which a list shows a rate as high where the notice draws no line of its own."""


class SimilarityFilter(SimpleListFilter):
    title = _("查重情况")
    parameter_name = "similarity"

    def lookups(self, request, model_admin):
        return [
            ("asked", _("达到提示线，待填意见")),
            ("high", _("重复率 %(n)s %% 以上") % {"n": HIGH}),
            ("concluded", _("已填意见")),
            ("duplicate", SimilarityConclusion.DUPLICATE.label),
            ("waiting", _("还在比对")),
        ]

    def queryset(self, request, queryset):
        wanted = {
            "asked": {"similarity__gte": F("call__duplicate_percent"), "similarity_conclusion": ""},
            "high": {"similarity__gte": HIGH},
            "concluded": {"similarity_conclusion__gt": ""},
            "duplicate": {"similarity_conclusion": SimilarityConclusion.DUPLICATE},
            "waiting": {"submitted_at__isnull": False, "similarity__isnull": True},
        }
        return queryset.filter(**wanted.get(self.value(), {}))


class SimilarityMixin:
    """The column, and the page "查重报告" of an application's admin."""

    @display(description=_("重复率"), ordering="similarity")
    def repeated(self, application):
        if application.similarity is None:
            return "—"
        opinion = application.similarity_conclusion
        label = SimilarityConclusion(opinion).label if opinion else ""
        return " ".join(filter(None, (f"{application.similarity} %", str(label))))

    @page(
        _("查重报告"),
        may=lambda user, application: rules.allowed(rules.check_reads_similarity, user, application),
        icon="difference",
    )
    def similarity(self, request, application):
        """POST stores the opinion; nothing typed is lost when it is refused."""
        report = queries.report_of(application)
        may_conclude = report is not None and rules.allowed(
            rules.check_can_conclude_similarity, request.user, application, seen=report.mark
        )
        form, status = SimilarityForm(request.POST or None, report=report), 200
        if request.method == "POST":
            status = 422
            if form.is_valid():
                try:
                    actions.conclude_similarity(
                        application=application, by=request.user, at=timezone.now(), **form.cleaned_data
                    )
                except Refused as refused:
                    # What was typed stays, beside the report as it is now.
                    report = queries.report_of(application)
                    given = request.POST.dict() | {"seen": report.mark if report else ""}
                    form = SimilarityForm(given, report=report)
                    form.is_valid()
                    form.add_error(refused.field if refused.field in form.fields else None, refused.message)
                else:
                    messages.success(request, gettext("查重意见已记录。"))
                    return redirect("admin:applications_application_change", application.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("查重报告"),
            "application": application,
            "report": report,
            "sources": queries.sources_of(report, request.user) if report else [],
            "later": queries.found_in(application, request.user),
            "line": application.call.duplicate_percent,
            "form": dress(form) if may_conclude else None,
            "media": self.media,
            "back": reverse("admin:applications_application_change", args=[application.pk]),
        }
        return render(request, "applications/admin/similarity.html", context, status=status)
