"""What the portal's own pages read. Every function says how many queries it costs."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation
from applications.states import ApplicationState
from awards.models import Publicity, PublicityItem
from awards.states import PublicityState
from core.calendar import end_of_day
from core.paging import capped_count
from finance.models import InstalmentTemplate
from grants import system_rules
from grants.models import (
    Amendment,
    Call,
    Contact,
    Entry,
    FormKind,
    Intake,
    IssuingBody,
    MoneyRule,
    NominatorGroup,
    ProjectType,
    Question,
    QuestionKind,
    Quota,
    RecommendedBy,
    Sourcing,
    Stage,
    StageKind,
    Topic,
)
from grants.queries import entries_of, intake_ahead, intakes_of, share_intakes
from grants.states import CallState, TopicState
from milestones.models import MilestoneTemplate
from notifications.models import Acknowledgement, Message
from notifications.states import NoticeState
from portal import finding
from portal.timeline import Step
from reviews.models import Criterion, Recusal, ReviewScheme

_NEVER = datetime.fromisoformat("9999-01-01T00:00:00+08:00")


# ---- calls ----


def calls(user, *, tab: str, at: datetime) -> QuerySet:
    """Published calls of one tab: open ones by what closes first, rolling ones after them."""
    rows = Call.objects.visible_to(user).in_force().select_related("programme")
    batches = Intake.objects.filter(call=OuterRef("pk"), call__has_intakes=True, closes_at__gte=at)
    batch = Subquery(batches.order_by("closes_at").values("closes_at")[:1])
    rows = rows.annotate(closing=Coalesce(batch, "closes_at", Value(_NEVER)))
    if tab == "open":
        return rows.accepting(at)
    if tab == "coming":
        return rows.filter(state=CallState.PUBLISHED, opens_at__gt=at)
    return rows.filter(Q(state=CallState.CLOSED) | Q(closes_at__lt=at))


@dataclass(frozen=True)
class Found:
    """Rows that a filter left, and whether they are only similar to the text."""

    rows: QuerySet
    order: tuple[str, ...]
    similar: bool = False


def searched(rows: QuerySet, text: str, condition, order: tuple[str, ...]) -> Found:
    """The rows with a text in them, or the similar ones, the nearest first."""
    if not text:
        return Found(rows, order)
    rows, similar = finding.search(rows, text, condition)
    return Found(rows, ("-likeness", *order) if similar else order, similar)


def find_calls(
    user,
    *,
    tab: str,
    at: datetime,
    q: str = "",
    programme=None,
    sourcing: str = "",
    instrument: str = "",
    field: str = "",
    region: str = "",
    rung: str = "",
) -> Found:
    """The calls of one tab that every filter leaves."""
    rows = calls(user, tab=tab, at=at)
    named = {"programme": programme, "sourcing": sourcing, "instrument": instrument}
    rows = rows.filter(**{name: value for name, value in named.items() if value})
    if field:
        rows = finding.of_field(rows, field)
    if region:
        rows = finding.open_to(rows, region)
    if rung:
        rows = finding.for_rung(rows, rung)
    return searched(rows, q, finding.in_call, CALL_ORDER[tab])


def with_batches(calls, *, at: datetime) -> None:
    """Give each call of a page the batch open or next as `ahead`; no query where none has any."""
    share_intakes(calls)
    for call in calls:
        call.ahead = intake_ahead(call, None, at=at)


def beijing(moment: datetime) -> str:
    """A moment as people read it, to the minute."""
    return f"{timezone.localtime(moment, timezone.get_default_timezone()):%Y-%m-%d %H:%M}"


CALL_ORDER = {"open": ("closing", "id"), "coming": ("opens_at", "id"), "closed": ("-opens_at", "-id")}


def accepts(call: Call, *, at: datetime) -> bool:
    """Whether the window is open; who may apply is for `applications.rules` to say."""
    open_now = call.opens_at <= at and (call.closes_at is None or at <= call.closes_at)
    return call.state == CallState.PUBLISHED and open_now


def own_units(user) -> QuerySet:
    """The units a person belongs to."""
    units = user.scope.units if user.is_authenticated else ()
    return Organisation.objects.filter(pk__in=units)


TOPICS_OF_CALL = 30


@dataclass(frozen=True)
class CallNotice:
    """Everything a notice says beside its text."""

    topics: list[Topic]
    rules: list
    stages: list[Step]
    materials: list[Question]
    criteria: list[Criterion]
    milestones: list[MilestoneTemplate]
    instalments: list[dict]
    contacts: list[Contact]
    bodies: list[IssuingBody]
    types: list[ProjectType]
    intakes: list["Batch"]
    entries: list[Entry]
    money_rules: list[MoneyRule]
    quotas: list[Quota]
    unit_quotas: list[Quota]
    """Rows of a table of units (限额表)."""
    nominators: list[NominatorGroup]
    recusal: ReviewScheme | None
    """Where it keeps those that apply or nominate from other applications, too."""
    amendments: list[Amendment]


def call_notice(user, call: Call) -> CallNotice:
    """Fifteen queries, whatever the notice holds."""
    topics = Topic.objects.visible_to(user).filter(call=call).exclude(state=TopicState.WITHDRAWN)
    quotas = list(call.quotas.select_related("project_type"))
    return CallNotice(
        topics=list(topics.select_related("owner").order_by("number")[:TOPICS_OF_CALL]),
        rules=list(call.rules.select_related("project_type")),
        stages=[_stage_step(stage) for stage in call.stages.all()],
        materials=list(
            call.questions.filter(kind=QuestionKind.ATTACHMENT, section__form=FormKind.APPLICATION).order_by(
                "section__order", "order"
            )
        ),
        criteria=list(Criterion.objects.filter(call=call)),
        milestones=list(MilestoneTemplate.objects.filter(call=call)),
        instalments=[
            {
                "label": f"{plan.name} · {plan.get_condition_display()}",
                "text": _share_of(plan),
                "share": plan.share / 100,
            }
            for plan in InstalmentTemplate.objects.filter(call=call)
        ],
        contacts=list(call.contacts.all()),
        bodies=list(call.issuing_bodies.all()),
        types=list(call.types.all()),
        intakes=_batches(intakes_of(call) if call.has_intakes else _draft_intakes(call)),
        entries=entries_of(call),
        money_rules=list(call.money_rules.select_related("project_type")),
        quotas=_for_each(quotas),
        unit_quotas=[quota for quota in quotas if quota.credit_code],
        nominators=list(call.nominator_groups.select_related("project_type")),
        recusal=ReviewScheme.objects.filter(call=call).exclude(recusal=Recusal.APPLICATION).first(),
        amendments=list(amendments(call)),
    )


def _for_each(quotas: list[Quota]) -> list[Quota]:
    """Those for every unit; `is_for_others` where some have a row of their own instead."""
    named = {(quota.of, quota.project_type_id) for quota in quotas if quota.credit_code}
    rows = [quota for quota in quotas if not quota.credit_code]
    for quota in rows:
        quota.is_for_others = (quota.of, quota.project_type_id) in named
    return rows


@dataclass
class Batch:
    """One line of the table of batches: the types that have the same moments share it."""

    intake: Intake
    types: list[ProjectType]


def _share_of(plan: InstalmentTemplate) -> str:
    """How much of the award it is, at most where it is worked out from what is reported."""
    share = f"{plan.share.normalize():f} %"
    return _("按绩效计算，不超过 %(share)s") % {"share": share} if plan.formula.strip() else share


def _batches(rows: list[Intake]) -> list[Batch]:
    found: dict[tuple, Batch] = {}
    for row in rows:
        names = ("code", "opens_at", "closes_at", "unit_closes_at", "recommender_closes_at", "planned_number")
        line = found.setdefault((*(getattr(row, name) for name in names), row.clause), Batch(row, []))
        line.types += [row.project_type] if row.project_type_id else []
    return list(found.values())


def _draft_intakes(call: Call) -> list[Intake]:
    """The batches of a draft, which publishing has not noted yet."""
    rows = call.intakes.select_related("project_type") if call.state == CallState.DRAFT else ()
    return sorted(rows, key=lambda row: row.closes_at)


def amendments(call: Call) -> QuerySet:
    """The public log of all versions of a notice, the newest first."""
    log = Amendment.objects.filter(call__series=call.series, published_at__isnull=False)
    return log.select_related("call").order_by("-call__version")


def version_in_force(call: Call) -> Call | None:
    """What took the place of a superseded version; one query, none for a version in force."""
    if call.state != CallState.SUPERSEDED:
        return None
    rows = Call.objects.in_force().filter(series=call.series)
    return rows.order_by("-version").first()


def _stage_step(stage: Stage) -> Step:
    note = _("%(days)s 个%(kind)s") % {"days": stage.days, "kind": stage.get_day_kind_display()}
    if stage.until:
        note = system_rules.before(stage.until)
    if stage.is_conditional:
        note = _("；").join((note, _("只对部分申报办理")))
    if stage.kind == StageKind.RECOMMENDATION:
        note = f"{note}；{stage.get_recommended_by_display()}"
        if stage.authority_confirmed:
            note = _("；").join((note, _("主管部门须先在系统中确认主管关系")))
        listed = list(stage.call.recommenders.all())
        if stage.recommended_by == RecommendedBy.CHOSEN:
            note = f"{note}：{'、'.join(row.name for row in listed if not row.line)}"
        if joint := dict.fromkeys(row.line for row in listed if row.line):
            note = _("；").join((note, _("会同%(lines)s") % {"lines": "、".join(joint)}))
    if stage.revision_days:
        revised = _("可以要求在 %(days)s 天内按专家意见修改")
        note = _("；").join((note, revised % {"days": stage.revision_days}))
    if stage.asks_slides:
        asked = _("%(when)s上传答辩材料（%(limits)s）")
        words = {"when": system_rules.slides_when(stage), "limits": system_rules.slides_limits(stage)}
        note = _("；").join((note, asked % words))
    return Step(title=stage.get_kind_display(), state="next", note=note, clause=stage.clause)


# ---- the board (榜单) ----

BOARD_ORDER = ("-listed_at", "-id")


def board(user) -> QuerySet:
    """The challenge items anybody may see. `owner` is named only where its demand says so."""
    return (
        Topic.objects.visible_to(user)
        .filter(call__sourcing=Sourcing.DEMAND, listed_at__isnull=False)
        .exclude(call__state=CallState.DRAFT)
        .exclude(state=TopicState.WITHDRAWN)
        .select_related("call", "owner")
    )


def topics(user) -> QuerySet:
    """One topic's page: the board, and the guide topics (指南方向) of window calls."""
    return Topic.objects.visible_to(user).select_related("call", "owner")


