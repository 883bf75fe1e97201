"""A person's own pages: profile, API token, units. Signing in and out is allauth's, under /accounts/."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework.authtoken.models import Token

from accounts import actions, queries, rules, teams
from accounts.forms import (
    AbroadForm,
    AbroadRegistrationForm,
    CreditCodeForm,
    FoundForm,
    GrantForm,
    JoinForm,
    OrganisationForm,
    OwnRecordForm,
    ProfileForm,
    RefuseJoinForm,
    RefuseUnitForm,
    RegistrationForm,
    TeamForm,
)
from accounts.models import JoinRequest, Membership, Organisation, Subordination
from accounts.roles import Role
from core.workflow import Refused

read_write = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@read_write
def profile(request):
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        actions.update_profile(user=request.user, **form.cleaned_data)
        with translation.override(form.cleaned_data["language"]):
            messages.success(request, _("个人资料已保存。"))
        response = redirect("accounts:profile")
        remember_language(response, form.cleaned_data["language"])
        return response
    return page(request, "accounts/profile.html", {"form": form}, form)


@login_required
@read_write
def own_record(request):
    """What forms take of a person, kept once by themselves; they may remove it."""
    found = queries.own_record(request.user)
    if request.method == "POST" and request.POST.get("do") == "drop":
        actions.drop_record(by=request.user, at=timezone.now())
        messages.success(request, _("个人档案已删除。"))
        return redirect("accounts:own_record")
    form = OwnRecordForm(request.POST if request.method == "POST" else None, person=request.user, kept=found)
    if form.is_bound and form.is_valid():
        try:
            actions.keep_record(by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field or None, refused.message)
        else:
            messages.success(request, _("个人档案已保存。"))
            return redirect("accounts:own_record")
    return page(request, "accounts/own_record.html", {"form": form, "kept": found}, form)


def remember_language(response: HttpResponse, language: str) -> None:
    """Write the cookie of the language switch, which counts before the profile on this browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        samesite="Lax",
    )


@never_cache
@login_required
@reauthentication_required(allow_get=True)
@read_write
def token(request):
    """Make or revoke the API token; its text is shown once, in the answer that made it."""
    fresh = None
    if request.method == "POST":
        if request.POST.get("do") == "revoke":
            actions.revoke_token(by=request.user, at=timezone.now())
            messages.success(request, _("接口令牌已吊销。"))
            return redirect("accounts:token")
        fresh = actions.create_token(by=request.user, at=timezone.now())
    existing = fresh or Token.objects.filter(user=request.user).first()
    return render(request, "accounts/token.html", {"fresh": fresh, "existing": existing})


@login_required
@require_safe
def units(request):
    """The person's units and what they asked to join; with none, the first step to take."""
    memberships = (
        Membership.objects.filter(user=request.user, is_active=True)
        .select_related("organisation")
        .order_by("organisation__name", "role")
    )
    requests = JoinRequest.objects.filter(user=request.user).select_related("organisation")[:20]
    return render(request, "accounts/units.html", {"memberships": memberships, "requests": requests})


