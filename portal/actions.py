"""Subscriptions to new calls, and a unit's facts with their proof."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.urls import reverse

from accounts import actions as accounts
from accounts.models import Membership, Organisation, OrganisationFact, User
from accounts.queries import expiring
from accounts.roles import UnitRole
from applications.models import Application
from applications.states import ApplicationState
from awards.models import Agreement
from core import workflow
from core.calendar import local_date
from core.models import Event
from documents.actions import store
from documents.models import Document
from grants.models import Call, Intake
from grants.queries import intakes_of
from grants.states import CallState
from notifications.actions import tell
from notifications.models import CalendarFeed, Deadline
from notifications.policies import new_token
from portal import finding
from portal.models import Subscription

PROOF = "proof"
PROOFS = ["pdf", "jpg", "jpeg", "png"]
WARNED_DAYS = 60
AT_ONCE = 500
STALE = timedelta(days=2)
"""A batch that opened longer ago is no news: nobody is told of it when the workers stood still."""
SETTABLE = ("fields", "region", "rungs", "by_mail")


@transaction.atomic
def subscribe(*, by: User, at: datetime, **wanted: Any) -> Subscription:
    """Ask to be told of new calls, or ask for others than before. `wanted` are of SETTABLE."""
    strange = set(wanted) - set(SETTABLE)
    if strange:
        raise TypeError(f"not fields that can be set here: {sorted(strange)}")
    found, _created = Subscription.objects.update_or_create(user=by, defaults={**wanted, "agreed_at": at})
    return found


def unsubscribe(*, by: User) -> bool:
    """Hear nothing more; nothing of it is kept."""
    return bool(Subscription.objects.filter(user=by).delete()[0])


def tell_subscribers(*, call: Call, at: datetime) -> int:
    """One message to each person whose subscription fits a new call; mail only to those who asked for it."""
    context = {
        "title": call.title,
        "programme": call.programme.name,
        "opens_at": call.opens_at.isoformat(),
        "closes_at": call.closes_at.isoformat() if call.closes_at else "",
        "batches": [
            {
                "name": f"{row.name} {row.project_type or ''}".strip(),
                "opens_at": row.opens_at.isoformat(),
                "closes_at": row.closes_at.isoformat(),
            }
            for row in intakes_of(call)
        ],
        "stop": reverse("portal:subscription"),
    }
    return _tell_followers(call, "portal/new_call", context, at=at)


def _tell_followers(call: Call, template: str, context: dict, *, at: datetime, beside=()) -> int:
    """Whoever subscribed to calls like this one, except those `beside` who are told in other words."""
    wanted = Subscription.objects.matching(**finding.facets(call)).filter(user__is_active=True)
    url = reverse("portal:call", args=[call.pk])
    told = 0
    for by_mail, channels in ((True, ("email",)), (False, ())):
        rows = wanted.filter(by_mail=by_mail).exclude(user__in=beside).select_related("user").order_by("pk")
        people = [row.user for row in rows.iterator(chunk_size=2_000)]
        told += len(
            tell(recipients=people, template=template, context=context, url=url, at=at, channels=channels)
        )
    return told


def tell_of_batches(*, at: datetime) -> int:
    """Once a later batch of a call opens, whoever has a draft of it and its followers are told, once.

    The first batch opens with the call, of which they were told when it was published.
    """
    opened = Intake.objects.filter(
        call__state=CallState.PUBLISHED, opens_at__lte=at, opens_at__gt=at - STALE
    ).exclude(opens_at=F("call__opens_at"))
    told = 0
    for intake in opened.select_related("call__programme").order_by("call_id", "opens_at", "order"):
        told += _tell_of_batch(intake, at=at)
    return told


@transaction.atomic
def _tell_of_batch(intake: Intake, *, at: datetime) -> int:
    call = Call.objects.select_for_update(of=("self",)).select_related("programme").get(pk=intake.call_id)
    versions = Call.objects.filter(series=call.series).values("pk")
    about = ContentType.objects.get_for_model(Call)
    said = Event.objects.filter(content_type=about, object_id__in=versions, verb="batch_opened")
    if said.filter(data__batch=intake.code).exists():
        return 0
    workflow.record(call, "batch_opened", by=None, at=at, note=intake.name, data={"batch": intake.code})
    context = {
        "title": call.title,
        "programme": call.programme.name,
        "batch": intake.name,
        "opens_at": intake.opens_at.isoformat(),
        "closes_at": intake.closes_at.isoformat(),
        "stop": reverse("portal:subscription"),
    }
    drafts = Application.objects.filter(call=call, state=ApplicationState.DRAFT)
    people = User.objects.filter(pk__in=drafts.values("team__user"), is_active=True)
    url = reverse("applications:list")
    told = len(tell(recipients=list(people), template="portal/batch_open", context=context, url=url, at=at))
    return told + _tell_followers(call, "portal/batch_followed", context, at=at, beside=people)


@transaction.atomic
def record_fact(
    *, organisation: Organisation, by: User, at: datetime, proof=None, **details: Any
) -> OrganisationFact:
    """A dated fact of a unit, with the scan that proves it. Raises Refused for either."""
    fact = accounts.record_fact(organisation=organisation, by=by, at=at, **details)
    if proof is not None:
        store(
            subject=fact, kind=PROOF, file=proof, name=proof.name, by=by, at=at, endings=PROOFS, field="proof"
        )
    return fact


@transaction.atomic
def record_figures(
    *, organisation: Organisation, year: int, figures: Mapping[str, Decimal], by: User, at: datetime
) -> None:
    """The figures of one year, each a fact that counts from its first day until the next one is known."""
    for kind, number in figures.items():
        accounts.record_fact(
            organisation=organisation, kind=kind, number=number, valid_from=date(year, 1, 1), by=by, at=at
        )


def proofs_of(facts) -> dict[int, Document]:
    """{fact id: its proof}; one query."""
    rows = Document.objects.filter(
        content_type__app_label="accounts",
        content_type__model="organisationfact",
        kind=PROOF,
        object_id__in=[fact.pk for fact in facts],
    )
    return {document.object_id: document for document in rows.order_by("version")}


def warn_of_expiry(*, at: datetime) -> int:
    """Tell the administrators of units whose certificates end within WARNED_DAYS, once for each."""
    told = 0
    with transaction.atomic():
        # Where a running project rests on the certificate, its own deadline reminds.
        clocks = Deadline.objects.open().filter(
            content_type=ContentType.objects.get_for_model(OrganisationFact), object_id=OuterRef("pk")
        )
        soon = expiring(local_date(at), timedelta(days=WARNED_DAYS)).filter(~Exists(clocks))
        facts = list(soon.select_for_update(skip_locked=True, of=("self",))[:AT_ONCE])
        administrators = Membership.objects.filter(
            organisation__in={fact.organisation_id for fact in facts}, role=UnitRole.ADMIN, is_active=True
        ).select_related("user")
        people: dict[int, list[User]] = {}
        for membership in administrators:
            people.setdefault(membership.organisation_id, []).append(membership.user)
        for fact in facts:
            told += len(
                tell(
                    recipients=people.get(fact.organisation_id, []),
                    template="portal/expiring",
                    context={
                        "unit": fact.organisation.name,
                        "kind": fact.kind,
                        "text": fact.text,
                        "valid_to": fact.valid_to.isoformat(),
                    },
                    url=reverse("portal:record", args=[fact.organisation_id]),
                    at=at,
                )
            )
        OrganisationFact.objects.filter(pk__in=[fact.pk for fact in facts]).update(warned_at=at)
    return told


@transaction.atomic
def renew_calendar(*, by: User, agreement: Agreement | None, at: datetime) -> CalendarFeed:
    """A new secret address for one's calendar, or for that of a project; the old one is worthless."""
    about = agreement and ContentType.objects.get_for_model(agreement)
    feed, _created = CalendarFeed.objects.update_or_create(
        user=by,
        content_type=about,
        object_id=agreement and agreement.pk,
        defaults={"token": new_token(), "renewed_at": at},
    )
    return feed
