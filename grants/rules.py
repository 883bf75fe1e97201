"""Who may do what with a call and its topics, and what a call must say before it is published."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import FactKind
from accounts.roles import Role
from core import expressions
from core.workflow import Refused
from grants import intake_rules, money_rules, office_rules
from grants.models import (
    FOR_ALL,
    Automation,
    Call,
    CheckMoment,
    FormKind,
    Instrument,
    QuestionKind,
    Severity,
    Sourcing,
    StageKind,
    Topic,
)
from grants.states import CallState, TopicState

K = StageKind
ORDERED = [
    (K.UNIT_REVIEW, K.RECOMMENDATION),
    *((K.UNIT_REVIEW, kind) for kind in (K.FORMAL_CHECK, K.EXPERT_REVIEW, K.DEMANDER_CHOICE, K.DECISION)),
    *((K.RECOMMENDATION, kind) for kind in (K.EXPERT_REVIEW, K.DEMANDER_CHOICE, K.DECISION)),
    *((K.FORMAL_CHECK, kind) for kind in (K.EXPERT_REVIEW, K.DEMANDER_CHOICE, K.DECISION)),
    (K.EXPERT_REVIEW, K.DECISION),
    (K.PANEL_REVIEW, K.DECISION),
    (K.DEMANDER_CHOICE, K.DECISION),
    (K.DECISION, K.PUBLICITY),
    (K.DECISION, K.AGREEMENT),
    (K.PUBLICITY, K.AGREEMENT),
]
"""Pairs of steps whose order is not the notice's to choose; everything else may stand anywhere."""
del K
PEOPLE_WHO_CHOOSE = (QuestionKind.CHOICE, QuestionKind.CHOICES)

UNIT = frozenset(
    {
        "name",
        "kind",
        "region",
        "credit_code",
        "country",
        "foreign",
        "registered_date",
        "legal_representative",
        "parent_credit_code",
        "integrity_clean",
        "functional_area",
        "by_year",
        "records",
        *FactKind.values,
    }
)
PERSON = frozenset(
    {
        "name",
        "position",
        "birth_date",
        "age",
        "sex",
        "title",
        "organisation_name",
        "credit_code",
        "country",
        "months_per_year",
        "records",
        "integrity_clean",
    }
)
HISTORY = frozenset(
    {
        "unit_in_call",
        "unit_in_year",
        "unit_running",
        "unit_money_in_call",
        "unit_money_in_plan_year",
        "unit_money_in_year",
        "pi_in_call",
        "pi_running",
        "unit_report_days_late",
        "pi_report_days_late",
    }
)
BUDGET = frozenset(
    {
        "fiscal",
        "own",
        "total",
        "categories",
        "sources",
        "fiscal_categories",
        "years",
        "units",
        "cells",
        "lead_fiscal",
        "lead_total",
    }
)
AWARD = frozenset({"amount", "number", "grade", "starts_date", "ends_date"})
KNOWN = {
    "unit": UNIT,
    "pi": PERSON,
    "participants": frozenset(),
    "members": frozenset(),
    "partners": frozenset(),
    "nominators": frozenset(),
    "budget": BUDGET,
    "project": frozenset(
        {
            "title",
            "amount",
            "months",
            "starts_date",
            "ends_date",
            "submitted_date",
            "type",
            "answers",
            "repeated",
        }
    ),
    "answers": frozenset(),
    "award": AWARD | {"paid"},
    "milestone": frozenset({"code", "kind", "name", "due_date"}),
    "report": frozenset({"spent_amount"}),
    "topic": frozenset({"number", "title", "field", "amount", "owner_code"}),
    "demander": frozenset({"name", "credit_code", "related", "relation"}),
    "recommender": frozenset({"name", "credit_code", "kind", "region", "related"}),
    "follows": frozenset(
        {"title", "state", "number", "plan", "year", "type", "entry", "grade", "score", "amount"}
    ),
    "paper": frozenset({"copies", "received_at", "in_time"}),
    "history": HISTORY,
    "call": frozenset({"year", "opens_at", "closes_at", "cap", "slug", "batch", "batch_closes_at"}),
    "params": frozenset(),
}
"""What an expression of a call may name; `applications.queries.context` fills it.

The fields of `answers` are the codes of the call's questions, those of `params` the rule's own.
`unit` is what `accounts.queries.unit_context` says as of the day on which the call opens.
"""
NOMINATOR = frozenset(
    {
        "name",
        "title",
        "degree",
        "speciality",
        "birth_date",
        "organisation_name",
        "credit_code",
        "kind",
        "region",
        "records",
        "of_units",
        "is_candidate",
    }
)
OF_NOMINATORS = {**KNOWN, "nominator": NOMINATOR}
"""What the condition of a way of being nominated by persons may name."""
LATER = {"today": frozenset(), "award": AWARD, "instalment": frozenset({"order", "name", "amount"})}
"""What a clause of a later moment may name besides; at signing no instalment is known."""
OF_LATER = {**KNOWN, **LATER}
REVIEW = frozenset({"score", "rank", "type_rank"})
"""What an award's grade may be given by: the total of the review; the place among all, and of its type."""
ACCEPTANCE = {"acceptance": frozenset({"score"}), "indicators": frozenset()}
"""What conclusions, bonuses and payments by performance may name besides: the total of the panel; the
indicators of the milestone, each with `name`, `unit`, `target` and, as a number, the `value` reached."""
OF_GRADES = {**KNOWN, "review": REVIEW}
DEMAND = "demand"
"""The `applies_to` of a rule about the demand side."""
OF_DEMAND = {
    "unit": UNIT,
    "answers": frozenset(),
    "demand": frozenset(
        {"title", "field", "amount", "offered_amount", "deadline_date", "term_months", "indicators"}
    ),
    "call": KNOWN["call"],
    "params": frozenset(),
}
"""What may be named on the demand side: by the questions of its form, by rules that apply to demands."""


