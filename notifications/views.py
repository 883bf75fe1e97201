"""A person's own pages about messages: unsubscribe by the address in a mail, verify a phone."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.signing import BadSignature
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from django_ratelimit.core import is_ratelimited

from accounts.identity import mask_phone
from accounts.models import User
from core.workflow import Refused
from notifications import phones, unsubscribing
from notifications.queries import topic_label


@csrf_exempt  # RFC 8058: the mail provider posts for the reader; the signed address is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request, token: str):
    """Ask once, then unsubscribe; `one-click` from a mail program needs no page. 404 for a forged address."""
    try:
        user_id, topic = unsubscribing.read(token)
    except BadSignature as error:
        raise Http404 from error
    if not User.objects.filter(pk=user_id).exists():
        raise Http404
    if request.method == "POST":
        if request.POST.get("do") == "return":
            unsubscribing.come_back(user_id=user_id, topic=topic)
        else:
            unsubscribing.leave(user_id=user_id, topic=topic, at=timezone.now())
        if request.POST.get("List-Unsubscribe") == "One-Click":
            return HttpResponse("ok", content_type="text/plain; charset=utf-8")
        return redirect(request.path)
    is_out = unsubscribing.has_left(user_id=user_id, topic=topic)
    context = {"topic": topic_label(topic), "is_out": is_out}
    return render(request, "notifications/unsubscribe.html", context)


CODES = "5/h"


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("验证码"),
        max_length=6,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def phone(request):
    """Send a code to the phone of the profile, then take it back."""
    form, problem = CodeForm(), ""
    if request.method == "POST" and request.user.phone:
        if request.POST.get("do") == "check":
            form = CodeForm(request.POST)
            done = form.is_valid() and _checked(request, form)
        else:
            problem = _problem_of_sending(request)
            done = not problem
        if done:
            return redirect("notifications:phone")
    context = {
        "form": form,
        "problem": problem,
        "is_asked": phones.SESSION_KEY in request.session,
        "gateway": phones.gateway(),
    }
    return render(request, "notifications/phone.html", context, status=422 if problem or form.errors else 200)


def _checked(request, form) -> bool:
    code = form.cleaned_data["code"]
    try:
        phones.check_code(session=request.session, code=code, by=request.user, at=timezone.now())
    except Refused as refused:
        form.add_error("code", refused.message)
        return False
    messages.success(request, _("手机已验证，可以接收短信提醒。"))
    return True


def _problem_of_sending(request) -> str:
    """Send a code; return why none went out. An SMS costs money, so both person and number are limited."""
    person, number = str(request.user.pk), request.user.phone
    for group, key in (("person", person), ("number", number)):
        if is_ratelimited(
            request, group=f"phone.{group}", key=lambda *_args, key=key: key, rate=CODES, increment=True
        ):
            return _("验证码发送太频繁，请一小时后再试。")
    try:
        phones.send_code(session=request.session, by=request.user, at=timezone.now())
    except Refused as refused:
        return refused.message
    messages.success(request, _("验证码已发到 %(phone)s。") % {"phone": mask_phone(number)})
    return ""
