"""Who may do what with an application, when; and everything that keeps one from being handed in."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from accounts.roles import Role
from applications import completeness, queries, quotas
from applications.eligibility import RuleLine
from applications.models import Appeal, Application, Partner, RuleResult, RuleStatus, StepOutcome
from applications.states import EDITABLE, OFFICE, TAKEN_BACK_FROM, AppealState, ApplicationState
from core.workflow import Lost, Refused
from grants.models import Call, ProjectType, Sourcing, Topic
from grants.queries import closing
from grants.states import CallState, TopicState

MARKS = (RuleStatus.PASSED, RuleStatus.FAILED, RuleStatus.NOT_APPLICABLE)
"""What an officer can make of a line."""


class Problem(NamedTuple):
    """One thing to mend: field (as labelled), clause, sentence; section and name lead to the place."""

    field: str
    clause: str
    message: str
    section: str = ""
    name: str = ""


class Incomplete(Refused):
    """An application that cannot be handed in; `problems` names everything at once."""

    def __init__(self, problems: list[Problem]):
        first = problems[0]
        super().__init__(
            _("还有 %(count)s 处需要改正，例如 %(field)s：%(message)s")
            % {"count": len(problems), "field": first.field, "message": first.message},
            field=first.name or first.field,
            clause=first.clause,
            code="incomplete",
        )
        self.problems = problems


def allowed(check, *args, **kwargs) -> bool:
    """The answer of a check as true or false."""
    try:
        check(*args, **kwargs)
    except Refused:
        return False
    return True


# ---- the window ----


def check_window(call: Call, topic: Topic | None, *, at) -> None:
    """Whether one can apply at this moment; the closing moment itself is in time. Raises Refused."""
    if call.state != CallState.PUBLISHED:
        raise Refused(_("“%(call)s”现在不接受申报。") % {"call": call.title}, code="closed")
    if at < call.opens_at:
        raise Refused(
            _("申报从 %(time)s 开始。") % {"time": queries.local_moment(call.opens_at)}, code="not_open"
        )
    if topic and topic.state != TopicState.LISTED:
        raise Refused(
            _("榜单任务“%(topic)s”已经不再揭榜。") % {"topic": topic.title},
            clause=topic.number,
            code="closed",
        )
    until = closing(call, topic)
    if until and at > until:
        raise Refused(
            _("已于 %(time)s 截止，逾期不予受理。") % {"time": queries.local_moment(until)},
            field="closes_at",
            clause=topic.number if topic and until == topic.bids_close_at else call.number,
            code="late",
        )


# ---- the team ----


def check_can_start(by, call: Call, topic: Topic | None, organisation, *, at, project_type=None) -> None:
    if by is not None and organisation.pk not in by.scope.units:
        raise Refused(_("您不是“%(unit)s”的成员，不能以它的名义申报。") % {"unit": organisation.name})
    if topic and topic.call_id != call.pk:
        raise Refused(_("这个榜单任务不属于该通知。"), field="topic")
    if call.sourcing == Sourcing.DEMAND and topic is None:
        raise Refused(_("请先在榜单上选择要揭的任务。"), field="topic")
    check_type(call, project_type)
    check_window(call, topic, at=at)
    if topic and topic.owner_id == organisation.pk:
        raise Refused(_("发榜方不能揭自己发布的榜。"), field="organisation", clause=topic.number)
    check_invited(call, organisation)
    if call.follows_id:
        check_entry(call, organisation, at=at)


def check_invited(call: Call, organisation) -> None:
    """An invitation-only call is for the units of its list. Raises Refused."""
    if call.is_invitation_only and not call.invitations.filter(credit_code=organisation.credit_code).exists():
        raise Refused(
            _("本通知定向邀请，“%(unit)s”不在名单内。") % {"unit": organisation.name},
            field="organisation",
            clause=call.number,
            code="not_invited",
        )


def check_entry(call: Call, organisation, *, at) -> Application:
    """The outline (预申报) that lets a unit apply to the second step. Raises Refused when none is left."""
    chosen = queries.entries(call, organisation)
    if not chosen:
        raise Refused(
            _("“%(unit)s”没有在“%(call)s”中入选、可以进入本步申报的项目。")
            % {"unit": organisation.name, "call": call.follows.title},
            field="organisation",
            clause=call.number,
            code="no_entry",
        )
    for entry in chosen:
        until = queries.entry_until(call, entry)
        if until is None or at <= until:
            return entry
    raise Refused(
        _("入选资格已于 %(time)s 失效：入选后须在 %(days)s 日内申报。")
        % {"time": queries.local_moment(until), "days": call.entry_days},
        field="organisation",
        clause=call.number,
        code="entry_expired",
    )


def check_type(call: Call, project_type: ProjectType | None, *, required: bool = True) -> None:
    """A call with project types (项目类别) takes applications of one of them. Raises Refused."""
    if project_type is not None and project_type.call_id != call.pk:
        raise Refused(_("这个项目类别不属于该通知。"), field="project_type")
    if required and project_type is None and call.types.exists():
        raise Refused(_("请选择项目类别。"), field="project_type", clause=call.number)


def is_on_team(user, application: Application) -> bool:
    return user is None or application.team.filter(user=user).exists()


def check_can_edit(by, application: Application) -> None:
    if not is_on_team(by, application):
        raise Refused(_("只有申报团队的成员可以填写。"))
    if application.state not in EDITABLE:
        raise Refused(
            _("申报书现在是“%(state)s”，内容已经封存，不能修改。")
            % {"state": application.machine.public_label(application.state)},
            code="sealed",
        )


def check_can_fill_partner(by, partner: Partner, application: Application) -> None:
    """Members of the partner unit, while the application may change. Raises Refused."""
    if by is not None and partner.organisation_id not in by.scope.units:
        raise Refused(_("只有“%(unit)s”的成员可以填写。") % {"unit": partner.organisation.name})
    if application.state not in EDITABLE:
        raise Refused(
            _("申报书现在是“%(state)s”，内容已经封存，不能修改。")
            % {"state": application.machine.public_label(application.state)},
            code="sealed",
        )


def check_can_confirm_partner(by, partner: Partner) -> None:
    if by is not None and partner.organisation_id not in by.scope.admin_units:
        raise Refused(_("只有“%(unit)s”的管理员可以确认。") % {"unit": partner.organisation.name})


def check_can_comment(by, application: Application) -> None:
    """The team, and partner units that were invited. Raises Refused."""
    invited = by is not None and application.partners.filter(organisation_id__in=by.scope.units).exists()
    if not (is_on_team(by, application) or invited):
        raise Refused(_("只有申报团队和合作单位可以批注。"))


def check_can_scan(by, application: Application) -> None:
    """The team or the unit's administrator, once something was handed in. Raises Refused."""
    of_unit = by is None or application.organisation_id in by.scope.admin_units
    if not (of_unit or is_on_team(by, application)):
        raise Refused(_("只有申报团队或单位管理员可以上传盖章扫描件。"))
    if not application.version:
        raise Refused(_("提交申报书之后才能上传盖章扫描件。"), code="not_submitted")
    if application.state in (ApplicationState.WITHDRAWN, ApplicationState.REJECTED):
        raise Refused(
            _("申报书现在是“%(state)s”，不再接收扫描件。")
            % {"state": application.machine.public_label(application.state)},
            code="ended",
        )


