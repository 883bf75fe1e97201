"""Who joins a running project agrees first, where the notice wants everybody's consent (参与人员知情同意)."""

from datetime import datetime
from types import SimpleNamespace
from typing import NamedTuple

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.identity import person_key
from accounts.queries import own_record
from applications import queries as applications
from core import workflow
from core.workflow import Lost, Refused
from milestones.models import Change, ChangeConsent
from notifications import actions

MOST = 100


class Asked(NamedTuple):
    """One change that would have a person join, as that person reads it."""

    change: Change
    person: dict
    consent: ChangeConsent | None


def _key(person: dict) -> str:
    return person_key(person.get("id_number") or "", person.get("id_country") or "")


def awaited(change: Change) -> list[dict]:
    """Who joins and has not agreed, by ID card or passport; none where the notice asks nobody."""
    application = change.agreement.award.application
    people = [person for person in change.people.get("join", ()) if person.get("id_number")]
    if not people or not application.call.requires_consents:
        return []
    given = set(application.consents.values_list("person_key", flat=True))
    given |= set(change.consents.values_list("person_key", flat=True))
    return [person for person in people if _key(person) not in given]


def check_agreed(change: Change) -> None:
    """Nobody joins a project without knowing. Raises Refused naming who has not agreed."""
    if names := [person["name"] for person in awaited(change)]:
        raise Refused(
            _("还在等待本人同意加入：%(names)s。") % {"names": _("、").join(names)},
            clause=change.clause,
            code="consent",
        )


def tell(change: Change, *, at: datetime) -> None:
    """Those who have an account hear that their word is waited for."""
    people = [
        SimpleNamespace(name=row["name"], id_number=row["id_number"], id_country=row.get("id_country") or "")
        for row in awaited(change)
    ]
    if not people:
        return
    application = change.agreement.award.application
    actions.tell(
        recipients=applications.accounts_of(people),
        template="milestones/join_asked",
        context={
            "title": str(application),
            "call": application.call.title,
            "lead": application.organisation.name,
        },
        url=reverse("milestones:joining"),
        at=at,
    )


def asked_of(user) -> list[Asked]:
    """Changes that wait and name a person as joining, the latest first; three queries."""
    record = own_record(user)
    if record is None or not record.id_number:
        return []
    rows = Change.objects.open().filter(
        people__join__contains=[{"id_number": record.id_number}],
        agreement__award__application__call__requires_consents=True,
    )
    rows = rows.select_related(
        "agreement__award__application__call", "agreement__award__application__organisation"
    ).prefetch_related("consents")
    return [
        Asked(change, person, next((c for c in change.consents.all() if c.person_key == _key(person)), None))
        for change in rows.order_by("-pk")[:MOST]
        for person in change.people["join"]
        if _is(record, user, person)
    ]


def _is(record, user, person: dict) -> bool:
    alike = person["name"].casefold() == user.name.casefold()
    return alike and record.holds(person.get("id_number") or "", person.get("id_country") or "")


@transaction.atomic
def agree(*, change: Change, by, at: datetime) -> None:
    """The person's own word; saying it twice changes nothing. Raises Refused, Lost."""
    Change.objects.select_for_update(of=("self",)).get(pk=change.pk)
    row = next((row for row in asked_of(by) if row.change.pk == change.pk), None)
    if row is None:
        raise Lost(_("没有等您确认的变更申请，可能已经办结或撤回。"), code="lost")
    _given, created = ChangeConsent.objects.get_or_create(
        change=row.change, person_key=_key(row.person), defaults={"by": by, "at": at}
    )
    if created:
        workflow.record(row.change, "consented", by=by, at=at, note=row.person["name"])
