"""Pages about dates: the month, the overdue ladder, secret calendar addresses, ways of being reminded."""

from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from awards.models import Agreement
from core.calendar import local_date
from core.paging import paginate
from core.sent import number, numbers
from notifications import channels, chasing, preferring
from notifications.models import CalendarFeed, Deadline
from notifications.queries import LADDER, rung_label
from portal import actions, dates, owing
from portal.exporting import FORMATS
from portal.navigation import Entry
from portal.reminder_forms import RemindersForm

PER_PAGE = 50
DECEMBER = 12


@login_required
@require_safe
def month(request):
    """What is due in one month, as a table of weeks; a list on a narrow screen."""
    user, now = request.user, timezone.now()
    labels = owing.views(user)
    whose = request.GET.get("whose") if request.GET.get("whose") in labels else "mine"
    first = _month_of(request.GET.get("month", ""), today=local_date(now))
    weeks = dates.month(user, whose=whose, year=first.year, number=first.month, at=now)
    context = {
        "now": now,
        "first": first,
        "whose": whose,
        "weeks": weeks,
        "is_free": not any(day.rows for week in weeks for day in week),
        "tabs": [
            Entry(label, f"{request.path}?month={first:%Y-%m}&whose={code}", code == whose)
            for code, label in labels.items()
        ],
        "before": f"{request.path}?month={_shifted(first, -1):%Y-%m}&whose={whose}",
        "after": f"{request.path}?month={_shifted(first, 1):%Y-%m}&whose={whose}",
        "feed_url": dates.address_of(user),
    }
    return render(request, "portal/month.html", context)


def _month_of(text: str, *, today: date) -> date:
    """The first day of a month; what cannot be read shows the present one."""
    try:
        year, number = (int(part) for part in text.split("-"))
        return date(year, number, 1) if 2000 <= year <= 2100 else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def _shifted(first: date, months: int) -> date:
    year, month = divmod(first.year * DECEMBER + first.month - 1 + months, DECEMBER)
    return date(year, month + 1, 1)


@login_required
@require_safe
def deadline(request, pk):
    """Where a reminder leads: whoever owes it to where it is done, who watches over it to what is known."""
    found = get_object_or_404(Deadline.objects.visible_to(request.user), pk=pk)
    owes = Deadline.objects.owed_by(request.user).filter(pk=pk).exists()
    if not owes and request.user.is_staff:
        return redirect("admin:notifications_deadline_change", pk)
    return redirect(found.url)


@require_POST
@login_required
def calendar_address(request):
    """Make the secret address, or a new one: the old one shows nothing from now on."""
    agreement = None
    if key := request.POST.get("project", ""):
        visible = Agreement.objects.visible_to(request.user)
        agreement = get_object_or_404(visible, pk=number(key))
    actions.renew_calendar(by=request.user, agreement=agreement, at=timezone.now())
    messages.success(request, _("日历地址已生成。旧地址（如有）从现在起失效。"))
    if agreement:
        return redirect("portal:project", agreement.pk)
    return redirect("portal:month")


@require_safe
@never_cache
def own_calendar(request, token):
    """The calendar of whoever knows the address; unknown and closed ones are alike."""
    feed = get_object_or_404(CalendarFeed.objects.select_related("user"), token=token, user__is_active=True)
    return HttpResponse(dates.ics(feed), content_type="text/calendar; charset=utf-8")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ladder(request):
    """What is overdue in one's department, from the longest; chase those who owe it, or take their phones."""
    user, now = request.user, timezone.now()
    if not owing.supervises(user):
        raise Http404
    rung = request.GET.get("rung", "0")
    rung = int(rung) if rung in {"0", *map(str, LADDER)} else 0
    rows = dates.overdue(user, rung=rung, at=now)
    if request.method == "POST":
        keys = numbers(request.POST.getlist("deadline"))
        count = chasing.chase(deadlines=Deadline.objects.filter(pk__in=keys), by=user, at=now)
        _say(request, chosen=len(keys), count=count)
        return redirect(request.get_full_path())
    if request.GET.get("format") == "xlsx":
        body = dates.phone_list(rows.order_by("due_at", "id")[: dates.MOST], at=now)
        response = HttpResponse(body, content_type=FORMATS["xlsx"])
        response["Content-Disposition"] = 'attachment; filename="overdue.xlsx"'
        return response
    listing = paginate(rows, ("due_at", "id"), request.GET.get("cursor"), PER_PAGE)
    people = chasing.people_owing(listing.rows)
    context = {
        "now": now,
        "rung": rung,
        "tabs": [
            Entry(
                rung_label(days) if days else _("全部逾期"),
                f"{request.path}?rung={days}",
                days == rung,
            )
            for days in (0, *LADDER)
        ],
        "listing": listing,
        "rows": [(deadline, people[deadline.pk]) for deadline in listing.rows],
    }
    return render(request, "portal/ladder.html", context)


def _say(request, *, chosen: int, count: int) -> None:
    if not chosen:
        messages.error(request, _("请先勾选要催办的事项。"))
        return
    text = ngettext("已催办 %(count)s 个事项。", "已催办 %(count)s 个事项。", count) % {"count": count}
    if count < chosen:
        text += _("其余的今天已经催办过，或已办结。")
    messages.success(request, text)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reminders(request):
    """One mail a day, quiet hours, and which kind by which channel."""
    preference, chosen = preferring.own(request.user)
    form = RemindersForm(
        request.POST if request.method == "POST" else None,
        preference=preference,
        chosen=chosen,
        usual=preferring.usual_channels(),
        concerning=preferring.concerning(request.user),
    )
    if request.method == "POST" and form.is_valid():
        preferring.prefer(by=request.user, **form.wanted())
        messages.success(request, _("已保存。"))
        return redirect("portal:reminders")
    context = {
        "form": form,
        "channels": [channels.label(name) for name in preferring.CHOOSABLE],
        "legal": preferring.legal_kinds(),
    }
    return render(request, "portal/reminders.html", context, status=422 if form.errors else 200)