@login_required
@read_write
def register(request):
    form = RegistrationForm(request.POST or None)
    existing = None
    if request.method == "POST" and form.is_valid():
        try:
            unit = actions.register_organisation(by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refused:
            existing = Organisation.objects.filter(credit_code=form.cleaned_data["credit_code"]).first()
            form.add_error(refused.field or None, refused.message)
        else:
            messages.success(
                request, _("单位已登记，您是它的单位管理员。请登记营业执照或法人证书，并上传扫描件。")
            )
            return redirect("portal:record", unit.pk)
    return page(
        request, "accounts/register.html", {"form": form, "existing": existing, "join": JoinForm()}, form
    )


@login_required
@read_write
def register_abroad(request):
    """A unit without a credit code: its country's number, and the proof that an officer looks at."""
    form = AbroadRegistrationForm(request.POST or None)
    existing = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            unit = actions.register_abroad(by=request.user, at=timezone.now(), **data)
        except Refused as refused:
            existing = queries.unit_abroad(data["country"], data["registration_number"], data["name"])
            form.add_error(refused.field or None, refused.message)
        else:
            messages.success(
                request,
                _("单位已登记，您是它的单位管理员。请上传所在国家或地区的登记证明，核实后才能牵头申报。"),
            )
            return redirect("portal:record", unit.pk)
    context = {"form": form, "existing": existing, "join": JoinForm()}
    return page(request, "accounts/register_abroad.html", context, form)


@login_required
@read_write
def register_team(request):
    """A team, or one person, without a unit: may apply where the notice lets it."""
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        team = teams.register_team(by=request.user, at=timezone.now(), **form.cleaned_data)
        messages.success(request, _("团队已登记，您是负责人。现在可以在允许团队申报的通知中申报。"))
        return redirect("accounts:unit", team.pk)
    return page(request, "accounts/register_team.html", {"form": form}, form)


@login_required
@read_write
def found_unit(request, pk):
    """A team says as what it is registered now."""
    team = get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)
    if not rules.can_manage_unit(request.user, team):
        raise PermissionDenied
    if not team.is_team:
        return redirect("accounts:unit", team.pk)
    name = team.name
    form = FoundForm(request.POST or None, instance=team)
    if request.method == "POST" and form.is_valid():
        try:
            teams.found_unit(organisation=team, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field or None, refused.message)
        else:
            messages.success(request, _("团队已登记为单位，原来的申报和项目都归到这个单位。"))
            return redirect("portal:record", team.pk)
    return page(request, "accounts/found_unit.html", {"form": form, "unit": team, "name": name}, form)


@login_required
@require_safe
def check_code(request):
    """The fragment under the credit code: right, wrong and why, or registered already and how to join."""
    form = CreditCodeForm(request.GET)
    context = {"form": form, "typed": request.GET.get("credit_code", "").strip()}
    if form.is_valid():
        code = form.cleaned_data["credit_code"]
        context |= {
            "code": code,
            "existing": Organisation.objects.filter(credit_code=code).first(),
        }
    return render(request, "accounts/includes/_code_answer.html", context)


@login_required
@read_write
def join(request, credit_code):
    """Ask to join. The unit is named by its code: a person may not see its page yet."""
    unit = get_object_or_404(Organisation, credit_code=credit_code)
    form = JoinForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return page(request, "accounts/join.html", {"form": form, "unit": unit}, form)
    attempt(
        request,
        actions.request_to_join,
        _("申请已提交，请等待“%(unit)s”的单位管理员审核。") % {"unit": unit},
        organisation=unit,
        **form.cleaned_data,
    )
    return redirect("accounts:units")


@login_required
@require_safe
def unit(request, pk):
    """One unit: what it is called, its members, who asks to join. Its record has a page of its own."""
    found = get_object_or_404(Organisation.objects.visible_to(request.user).select_related("parent"), pk=pk)
    return render(request, "accounts/unit.html", unit_context(request, found))


def unit_context(request, found: Organisation, **forms) -> dict:
    managing = rules.can_manage_unit(request.user, found)
    members = found.memberships.filter(is_active=True).select_related("user").order_by("user__name", "role")
    context = {
        "unit": found,
        "managing": managing,
        "members": members,
        "confirmed": queries.is_confirmed(found),
        "authority_said": queries.authority_said(found),
        "to_confirm": queries.units_to_confirm(found) if answers_units(request.user, found) else [],
        "requests": found.join_requests.waiting().select_related("user") if managing else [],
    }
    if managing:
        context["grant_form"] = GrantForm(members=members)
    return context | forms


def answers_units(user, found: Organisation) -> bool:
    """Whether a person says for this authority which units stand under it."""
    scope = user.scope
    return found.pk in scope.admin_units | scope.recommender_organisations or user.has_role(Role.SYSADMIN)