def check_can_submit(by, application: Application, *, at) -> None:
    """Who and when; `check_complete` says what is missing. Raises Refused; Lost when already handed in."""
    if not is_on_team(by, application):
        raise Refused(_("只有申报团队的成员可以提交。"))
    if application.state not in EDITABLE:
        raise Lost(_("申报书已经提交，不需要再次提交。"), code="submitted")
    check_submissions_left(application)
    if application.state == ApplicationState.DRAFT:
        check_window(application.call, application.topic, at=at)
        check_entry_kept(application, at=at)
        return
    deadline = queries.supplement_deadline(application)
    if deadline and at > deadline.due_at:
        raise Refused(
            _("修改期限已于 %(time)s 到期：%(why)s")
            % {"time": queries.local_moment(deadline.due_at), "why": deadline.explanation},
            field="supplement",
            code="late",
        )


def check_submissions_left(application: Application) -> None:
    most = application.call.max_submissions
    if most is not None and application.version >= most:
        raise Refused(
            _("本通知规定最多提交 %(most)s 次，已经提交 %(now)s 次。")
            % {"most": most, "now": application.version},
            clause=application.call.number,
            code="too_often",
        )


def check_entry_kept(application: Application, *, at) -> None:
    """The right to apply to the second step lapses some days after the outline was chosen."""
    if not application.follows_id:
        return
    until = queries.entry_until(application.call, application.follows)
    if until is not None and at > until:
        raise Refused(
            _("入选资格已于 %(time)s 失效：入选后须在 %(days)s 日内申报。")
            % {"time": queries.local_moment(until), "days": application.call.entry_days},
            clause=application.call.number,
            code="entry_expired",
        )


def check_can_withdraw(by, application: Application) -> None:
    of_unit = by is None or application.organisation_id in by.scope.admin_units
    if not (of_unit or is_on_team(by, application)):
        raise Refused(_("只有申报团队或单位管理员可以撤回。"))
    if not application.machine.allows(application.state, ApplicationState.WITHDRAWN):
        raise Refused(
            _("申报书现在是“%(state)s”，不能再撤回。")
            % {"state": application.machine.public_label(application.state)}
        )


