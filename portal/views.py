"""Public pages, the to-do list and the inbox. Each takes the moment once and passes it inwards."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.i18n import set_language

from core.paging import paginate
from grants.models import Call
from portal import queries
from portal.forms import BoardFilter, CallFilter

PER_PAGE = 20


def _tabs(request, name: str, labels: dict[str, str], chosen: str, **kept) -> list[dict]:
    """Tabs as links; `kept` are the filters that stay when the tab changes."""
    base = reverse(name)
    return [
        {
            "url": f"{base}?{urlencode({'tab': code, **kept})}",
            "label": label,
            "current": code == chosen,
        }
        for code, label in labels.items()
    ]


def _chosen_tab(request, tabs) -> str:
    tab = request.GET.get("tab", "")
    return tab if tab in tabs else tabs[0]


@require_GET
def home(request):
    now = timezone.now()
    return render(
        request,
        "portal/home.html",
        {
            "now": now,
            "home": queries.home(request.user, at=now),
            "calls_url": reverse("portal:calls"),
            "board_url": reverse("portal:board"),
        },
    )


@require_POST
def language(request):
    """Set the language cookie; a signed-in person's choice also counts for their mail."""
    response = set_language(request)
    wanted = request.POST.get("language")
    if request.user.is_authenticated and wanted in dict(settings.LANGUAGES):
        queries.remember_language(request.user, wanted)
    return response