def check_manages(user, call: Call) -> None:
    """Only a manager of the call's department runs it; None is the system. Raises Refused."""
    if user is None or user.has_role(Role.SYSADMIN):
        return
    if call.programme.department_id not in user.scope.departments:
        raise Refused(_("只有“%(name)s”的项目主管可以这样做。") % {"name": call.programme.department.name})


def check_can_edit(user, call: Call) -> None:
    check_manages(user, call)
    if call.state != CallState.DRAFT:
        raise Refused(_("通知已经发布，内容不能再改。"))


def check_can_publish(user, call: Call) -> None:
    """Raises Refused with the first thing that is missing or wrong; `problems_of` lists all."""
    check_manages(user, call)
    problems = problems_of(call)
    if problems:
        raise problems[0]


def can_publish(user, call: Call) -> bool:
    try:
        check_can_publish(user, call)
    except Refused:
        return False
    return True


def check_can_close(user, call: Call, *, at) -> None:
    check_manages(user, call)
    if call.closes_at and at <= call.closes_at:
        raise Refused(
            _("通知写明的截止时间是 %(time)s，在此之前不能结束。") % {"time": _moment(call.closes_at)},
            field="closes_at",
        )


def check_can_list_topic(user, call: Call) -> None:
    check_manages(user, call)
    if call.state == CallState.CLOSED:
        raise Refused(_("通知已经结束，不能再发榜。"))
    if call.sourcing == Sourcing.DEMAND and call.state != CallState.PUBLISHED:
        raise Refused(_("通知还没有发布，不能发榜。"))


def check_can_relist(user, topic: Topic) -> None:
    """An unfilled topic (流榜) goes on the list again while its call takes applications."""
    check_can_list_topic(user, topic.call)
    if topic.state != TopicState.UNFILLED:
        raise Refused(
            _("榜单现在是“%(state)s”，只有流榜的任务可以重新发榜。") % {"state": topic.get_state_display()},
            code="not_allowed",
        )


def check_new_closing(topic: Topic, closes, *, at) -> None:
    """A topic on the list again takes bids for a while, and no longer than its call."""
    check_closes_later(closes, at=at)
    until = topic.call.closes_at
    if until and closes > until:
        raise Refused(
            _("揭榜截止时间不能晚于通知的申报截止时间 %(time)s。") % {"time": _moment(until)},
            field="bids_close_at",
        )


def check_closes_later(closes, *, at) -> None:
    if closes <= at:
        raise Refused(_("揭榜截止时间应在发榜之后。"), field="bids_close_at")


def check_can_close_topic(user, topic: Topic, *, at) -> None:
    check_manages(user, topic.call)
    if topic.state == TopicState.LISTED and topic.bids_close_at and at <= topic.bids_close_at:
        raise Refused(
            _("榜单写明的揭榜截止时间是 %(time)s，在此之前不能截止。")
            % {"time": _moment(topic.bids_close_at)},
            field="bids_close_at",
        )


def _moment(value) -> str:
    return f"{timezone.localtime(value, timezone.get_default_timezone()):%Y-%m-%d %H:%M:%S}"


# ---- what a call must say ----


def problems_of(call: Call) -> list[Refused]:
    """Everything that keeps a call from being published, each with field and clause."""
    return [
        *_window(call),
        *_intakes(call),
        *_stages(call),
        *_conditional_stages(call),
        *_form(call),
        *_money(call),
        *_rules(call),
        *_nominators(call),
        *office_rules.problems(call),
        *_award_quotas(call),
        *_grades(call),
    ]


