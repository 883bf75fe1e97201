"""Where an application stands and what comes next: its call's stages, its history, its deadlines."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Role, UnitRole
from applications import queries
from applications.models import Application
from applications.questions import localised
from applications.states import APPLICATION, AppealState, ApplicationState
from awards.models import Agreement, PublicityItem
from awards.states import AgreementState
from core.calendar import end_of_day
from core.models import Event
from finance.models import Instalment
from finance.states import InstalmentState
from grants.models import DayKind, NominatorGroup, PaperAfter, Stage
from milestones.models import Kind, Milestone, Termination
from milestones.states import MilestoneState, TerminationState
from notifications.models import Deadline, DeadlineKind

S = ApplicationState

_WRITING = (S.DRAFT, S.RETURNED)
_ENDED = (S.REJECTED, S.WITHDRAWN)
_TOLD = (S.RETURNED, S.REJECTED)
"""Moves whose note is written for the applicant."""


@dataclass(frozen=True)
class Step:
    """One step of `portal/includes/_timeline.html` or `_steps.html`."""

    title: str
    state: str
    at: datetime | None = None
    due: datetime | None = None
    by: str = ""
    note: str = ""
    clause: str = ""
    url: str = ""
    action: str = ""


def application_steps(application: Application, *, for_officer: bool, at: datetime) -> list[Step]:
    """The whole way from the form to the last payment.

    Three queries; one more during publicity, four more once there is an agreement.
    """
    now = _Now.of(application, for_officer=for_officer)
    stages = _stages(application, for_officer=for_officer)
    steps = [_writing_step(now), *(_stage_step(now, stage, stages=stages) for stage in stages)]
    steps.append(_end_step(now))
    behind = _PAPER_BEHIND.get(application.call.paper_after)
    place = next((n for n, stage in enumerate(stages, start=2) if behind in stage.states), 1)
    steps[place:place] = _paper_step(now)
    if application.state in (S.AGREEMENT, S.AWARDED):
        steps += _project_steps(application, at=at)
    return steps


_PAPER_BEHIND = {PaperAfter.CHECK: S.FORMAL_CHECK, PaperAfter.AWARD: S.PUBLICITY}
"""The step behind which the copies on paper stand; else they stand behind handing in."""


def _paper_step(now: "_Now") -> list[Step]:
    """The copies on paper that the notice wants of what was handed in; no query where it wants none."""
    papers = queries.papers_of(now.application)
    if papers is None or papers.until is None or now.application.state in _WRITING:
        return []
    due, _explanation = now.term(DeadlineKind.PAPER_COPIES)
    note = _("收到 %(copies)s 份，应为 %(asked)s 份") % {"copies": papers.copies, "asked": papers.asked}
    state = "next" if due else ("done" if not papers.missing else "failed")
    return [Step(_("报送纸质材料"), state, due=due, note=note, clause=now.application.call.paper_clause)]


@dataclass(frozen=True)
class _Now:
    """Where the application is: what it has reached, and whose turn it is until when and by which clause."""

    application: Application
    for_officer: bool
    reached: dict[str, Event]
    skipped: frozenset[str]
    due: dict[str, Deadline]
    notice: PublicityItem | None
    agreement: Agreement | None

    @classmethod
    def of(cls, application: Application, *, for_officer: bool) -> "_Now":
        notice = agreement = None
        if application.state == S.PUBLICITY:
            items = PublicityItem.objects.filter(application=application)
            notice = items.select_related("publicity").first()
        if application.state == S.AGREEMENT:
            agreement = Agreement.objects.filter(award__application=application).first()
        reached, skipped = _reached(application)
        due = _open_deadlines(application)
        return cls(application, for_officer, reached, skipped, due, notice, agreement)

    def term(self, *kinds: str) -> tuple[datetime | None, str]:
        """(until when, what set that moment) of the present step; nothing where nothing runs."""
        if self.notice is not None:
            publicity = self.notice.publicity
            return end_of_day(publicity.ends_date), localised(publicity, "explanation")
        if self.agreement is not None:
            rows = Deadline.objects.open().filter(
                content_type=ContentType.objects.get_for_model(Agreement), object_id=self.agreement.pk
            )
            found = rows.order_by("due_at").first()
        else:
            found = next((self.due[kind] for kind in kinds if kind in self.due), None)
        return (found.due_at, found.explanation) if found else (None, "")

    def who(self) -> str:
        """Whose turn it is, in words."""
        state, application = self.application.state, self.application
        if self.notice is not None:
            return _("公示中，任何人都可以提出异议；您不用办理。")
        if self.agreement is not None:
            signs = self.agreement.state == AgreementState.DRAFT
            who = _("承担单位的单位管理员") if signs else _("主管部门")
            return _("现在由%(who)s签订") % {"who": who}
        labels = {**dict(Role.choices), **dict(UnitRole.choices)}
        names = [str(labels[owner]) for owner in sorted(APPLICATION.owners[state]) if owner in labels]
        if not names:
            return ""
        who = _("、").join(names)
        if state == S.UNIT_REVIEW:
            who = _("“%(unit)s”的%(who)s") % {"unit": application.organisation, "who": who}
        return _("现在由%(who)s办理") % {"who": who}

    def link(self) -> tuple[str, str]:
        """(address, words) of what an applicant does next; nothing for officers, who have their desks."""
        if self.for_officer:
            return "", ""
        if self.application.state in _WRITING:
            return reverse("applications:check", args=[self.application.pk]), _("检查并提交")
        if self.agreement is not None and self.agreement.state == AgreementState.DRAFT:
            return reverse("awards:agreement", args=[self.agreement.pk]), _("去签订")
        if self.notice is not None:
            return reverse("portal:publicity_notice", args=[self.notice.publicity_id]), _("查看公示")
        return "", ""


@dataclass(frozen=True)
class _StageView:
    """A stage as the reader sees it: applicants see the bureau's deliberation as one step.

    `inner` stages keep who acts and until when to the bureau: either would tell them apart again.
    """

    title: str
    states: tuple[str, ...]
    clause: str
    allowed: str
    inner: bool
    is_conditional: bool = False


def _stages(application, *, for_officer: bool) -> list[_StageView]:
    found: list[_StageView] = []
    groups = NominatorGroup.objects.filter(call=OuterRef("call"))
    rows = list(Stage.objects.filter(call_id=application.call_id).annotate(may_nominate=Exists(groups)))
    if rows and rows[0].may_nominate and queries.replaces_office(queries.ways_of(application)):
        # People nominate it: no office recommends.
        rows = [stage for stage in rows if stage.kind != S.RECOMMENDATION]
    if application.organisation.is_team:
        rows = [stage for stage in rows if stage.kind != S.UNIT_REVIEW]
    if application.state == S.AGREEMENT and all(stage.kind != S.AGREEMENT for stage in rows):
        # Whatever the notice lists, what is granted is signed.
        call = application.call
        rows.append(
            Stage(
                kind=S.AGREEMENT,
                days=call.signing_days,
                day_kind=DayKind.CALENDAR,
                clause=call.signing_clause,
            )
        )
    for stage in rows:
        label = str(S(stage.kind).label)
        title = label if for_officer else str(APPLICATION.public_label(stage.kind))
        inner = title != label
        allowed = _("%(days)s 个%(kind)s") % {"days": stage.days, "kind": stage.get_day_kind_display()}
        if found and found[-1].title == title:
            before = found.pop()
            states = (*before.states, stage.kind)
            found.append(_StageView(title, states, before.clause or stage.clause, "", inner))
        else:
            allowed = "" if inner else allowed
            conditional = stage.is_conditional and not inner
            found.append(_StageView(title, (stage.kind,), stage.clause, allowed, inner, conditional))
    return found


def _reached(application) -> tuple[dict[str, Event], frozenset[str]]:
    """The last move into each state, and the steps that were passed over since; one query."""
    reached: dict[str, Event] = {}
    skipped: set[str] = set()
    moves = Event.objects.about(application).filter(~Q(to_state="") | Q(verb="skipped"))
    for event in moves.order_by("at", "id"):
        if event.to_state:
            reached[event.to_state] = event
            skipped.discard(event.to_state)
        else:
            reached.pop(event.data["step"], None)
            skipped.add(event.data["step"])
    return reached, frozenset(skipped)


def _open_deadlines(application) -> dict[str, Deadline]:
    """What is open about the application itself, by kind; the publicity and the milestones keep their own."""
    kind = ContentType.objects.get_for_model(Application)
    rows = Deadline.objects.open().filter(content_type=kind, object_id=application.pk)
    return {deadline.kind: deadline for deadline in rows}


def _writing_step(now: _Now) -> Step:
    application = now.application
    if application.state not in _WRITING:
        return Step(title=_("提交申报书"), state="done", at=application.submitted_at)
    event = now.reached.get(S.RETURNED)
    returned = application.state == S.RETURNED
    due, clause = now.term("supplement", "call_closes")
    url, action = now.link()
    told = event.note if event and returned else ""
    return Step(
        title=_("补正") if returned else _("填写申报书"),
        state="current",
        at=event.at if event and returned else application.created_at,
        due=due,
        by="" if told else _("现在由申报团队填写"),
        note=told,
        clause=clause,
        url=url,
        action=action,
    )


def _stage_step(now: _Now, stage: _StageView, *, stages: list[_StageView]) -> Step:
    state = now.application.state
    entered = [now.reached[kind] for kind in stage.states if kind in now.reached]
    at = entered[0].at if entered else None
    if state in stage.states and stage.inner:
        due, clause = now.term("slides")
        waiting = (
            _("请在截止前上传答辩材料；评审由主管部门组织，有结果会通知您。")
            if due
            else _("主管部门正在评审，您不用办理；有结果会通知您。")
        )
        return Step(
            title=stage.title, state="current", at=at, due=due, note=waiting, clause=clause or stage.clause
        )
    if state in stage.states:
        due, clause = now.term(*stage.states, "review_due")
        url, action = now.link()
        return Step(
            title=stage.title,
            state="current",
            at=at,
            due=due,
            note=now.who(),
            clause=clause or stage.clause,
            url=url,
            action=action,
        )
    if now.skipped.issuperset(stage.states) and (state in _ENDED or _is_before(stage, state, stages)):
        return Step(title=stage.title, state="skipped", note=_("不适用：条件不成立"), clause=stage.clause)
    if state in _ENDED:
        return Step(title=stage.title, state="done" if entered else "skipped", at=at)
    if _is_before(stage, state, stages):
        return Step(title=stage.title, state="done", at=at)
    note = stage.allowed
    if stage.is_conditional:
        note = _("；").join((note, _("只对部分申报办理")))
    return Step(title=stage.title, state="next", note=note, clause=stage.clause)


def _is_before(stage: _StageView, state: str, stages: list[_StageView]) -> bool:
    """Whether the application, now in `state`, has left this stage behind."""
    if state == S.AWARDED:
        return True
    # A project in reserve (入库备选) has been decided on; what follows the decision may still come.
    behind = state == S.RESERVED
    here = S.DECISION if behind else state
    now = next((n for n, other in enumerate(stages) if here in other.states), -1)
    return stages.index(stage) < now + behind


def _end_step(now: _Now) -> Step:
    state = now.application.state
    event = now.reached.get(state)
    at = event.at if event else None
    if state in _ENDED:
        told = event.note if event and state in _TOLD else ""
        return Step(title=str(S(state).label), state="failed", at=at, note=told, **_appeal_of(now))
    if state == S.RESERVED:
        note = _("列入项目库备选；有资金时再作决定，您不用办理。")
        return Step(title=str(S.RESERVED.label), state="current", at=at, note=note)
    if state == S.AWARDED:
        return Step(title=str(S.AWARDED.label), state="done", at=at)
    return Step(title=_("立项"), state="next")


def _appeal_of(now: _Now) -> dict:
    """What a rejected applicant may still do, until when and by which clause; what came of the appeal."""
    application = now.application
    if application.state != S.REJECTED:
        return {}
    appeal = application.appeals.order_by("-id").first()
    if appeal is not None and appeal.state == AppealState.FILED:
        return {"by": _("已申请复审，由原决定人以外的人办理；您不用办理，有结果会通知您。")}
    if appeal is not None and appeal.state == AppealState.DISMISSED:
        return {"by": _("复审维持不予受理，这是最终决定：%(reason)s") % {"reason": appeal.reason}}
    due, clause = now.term(DeadlineKind.APPEAL)
    if due is None and not _waits_for_receipt(application):
        return {}
    url = "" if now.for_officer else reverse("applications:appeal", args=[application.pk])
    words = _("对不予受理的决定不服的，可以申请一次复审")
    if due is None:
        words = _("对不予受理的决定不服的，可以申请一次复审，期限自签收起算")
    return {"by": words, "due": due, "clause": clause, "url": url, "action": _("申请复审")}


def _waits_for_receipt(application: Application) -> bool:
    """Rejected at the formal check, and nobody has acknowledged it yet: the days to appeal do not run."""
    decision = queries.rejection(application)
    return (
        decision is not None
        and application.call.appeal_days is not None
        and queries.received_at(decision) is None
    )


_MILESTONE_STEP = {
    MilestoneState.ACCEPTED: "done",
    MilestoneState.SUBMITTED: "current",
    MilestoneState.RETURNED: "current",
    MilestoneState.FAILED: "failed",
    MilestoneState.WAIVED: "skipped",
    MilestoneState.CANCELLED: "skipped",
}
_MILESTONE_TURN = {
    MilestoneState.PLANNED: gettext_lazy("由承担单位提交证据"),
    MilestoneState.RETURNED: gettext_lazy("现在由承担单位补充"),
    MilestoneState.SUBMITTED: gettext_lazy("现在由项目主管审核"),
}
_INSTALMENT_STEP = {
    InstalmentState.PAID: "done",
    InstalmentState.DUE: "current",
    InstalmentState.CANCELLED: "skipped",
}


def _project_steps(application, *, at: datetime) -> list[Step]:
    """Milestones and instalments of the agreement, each instalment after what it waits for."""
    paid_for: dict[int | None, list[Step]] = {}
    for instalment in Instalment.objects.filter(agreement__award__application=application):
        paid_for.setdefault(instalment.milestone_id, []).append(_instalment_step(instalment))
    steps = paid_for.get(None, [])
    for milestone in Milestone.objects.filter(agreement__award__application=application):
        steps.append(_milestone_step(milestone, at=at))
        steps += paid_for.get(milestone.pk, [])
    return [*steps, *_early_end(application)]


def _early_end(application) -> list[Step]:
    """The decision to end the project before its time, with its reason."""
    made = Termination.objects.filter(
        agreement__award__application=application, state=TerminationState.APPROVED
    )
    return [
        Step(
            title=_("项目终止") if termination.end == Termination.End.TERMINATED else _("项目撤销"),
            state="failed",
            at=termination.decided_at,
            note=termination.opinion,
            clause=termination.clause,
            url=reverse("milestones:termination", args=[termination.pk]),
            action=_("查看决定"),
        )
        for termination in made
    ]


def _milestone_step(milestone: Milestone, *, at: datetime) -> Step:
    due = end_of_day(milestone.due_date)
    is_open = milestone.state in (MilestoneState.PLANNED, MilestoneState.RETURNED)
    state = _MILESTONE_STEP.get(milestone.state, "next")
    if is_open and due < at:
        state = "late"
    return Step(
        title=milestone.name
        if milestone.kind == Kind.ANNUAL
        else _("里程碑：%(name)s") % {"name": milestone.name},
        state=state,
        at=milestone.accepted_at,
        due=due if is_open else None,
        by=_MILESTONE_TURN.get(milestone.state, ""),
        note=milestone.get_state_display(),
        clause=milestone.clause,
    )


def _instalment_step(instalment: Instalment) -> Step:
    state = _INSTALMENT_STEP.get(instalment.state, "next")
    return Step(
        title=_("拨付：%(name)s") % {"name": instalment.name},
        state=state,
        due=instalment.due_at if state == "current" else None,
        by=_("现在由经费管理办理") if state == "current" else "",
        note=instalment.get_state_display(),
        clause=instalment.clause,
    )
