"""Who may hand in, give an opinion and conclude, and when."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from accounts.roles import Role
from applications.models import Application, TeamMember
from awards.models import Agreement
from awards.states import AgreementState
from core.calendar import local_date
from core.workflow import Refused
from milestones import queries
from milestones.models import Acceptance, DemanderOpinion, Kind, Milestone, Report
from milestones.states import MilestoneState

MAX_SPENT = Decimal(10) ** 12
LONGEST_VALUE = 120

HAND_IN = frozenset({MilestoneState.PLANNED, MilestoneState.RETURNED})


def _application(milestone: Milestone):
    return milestone.agreement.award.application


def is_team(user, milestone: Milestone) -> bool:
    """The people of the project: its team and the administrators of its lead unit."""
    return is_of_project(user, _application(milestone))


def is_of_project(user, application: Application) -> bool:
    return (
        application.organisation_id in user.scope.admin_units
        or TeamMember.objects.filter(application=application, user=user).exists()
    )


def is_of_unit(user, agreement: Agreement) -> bool:
    """An administrator of the lead unit."""
    return agreement.award.application.organisation_id in user.scope.admin_units


def is_manager(user, milestone: Milestone) -> bool:
    """A programme manager of the department that runs the programme."""
    return is_manager_of(user, _application(milestone))


def is_manager_of(user, application: Application) -> bool:
    department = application.call.programme.department_id
    return user.has_role(Role.PROGRAMME_MANAGER) and department in user.scope.departments


def is_demander(user, milestone: Milestone) -> bool:
    topic = _application(milestone).topic
    return topic is not None and topic.owner_id is not None and topic.owner_id in user.scope.units


def _check_in_force(milestone: Milestone) -> None:
    if milestone.agreement.state != AgreementState.IN_FORCE:
        raise Refused(
            _("任务书现在是“%(state)s”，执行中的任务书才能办理里程碑。")
            % {"state": milestone.agreement.get_state_display()},
            code="not_allowed",
        )


def check_can_hand_in(user, milestone: Milestone) -> None:
    """Raises Refused unless `user` is of the project and the milestone waits for its evidence."""
    if not is_team(user, milestone):
        raise Refused(_("只有项目团队和承担单位管理员可以提交里程碑材料。"), code="forbidden")
    if not is_signed_by(user, milestone):
        raise Refused(
            _("这份材料由承担单位管理员审核后提交；团队先填写材料表单，再请单位管理员办理。"),
            clause=milestone.clause,
            code="forbidden",
        )
    _check_in_force(milestone)
    if milestone.state not in HAND_IN:
        raise Refused(
            _("里程碑现在是“%(state)s”，不能提交材料。") % {"state": milestone.get_state_display()},
            code="not_allowed",
        )


def is_signed_by(user, milestone: Milestone) -> bool:
    """Whether this person may hand in: where the unit checks first, its administrators alone."""
    return not milestone.unit_pledge or _application(milestone).organisation_id in user.scope.admin_units


def check_pledge(milestone: Milestone, *, pledged: bool) -> None:
    if milestone.unit_pledge and not pledged:
        raise Refused(_("请勾选单位审核承诺。"), field="pledged", clause=milestone.clause)


def needs_files(milestone: Milestone) -> bool:
    """A milestone is proved by papers; an annual report is what its form says."""
    return milestone.kind == Kind.MILESTONE


def check_evidence(milestone: Milestone, *, text: str, files: list) -> None:
    if not text.strip():
        raise Refused(_("请填写完成情况。"), field="text", clause=milestone.clause)
    if needs_files(milestone) and not files:
        raise Refused(_("请至少上传一份证明材料。"), field="files", clause=milestone.clause)


def check_form(milestone: Milestone, report: dict) -> None:
    """The call's own questions about a milestone are answered. Raises Refused naming the first fault.

    `report`: what is handed in beside the form, as its conditions read it.
    """
    faults = queries.form_faults(milestone, report)
    for question, sentence in faults:
        raise Refused(
            _("材料表单还有 %(count)s 处需要改正，例如“%(field)s”：%(message)s")
            % {"count": len(faults), "field": question.label, "message": sentence},
            field="form",
            clause=question.clause,
            code="incomplete",
        )


def check_values(milestone: Milestone, values: dict) -> dict[str, str]:
    """The value reached for every indicator, by indicator id as text. Raises Refused naming the indicator."""
    found = {}
    for indicator in milestone.indicators.all():
        key = str(indicator.pk)
        value = str(values.get(key, values.get(indicator.pk, "")) or "").strip()
        where = {"field": f"value_{key}", "clause": milestone.clause}
        if not value:
            raise Refused(_("请填写指标“%(name)s”的完成值。") % {"name": indicator.name}, **where)
        if len(value) > LONGEST_VALUE:
            raise Refused(
                _("指标“%(name)s”的完成值不能超过 %(limit)s 个字。")
                % {"name": indicator.name, "limit": LONGEST_VALUE},
                **where,
            )
        found[key] = value
    return found


def check_spent(amount) -> Decimal:
    """Raises Refused for what is no amount of money in 元."""
    try:
        spent = Decimal(amount)
        sound = spent.is_finite() and 0 <= spent < MAX_SPENT and spent == spent.quantize(Decimal("0.01"))
    except (InvalidOperation, TypeError, ValueError):
        sound = False
    if not sound:
        raise Refused(_("已支出金额应为不小于 0 的金额，最多精确到分。"), field="spent_amount")
    return spent


def _check_is_current(report: Report) -> None:
    milestone = report.milestone
    if milestone.state != MilestoneState.SUBMITTED:
        raise Refused(
            _("里程碑现在是“%(state)s”，没有待审核的材料。") % {"state": milestone.get_state_display()},
            code="not_allowed",
        )
    if Report.objects.filter(milestone=milestone, number__gt=report.number).exists():
        raise Refused(_("项目单位已提交新的材料，请查看最新一次提交。"), code="not_allowed")


def check_can_give_opinion(user, report: Report) -> None:
    """Raises Refused unless `user` is of the demand side and the hand-in waits for its opinion."""
    if not is_demander(user, report.milestone):
        raise Refused(_("只有发榜方可以填写验收意见。"), code="forbidden")
    if not report.milestone.needs_demander_opinion:
        raise Refused(_("这个里程碑不需要发榜方意见。"), code="not_allowed")
    _check_is_current(report)
    if DemanderOpinion.objects.filter(report=report).exists():
        raise Refused(_("发榜方意见已经填写，不能修改。"), code="not_allowed")


def check_opinion(opinion: str, text: str) -> None:
    if opinion not in DemanderOpinion.Choice.values:
        raise Refused(_("请选择意见。"), field="opinion")
    if opinion != DemanderOpinion.Choice.ACCEPT and not text.strip():
        raise Refused(_("有条件同意或不同意时，请写明条件或理由。"), field="text")


def check_awaits_conclusion(report: Report) -> None:
    """Raises Refused unless the project runs and this hand-in waits for a conclusion."""
    _check_in_force(report.milestone)
    _check_is_current(report)


def check_conclusion(report: Report, outcome: str, note: str) -> None:
    """Raises Refused when the outcome lacks what it needs: the demand side's opinion, or a reason."""
    if outcome not in Acceptance.Outcome.values:
        raise Refused(_("请选择审核结论。"), field="outcome")
    if outcome == Acceptance.Outcome.FAILED and report.milestone.kind == Kind.ANNUAL:
        raise Refused(_("年度报告只能通过或退回补充。"), field="outcome", code="not_allowed")
    opinion = DemanderOpinion.objects.filter(report=report).first()
    if outcome == Acceptance.Outcome.ACCEPTED and report.milestone.needs_demander_opinion and not opinion:
        raise Refused(
            _("发榜方还没有填写验收意见，不能通过。"), field="outcome", clause=report.milestone.clause
        )
    refused = opinion is not None and opinion.opinion == DemanderOpinion.Choice.REFUSE
    if (outcome != Acceptance.Outcome.ACCEPTED or refused) and not note.strip():
        raise Refused(_("请写明理由。") if not refused else _("发榜方不同意，请写明审核理由。"), field="note")


