"""How values read on a page: money, deadlines, states, masked personal data."""

from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.identity import mask_account
from accounts.kinds import FactKind
from accounts.roles import STAFF_ROLES
from core import calendar, money
from desk.packs import labels
from grants.system_rules import paper_text
from portal import timeline

register = template.Library()

SOON = timedelta(days=3)

# One tone per meaning; a state that is not listed is plain.
TONES = {
    "active": (
        "published listed running open unit_review recommendation formal_check submitted expert_review "
        "demander_choice decision publicity argued in_force panel_review site_visit due_diligence "
        "credit_check audit argumentation higher_approval district_check scoring graded"
    ),
    "good": (
        "awarded accepted met paid completed reserved passed clean system_managed fund accept approved "
        "settled operating concluded holding repaid confirmed"
    ),
    "wait": (
        "draft returned invited agreement unit_signed planned due suspended manual requires_data warning "
        "pending reserve filed queued demanded accept_with_conditions reporting rectifying registered agreed "
        "watching "
        "triggered valued exiting exited repaying waiting reported declared proposed"
    ),
    "bad": (
        "rejected failed declined infected refuse refused reject upheld terminated revoked removed exempted "
        "written_off not_met"
    ),
}
_TONE_OF = {state: tone for tone, states in TONES.items() for state in states.split()}


@register.filter
def tone(state) -> str:
    """The tone of a state badge; a tone given as such stays."""
    return state if state in TONES else _TONE_OF.get(str(state), "plain")


@register.filter
def change_label(change: dict) -> str:
    """One line of the log of an amendment: part, row and field in words."""
    return labels.of_change(change)


@register.filter
def end_of_day(day):
    """The last moment of a day, for what counts down to a moment."""
    return calendar.end_of_day(day)


@register.filter
def public_state(subject) -> str:
    """The state as an applicant reads it."""
    return subject.machine.public_label(subject.state)


@register.filter
def wan(amount) -> str:
    """元 → 万元 with its unit: 1000000 → "100 万元"."""
    return "" if amount is None else money.wan(amount)


@register.filter
def wan_number(amount) -> str:
    """元 → 万元 for a column whose heading names the unit."""
    return "" if amount is None else money.wan_number(amount)


@register.filter
def uppercase(amount) -> str:
    """元 → 大写."""
    return "" if amount is None else money.uppercase(amount)


@register.filter
def yuan(amount) -> str:
    """元 with thousands separators and two places."""
    return "" if amount is None else f"{Decimal(amount):,.2f}"


@register.filter
def percent(share) -> str:
    """A share 0–1 as a number 0–100 that fits a drawing: never outside, never localised."""
    return f"{min(Decimal(100), max(Decimal(0), Decimal(str(share)) * 100)):.2f}"


@register.filter
def due(moment: datetime, now: datetime | None = None) -> str:
    """What is left until `moment`, or how long ago it was; `portal.js` says the same."""
    return _left(moment, now, exact=False)


@register.filter
def due_to_the_minute(moment: datetime, now: datetime | None = None) -> str:
    """The same with minutes beside days and hours."""
    return _left(moment, now, exact=True)


def _left(moment: datetime, now: datetime | None, *, exact: bool) -> str:
    left = moment - (now or timezone.now())
    minutes = max(1, int(abs(left.total_seconds()) // 60))
    days, hours = minutes // 1440, minutes % 1440 // 60
    is_past = left <= timedelta(0)
    if days and exact:
        words = _("已过 {d} 天 {h} 小时 {m} 分") if is_past else _("还剩 {d} 天 {h} 小时 {m} 分")
    elif days:
        words = _("已过 {d} 天 {h} 小时") if is_past else _("还剩 {d} 天 {h} 小时")
    elif hours:
        words = _("已过 {h} 小时 {m} 分") if is_past else _("还剩 {h} 小时 {m} 分")
    else:
        words = _("已过 {m} 分钟") if is_past else _("还剩 {m} 分钟")
    return words.format(d=days, h=hours, m=minutes % 60)


@register.filter
def urgency(moment: datetime, now: datetime | None = None) -> str:
    """ "over", "soon" (three days) or "later"."""
    left = moment - (now or timezone.now())
    if left <= timedelta(0):
        return "over"
    return "soon" if left <= SOON else "later"


@register.filter
def masked(value, kept: int = 4) -> str:
    """A personal number with its middle hidden: 138****5678; short values are hidden whole."""
    text = str(value or "")
    if len(text) <= kept + 3:
        return "*" * len(text)
    return f"{text[:3]}{'*' * (len(text) - 3 - kept)}{text[-kept:]}"


@register.filter
def account_masked(number) -> str:
    """A bank account: its last four digits alone."""
    return mask_account(str(number or ""))


@register.filter
def fact_kind(code) -> str:
    """The name of a kind of fact in the reader's language."""
    return str(FactKind(code).label)


@register.simple_tag
def localised(thing, name: str) -> str:
    """A text of the notice in the reader's language: `<name>_en` for English readers where it was written."""
    read = thing.get if isinstance(thing, dict) else lambda key, default="": getattr(thing, key, default)
    english = read(f"{name}_en", "") if (get_language() or "").startswith("en") else ""
    return english or read(name, "")


@register.simple_tag(takes_context=True)
def page_link(context, cursor: str) -> str:
    """The address of another page of the same list: every filter kept."""
    query = context["request"].GET.copy()
    query["cursor"] = cursor
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def with_query(context, **changes) -> str:
    """The address of this page with some of its query changed, from its first row."""
    query = context["request"].GET.copy()
    query.pop("cursor", None)
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"


@register.simple_tag
def form_problems(form) -> list[dict]:
    """Every fault of a bound form: message, name and anchor of the field it is about."""
    problems = [{"message": message} for message in form.non_field_errors()]
    for name, messages in form.errors.items():
        if name in form.fields:
            field = form[name]
            problems += [
                {"message": message, "field": field.label, "anchor": field.id_for_label}
                for message in messages
            ]
    return problems


@register.filter
def plain(number) -> str:
    """A Decimal without trailing zeros: 40.00 → "40"."""
    return "" if number is None else f"{Decimal(number).normalize():f}"


@register.inclusion_tag("portal/includes/_timeline.html")
def application_timeline(application, user, now) -> dict:
    """Where the application stands and what comes next."""
    return {
        "steps": timeline.application_steps(
            application, for_officer=bool(user.scope.roles & STAFF_ROLES), at=now
        ),
        "now": now,
    }


@register.simple_tag
def paper_asked(call) -> str:
    """Who sends how many copies of what on paper, by when."""
    return paper_text(call)


@register.filter
def of(found: dict, key):
    """What a mapping holds under `key`."""
    return found.get(key, ())


@register.filter
def names_its_kind(deadline) -> bool:
    """Whether the title says already what kind of obligation it is."""
    return str(deadline.title).startswith(str(deadline.get_kind_display())[:2])
