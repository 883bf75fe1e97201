"""When a running project may change (变更), what of it, and who decides."""

from collections.abc import Collection
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from applications import actions as applications
from applications import eligibility
from applications.models import Participant, ParticipantRole
from awards.models import Agreement
from awards.states import AgreementState
from core import calendar
from core.calendar import DayKind
from core.workflow import Refused
from milestones.models import Change, ChangeKind, ChangeTerm, ChangeWay
from milestones.rules import can, is_manager_of, is_of_project, is_of_unit
from milestones.states import ChangeState

LONGEST = 4000
LONGEST_TITLE = 120
WAITING = (ChangeState.UNIT_REVIEW, ChangeState.SUBMITTED)
USED = (*WAITING, ChangeState.APPROVED, ChangeState.FILED)
OF_PEOPLE = (ChangeKind.LEADER, ChangeKind.MEMBERS)


def terms_of(call) -> dict[str, ChangeTerm]:
    """{kind: what the notice says of it}; of what it does not name every change is approved."""
    named = {row.kind: row for row in ChangeTerm.objects.filter(call=call)}
    return {kind: named.get(kind) or ChangeTerm(call=call, kind=kind, order=0) for kind in ChangeKind}


def term_of(agreement: Agreement, kind: str) -> ChangeTerm:
    return terms_of(agreement.award.application.call)[ChangeKind(kind)]


def changes_of(agreement: Agreement) -> list[Change]:
    """Every request of a project, newest first."""
    return list(Change.objects.filter(agreement=agreement))


def people_of(agreement: Agreement):
    """Who is of the project now."""
    return (
        Participant.objects.current().filter(application=agreement.award.application).order_by("order", "id")
    )


def last_day(agreement: Agreement, term: ChangeTerm) -> date | None:
    """The last day on which this change may be asked for; None: as long as the project runs."""
    if term.months_before_end is None:
        return None
    return calendar.add_days(agreement.ends_date, -term.months_before_end, kind=DayKind.MONTH)


def check_can_ask(
    user, agreement: Agreement, term: ChangeTerm, *, at: datetime, requests: Collection[Change]
) -> None:
    """Raises Refused unless `user` is of the project and this may be asked for."""
    if not is_of_project(user, agreement.award.application):
        raise Refused(_("只有项目团队和承担单位管理员可以申请变更。"), code="forbidden")
    check_open(agreement, term, at=at, requests=requests)


def check_open(agreement: Agreement, term: ChangeTerm, *, at: datetime, requests: Collection[Change]) -> None:
    """Raises Refused naming the clause: whether the project runs, the way, the number, the day."""
    if agreement.state != AgreementState.IN_FORCE:
        raise Refused(_("只有执行中的项目可以申请变更。"), code="not_allowed")
    where = {"clause": term.clause, "code": "not_allowed"}
    if term.way == ChangeWay.NEVER:
        raise Refused(_("通知规定“%(kind)s”不得变更。") % {"kind": term}, **where)
    same = [request for request in requests if request.kind == term.kind]
    if any(request.state in WAITING for request in same):
        raise Refused(_("已有一份“%(kind)s”的变更申请等待办理。") % {"kind": term}, code="already")
    used = sum(request.state in USED for request in same)
    if term.times is not None and used >= term.times:
        raise Refused(
            _("通知规定“%(kind)s”最多变更 %(times)s 次，已经变更 %(used)s 次。")
            % {"kind": term, "times": term.times, "used": used},
            **where,
        )
    last = last_day(agreement, term)
    if last is not None and calendar.local_date(at) > last:
        raise Refused(
            _("申请变更“%(kind)s”的最后日期是 %(date)s（项目结束前 %(months)s 个月），现已超过。")
            % {"kind": term, "date": last, "months": term.months_before_end},
            **where,
        )


def check_terms(term: ChangeTerm, *, before: str, after: str, reason: str, files: Collection) -> None:
    """Raises Refused naming the field: what it was, what it becomes, why, the paper the notice asks for."""
    named = {
        "before": (before, _("变更前")),
        "after": (after, _("变更后")),
        "reason": (reason, _("变更理由")),
    }
    for field, (text, label) in named.items():
        if not text.strip():
            raise Refused(_("请填写%(label)s。") % {"label": label}, field=field, clause=term.clause)
        if len(text) > LONGEST:
            raise Refused(
                _("%(label)s不超过 %(limit)s 字。") % {"label": label, "limit": LONGEST}, field=field
            )
    if term.kind == ChangeKind.TITLE and len(after) > LONGEST_TITLE:
        raise Refused(_("项目名称最多 120 个字。"), field="after")
    if before.strip() == after.strip():
        raise Refused(_("变更后与变更前相同。"), field="after")
    if term.asks_file and not files:
        raise Refused(_("请上传%(file)s。") % {"file": term.asks_file}, field="files", clause=term.clause)


def check_people(
    agreement: Agreement, kind: str, *, leave: Collection[int], join: Collection[dict], on: date
) -> None:
    """Raises Refused: nobody changes, the wrong people, or a clause of the notice that would no longer hold.

    The clauses are judged with the project as it would be; what was not met before is not asked again.
    """
    if not leave and not join:
        raise Refused(_("请填写退出或加入的人员。"), field="join")
    own = {row.pk: row for row in people_of(agreement)}
    if not set(leave) <= own.keys():
        raise Refused(_("退出的人员不在这个项目里。"), field="leave")
    leaders = sum(person["role"] == ParticipantRole.PI for person in join)
    gone = sum(own[pk].role == ParticipantRole.PI for pk in leave)
    if (leaders, gone) != ((1, 1) if kind == ChangeKind.LEADER else (0, 0)):
        raise Refused(_("变更负责人须写明一名新的负责人；其他人员的变动请选“项目成员”。"), field="join")
    for line in _failed_by(agreement.award.application, leave=leave, join=join, on=on):
        raise Refused(
            _("变更后不符合申报条件：%(text)s") % {"text": line.hint or line.text},
            field="join",
            clause=line.clause,
        )