@login_required
@read_write
def edit_unit(request, pk):
    found = get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)
    if not rules.can_manage_unit(request.user, found):
        raise PermissionDenied
    kind = TeamForm if found.is_team else AbroadForm if found.is_abroad else OrganisationForm
    form = kind(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        actions.update_organisation(
            organisation=found, by=request.user, at=timezone.now(), **form.cleaned_data
        )
        messages.success(request, _("单位资料已保存。"))
        return redirect("accounts:unit", found.pk)
    return page(request, "accounts/edit_unit.html", {"form": form, "unit": found}, form)


@login_required
@require_POST
def grant(request, pk):
    found = get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)
    if not rules.can_manage_unit(request.user, found):
        raise PermissionDenied
    form = GrantForm(request.POST, members=found.memberships.filter(is_active=True))
    if not form.is_valid():
        return page(request, "accounts/unit.html", unit_context(request, found, grant_form=form), form)
    actions.grant_membership(by=request.user, at=timezone.now(), **form.cleaned_data)
    messages.success(request, _("成员身份已增加。"))
    return redirect("accounts:unit", found.pk)


@login_required
@require_POST
def end_member(request, pk):
    found = get_object_or_404(
        Membership.objects.visible_to(request.user).select_related("organisation"), pk=pk
    )
    said = attempt(request, actions.end_membership, _("成员身份已停用。"), membership=found)
    left = said and found.user_id == request.user.pk and found.organisation_id not in request.user.scope.units
    return redirect("accounts:units") if left else redirect("accounts:unit", found.organisation_id)


@login_required
@require_POST
def decide_join(request, pk):
    """Approve, refuse (with a reason) or withdraw, by the button pressed."""
    found = get_object_or_404(
        JoinRequest.objects.visible_to(request.user).select_related("organisation", "user"), pk=pk
    )
    pressed = request.POST.get("do")
    if pressed == "withdraw":
        attempt(request, actions.withdraw_join, _("申请已撤回。"), join_request=found)
        return redirect("accounts:units")
    if pressed == "approve":
        attempt(request, actions.approve_join, _("已通过。"), join_request=found)
    else:
        form = RefuseJoinForm(request.POST)
        note = form.cleaned_data["note"] if form.is_valid() else request.POST.get("note", "")[:200]
        attempt(request, actions.refuse_join, _("已拒绝。"), join_request=found, note=note)
    return redirect("accounts:unit", found.organisation_id)


@login_required
@require_POST
def answer_unit(request, pk):
    """Confirm that a unit stands under one's own, or refuse with a reason; what was typed is not lost."""
    rows = Subordination.objects.visible_to(request.user).select_related("organisation", "authority")
    found = get_object_or_404(rows, pk=pk)
    if request.POST.get("do") == "confirm":
        attempt(request, actions.confirm_unit, _("已确认。"), subordination=found)
        return redirect("accounts:unit", found.authority_id)
    form = RefuseUnitForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else request.POST.get("reason", "")[:200]
    if attempt(request, actions.refuse_unit, _("已答复该单位。"), subordination=found, reason=reason):
        return redirect("accounts:unit", found.authority_id)
    return redirect(f"{reverse('accounts:unit', args=[found.authority_id])}#to-confirm")


def attempt(request, action, done: str, **kwargs) -> bool:
    """Call one action and say how it went. A refusal for want of the role is a 403."""
    try:
        action(by=request.user, at=timezone.now(), **kwargs)
    except Refused as refused:
        if refused.code == "forbidden":
            raise PermissionDenied(refused.message) from None
        messages.error(request, refused.message)
        return False
    messages.success(request, done)
    return True


def page(request, template: str, context: dict, form) -> HttpResponse:
    """A form's page; with faults it is a 422, so that scripts and tests can tell."""
    return render(request, template, context, status=422 if form.is_bound and form.errors else 200)
