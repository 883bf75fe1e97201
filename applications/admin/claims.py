"""Claims row by row: every contract, invoice or loan with its verdict; what may be granted follows.

Numbers that were used before are shown with their places: a finding, never a refusal by itself.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from applications import actions, queries, questions, rules
from applications.forms.claims import ClaimForm
from applications.models import Claim
from core.admin import page
from core.workflow import Refused


def _may_read(user, application) -> bool:
    """Who decides the rows, and who reads the bureau's work: leaders, finance, auditors."""
    may_judge = rules.allowed(rules.check_can_judge_claim, user, application)
    return may_judge or Claim.objects.visible_to(user).filter(application=application).exists()


class ClaimMixin:
    """The page "逐笔核定" of an application's admin."""

    @page(_("逐笔核定"), may=_may_read, icon="rule", variant=ActionVariant.PRIMARY)
    def judge_claim(self, request, application):
        """POST stores the rows that have a conclusion; nothing typed is lost when one is refused."""
        now = timezone.now()
        try:
            claim = actions.begin_claim(application=application, by=request.user, at=now)
        except Refused:
            return self._read_claim(request, application)
        lines = list(claim.lines.select_related("by").order_by("number"))
        form = ClaimForm(lines, request.POST if request.method == "POST" else None)
        refused, status = "", 200
        if request.method == "POST":
            status = 422
            if form.is_valid():
                try:
                    given = {"verdicts": form.verdicts(), "seen": form.seen()}
                    claim = actions.judge_claim(application=application, by=request.user, at=now, **given)
                except Refused as fault:
                    refused = "" if form.add_error(fault.field, fault.message) else fault.message
                else:
                    left = claim.rows_total - claim.judged_total
                    unfinished = _("已保存，还有 %(left)s 行待核定。") % {"left": left}
                    messages.success(request, unfinished if left else _("已全部核定。"))
                    return redirect("admin:applications_application_judge_claim", application.pk)
        shown = {"forms": form.lines, "refused": refused}
        return self._claim_page(request, application, claim, lines, status=status, **shown)

    def _read_claim(self, request, application):
        """The rows as they stand, for whoever does not decide them."""
        if request.method == "POST":
            raise PermissionDenied
        claims = Claim.objects.visible_to(request.user).filter(application=application)
        claim = claims.order_by("-submission__version").first()
        lines = list(claim.lines.select_related("by").order_by("number"))
        return self._claim_page(request, application, claim, lines, forms=[None] * len(lines))

    def _claim_page(self, request, application, claim, lines, *, forms, refused="", status=200):
        table = queries.claim_table(application, claim, lines)
        repeats = queries.repeats_by_row(application, table.question, request.user)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("逐笔核定"),
            "subtitle": str(application),
            "application": application,
            "claim": claim,
            "table": table,
            "may_judge": any(forms),
            "rows": [
                (row, form, repeats[row.line.number]) for row, form in zip(table.rows, forms, strict=True)
            ],
            "refused": refused,
            "media": self.media,
            "back": reverse("admin:applications_application_change", args=[application.pk]),
        }
        return render(request, "applications/admin/claim.html", context, status=status)

    @page(
        _("重复使用的编号"),
        may=lambda _user, application: queries.has_repeats(application),
        icon="content_copy",
        variant=ActionVariant.WARNING,
    )
    def repeated_numbers(self, request, application):
        """Every number of the application that stands in a second place, with that place."""
        labels = {q.code: questions.localised(q, "label") for q in queries.questions_of(application)}
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("重复使用的编号"),
            "subtitle": str(application),
            "application": application,
            "repeats": [
                (labels.get(found.mine.question, ""), found)
                for found in queries.repeats(application, request.user)
            ],
            "media": self.media,
            "back": reverse("admin:applications_application_change", args=[application.pk]),
        }
        return render(request, "applications/admin/repeats.html", context)
