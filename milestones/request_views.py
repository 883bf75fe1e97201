"""What the pages of all requests on a running project (延期、变更、终止) have in common."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from awards.models import Agreement
from core.workflow import Refused
from milestones import rules
from milestones.forms import UnitReviewForm
from milestones.models.requests import ReviewedRequest
from milestones.views import refuse

_PROJECT = (
    "award__application__organisation",
    "award__application__topic",
    "award__application__call__programme__department",
)


def project_or_404(request, pk: int) -> Agreement:
    """The agreement with all that its pages name."""
    return get_object_or_404(Agreement.objects.visible_to(request.user).select_related(*_PROJECT), pk=pk)


def own_project_or_404(request, pk: int) -> Agreement:
    """The same for its team and unit administrators. Raises PermissionDenied for others who see it."""
    agreement = project_or_404(request, pk)
    if not rules.is_of_project(request.user, agreement.award.application):
        raise PermissionDenied
    return agreement


def request_or_404(request, model, pk: int):
    """One request with its project and whoever asked and decided."""
    people = [name for name in ("submitted_by", "unit_by", "decided_by") if hasattr(model, name)]
    rows = model.objects.visible_to(request.user)
    return get_object_or_404(
        rows.select_related(*(f"agreement__{path}" for path in _PROJECT), *people), pk=pk
    )


def refusal(check: Callable, *args, **kwargs) -> Refused | None:
    """Why something cannot be asked for now, or None."""
    try:
        check(*args, **kwargs)
    except Refused as refused:
        return refused
    return None


@dataclass(frozen=True)
class Moves:
    """The actions of one kind of request, each with the request under its model's name, `by` and `at`."""

    reviews: dict[str, Callable]
    withdraw: Callable
    withdrawn: str


def answer(request, found: ReviewedRequest, moves: Moves) -> tuple[UnitReviewForm, HttpResponse | None]:
    """Do what was posted: the unit's review (`do`), else the team takes the request back.

    Returns the form of the review, with its errors, and where to go on when something was done.
    Raises PermissionDenied.
    """
    name = found._meta.model_name
    subject, back = {name: found}, redirect(f"milestones:{name}", found.pk)
    review = moves.reviews.get(request.POST.get("do"))
    form = UnitReviewForm(request.POST if review else None)
    if review:
        if not rules.is_of_unit(request.user, found.agreement):
            raise PermissionDenied
        if form.is_valid():
            try:
                review(**subject, **form.cleaned_data, by=request.user, at=timezone.now())
            except Refused as refused:
                refuse(form, refused)
            else:
                messages.success(request, _("审核已保存。"))
                return form, back
    elif request.method == "POST":
        if not rules.is_of_project(request.user, found.agreement.award.application):
            raise PermissionDenied
        try:
            moves.withdraw(**subject, by=request.user, at=timezone.now())
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, moves.withdrawn)
        return form, back
    return form, None
