"""Pages that a mail leads to."""

from django.core.signing import BadSignature
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import User
from notifications import unsubscribing
from notifications.queries import TOPICS


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
    context = {"topic": TOPICS[topic], "is_out": (user_id, topic) in unsubscribing.left([user_id])}
    return render(request, "notifications/unsubscribe.html", context)
