"""Who may apply, fill in, hand in and take back, and when."""

from django.utils.translation import gettext as _

from accounts.queries import is_confirmed
from applications import queries
from applications.models import Application, Participant, Partner, StampedTable, TableOf
from applications.states import EDITABLE, TAKEN_BACK_FROM, ApplicationState
from core.workflow import Lost, Refused
from grants.models import Call, ProjectType, Sourcing, Stage, Topic
from grants.queries import closing, entries_of, in_force, intake_ahead, intake_at, moments_of, topic_in
from grants.states import CallState, TopicState


def check_window(call: Call, topic: Topic | None, *, at, project_type: ProjectType | None = None) -> None:
    """Whether one can apply at this moment; the closing moment itself is in time. Raises Refused.

    Between two batches one can begin and fill; `check_intake` keeps what is handed in.
    """
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
    until = closing(call, topic, project_type=project_type, at=at)
    if until and at > until:
        raise Refused(
            _("已于 %(time)s 截止，逾期不予受理。") % {"time": queries.local_moment(until)},
            field="closes_at",
            clause=topic.number if topic and until == topic.bids_close_at else call.number,
            code="late",
        )


def check_intake(call: Call, project_type: ProjectType | None, *, at) -> None:
    """A call with batches takes applications while one is open. Raises Refused."""
    if not call.has_intakes or intake_at(call, project_type, at=at):
        return
    ahead = intake_ahead(call, project_type, at=at)
    if ahead:
        raise Refused(
            _("“%(batch)s”从 %(time)s 开始受理，在此之前可以先填写，到时再提交。")
            % {"batch": ahead, "time": queries.local_moment(ahead.opens_at)},
            field="intake",
            clause=ahead.clause or call.number,
            code="between",
        )


def check_can_start(by, call: Call, topic: Topic | None, organisation, *, at, project_type=None) -> None:
    if by is not None and organisation.pk not in by.scope.units:
        raise Refused(_("您不是“%(unit)s”的成员，不能以它的名义申报。") % {"unit": organisation.name})
    if topic and topic.call_id != call.pk:
        raise Refused(_("这个榜单任务不属于该通知。"), field="topic")
    if call.sourcing == Sourcing.DEMAND and topic is None:
        raise Refused(_("请先在榜单上选择要揭的任务。"), field="topic")
    check_type(call, project_type)
    check_window(call, topic, at=at, project_type=project_type)
    check_registration(call, at=at)
    if topic and topic.owner_id == organisation.pk:
        raise Refused(_("发榜方不能揭自己发布的榜。"), field="organisation", clause=topic.number)
    check_invited(call, organisation)
    check_lead_abroad(call, organisation)
    check_lead_team(call, organisation)


def check_registration(call: Call, *, at) -> None:
    """Who has not begun by the closing of registration (意向登记) comes too late. Raises Refused."""
    if call.registers_by_at is not None and at > call.registers_by_at:
        raise Refused(
            _("意向登记已于 %(time)s 截止，没有登记的不能再申报；已经登记的请打开原来的申报书继续填写。")
            % {"time": queries.local_moment(call.registers_by_at)},
            clause=call.number,
            code="not_registered",
        )


def check_lead_abroad(call: Call, organisation) -> None:
    """A unit abroad leads where the notice lets it. Raises Refused."""
    if organisation.is_abroad and not call.is_open_abroad:
        raise Refused(
            _("“%(unit)s”是境外单位，本通知只接受国内单位牵头；境外单位可以作为合作单位参加。")
            % {"unit": organisation.name},
            field="organisation",
            clause=call.number,
            code="abroad",
        )


def check_lead_team(call: Call, organisation) -> None:
    """A team that is registered nowhere leads where the notice lets it. Raises Refused."""
    if organisation.is_team and not call.is_open_to_teams:
        raise Refused(
            _("“%(team)s”是未注册的团队或个人，本通知只接受已登记的单位申报。") % {"team": organisation.name},
            field="organisation",
            clause=call.number,
            code="team",
        )


