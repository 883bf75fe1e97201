"""Who may do what with panels, score sheets and the demander's choice."""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from applications.models import Application
from applications.rules import allowed
from applications.states import ApplicationState
from core.money import wan
from core.workflow import Lost, Refused
from grants.models import Call, Topic
from grants.queries import stages_of
from grants.rules import check_manages
from grants.states import TopicState
from reviews import queries
from reviews.models import Assignment, Conflict, Criterion, Expert, Recommendation, Review
from reviews.states import AssignmentState

HUNDRED = Decimal(100)


def check_reason(text: str, *, field: str = "reason") -> None:
    if not text.strip():
        raise Refused(_("请写明理由。"), field=field)


# ---- the score sheet of a call ----


def check_weights(call: Call) -> None:
    """A call with an expert round has criteria whose weights add up to 100. Raises Refused."""
    criteria = queries.criteria_of(call)
    scheme = queries.scheme_of(call)
    if not criteria:
        raise Refused(_("有专家评审环节，但没有评审指标。"), field="criteria", clause=scheme.clause)
    total = sum((criterion.weight for criterion in criteria), Decimal(0))
    if total != HUNDRED:
        raise Refused(
            _("评审指标的权重之和应为 100，现在是 %(total)s。") % {"total": f"{total.normalize():f}"},
            field="criteria",
            clause=scheme.clause,
        )


def check_slides(call: Call) -> None:
    """Slides show who speaks: a blind review takes none unless the notice says so. Raises Refused."""
    if not queries.scheme_of(call).is_blind:
        return
    for stage in stages_of(call):
        if stage.asks_slides and not stage.slides_blind:
            raise Refused(
                _("评审是匿名的，“%(stage)s”却收答辩材料：请勾选“匿名评审也收答辩材料”，或不收。")
                % {"stage": stage.get_kind_display()},
                field="stages",
                clause=stage.clause,
            )


# ---- the panel ----


def conflicts(expert: Expert, application: Application) -> list[queries.Found]:
    """Every reason why `expert` must not judge `application`, computed and recorded."""
    return queries.conflicts_of([expert], application)[expert.pk]


def check_organises(by, application: Application) -> None:
    """Managers of the department compose the panel while the application is under review."""
    check_manages(by, application.call)
    if application.state != ApplicationState.EXPERT_REVIEW:
        raise Refused(
            _("申报书现在是“%(state)s”，不在专家评审环节。") % {"state": application.get_state_display()},
            code="not_allowed",
        )


def can_organise(by, application: Application) -> bool:
    return allowed(check_organises, by, application)


def check_can_invite(by, application: Application, expert: Expert, *, at: datetime) -> None:
    """Raises Refused naming the conflict, the limit or what else stands against it."""
    check_organises(by, application)
    if not expert.is_active or not expert.user.is_active:
        raise Refused(_("专家“%(name)s”已不在库。") % {"name": expert}, field="expert")
    if Assignment.objects.filter(application=application, expert=expert).exists():
        raise Refused(_("专家“%(name)s”已经邀请过。") % {"name": expert}, field="expert", code="already")
    found = conflicts(expert, application)
    if found:
        raise Refused(
            _("专家“%(name)s”须回避：%(reasons)s。")
            % {"name": expert, "reasons": _("；").join(str(reason) for reason in found)},
            field="expert",
            code=f"conflict_{found[0].kind}",
        )
    if queries.reviews_this_year(expert, at=at) >= expert.max_per_year:
        raise Refused(
            _("专家“%(name)s”今年的评审已达 %(limit)s 次的上限。")
            % {"name": expert, "limit": expert.max_per_year},
            field="expert",
            code="limit",
        )
    now = queries.result(application)
    if now.active >= now.required:
        raise Refused(
            _("专家人数已满（%(n)s 名）。") % {"n": now.required}, field="expert", code="panel_full"
        )


def check_can_replace(by, assignment: Assignment) -> None:
    check_organises(by, assignment.application)
    _check_moves(assignment, AssignmentState.REPLACED)


def can_replace(by, assignment: Assignment) -> bool:
    return allowed(check_can_replace, by, assignment)


def check_can_record_conflict(by, application: Application) -> None:
    check_manages(by, application.call)


def check_no_conflict_yet(expert: Expert, application: Application, kind: str) -> None:
    if Conflict.objects.filter(expert=expert, application=application, kind=kind).exists():
        raise Refused(_("这一回避情形已经登记过。"), field="kind")


def check_can_finish(by, application: Application) -> None:
    """The round ends when everybody asked has handed in and the scores do not ask for one more expert."""
    check_organises(by, application)
    now = queries.result(application)
    if now.needs_one_more and now.submitted < now.required:
        raise Refused(
            _("分差 %(spread)s 分，超过上限，须再请一名专家复议。") % {"spread": now.spread}, code="spread"
        )
    if not now.is_complete:
        raise Refused(
            _("评审还没有完成：需要 %(required)s 名专家，已提交 %(submitted)s 名。")
            % {"required": max(now.required, now.active), "submitted": now.submitted},
            code="incomplete",
        )


def can_finish(by, application: Application) -> bool:
    return allowed(check_can_finish, by, application)


# ---- the expert's own desk ----


def check_can_update(by, expert: Expert) -> None:
    """The record of the library is confirmed by the expert alone, for nobody else can know."""
    if by is None or expert.user_id != by.pk:
        raise Refused(_("专家库资料只能由本人确认。"), code="forbidden")
    if not expert.is_active:
        raise Refused(_("您已不在专家库中，如有疑问请联系项目主管。"), code="inactive")