def _failed_by(application, *, leave, join, on) -> list:
    """The lines that fail with these people and did not before; nothing is kept."""
    before = {line.code for line in eligibility.evaluate(application) if line.blocks}
    with transaction.atomic():
        applications.change_people(application=application, leave=leave, join=join, on=on)
        after = eligibility.evaluate(application)
        transaction.set_rollback(True)
    return [line for line in after if line.blocks and line.code not in before]


def described(agreement: Agreement, *, leave: Collection[int], join: Collection[dict]) -> tuple[str, str]:
    """(who was, who is) of those whom a change of people concerns, one a line."""
    own = {row.pk: row for row in people_of(agreement)}
    with override(settings.LANGUAGE_CODE):
        return _described([own[pk] for pk in leave], join)


def _described(leave: list[Participant], join: Collection[dict]) -> tuple[str, str]:
    gone = [_person(row.get_role_display(), row.name, row.organisation_name) for row in leave]
    came = [
        _person(ParticipantRole(row["role"]).label, row["name"], row["organisation_name"]) for row in join
    ]
    return "\n".join(gone) or _("（无）"), "\n".join(came) or _("（无）")


def _person(role: str, name: str, unit: str) -> str:
    return _("%(role)s：%(name)s（%(unit)s）") % {"role": role, "name": name, "unit": unit}


BY_ITSELF = gettext_lazy("同意后系统随处更新，不用另行办理。")
BY_HAND = {
    ChangeKind.BUDGET: gettext_lazy(
        "资助额、各期拨款和任务书的预算不自动改变，决算按变更后的预算核对。要减少资助的，由经费人员另行办理。"
    ),
    ChangeKind.INDICATORS: gettext_lazy(
        "里程碑所列的考核指标不自动改变：里程碑页列出这份变更，审核和验收按变更后的指标判断。"
    ),
    ChangeKind.CONTENT: gettext_lazy(
        "里程碑的交付物和日期不自动改变：里程碑页列出这份变更，审核和验收按变更后的内容判断；要改日期的另行申请延期。"
    ),
    ChangeKind.UNIT: gettext_lazy(
        "任务书的签署、收款账户和各单位的预算不自动改变：改由其他单位收款的，由项目主管和经费人员另行办理。"
    ),
    ChangeKind.OTHER: gettext_lazy("任务书不自动改变，以这份变更为准。"),
}
"""What a change of anything but people and title leaves for somebody to do; said wherever it is decided."""
OF_MILESTONES = (ChangeKind.INDICATORS, ChangeKind.CONTENT, ChangeKind.BUDGET)
"""Changes that whoever examines a milestone has to know."""


def aftermath(kind: str) -> str:
    return str(BY_HAND.get(kind, BY_ITSELF))


def known_to_examiners(agreement: Agreement) -> list[Change]:
    """Changes in force by which the evidence of milestones is judged, the latest first; one query."""
    rows = Change.objects.in_force().filter(agreement=agreement, kind__in=OF_MILESTONES)
    return list(rows.order_by("-id"))


def sentence(change: Change) -> str:
    """What stands in the history of the agreement."""
    with override(settings.LANGUAGE_CODE):
        return _("%(kind)s：%(before)s → %(after)s") % {
            "kind": change.get_kind_display(),
            "before": " ".join(change.before.split("\n")),
            "after": " ".join(change.after.split("\n")),
        }


def joining(change: Change) -> list[dict]:
    """Who joins, as a participant takes it: JSON holds days and months as text."""
    return [
        {name: Participant._meta.get_field(name).to_python(value) for name, value in person.items()}
        for person in change.people.get("join", ())
    ]


def check_can_withdraw(user, change: Change) -> None:
    if not is_of_project(user, change.agreement.award.application):
        raise Refused(_("只有项目团队和承担单位管理员可以撤回变更申请。"), code="forbidden")
    _check_state(change, *WAITING)


def check_can_review(user, change: Change) -> None:
    """Raises Refused unless `user` administers the unit and the request waits for its review."""
    if not is_of_unit(user, change.agreement):
        raise Refused(_("只有承担单位管理员可以审核本单位的变更申请。"), code="forbidden")
    _check_state(change, ChangeState.UNIT_REVIEW)


def check_can_decide(user, change: Change) -> None:
    """Raises Refused unless `user` manages the programme and the request waits."""
    if not is_manager_of(user, change.agreement.award.application):
        raise Refused(_("只有主管处室的项目主管可以审批变更。"), code="forbidden")
    _check_state(change, ChangeState.SUBMITTED)


def _check_state(change: Change, *states: str) -> None:
    if change.state not in states:
        raise Refused(
            _("变更申请现在是“%(state)s”，不能再办理。") % {"state": change.get_state_display()},
            code="not_allowed",
        )


def can_ask(user, agreement: Agreement, term: ChangeTerm, *, at: datetime, requests) -> bool:
    return can(check_can_ask, user, agreement, term, at=at, requests=requests)


def can_withdraw(user, change: Change) -> bool:
    return can(check_can_withdraw, user, change)


def can_review(user, change: Change) -> bool:
    return can(check_can_review, user, change)


def can_decide(user, change: Change) -> bool:
    return can(check_can_decide, user, change)