def check_team_registered(application: Application) -> None:
    """A team registers as a unit before it signs, where the notice asks for it. Raises Refused."""
    call, team = application.call, application.organisation
    if team.is_team and call.team_months is not None:
        raise Refused(
            _("“%(team)s”还没有登记为单位：请在单位页面填写统一社会信用代码等，登记之后签订任务书。")
            % {"team": team.name},
            clause=call.team_clause,
            code="team",
        )


def check_proven(application: Application) -> None:
    """Of a unit abroad an officer has seen the proof before it hands in. Raises Refused."""
    unit = application.organisation
    if unit.is_abroad and not is_confirmed(unit):
        raise Refused(
            _("“%(unit)s”的登记证明还没有核实：请单位管理员在单位档案中上传证明，由主管部门核实后再提交。")
            % {"unit": unit.name},
            field="organisation",
            clause=application.call.number,
            code="not_proven",
        )


def check_invited(call: Call, organisation) -> None:
    """An invitation-only call is for the units of its list. Raises Refused."""
    if call.is_invitation_only and not call.invitations.filter(credit_code=organisation.credit_code).exists():
        raise Refused(
            _("本通知定向邀请，“%(unit)s”不在名单内。") % {"unit": organisation.name},
            field="organisation",
            clause=call.number,
            code="not_invited",
        )


def check_entry(by, call: Call, organisation, outline: Application | None, *, at) -> queries.Right | None:
    """By which line of the notice a unit comes in, with the earlier project that was chosen; None: by none.

    Raises Refused where only chosen projects may apply and none is left, or `outline` is not among them.
    """
    lines = entries_of(call)
    needed = any(entry.is_required for entry in lines)
    if outline is None and not needed:
        return None
    known = queries.rights(call, [organisation.pk], by=by)
    known = [right for right in known if outline is None or right.outline.pk == outline.pk]
    if not known:
        raise Refused(
            _("“%(unit)s”没有可以凭以申报的入选项目（%(lines)s）。")
            % {"unit": organisation.name, "lines": "、".join(str(entry) for entry in lines or [call])},
            field="organisation",
            clause=next((entry.clause for entry in lines if entry.clause), call.number),
            code="no_entry",
        )
    for right in known:
        if right.until is None or at <= right.until:
            return right
    raise _lapsed(known[-1].entry, known[-1].until)