def _window(call):
    if call.sourcing == Sourcing.WINDOW and not call.closes_at:
        yield Refused(_("集中申报须写明截止时间。"), field="closes_at")
    if call.sourcing == Sourcing.DEMAND and not call.bid_days:
        yield Refused(_("企业出题揭榜须写明揭榜期（天）。"), field="bid_days")
    if not call.notice.strip():
        yield Refused(_("通知正文是空的。"), field="notice")


def _intakes(call):
    rows = list(call.intakes.select_related("project_type"))
    types = [row.code for row in call.types.all()] if rows else []
    asked = [intake_rules.row_of(row) for row in rows]
    for number, field, message in intake_rules.problems(
        asked, types, opens=call.opens_at, closes=call.closes_at
    ):
        where = {"field": f"{field}_at"}
        if number is not None:
            where = {"field": f"intakes.{number}.{field}", "clause": rows[number].clause}
        yield Refused(message, **where)


def _stages(call):
    kinds = [stage.kind for stage in call.stages.all()]
    if StageKind.DECISION not in kinds:
        yield Refused(_("缺少环节“%(stage)s”。") % {"stage": StageKind.DECISION.label}, field="stages")
    for before, after in ORDERED:
        if before in kinds and after in kinds and kinds.index(before) > kinds.index(after):
            yield Refused(
                _("环节“%(after)s”应排在“%(before)s”之后。")
                % {"before": StageKind(before).label, "after": StageKind(after).label},
                field="stages",
            )
    if StageKind.DECISION in kinds and StageKind.PUBLICITY in kinds:
        between = kinds[kinds.index(StageKind.DECISION) + 1 : kinds.index(StageKind.PUBLICITY)]
        for kind in between:
            yield Refused(
                _("环节“%(stage)s”不能在立项决定与公示之间：请排在决定之前或公示之后。")
                % {"stage": StageKind(kind).label},
                field="stages",
            )
    if StageKind.DEMANDER_CHOICE in kinds and call.sourcing != Sourcing.DEMAND:
        yield Refused(_("只有企业出题揭榜才有“发榜方选择”环节。"), field="stages")


def why_for_all(kind: str, place: int) -> str:
    """Why the step at this place of the call (0: the first) may have no condition; "" where it may."""
    if kind in FOR_ALL:
        return _("“%(stage)s”对每份申报都办理，不能写适用条件。") % {"stage": StageKind(kind).label}
    return "" if place else _("第一个环节对每份申报都办理，不能写适用条件。")


def _conditional_stages(call):
    codes = _codes(call)
    for place, stage in enumerate(call.stages.all()):
        if not stage.is_conditional:
            continue
        where = {"field": f"stages.{stage.kind}.applies_when", "clause": stage.clause}
        if why := why_for_all(stage.kind, place):
            yield Refused(why, **where)
        yield from _expression(stage.applies_when, codes=codes, **where)


def _form(call):
    questions = list(call.questions.all())
    if not questions:
        yield Refused(_("申报表没有问题。"), field="questions")
    codes, of_demand = _codes(call), _demand_codes(call)
    for question in questions:
        if question.kind in PEOPLE_WHO_CHOOSE and not question.config.get("choices"):
            yield Refused(
                _("问题“%(label)s”没有选项。") % {"label": question.label},
                field=f"questions.{question.code}",
                clause=question.clause,
            )
        if question.kind == QuestionKind.TABLE and not question.config.get("columns"):
            yield Refused(
                _("表格“%(label)s”没有列。") % {"label": question.label},
                field=f"questions.{question.code}",
                clause=question.clause,
            )
        for name in ("visible_when", "required_when"):
            if source := getattr(question, name):
                yield from _expression(
                    source,
                    field=f"questions.{question.code}.{name}",
                    clause=question.clause,
                    codes=of_demand if question.code in of_demand else codes,
                    names=OF_DEMAND if question.code in of_demand else KNOWN,
                )


def _codes(call) -> set[str]:
    """Codes that expressions about projects may name: those of every form but the demand's."""
    return {question.code for question in call.questions.all()} - _demand_codes(call)


def _demand_codes(call) -> set[str]:
    sections = {section.pk for section in call.sections.all() if section.form == FormKind.DEMAND}
    return {question.code for question in call.questions.all() if question.section_id in sections}


