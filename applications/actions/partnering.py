"""Partner units (合作单位) fill in their own part; their administrator confirms it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.countries import HOME
from accounts.models import Organisation
from applications import completeness, notifications, partner_clocks, queries, questions, rules
from applications.actions.budgeting import set_share
from applications.actions.consenting import ask_consents, named_in
from applications.actions.holding import hold, saved, without_typed
from applications.actions.reconfirming import recheck
from applications.models import Application, Participant, ParticipantRole, Partner
from core import money, workflow
from core.workflow import Refused
from grants.person_roles import settled


@transaction.atomic
def invite_partner(*, application: Application, organisation: Organisation, by, at: datetime) -> Partner:
    """Let the members of a participant's unit read the draft and fill in their part. Raises Refused."""
    hold(application=application, by=by)
    if organisation.credit_code not in queries.partner_units(application):
        raise Refused(
            _("“%(unit)s”没有参与人员，请先在参与人员中填写。") % {"unit": organisation.name},
            field="organisation",
        )
    if organisation.pk == application.organisation_id:
        raise Refused(_("牵头单位不需要邀请。"), field="organisation")
    partner, created = Partner.objects.get_or_create(
        application=application,
        organisation=organisation,
        defaults={"invited_by": by, "invited_at": at},
    )
    if created:
        workflow.record(application, "invited", by=by, at=at, note=organisation.name)
        notifications.tell_partner(partner, at=at)
        partner_clocks.opened(partner, at=at)
    return partner


@transaction.atomic
def limit_partner(*, partner: Partner, limit: Decimal | None, by, at: datetime) -> None:
    """How much of the budget the partner may fill in by itself; None: nothing. Raises Refused."""
    application = partner.application
    hold(application=application, by=by)
    if not application.call.is_budget_by_unit:
        raise Refused(_("本通知的预算不分单位，由牵头单位填写。"), field="limit")
    if limit is not None and not 0 <= limit < money.LARGEST_SUM:
        raise Refused(_("经费上限应大于等于 0 且小于一亿万元。"), field="limit")
    partner.budget_limit = limit
    partner.save(update_fields=["budget_limit"])
    words = money.wan(limit) if limit is not None else "—"
    note = _("%(unit)s 可填经费上限：%(limit)s") % {"unit": partner.organisation.name, "limit": words}
    workflow.record(application, "share_limited", by=by, at=at, note=note)


@transaction.atomic
def uninvite_partner(*, partner: Partner, by, at: datetime) -> None:
    """The unit reads and writes no longer; its people stay in the application."""
    application = partner.application
    hold(application=application, by=by)
    partner_clocks.dropped(partner, by=by, at=at)
    partner.delete()
    workflow.record(application, "uninvited", by=by, at=at, note=partner.organisation.name)


def hold_part(*, partner: Partner, by) -> Application:
    """Hold the application until commit, for a member of the partner unit. Raises Refused."""
    application = Application.objects.select_for_update(of=("self",)).get(pk=partner.application_id)
    rules.check_can_fill_partner(by, partner, application)
    return application


@transaction.atomic
def fill_partner(
    *,
    partner: Partner,
    task: str,
    people: Iterable[Mapping],
    by,
    at: datetime,
    amounts: Mapping[tuple, Decimal | None] | None = None,
) -> None:
    """The partner's own part: what it takes on, its people, its share of the budget where the lead lets it.

    Nothing of other units is touched; who leads the project stays so. Raises Refused.
    """
    application = hold_part(partner=partner, by=by)
    unit = partner.organisation
    rows = [_person(person, unit) for person in people]
    for index, row in enumerate(rows):
        for name, sentence in completeness.person_faults(row, strict=False):
            raise Refused(sentence, field=f"participants.{index}.{name}")
    before = named_in(application)
    _replace_people(application, unit, rows)
    partner.task = task.replace("\0", "").strip()
    partner.save(update_fields=["task"])
    sums = {}
    if amounts is not None:
        limit = Partner.objects.values_list("budget_limit", flat=True).get(pk=partner.pk)
        if limit is None:
            raise Refused(_("牵头单位没有开放本单位的经费填写。"), field="budget")
        sums = set_share(application=application, unit=unit.credit_code, amounts=amounts, most=limit)
    typed = without_typed(application, typed_key(partner))
    saved(application=application, by=by, at=at, typed=typed, **sums)
    recheck(application=application, by=by, at=at)
    ask_consents(application=application, before=before, by=by, at=at)


def typed_key(partner: Partner) -> str:
    """Where an application keeps what the partner typed and what cannot be stored yet."""
    return f"partner-{partner.pk}"


@transaction.atomic
def keep_partner_typed(*, partner: Partner, typed, by, at: datetime) -> None:
    """Keep what a partner typed with faults; what stands in the tables stays. Raises Refused."""
    application = hold_part(partner=partner, by=by)
    typed = {**application.typed, typed_key(partner): questions.storable(typed)}
    saved(application=application, by=by, at=at, typed=typed)


def _person(person: Mapping, unit: Organisation) -> dict:
    kept = {name: person[name] for name in completeness.PERSON_FIELDS if person.get(name) is not None}
    fixed = {"organisation_name": unit.name, "credit_code": unit.credit_code, "country": HOME}
    return completeness.written_person(kept | fixed)


def _replace_people(application, unit, rows: list[dict]) -> None:
    """The unit's people take the places they had; further ones come last."""
    others = list(application.participants.exclude(credit_code=unit.credit_code).order_by("order", "pk"))
    own = application.participants.filter(credit_code=unit.credit_code)
    leads = own.filter(role=ParticipantRole.PI).values_list("id_number", "name").first()
    first = own.order_by("order").values_list("order", flat=True).first()
    own.delete()
    place = len(others) if first is None else first
    for row in rows:
        leading = leads is not None and (row["id_number"], row["name"]) == tuple(leads)
        row["role"] = ParticipantRole.PI if leading else ParticipantRole.MEMBER
        row["position"] = settled(application.call, leads=leading, position=row.get("position") or "")
    made = [Participant(application=application, **row) for row in rows]
    kept = [*[p for p in others if p.order < place], *made, *[p for p in others if p.order >= place]]
    for order, person in enumerate(kept):
        person.order = order
    Participant.objects.bulk_update(others, ["order"])
    Participant.objects.bulk_create(made)


@transaction.atomic
def confirm_partner(*, partner: Partner, seen: str, by, at: datetime) -> None:
    """The unit's administrator confirms the text that was `seen`. Raises Refused when it has changed."""
    application = hold_part(partner=partner, by=by)
    rules.check_can_confirm_partner(by, partner)
    now = queries.part_versions(application)(partner)
    if now != seen:
        raise Refused(_("内容刚刚被修改，请核对后再确认。"), field="confirm", code="changed")
    partner.confirmed, partner.confirmed_by, partner.confirmed_at = now, by, at
    partner.changed_at = None
    partner.save(update_fields=["confirmed", "confirmed_by", "confirmed_at", "changed_at"])
    partner_clocks.confirmed(partner, by=by, at=at)
    workflow.record(application, "confirmed", by=by, at=at, note=partner.organisation.name)
