"""The portal's pages of this app: the demand side compares bids and chooses; an expert's own record."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.roles import Role
from core.workflow import Refused
from grants.models import Topic
from reviews import actions, queries, rules
from reviews.forms import ChoiceForm, RecordForm
from reviews.models import Expert


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choice(request, pk):
    """For members of the owner's unit alone; before bidding has closed it says when it opens."""
    now = timezone.now()
    topics = Topic.objects.visible_to(request.user).select_related("call", "owner")
    topic = get_object_or_404(topics, pk=pk)
    if not rules.owns(request.user, topic):
        raise Http404
    try:
        rules.check_can_compare(request.user, topic)
    except Refused as refused:
        return render(
            request, "reviews/choice_later.html", {"topic": topic, "message": refused.message, "now": now}
        )
    bids = queries.compared(topic)
    ready = list(queries.bids_to_choose(topic))
    form = ChoiceForm(request.POST or None, bids=ready)
    if request.method == "POST" and form.is_valid():
        try:
            actions.choose(
                topic=topic,
                application=form.chosen(),
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=now,
            )
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            messages.success(request, _("已提交选择。"))
            return redirect("reviews:choice", topic.pk)
    context = {
        "now": now,
        "topic": topic,
        "bids": bids,
        "form": form,
        "made": queries.choice_of(topic),
        "waiting": queries.bids_before_choice(topic),
        "can_choose": rules.can_choose(request.user, topic),
    }
    return render(request, "reviews/choice.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def record(request):
    """What the library holds of the expert, for changing and for the yearly word that it still holds."""
    now = timezone.now()
    rows = Expert.objects.filter(user=request.user).select_related("organisation").with_freshness(at=now)
    expert = rows.first()
    if expert is None and not request.user.has_role(Role.EXPERT):
        raise Http404
    context = {"expert": expert, "now": now}
    if expert is None:
        return render(request, "reviews/record.html", context)
    form = RecordForm(request.POST if request.method == "POST" else None, expert=expert)
    if form.is_bound and form.is_valid():
        try:
            actions.update_record(expert=expert, by=request.user, at=now, **form.told())
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            messages.success(request, _("已确认，专家库资料是最新的。"))
            return redirect("reviews:record")
    context |= {"form": form, "rule": queries.library_rule(), "clock": queries.update_clock(expert)}
    return render(request, "reviews/record.html", context, status=422 if form.errors else 200)