def accepts_bids(topic: Topic, *, at: datetime) -> bool:
    open_now = topic.bids_close_at is None or at <= topic.bids_close_at
    return topic.state == TopicState.LISTED and open_now and accepts(topic.call, at=at)


def board_items(user, *, q: str = "", kind: str = "", field: str = "", state: str = "") -> Found:
    rows = board(user)
    if kind:
        rows = rows.filter(demand_kind=kind)
    if field:
        rows = rows.filter(field=field)
    if state:
        rows = rows.filter(state=state)
    return searched(rows, q, finding.anywhere("title", "content", "number", "field"), BOARD_ORDER)


def board_fields(user) -> list[str]:
    """The fields that occur on the board, one query."""
    names = board(user).exclude(field="").order_by("field").values_list("field", flat=True).distinct()
    return list(names[:100])


# ---- publicity ----

PUBLICITY_ORDER = ("-published_at", "-id")


def publicity_notices(user) -> QuerySet:
    return Publicity.objects.visible_to(user).select_related("call__programme__department")


def publicity(user, *, tab: str) -> QuerySet:
    rows = publicity_notices(user)
    if tab == "closed":
        rows = rows.filter(state=PublicityState.CLOSED)
    else:
        rows = rows.exclude(state=PublicityState.CLOSED)
    return rows