def _lapsed(entry, until) -> Refused:
    return Refused(
        _("入选资格已于 %(time)s 失效：入选后须在 %(days)s 日内申报。")
        % {"time": queries.local_moment(until), "days": entry.days},
        field="organisation",
        clause=entry.clause or entry.call.number,
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


def check_can_consent(by, application: Application) -> Participant:
    """A participant, by the ID number of their own record and their name, while the text may change.

    Raises Refused.
    """
    person = queries.named_as(by, application)
    if person is None:
        raise Refused(_("这份申报书的参与人员里没有您：个人档案里的证件号码和姓名要与申报书一致。"))
    if application.state not in EDITABLE:
        raise Refused(
            _("申报书现在是“%(state)s”，内容已经封存，不能修改。")
            % {"state": application.machine.public_label(application.state)},
            code="sealed",
        )
    return person


def check_can_comment(by, application: Application) -> None:
    """The team, and partner units that were invited. Raises Refused."""
    invited = by is not None and application.partners.filter(organisation_id__in=by.scope.units).exists()
    if not (is_on_team(by, application) or invited):
        raise Refused(_("只有申报团队和合作单位可以批注。"))


def check_can_scan(by, application: Application, *, at) -> None:
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
    if application.call.scan_days is None:
        return
    until = queries.scan_closed_at(application)
    if until and at > until:
        raise Refused(
            _("盖章扫描件的期限已于 %(time)s 截止，逾期不再接收；退回修改并重新提交后重新计算。")
            % {"time": queries.local_moment(until)},
            clause=application.call.scan_clause,
            code="late",
        )


def check_can_upload_table(by, table: StampedTable, *, at) -> None:
    """The unit's administrator, or the recommending office, until the notice's moment. Raises Refused."""
    if table.of == TableOf.RECOMMENDER:
        if by is not None and (table.organisation_id, table.region) not in by.scope.offices:
            raise Refused(_("只有该推荐单位的人员可以处理。"))
    elif by is not None and table.organisation_id not in by.scope.admin_units:
        raise Refused(_("只有单位管理员可以上传盖章的汇总表。"))
    clock = queries.table_clock(table)
    if clock is None:
        raise Refused(_("现在不需要上传汇总表。"), code="not_asked")
    if at > clock.due_at:
        raise Refused(
            _("盖章的汇总表已于 %(time)s 截止，逾期不再接收。")
            % {"time": queries.local_moment(clock.due_at)},
            field="table",
            clause=queries.table_clause(table),
            code="late",
        )


def check_can_present(by, application: Application, stage: Stage | None, *, at) -> None:
    """The team or the unit's administrator, in a round that asks for slides. Raises Refused."""
    of_unit = by is None or application.organisation_id in by.scope.admin_units
    if not (of_unit or is_on_team(by, application)):
        raise Refused(_("只有申报团队或单位管理员可以上传答辩材料。"))
    clock = queries.slides_clock(application) if stage and stage.asks_slides else None
    if clock is None:
        raise Refused(_("现在的环节不收答辩材料。"), code="not_asked")
    if at > clock.due_at:
        raise Refused(
            _("答辩材料已于 %(time)s 截止，逾期不再接收。") % {"time": queries.local_moment(clock.due_at)},
            field="slides",
            clause=stage.clause,
            code="late",
        )


def check_can_submit(by, application: Application, *, at) -> None:
    """Who and when; `check_complete` says what is missing. Raises Refused; Lost when already handed in."""
    if not is_on_team(by, application):
        raise Refused(_("只有申报团队的成员可以提交。"))
    if application.state not in EDITABLE:
        raise Lost(_("申报书已经提交，不需要再次提交。"), code="submitted")
    check_submissions_left(application)
    if application.state == ApplicationState.DRAFT:
        check_lead_abroad(application.call, application.organisation)
        check_lead_team(application.call, application.organisation)
        check_proven(application)
        check_window(application.call, application.topic, at=at, project_type=application.project_type)
        check_intake(application.call, application.project_type, at=at)
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


def check_may_come_again(application: Application) -> None:
    """Nothing is sent back that could not be handed in again. Raises Refused."""
    most = application.call.max_submissions
    if most is not None and application.version >= most:
        raise Refused(
            _("本通知规定最多提交 %(most)s 次，退回后不能再提交，请在本环节作出结论。") % {"most": most},
            clause=application.call.number,
            code="too_often",
        )


def check_entry_kept(application: Application, *, at) -> None:
    """The right to apply lapses some days after the earlier project was chosen."""
    entry = queries.entry_of(application)
    until = queries.entry_until(entry, application.follows) if entry else None
    if until is not None and at > until:
        raise _lapsed(entry, until)


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
    call = in_force(application.call)
    check_window(call, topic_in(call, application.topic), at=at)
    batch = application.intake_id and moments_of(application.call, application.intake)
    if batch and at > batch.closes_at:
        raise Refused(
            _("“%(batch)s”已于 %(time)s 截止，不能再撤回修改。")
            % {"batch": batch.name, "time": queries.local_moment(batch.closes_at)},
            field="intake",
            clause=batch.clause or call.number,
            code="late",
        )
    check_submissions_left(application)
    if application.check_decisions.exists():
        raise Refused(_("形式审查已经作过决定，不能撤回修改。"), code="decided")