def _money(call):
    categories, sources = list(call.budget_categories.all()), list(call.funding_sources.all())
    if bool(categories) != bool(sources):
        yield Refused(_("预算科目和资金来源须同时给出，或都不给出。"), field="budget")
    if sources and not any(source.is_fiscal for source in sources):
        yield Refused(_("资金来源中没有财政资金。"), field="funding_sources")
    if call.own_per_fiscal and not any(not source.is_fiscal for source in sources):
        yield Refused(
            _("要求自筹配套，但资金来源中没有自筹资金。"), field="funding_sources", clause=call.own_clause
        )

    codes = _codes(call)
    budget = {"categories": {row.code for row in categories}, "sources": {row.code for row in sources}}
    for rule in call.money_rules.all():
        yield from money_rules.problems(rule, **budget)
        for name in money_rules.EXPRESSIONS:
            if getattr(rule, name).strip():
                field = f"money_rules.{rule.code}.{name}"
                yield from _expression(getattr(rule, name), field=field, clause=rule.clause, codes=codes)


def _rules(call):
    codes, of_demand = _codes(call), _demand_codes(call)
    for rule in call.rules.all():
        where = {"field": f"rules.{rule.code}", "clause": rule.clause, "codes": codes, "params": rule.params}
        if rule.params.get("applies_to") == DEMAND:
            where |= {"codes": of_demand, "names": OF_DEMAND}
        elif rule.moment != CheckMoment.APPLICATION:
            where["names"] = OF_LATER
        stages = {stage.kind for stage in call.stages.all()}
        for field, message in later_faults(
            rule, stages=stages, gives_money=call.instrument != Instrument.NONE
        ):
            yield Refused(message, field=f"rules.{rule.code}.{field}", clause=rule.clause)
        for source in (rule.expression, rule.applies_when):
            if source.strip():
                yield from _expression(source, **where)


def later_faults(rule, *, stages, gives_money: bool):
    """(field, sentence): what a clause says of a later moment that cannot be; of a rule or a part of a pack.

    `stages`: the kinds of step of the call, None where they are not known.
    """
    certified = getattr(rule, "is_certified", None) or getattr(rule, "certified", False)
    if rule.moment == CheckMoment.APPLICATION:
        if certified or rule.asks_file or rule.asks_file_en:
            yield "moment", _("申报时的条件没有单位确认：要求材料的，请在申报表里加附件题。")
        return
    if rule.params.get("applies_to"):
        yield "moment", _("需求和答辩材料的条件不能留到签订或拨款时。")
    if rule.severity == Severity.PREFERENCE:
        yield "severity", _("优先条件只在评审排序时用，不能留到签订或拨款时。")
    if rule.automation == Automation.ENFORCED_ELSEWHERE:
        yield "automation", _("签订、拨款时的条件须有人或公式判断。")
    if (rule.asks_file or rule.asks_file_en) and not certified:
        yield "asks_file", _("要求材料的，请同时要求单位确认。")
    if rule.moment == CheckMoment.SIGNING and stages is not None and StageKind.AGREEMENT not in stages:
        yield "moment", _("没有“签订任务书”环节，签订时的条件无从核对；可以写成每笔拨款前。")
    if rule.moment == CheckMoment.PAYMENT and not gives_money:
        yield "moment", _("不安排财政资金的通知没有拨款，拨款前的条件无从核对。")


def _award_quotas(call):
    codes = _codes(call)
    for number, quota in enumerate(call.quotas.exclude(applies_when="")):
        where = {"field": f"quotas.{number}.applies_when", "clause": quota.clause}
        yield from _expression(quota.applies_when, codes=codes, **where)


def _grades(call):
    codes = _codes(call)
    for grade in call.grades.exclude(when=""):
        where = {"field": f"grades.{grade.code}.when", "clause": grade.clause, "names": OF_GRADES}
        yield from _expression(grade.when, codes=codes, **where)


def _nominators(call):
    codes, groups = _codes(call), list(call.nominator_groups.all())
    if groups and not (call.recommender_closes_at or call.closes_at):
        yield Refused(_("由专家提名的，须写明推荐截止或申报截止。"), field="recommender_closes_at")
    for number, group in enumerate(groups):
        where = {"clause": group.clause, "codes": codes}
        yield from _expression(group.who, field=f"nominators.{number}.who", names=OF_NOMINATORS, **where)
        if group.applies_when.strip():
            yield from _expression(group.applies_when, field=f"nominators.{number}.applies_when", **where)


def _expression(source, *, field, clause, codes, params=(), names=KNOWN):
    known = {**names, "answers": codes, "params": frozenset(params)}
    try:
        expression = expressions.check(source, known)
    except expressions.ExpressionError as error:
        yield Refused(error.message, field=field, clause=clause)
        return
    for path in sorted(expression.paths):
        if path[:2] == ("project", "answers") and len(path) > 2 and path[2] not in codes:
            yield Refused(
                _("表达式用到的问题“%(code)s”不在申报表中。") % {"code": path[2]}, field=field, clause=clause
            )