def check_is_own(by, assignment: Assignment) -> None:
    if by is None or assignment.expert.user_id != by.pk:
        raise Refused(_("只有被邀请的专家本人可以这样做。"))


def _check_moves(assignment: Assignment, to: str) -> None:
    if not Assignment.machine.allows(assignment.state, to):
        raise Refused(
            _("评审任务现在是“%(state)s”，不能再这样做。") % {"state": assignment.get_state_display()},
            code="not_allowed",
        )


def _check_under_review(assignment: Assignment) -> None:
    if assignment.application.state != ApplicationState.EXPERT_REVIEW:
        raise Refused(_("这份申报书的评审已经结束。"), code="not_allowed")


def check_can_accept(by, assignment: Assignment) -> None:
    check_is_own(by, assignment)
    _check_moves(assignment, AssignmentState.ACCEPTED)
    _check_under_review(assignment)


def can_accept(by, assignment: Assignment) -> bool:
    return allowed(check_can_accept, by, assignment)


def check_can_decline(by, assignment: Assignment) -> None:
    check_is_own(by, assignment)
    _check_moves(assignment, AssignmentState.DECLINED)


def can_decline(by, assignment: Assignment) -> bool:
    return allowed(check_can_decline, by, assignment)


def check_can_score(by, assignment: Assignment) -> None:
    """An accepted task of one's own, while the application is under review. Raises Refused."""
    check_is_own(by, assignment)
    if assignment.state == AssignmentState.SUBMITTED:
        raise Lost(_("评审表已经提交并封存，不能再改。"), code="sealed")
    if assignment.state != AssignmentState.ACCEPTED:
        raise Refused(_("请先接受评审邀请，再评分。"), code="not_allowed")
    _check_under_review(assignment)


def can_score(by, assignment: Assignment) -> bool:
    return allowed(check_can_score, by, assignment)


def check_score(criterion: Criterion, value: Decimal) -> None:
    if not 0 <= value <= criterion.max_score:
        raise Refused(
            _("“%(name)s”的分数应在 0 到 %(max)s 之间。")
            % {"name": criterion.name, "max": f"{criterion.max_score.normalize():f}"},
            field=f"score_{criterion.pk}",
        )


def amount_limit(application: Application) -> Decimal:
    """What an expert may suggest at most: what was asked for, within the cap."""
    cap = application.call.cap
    requested = application.requested_amount
    return requested if cap is None else min(cap, requested)


def check_suggested(application: Application, amount: Decimal | None) -> None:
    limit = amount_limit(application)
    if amount is not None and amount > limit:
        raise Refused(
            _("建议资助额不能超过 %(limit)s（申请额与上限的较小者）。") % {"limit": wan(limit)},
            field="suggested_amount",
            clause=application.call.cap_clause,
        )


def check_is_complete(review: Review, criteria: list[Criterion], scored: set[int]) -> None:
    """Raises Refused with the first thing that a score sheet lacks."""
    for criterion in criteria:
        if criterion.pk not in scored:
            raise Refused(_("请给“%(name)s”打分。") % {"name": criterion.name}, field=f"score_{criterion.pk}")
    if not review.recommendation:
        raise Refused(_("请选择结论。"), field="recommendation")
    if not review.comment.strip():
        raise Refused(_("请写评审意见。"), field="comment")
    if review.recommendation == Recommendation.FUND_REDUCED and review.suggested_amount is None:
        raise Refused(_("建议调减的，请写建议资助额。"), field="suggested_amount")


# ---- the demander's choice ----


def owns(user, topic: Topic) -> bool:
    return topic.owner_id is not None and topic.owner_id in user.scope.units


def check_can_compare(user, topic: Topic) -> None:
    """The demand side reads the bids once bidding is over. Raises Refused with the opening moment."""
    if not owns(user, topic):
        raise Refused(_("只有发榜方可以比较揭榜方案。"))
    if topic.state == TopicState.LISTED:
        if topic.bids_close_at is None:
            raise Refused(_("揭榜结束后才能比较揭榜方案。"), code="not_open")
        raise Refused(
            _("揭榜于 %(time)s 截止，之后才能比较揭榜方案。") % {"time": _moment(topic.bids_close_at)},
            field="bids_close_at",
            code="not_open",
        )


def check_can_choose(user, topic: Topic, application: Application | None) -> None:
    """Once, when every bid has come to this stage, one of them or none. Raises Refused or Lost."""
    check_can_compare(user, topic)
    if queries.choice_of(topic):
        raise Lost(_("本单位已经作出选择，不能更改。"), code="lost")
    waiting = queries.bids_before_choice(topic)
    if waiting:
        raise Refused(_("还有 %(n)s 份揭榜书没有评完，请稍后再选。") % {"n": waiting}, code="not_ready")
    ready = set(queries.bids_to_choose(topic).values_list("pk", flat=True))
    if not ready:
        raise Refused(_("没有可以选择的揭榜书。"), code="not_ready")
    if application is not None and application.pk not in ready:
        raise Refused(_("这份揭榜书不能选择。"), field="application")


def can_choose(user, topic: Topic) -> bool:
    return allowed(check_can_choose, user, topic, None)


def check_can_close_bids(by, topic: Topic, *, at: datetime) -> None:
    check_manages(by, topic.call)


def _moment(value) -> str:
    return f"{timezone.localtime(value, timezone.get_default_timezone()):%Y-%m-%d %H:%M}"
