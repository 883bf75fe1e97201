"""The page on which a manager books a panel's opinion: date, words, minutes, people and their scores."""

from django.contrib import messages
from django.forms import formset_factory
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from applications.questions import localised
from core.admin import dress
from core.workflow import Refused
from milestones import accepting, actions, queries
from milestones.forms import HearingForm, PanellistForm

SPARE = 4
"""Empty rows behind as many as the notice asks for."""
WHOLE = 100
MOST = 60


def hearing_page(admin, request, milestone):
    """Show and take the panel's opinion on the latest hand-in; called by a page that knows who may."""
    scheme, report = accepting.scheme_of(milestone), queries.latest_report(milestone)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form, people = dress(HearingForm(*sent)), _people(scheme, *sent[:1])
    if sent and all((form.is_valid(), people.is_valid())):
        try:
            file = form.cleaned_data.pop("file")
            hearing = actions.book(
                report=report,
                **form.cleaned_data,
                files=[file],
                people=[row.person() for row in people if row.person()],
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            total = hearing.total
            said = _("已登记，得分 %(total)s。") % {"total": total} if total is not None else _("已登记。")
            messages.success(request, said)
            return redirect("admin:milestones_milestone_change", milestone.pk)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": _("登记验收意见"),
        "subtitle": str(milestone),
        "milestone": milestone,
        "scheme": scheme,
        "form": form,
        "people": people,
        "media": admin.media + form.media,
        "back": reverse("admin:milestones_milestone_change", args=[milestone.pk]),
    }
    status = 422 if form.errors or any(people.errors if sent else ()) else 200
    return render(request, "milestones/admin/hearing.html", context, status=status)


def _people(scheme, data=None):
    """Rows for the panel: a column for each criterion, one for the score alone, or none."""
    criteria = accepting.criteria_of(scheme)
    said = _("%(name)s（%(weight)s%%，满分 %(most)s）")
    marks = {
        row.code: (
            said
            % {
                "name": localised(row, "name"),
                "weight": accepting.plain(row.weight),
                "most": accepting.plain(row.max_score),
            },
            row.max_score,
        )
        for row in criteria
    }
    if not marks and accepting.is_scored(criteria, accepting.grades_of(scheme)):
        marks = {"": (_("得分"), WHOLE)}
    rows = formset_factory(PanellistForm, extra=scheme.panel_size + SPARE, max_num=MOST, absolute_max=MOST)
    built = rows(data, prefix="panel", form_kwargs={"marks": marks})
    for row in built:
        dress(row)
    return built
