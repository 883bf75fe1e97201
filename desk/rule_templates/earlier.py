"""Clauses about what the leader, the unit and the partners applied for or were awarded before."""

from desk.rule_templates.kind import Group, Param, ParamKind, RuleTemplate
from grants.models import RuleScope

K = ParamKind
AWARDED = "['running', 'overdue', 'completed', 'failed', 'terminated', 'revoked']"
BADLY = "['failed', 'terminated', 'revoked']"


def _record(code, scope, title, title_en, text, text_en, expression, hint, *params, **more):
    return RuleTemplate(
        code,
        Group.RECORDS,
        title,
        title_en,
        text,
        text_en,
        scope,
        expression=expression,
        hint=hint,
        params=params,
        **more,
    )


def _pi(*args, **more):
    return _record(args[0], RuleScope.PI, *args[1:], **more)


def _unit(*args, **more):
    return _record(args[0], RuleScope.UNIT, *args[1:], **more)


def _most(default, label="最多（项）", label_en="At most"):
    return Param("most", K.WHOLE, label, label_en, default)


def _years(default):
    return Param("years", K.WHOLE, "年数", "Years", default)


def _plans(*default):
    return Param("plans", K.TEXTS, "计划名称或代码", "Programmes: names or codes", list(default))


PLANS_NOTE = "本系统的计划写代码（如 natural-science），外部项目记录里的写计划名称；两种都可以列。"

