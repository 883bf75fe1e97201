"""Clauses about the project leader and the members."""

from desk.rule_templates.kind import Group, Param, ParamKind, RuleTemplate
from grants.models import QuestionKind, RuleScope

K = ParamKind


def _pi(code, title, title_en, text, text_en, expression, hint, *params, **more):
    return RuleTemplate(
        code,
        more.pop("group", Group.PI),
        title,
        title_en,
        text,
        text_en,
        RuleScope.PI,
        expression=expression,
        hint=hint,
        params=params,
        **more,
    )


PEOPLE = (
    _pi(
        "pi_born_after", "负责人出生日期", "Leader born on or after a day",
        "项目负责人应为{after}（含）以后出生。", "The leader was born on or after {after}.",
        "pi.birth_date >= date(params.after)", "负责人出生日期早于{after}。",
        Param("after", K.DATE, "最早出生日期（含）", "Earliest birth date", "{year-60}-01-01"),
        note="按出生日期比较，不按年龄计算，避免生日前后的争议。",
    ),
    _pi(
        "pi_born_by_sex", "负责人出生日期（男女不同）", "Birth date by sex",
        "项目负责人男性应为{male}（含）以后、女性应为{female}（含）以后出生。",
        "The leader was born on or after {male} (men) or {female} (women).",
        "pi.birth_date >= date(pi.sex == 'female' ? params.female : params.male)", "负责人出生日期早于规定日期。",
        Param("male", K.DATE, "男性最早出生日期（含）", "Men: earliest birth date", "{year-35}-01-01"),
        Param("female", K.DATE, "女性最早出生日期（含）", "Women: earliest birth date", "{year-38}-01-01"),
    ),
    _pi(
        "pi_of_lead", "负责人为牵头单位人员", "Leader belongs to the lead unit",
        "项目负责人应为申报单位在职人员。", "The leader works at the lead unit.",
        "pi.credit_code == unit.credit_code", "负责人所在单位不是申报单位。",
    ),
    _pi(
        "pi_title", "负责人职称", "Leader's title",
        "项目负责人应具有{titles}职称。", "The leader holds one of the titles: {titles}.",
        "pi.title in params.titles", "负责人职称不符合要求。",
        Param("titles", K.TEXTS, "职称", "Titles", ["教授", "研究员", "高级工程师"]),
    ),
    _pi(
        "pi_title_or_degree", "负责人职称或学位", "Leader's title or degree",
        "项目负责人应具有{titles}职称，或“{question}”为{degrees}。",
        "The leader holds one of the titles {titles}, or “{question}” is one of {degrees}.",
        "pi.title in params.titles || answers.<question> in params.degrees",
        "负责人的职称和学位都不符合要求。",
        Param("titles", K.TEXTS, "职称", "Titles", ["教授", "副教授", "研究员", "副研究员", "讲师"]),
        Param(
            "question", K.QUESTION, "填写学位的单选题", "Question on the degree",
            question_kinds=(QuestionKind.CHOICE,),
        ),
        Param("degrees", K.TEXTS, "符合要求的选项值", "Values of the choices that will do", ["doctor"]),
    ),
    _pi(
        "pi_date_within", "某一日期（取得学位等）距提交不超过几个月", "A day, such as that of a degree, not long before handing in",
        "“{question}”距提交申报不超过{most}个月。",
        "“{question}” is at most {most} months before the application is handed in.",
        "months_after(answers.<question>, params.most) >= project.submitted_date",
        "“{question}”距提交申报已超过{most}个月。",
        Param("question", K.QUESTION, "填写日期的题目", "Question with the day", question_kinds=(QuestionKind.DATE,)),
        Param("most", K.WHOLE, "最多（月）", "At most (months)", 24),
        note="育儿假等可以顺延的，在表达式里加上填写月数的题目：months_after(answers.degree_date, params.most + answers.leave)。",
    ),
    _pi(
        "people_integrity", "负责人和成员没有失信记录", "No record of dishonesty of anybody in the project",
        "负责人和项目成员没有尚在期内的失信记录。",
        "Nobody of the project has a record of dishonesty that still counts.",
        "participants.all(p, p.integrity_clean == null || p.integrity_clean)",
        "有人员的失信记录尚在有效期。",
        note="按人员在个人档案中填写的证件号码对应后台登记的诚信记录；没有账号的人员系统不掌握，由审查人员核对。",
    ),
    _pi(
        "pi_months", "负责人投入时间", "Leader's months a year",
        "项目负责人每年用于本项目的时间不少于{least}个月。",
        "The leader works on the project at least {least} months a year.",
        "pi.months_per_year >= params.least", "负责人每年投入少于{least}个月。",
        Param("least", K.NUMBER, "最少（月）", "At least (months)", 6),
    ),
    _pi(
        "member_months", "成员投入时间", "Members' months a year",
        "项目成员每年用于本项目的时间不少于{least}个月。",
        "Each member works on the project at least {least} months a year.",
        "members.all(m, m.months_per_year >= params.least)", "有成员每年投入少于{least}个月。",
        Param("least", K.NUMBER, "最少（月）", "At least (months)", 4),
    ),
    _pi(
        "time_budget", "全部项目投入不超过 12 个月", "Time budget of twelve months",
        "项目负责人和成员在全部在研、申报项目中的投入合计每年不超过{most}个月。",
        "Nobody's months over all projects add up to more than {most} a year.",
        "participants.all(m, sum(m.records.filter(r, r.status in ['applying', 'running']).map(r, r.months))"
        " + m.months_per_year <= params.most * 1.0)",
        "有人员的投入时间合计超过{most}个月。",
        Param("most", K.NUMBER, "最多（月）", "At most (months)", 12),
        group=Group.RECORDS,
    ),
    _pi(
        "pi_running", "负责人在研项目上限", "Leader's running projects",
        "作为负责人承担的在研项目不超过{most}项（含本次）。",
        "The leader leads at most {most} running projects, this one included.",
        "pi.records.filter(r, r.status == 'running' && r.role == 'pi').size() < params.most",
        "负责人在研项目已达到{most}项。",
        Param("most", K.WHOLE, "最多（项）", "At most", 2),
        group=Group.RECORDS,
    ),
    _pi(
        "pi_total", "负责人参与项目总数上限", "Leader's projects in all",
        "负责人在研和申报的项目合计不超过{most}项（含本次，含作为成员参与的）。",
        "The leader takes part in at most {most} running or applied projects, this one included.",
        "pi.records.filter(r, r.status in ['applying', 'running']).size() < params.most",
        "负责人参与的项目已达到{most}项。",
        Param("most", K.WHOLE, "最多（项）", "At most", 2),
        group=Group.RECORDS,
    ),
    _pi(
        "pi_one_per_call", "负责人本批限报一项", "One application per leader",
        "项目负责人本批次限报1项。", "The leader hands in one application in this batch.",
        "history.pi_in_call < 1", "负责人在本批次已有其他申报。",
        group=Group.RECORDS,
    ),
    _pi(
        "pi_overdue", "负责人没有逾期未验收项目", "Leader has no overdue acceptance",
        "项目负责人没有逾期未验收的项目。", "The leader has no project whose acceptance is overdue.",
        "pi.records.all(r, r.status != 'overdue')", "负责人有逾期未验收的项目。",
        group=Group.RECORDS,
    ),
    _pi(
        "members_least", "团队人数下限", "Team of at least",
        "项目组成员（含负责人）不少于{least}人。", "The team counts at least {least} people.",
        "participants.size() >= params.least", "项目组成员少于{least}人。",
        Param("least", K.WHOLE, "最少（人）", "At least", 5),
    ),
)  # fmt: skip