def objections_end(notice: Publicity) -> datetime:
    """The last moment of the publicity period."""
    return end_of_day(notice.ends_date)


# ---- results ----

RESULT_ORDER = ("-publicity__ends_date", "id")
GRANTED = (ApplicationState.AGREEMENT, ApplicationState.AWARDED)


def results(user, *, q: str = "", programme=None, year=None) -> Found:
    """What was granted after its publicity ended, as it was published."""
    rows = PublicityItem.objects.visible_to(user).filter(
        publicity__state=PublicityState.CLOSED, application__state__in=GRANTED
    )
    if programme:
        rows = rows.filter(publicity__call__programme=programme)
    if year:
        rows = rows.filter(publicity__call__year=year)
    rows = rows.select_related("publicity__call__programme", "grade")
    return searched(rows, q, finding.anywhere("title", "organisation_name"), RESULT_ORDER)


# ---- home ----

HOME_ROWS = 5


@dataclass(frozen=True)
class HomePage:
    open_calls: list[Call]
    topics: list[Topic]
    notices: list[Publicity]
    open_call_count: str
    topic_count: str


def home(user, *, at: datetime) -> HomePage:
    """Five queries, whatever there is."""
    accepting = calls(user, tab="open", at=at)
    listed = board(user).accepting(at)
    open_calls = list(accepting.order_by(*CALL_ORDER["open"])[:HOME_ROWS])
    with_batches(open_calls, at=at)
    return HomePage(
        open_calls=open_calls,
        topics=list(listed.order_by(*BOARD_ORDER)[:HOME_ROWS]),
        notices=list(publicity(user, tab="running").order_by(*PUBLICITY_ORDER)[:HOME_ROWS]),
        open_call_count=capped_count(accepting),
        topic_count=capped_count(listed),
    )


# ---- inbox ----


def inbox(user) -> QuerySet:
    """One's own messages; `to_acknowledge` marks a decision served that still waits for this person."""
    mine = Acknowledgement.objects.filter(notice=OuterRef("notice_id"), user=user)
    waits = Q(notice__state=NoticeState.SERVED) & ~Exists(mine)
    rows = Message.objects.visible_to(user).select_related("recipient", "notice__received_by")
    return rows.annotate(to_acknowledge=Case(When(waits, then=True), default=False))


def acknowledgement(user, message: Message) -> Acknowledgement | None:
    """This person's own receipt of the decision that a message serves."""
    if not message.notice_id:
        return None
    return Acknowledgement.objects.filter(notice_id=message.notice_id, user=user).first()