EARLIER = (
    _pi(
        "pi_plans_running", "指定计划项目未结题不得申报", "Unfinished project of certain programmes blocks",
        "项目负责人承担的{plans}项目尚未结题的，不得申报。",
        "A leader whose project of {plans} is unfinished may not apply.",
        "pi.records.all(r, !(r.role == 'pi' && r.plan in params.plans && r.status in ['running', 'overdue']))",
        "负责人有尚未结题的{plans}项目。",
        _plans("国家重点研发计划", "国家自然科学基金"),
        note=PLANS_NOTE,
    ),
    _pi(
        "pi_ended_badly", "项目被终止、撤销后限制申报（负责人）", "Leader's terminated project blocks for a time",
        "项目负责人{after}（含）以来没有被终止、撤销或验收不通过的项目。",
        "The leader has had no project terminated or failed since {after}.",
        f"pi.records.all(r, !(r.status in {BADLY}) || (r.ended_date != null && r.ended_date < date(params.after)))",
        "限制期内有被终止、撤销或验收不通过的项目。",
        Param("after", K.DATE, "从哪一天起算", "Counted from", "{year-5}-01-01"),
        note="没有登记终止日期的，按仍在限制期内处理。",
    ),
    _pi(
        "pi_revoked", "项目被撤销后限制申报（负责人）", "Leader's revoked project blocks for a time",
        "项目负责人{after}（含）以来没有被撤销的项目。", "No project of the leader was revoked since {after}.",
        "pi.records.all(r, r.status != 'revoked' || (r.ended_date != null && r.ended_date < date(params.after)))",
        "限制期内有被撤销的项目。",
        Param("after", K.DATE, "从哪一天起算", "Counted from", "{year-5}-01-01"),
        note="撤销比终止限制更久的，与上一条各添一条；包括局领导决定撤销的和外部项目记录登记的。",
    ),
    _pi(
        "pi_awarded_recently", "近几年已立项的不得再报（负责人）", "Leader awarded within some years",
        "项目负责人近{years}年内已获本计划立项的，不得申报。",
        "A leader who was awarded a project of this programme within {years} years may not apply.",
        f"!pi.records.exists(r, r.role == 'pi' && r.plan == call.slug && r.status in {AWARDED}"
        " && (r.year == null || r.year >= call.year - params.years))",
        "负责人近{years}年内已获本计划立项。",
        _years(3),
    ),
    _pi(
        "pi_paused", "连续两年未获立项的暂停一年", "A pause after two rejections in a row",
        "项目负责人前两年连续申报本计划均未获立项的，本年度暂停申报。",
        "A leader whose applications to this programme failed in both years before pauses this year.",
        "![call.year - 1, call.year - 2].all(y, pi.records.exists(r, r.role == 'pi' && r.plan == call.slug"
        " && r.year == y && r.status == 'rejected'))",
        "负责人前两年申报本计划均未获立项，本年度暂停申报。",
    ),
    _pi(
        "pi_other_programme", "同年度申报其他计划的不得申报", "No other programme in the same year",
        "同一年度已申报{plans}的负责人不得申报。",
        "A leader who applies to {plans} in the same year may not apply.",
        "pi.records.all(r, !(r.plan in params.plans && r.year == call.year"
        " && r.status in ['applying', 'running']))",
        "负责人本年度已申报{plans}。",
        _plans("国家社会科学基金"),
        note=PLANS_NOTE,
    ),
    _pi(
        "pi_year_total", "负责人本年度参与申报总数", "Leader's applications of the year in all",
        "本年度负责人主持和参与申报本计划的项目合计不超过{most}项（含本次）。",
        "This year the leader leads or joins at most {most} applications to this programme, this one included.",
        "pi.records.filter(r, r.plan == call.slug && r.year == call.year).size() < params.most",
        "负责人本年度申报和参与的项目已达到{most}项。",
        _most(2),
    ),
    _pi(
        "pi_plans_year_total", "多个计划、多份通知合并限项（负责人）", "One limit over several programmes of a year (leader)",
        "本年度负责人主持申报{plans}的项目合计不超过{most}项（含本次）。",
        "This year the leader hands in at most {most} applications to {plans} together, this one included.",
        "pi.records.filter(r, r.role == 'pi' && r.plan in params.plans && r.year == call.year"
        " && r.status != 'rejected').size() < params.most",
        "负责人本年度主持申报{plans}的项目已达到{most}项。",
        _plans("natural-science", "young-talent"), _most(1),
        note=f"{PLANS_NOTE}同一计划一年有几份通知的，写该计划的代码即合并计算；未获立项的不计。",
    ),
    _unit(
        "unit_plans_year_total", "多个计划、多份通知合并限项（单位）", "One limit over several programmes of a year (unit)",
        "本年度同一单位牵头申报{plans}的项目合计不超过{most}项（含本次）。",
        "This year a unit leads at most {most} applications to {plans} together, this one included.",
        "unit.records.filter(r, r.role == 'lead' && r.plan in params.plans && r.year == call.year"
        " && r.status != 'rejected').size() < params.most",
        "本单位本年度牵头申报{plans}的项目已达到{most}项。",
        _plans("jiebang-sme", "landing-fund"), _most(2),
        note=f"{PLANS_NOTE}同一计划一年有几份通知的，写该计划的代码即合并计算；未获立项的不计。",
    ),
    _pi(
        "members_year_total", "每名人员本年度参与申报总数", "Everybody's applications of the year in all",
        "本年度每名参与人员申报和参与本计划的项目合计不超过{most}项（含本次）。",
        "This year nobody takes part in more than {most} applications to this programme, this one included.",
        "participants.all(m, m.records.filter(r, r.plan == call.slug && r.year == call.year).size()"
        " < params.most)",
        "有参与人员本年度申报和参与的项目已达到{most}项。",
        _most(2),
    ),
    _pi(
        "pi_same_title", "已立项课题不得重复申报", "A funded project is not handed in again",
        "负责人已立项的课题不得重复申报。", "A project of the leader that was funded is not handed in again.",
        "pi.records.all(r, r.title != project.title || r.status in ['applying', 'rejected'])",
        "负责人已有同名项目立项。",
        note="系统比对项目名称；换名重报由查重和人工发现。",
    ),
    _pi(
        "resubmissions", "未立项的同一项目再报次数", "How often a rejected project may come again",
        "同一项目未获立项后最多再申报{most}次。", "A rejected project may be handed in again at most {most} times.",
        "pi.records.filter(r, r.title == project.title && r.status == 'rejected').size() <= params.most",
        "同名项目再申报已达到{most}次。",
        _most(1, "最多再报（次）"),
        note="系统比对项目名称。",
    ),
    _unit(
        "unit_awarded_recently", "近几年已立项的不得再报（单位）", "Unit awarded within some years",
        "近{years}年内已牵头承担本计划项目的单位不得申报。",
        "A unit that led a project of this programme within {years} years may not apply.",
        f"!unit.records.exists(r, r.role == 'lead' && r.plan == call.slug && r.status in {AWARDED}"
        " && (r.year == null || r.year >= call.year - params.years))",
        "本单位近{years}年内已获本计划立项。",
        _years(3),
    ),
    _unit(
        "unit_leads_in_call", "单位本批牵头项数", "Applications a unit leads in this batch",
        "同一单位本批次牵头申报不超过{most}项。", "A unit leads at most {most} applications of this batch.",
        "unit.records.filter(r, r.in_call && r.role == 'lead' && r.status != 'rejected').size() < params.most",
        "本单位本批次牵头申报已达到{most}项。",
        _most(1),
    ),
    _unit(
        "unit_parts_in_call", "单位本批牵头和参与总数", "Applications a unit takes part in, in this batch",
        "同一单位本批次牵头和参与的申报合计不超过{most}项（含本次）。",
        "A unit leads or joins at most {most} applications of this batch, this one included.",
        "unit.records.filter(r, r.in_call && r.status != 'rejected').size() < params.most",
        "本单位本批次牵头和参与的申报已达到{most}项。",
        _most(3),
    ),
    _unit(
        "one_per_topic", "同一方向（榜单）单位限报", "Applications a unit leads on one topic",
        "同一单位在同一指南方向（榜单任务）限牵头申报{most}项。",
        "On one topic a unit leads at most {most} applications.",
        "unit.records.filter(r, r.in_call && r.role == 'lead' && r.topic == topic.number"
        " && r.status != 'rejected').size() < params.most",
        "本单位在这一方向已有{most}项申报。",
        _most(1),
        applies_when="topic.number != null",
    ),
    _record(
        "partners_parts_in_call", RuleScope.PARTNER,
        "合作单位本批参与项数", "Applications a partner takes part in, in this batch",
        "合作单位（{kinds}）本批次牵头和参与的申报合计不超过{most}项（含本次）。",
        "A partner ({kinds}) takes part in at most {most} applications of this batch, this one included.",
        "partners.all(p, !(p.kind in params.kinds)"
        " || p.records.filter(r, r.in_call && r.status != 'rejected').size() < params.most)",
        "有合作单位本批次参与的申报已达到{most}项。",
        Param("kinds", K.KINDS, "受限的单位类型", "Kinds of unit that are limited", ["enterprise"]),
        _most(3),
    ),
    _unit(
        "unit_overdue_plans", "本计划逾期未验收的不得申报", "Overdue acceptance in this programme blocks",
        "承担的{plans}项目逾期未验收的单位不得申报。",
        "A unit whose project of {plans} is overdue for acceptance may not apply.",
        "unit.records.all(r, !(r.plan in params.plans && r.status == 'overdue'))",
        "本单位有逾期未验收的{plans}项目。",
        _plans("市科技计划"),
        note=PLANS_NOTE,
    ),
)  # fmt: skip