def check_can_take_back(by, application: Application, *, at) -> None:
    """The team, while the call is open and no office has said anything of it. Raises Refused, Lost."""
    if not is_on_team(by, application):
        raise Refused(_("只有申报团队的成员可以撤回修改。"))
    if application.state not in TAKEN_BACK_FROM:
        raise Lost(
            _("申报书现在是“%(state)s”，不能撤回修改。")
            % {"state": application.machine.public_label(application.state)},
            code="state",
        )
    check_window(application.call, application.topic, at=at)
    check_submissions_left(application)
    if application.check_decisions.exists():
        raise Refused(_("形式审查已经作过决定，不能撤回修改。"), code="decided")


# ---- unit, recommender, officer ----


def _in_state(application, state):
    if application.state != state:
        raise Lost(
            _("申报书现在是“%(now)s”，不在“%(wanted)s”环节。")
            % {"now": application.get_state_display(), "wanted": ApplicationState(state).label},
            code="state",
        )


def check_can_review_for_unit(by, application: Application, *, at=None) -> None:
    if by is not None and application.organisation_id not in by.scope.admin_units:
        raise Refused(_("只有本单位的管理员可以审核。"))
    _in_state(application, ApplicationState.UNIT_REVIEW)


def _in_time(application, until, what: str, *, at) -> None:
    if until is not None and at > until and application.version == 1:
        raise Refused(
            _("%(what)s已于 %(time)s 截止，逾期不予受理。")
            % {"what": what, "time": queries.local_moment(until)},
            clause=application.call.number,
            code="late",
        )


def check_can_approve(by, application: Application, *, at) -> None:
    """Units pass on until their own closing moment; what was returned later has its own clock."""
    check_can_review_for_unit(by, application)
    _in_time(application, application.call.unit_closes_at, _("单位审核"), at=at)


def check_can_recommend(by, application: Application) -> None:
    region = application.organisation.region
    if by is not None and not any(region.startswith(own) for own in by.scope.regions):
        raise Refused(_("只有申报单位所在区域的推荐单位可以处理。"))
    _in_state(application, ApplicationState.RECOMMENDATION)


def check_can_send_back(by, application: Application, *, at) -> None:
    """After their own closing moment recommenders change nothing any more."""
    check_can_recommend(by, application)
    _in_time(application, application.call.recommender_closes_at, _("推荐"), at=at)


def check_can_pass_on(by, application: Application, *, at, ahead=()) -> None:
    """Recommenders pass applications on until their own closing moment and within their quota.

    `ahead`: those that would be passed on before this one.
    """
    check_can_send_back(by, application, at=at)
    quotas.check_recommender(application, ahead=ahead)


def check_manages(by, application: Application) -> None:
    """A manager of the call's department. Raises Refused."""
    if by is None or by.has_role(Role.SYSADMIN):
        return
    if application.call.programme.department_id not in by.scope.departments:
        raise Refused(_("只有主管处室的项目主管可以处理。"))


def check_can_examine(by, application: Application) -> None:
    check_manages(by, application)
    _in_state(application, ApplicationState.FORMAL_CHECK)


def check_can_pass(by, application: Application, *, lines: list[RuleResult] | None = None) -> None:
    """Every line must be settled; the sentence names those that are not. `lines`: read already, for many."""
    check_can_examine(by, application)
    open_lines = queries.unresolved(application, lines)
    failed = [line.rule.code for line in open_lines if line.final_status == RuleStatus.FAILED]
    if failed:
        raise Refused(
            _("规则 %(codes)s 不符合，不能通过形式审查。") % {"codes": "、".join(failed)}, field="rules"
        )
    if open_lines:
        codes = "、".join(line.rule.code for line in open_lines)
        raise Refused(_("规则 %(codes)s 还没有审查结论。") % {"codes": codes}, field="rules")


def check_can_conclude(by, application: Application, outcome: str, opinion: str) -> None:
    """A step of the bureau (现场考察, 论证会 …): a manager records its one conclusion, with reasons."""
    check_manages(by, application)
    if application.state not in OFFICE:
        raise Lost(
            _("申报书现在是“%(state)s”，没有要记录的结论。") % {"state": application.get_state_display()},
            code="state",
        )
    if outcome not in StepOutcome.values:
        raise Refused(_("结论只能是通过或不通过。"), field="outcome")
    if not opinion.strip():
        raise Refused(_("请写明意见。"), field="opinion")


def check_can_reject(by, application: Application) -> None:
    check_manages(by, application)
    if not application.machine.allows(application.state, ApplicationState.REJECTED):
        raise Refused(_("申报书现在是“%(state)s”，不能退出。") % {"state": application.get_state_display()})


# ---- appeals ----

MIN_GROUNDS = 10
"""Characters: an appeal says what is wrong with the rejection."""


def is_of_unit(by, application: Application) -> bool:
    """The team, or an administrator of its unit."""
    administers = by is not None and application.organisation_id in by.scope.admin_units
    return administers or is_on_team(by, application)