def check_can_fail(user, milestone: Milestone) -> None:
    """Raises Refused unless `user` manages the programme and the milestone was returned."""
    if not is_manager(user, milestone):
        raise Refused(_("只有主管处室的项目主管可以审核里程碑。"), code="forbidden")
    if milestone.kind == Kind.ANNUAL:
        raise Refused(_("年度报告只能通过或退回补充。"), code="not_allowed")
    if milestone.state != MilestoneState.RETURNED:
        raise Refused(_("只有退回补充后没有再提交的里程碑可以直接判为不通过。"), code="not_allowed")


def check_supplement_over(due_at: datetime | None, *, at: datetime) -> None:
    """Whoever was given time to supplement has it. Raises Refused."""
    if due_at is not None and at <= due_at:
        raise Refused(
            _("退回补充的期限是 %(date)s，期限过后没有提交的才能判为不通过。") % {"date": local_date(due_at)},
            code="not_allowed",
        )


def can(check, *args, **kwargs) -> bool:
    """Whether a check lets it pass."""
    try:
        check(*args, **kwargs)
    except Refused:
        return False
    return True


def can_hand_in(user, milestone: Milestone) -> bool:
    return can(check_can_hand_in, user, milestone)


def waits_for_unit(user, milestone: Milestone) -> bool:
    """Whether this person writes what an administrator of the unit then checks and hands in."""
    return milestone.state in HAND_IN and not is_signed_by(user, milestone) and is_team(user, milestone)


def can_give_opinion(user, report: Report) -> bool:
    return can(check_can_give_opinion, user, report)


def can_fail(user, milestone: Milestone) -> bool:
    return can(check_can_fail, user, milestone)
