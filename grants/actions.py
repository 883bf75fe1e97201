"""Publish and close calls, list and close topics, give out numbers."""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation
from core import workflow
from core.workflow import Refused
from grants import queries, rules, signals, system_rules
from grants.codelists import CodeList
from grants.models import Call, Dictionary, DictionaryEntry, Sourcing, Topic
from grants.states import CallState, TopicState


@transaction.atomic
def publish_call(*, call: Call, by, at: datetime) -> None:
    """Publish and freeze a call. Raises Refused naming what is missing, also from apps further down."""
    rules.check_can_publish(by, call)
    system_rules.write(call=call)
    signals.publishing.send(sender=Call, call=call, by=by, at=at)
    # Directions of the notice are on the list while the call is open, whenever its moments were last changed.
    directions = Topic.objects.filter(call=call, owner__isnull=True)
    directions.update(listed_at=call.opens_at, bids_close_at=call.closes_at)
    free = call.is_topic_free or call.sourcing == Sourcing.DEMAND
    known = {
        "has_intakes": call.intakes.exists(),
        "has_entries": call.entries.exists(),
        "asks_topic": not free and call.topics.exists(),
    }
    workflow.move(call, CallState.PUBLISHED, by=by, at=at, published_at=at, **known)
    signals.published.send(sender=Call, call=call, by=by, at=at)


@transaction.atomic
def close_call(*, call: Call, by, at: datetime) -> None:
    """End a call: nobody can apply any more. Refused before the closing moment that the notice names."""
    rules.check_can_close(by, call, at=at)
    workflow.move(call, CallState.CLOSED, by=by, at=at)


@transaction.atomic
def list_topic(
    *,
    call: Call,
    title: str,
    content: str,
    by,
    at: datetime,
    number: str = "",
    field: str = "",
    indicators: list[dict] | None = None,
    bidder_conditions: str = "",
    demand_kind: str = "",
    facts: list[dict] | None = None,
    amount: Decimal | None = None,
    planned_number: int = 1,
    owner: Organisation | None = None,
    owner_is_public: bool = False,
    bids_close_at: datetime | None = None,
) -> Topic:
    """Put a topic on the list (发榜). Without `number` the next one of the call is given out."""
    rules.check_can_list_topic(by, call)
    if bids_close_at:
        rules.check_closes_later(bids_close_at, at=at)
    topic = Topic(
        call=call,
        number=number or next_number(f"{queries.number_prefix(call)}-T"),
        title=title,
        field=field,
        content=content,
        indicators=indicators or [],
        bidder_conditions=bidder_conditions,
        demand_kind=demand_kind,
        facts=facts or [],
        amount=amount,
        planned_number=planned_number,
        owner=owner,
        owner_is_public=owner_is_public,
        listed_at=at,
        bids_close_at=bids_close_at,
    )
    try:
        with transaction.atomic():
            topic.save()
    except IntegrityError:
        raise Refused(_("编号“%(number)s”已经用过。") % {"number": topic.number}, field="number") from None
    workflow.record(topic, "listed", by=by, at=at, to_state=topic.state)
    return topic


@transaction.atomic
def close_topic(*, topic: Topic, by, at: datetime) -> None:
    """Bidding is over, review of the bids begins (评榜)."""
    rules.check_can_close_topic(by, topic, at=at)
    workflow.move(topic, TopicState.CLOSED, by=by, at=at)


@transaction.atomic
def topic_awarded(*, topic: Topic, by, at: datetime) -> None:
    """A bid has won (中榜)."""
    workflow.move(topic, TopicState.AWARDED, by=by, at=at)


@transaction.atomic
def topic_unfilled(*, topic: Topic, by, at: datetime, note: str = "") -> None:
    """No bid, or none good enough (流榜)."""
    workflow.move(topic, TopicState.UNFILLED, by=by, at=at, note=note)


@transaction.atomic
def relist_topic(*, topic: Topic, bids_close_at: datetime, by, at: datetime, note: str = "") -> None:
    """Put an unfilled topic on the list again (重新发榜): bidding is open until the new moment."""
    rules.check_can_relist(by, topic)
    rules.check_new_closing(topic, bids_close_at, at=at)
    workflow.move(
        topic, TopicState.LISTED, by=by, at=at, note=note, listed_at=at, bids_close_at=bids_close_at
    )
    signals.relisted.send(sender=Topic, topic=topic, by=by, at=at)


def next_number(prefix: str) -> str:
    """The next number of a prefix, "<prefix>-0001" first; never the same twice.

    One statement; the row stays locked until the caller commits, so ask late in a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO grants_numbersequence AS s (prefix, last) VALUES (%s, 1) "
            "ON CONFLICT (prefix) DO UPDATE SET last = s.last + 1 RETURNING last",
            [prefix],
        )
        return f"{prefix}-{cursor.fetchone()[0]:04d}"


@transaction.atomic
def load_dictionary(*, code: str, codes: CodeList, name: str = "", source: str = "", valid_from=None) -> int:
    """Bring one dated version of a dictionary to what a list says; returns how many entries changed.

    Entries that stay the same keep their rows, so that loading again changes nothing. Earlier versions stay:
    a form chooses from the version of its call's opening day. Raises Refused without a name or a date, or
    when codes of an existing version are missing: answers may name them.
    """
    fields = {"name": name or codes.name, "source": source or codes.source}
    day = valid_from or codes.valid_from
    if not fields["name"] or not day:
        raise Refused(_("请写明字典的名称和启用日期。"), field="valid_from" if fields["name"] else "name")
    # One load of a dictionary at a time: two at once would both write the same codes.
    version, _created = Dictionary.objects.select_for_update().update_or_create(
        code=code, valid_from=day, defaults=fields
    )
    wanted = {(row.code, row.name, row.name_en, row.parent) for row in codes.rows}
    known = set(version.entries.values_list("code", "name", "name_en", "parent"))
    lost = {row[0] for row in known} - {row[0] for row in wanted}
    if lost:
        raise Refused(
            _("这一版本已有的代码“%(code)s”不在表中。删减条目请写新的启用日期，作为新版本上传。")
            % {"code": min(lost)},
            field="valid_from",
        )
    changed = {row[0] for row in known - wanted}
    version.entries.filter(code__in=changed).delete()
    added = [DictionaryEntry(dictionary=version, **row.__dict__) for row in codes.rows]
    DictionaryEntry.objects.bulk_create(
        entry for entry in added if (entry.code, entry.name, entry.name_en, entry.parent) not in known
    )
    return len({row[0] for row in wanted - known})