def check_can_appeal(by, application: Application, *, at) -> None:
    """The applicant's side, against a rejection at the formal check, once and in time. Raises Refused."""
    if not is_of_unit(by, application):
        raise Refused(_("只有申报团队或单位管理员可以申请复审。"))
    decision = queries.rejection(application)
    if decision is None:
        raise Refused(_("只有形式审查不予受理的申报可以申请复审。"), code="not_rejected")
    if Appeal.objects.filter(decision=decision).exists():
        raise Lost(_("已经申请过复审，不能重复申请。"), code="appealed")
    clause = application.call.appeal_clause or application.call.number
    until = queries.appeal_until(decision)
    if until is None:
        raise Refused(_("本通知不受理复审申请。"), clause=clause, code="no_appeal")
    if at > until:
        raise Refused(
            _("依据%(clause)s，复审申请应在 %(time)s 前提出，现已逾期，不予受理。")
            % {"clause": clause or application.call.title, "time": queries.local_moment(until)},
            clause=clause,
            code="late",
        )


def check_grounds(grounds: str) -> None:
    if len("".join(grounds.split())) < MIN_GROUNDS:
        raise Refused(
            _("请写明事实与理由，不少于 %(n)s 个字。") % {"n": MIN_GROUNDS}, field="grounds", code="short"
        )


def check_hears_appeals(by, appeal: Appeal) -> None:
    """A manager or the head of the department, or a leader. Raises Refused."""
    department = appeal.application.call.programme.department_id
    if by is None or by.has_role(Role.LEADER) or department in by.scope.headed:
        return
    check_manages(by, appeal.application)


def check_can_decide_appeal(by, appeal: Appeal) -> None:
    """Another officer than the one who rejected; the database holds this too. Raises Refused, Lost."""
    check_hears_appeals(by, appeal)
    if by is not None and by.pk == appeal.rejected_by_id:
        raise Refused(_("不予受理是您作出的，复审须由其他人办理。"), code="same_officer")
    if appeal.state != AppealState.FILED:
        raise Lost(_("这项复审已经办结。"), code="lost")


def check_reason(reason: str, *, field="reason") -> None:
    if not reason.strip():
        raise Refused(_("请写明理由，申请人会看到。"), field=field)


def check_mark(result, status: str, note: str) -> None:
    if status not in MARKS:
        raise Refused(_("审查结论只能是符合、不符合或不适用。"), field="status", clause=result.rule.clause)
    if status == RuleStatus.FAILED and not note.strip():
        raise Refused(_("认定不符合时须写明理由。"), field="note", clause=result.rule.clause)
    overrides = status != result.status and result.status in (RuleStatus.PASSED, RuleStatus.FAILED)
    if overrides and not note.strip():
        raise Refused(_("推翻机器判断时须写明理由。"), field="note", clause=result.rule.clause)


# ---- completeness ----


def problems_of(application: Application, lines: list[RuleLine]) -> list[Problem]:
    """Everything missing or wrong in the form, and every one of its rule lines that says no."""
    found = [Problem(*fault) for fault in completeness.faults_of(application)]
    found += _partner_problems(application)
    for line in lines:
        if line.blocks:
            found.append(Problem(line.text, line.clause, line.hint or _("不符合。"), line.section, line.code))
    return found


def _partner_problems(application: Application) -> list[Problem]:
    """Partner units that have not confirmed what stands there now, where the notice asks for that."""
    if not application.call.requires_partner_confirmation:
        return []
    return [
        Problem(
            unit.name,
            application.call.number,
            _("确认之后内容有修改，请合作单位的管理员重新确认。")
            if unit.is_stale
            else _("合作单位的管理员还没有在系统中确认。"),
            "partners",
            "partners",
        )
        for unit in queries.partners(application)
        if not unit.is_confirmed
    ]


# ---- claims, row by row ----

JUDGING = frozenset({ApplicationState.FORMAL_CHECK, ApplicationState.DECISION}) | OFFICE
"""Steps in which the rows of a claim are decided: all that the bureau does up to the decision."""


def check_can_judge_claim(user, application: Application) -> None:
    """Officers of the department, until it is decided. Raises Refused."""
    check_manages(user, application)
    scheme = queries.claim_scheme(application.call)
    if scheme is None or queries.claim_question(application, scheme) is None:
        raise Refused(_("这个通知没有逐笔核定。"), code="not_allowed")
    if application.state not in JUDGING:
        raise Refused(
            _("申报书现在是“%(state)s”，不能核定。") % {"state": application.get_state_display()},
            code="not_allowed",
        )
    claim = queries.claim_of(application)
    if claim is not None and claim.settled_at:
        raise Lost(_("这个项目已经作出决定，请刷新后再看。"), code="lost")
