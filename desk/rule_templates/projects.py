"""Clauses about the project, its budget, and those that a person judges."""

from desk.rule_templates.kind import Group, Param, ParamKind, RuleTemplate
from grants.models import Automation, QuestionKind, RuleScope

K = ParamKind
NUMBERS = (QuestionKind.NUMBER, QuestionKind.MONEY, QuestionKind.COMPUTED)
ROWS = (QuestionKind.TABLE, QuestionKind.INDICATORS, QuestionKind.LIST, QuestionKind.SUBPROJECTS)
DAYS = (QuestionKind.DATE,)
YES = (QuestionKind.YES_NO,)
FILES = (QuestionKind.ATTACHMENT,)
UNITS = (QuestionKind.ORGANISATION,)
PEOPLE = (QuestionKind.PERSON,)


def _project(code, title, title_en, text, text_en, expression, hint, *params, **more):
    return RuleTemplate(
        code,
        more.pop("group", Group.PROJECT),
        title,
        title_en,
        text,
        text_en,
        more.pop("scope", RuleScope.PROJECT),
        expression=expression,
        hint=hint,
        params=params,
        **more,
    )


def _budget(*args, **more):
    return _project(*args, group=Group.BUDGET, scope=RuleScope.BUDGET, **more)


def _manual(code, title, title_en, text, text_en, scope=RuleScope.PROJECT):
    return RuleTemplate(
        code, Group.MANUAL, title, title_en, text, text_en, scope, automation=Automation.MANUAL
    )


def _question(name, label, label_en, kinds):
    return Param(name, K.QUESTION, label, label_en, question_kinds=kinds)


PROJECTS = (
    _project(
        "named_unrelated", "所填单位无关联关系", "A named unit is not related",
        "所填单位与申报单位不存在关联关系。", "The unit named is not related to the applicant.",
        "!answers.<question>.related", "所填单位与申报单位有关联关系。",
        _question("question", "填写该单位的题目", "The question that names it", UNITS),
    ),
    _project(
        "named_clean", "所填单位信用良好", "A named unit has a clean record",
        "所填单位未被列入失信名单。", "No integrity record of the unit named is in force.",
        "answers.<question>.integrity_clean", "所填单位的失信记录尚在有效期。",
        _question("question", "填写该单位的题目", "The question that names it", UNITS),
    ),
    _project(
        "named_kind", "所填单位的类型", "What kind of unit is named",
        "所填单位应为{kinds}。", "The unit named is one of: {kinds}.",
        "answers.<question>.kind in params.kinds", "所填单位不是{kinds}。",
        _question("question", "填写该单位的题目", "The question that names it", UNITS),
        Param("kinds", K.KINDS, "单位类型", "Kinds of unit", ["university", "institute"]),
    ),
    _project(
        "named_person_free", "所填人员的在研项目数", "Running projects of a named person",
        "所填人员的在研项目不超过{most}项。", "The person named has at most {most} running projects.",
        "answers.<question>.records.filter(r, r.status == 'running').size() <= params.most",
        "所填人员的在研项目超过{most}项。",
        _question("question", "填写该人员的题目", "The question that names them", PEOPLE),
        Param("most", K.WHOLE, "最多（项）", "At most", 1),
    ),
    _project(
        "duration", "执行期上限", "Longest execution period",
        "项目执行期不超过{most}个月。", "The project lasts at most {most} months.",
        "project.months <= params.most", "执行期超过{most}个月。",
        Param("most", K.WHOLE, "最多（月）", "At most (months)", 24),
    ),
    _project(
        "duration_between", "执行期范围", "Execution period between",
        "项目执行期不少于{least}个月、不超过{most}个月。", "The project lasts between {least} and {most} months.",
        "project.months >= params.least && project.months <= params.most",
        "执行期不在{least}至{most}个月之间。",
        Param("least", K.WHOLE, "最短（月）", "At least (months)", 6),
        Param("most", K.WHOLE, "最长（月）", "At most (months)", 36),
    ),
    _project(
        "starts_between", "开始日期范围", "Starts within a window",
        "项目应在{first}至{last}之间（含）开始。", "The project starts between {first} and {last}.",
        "project.starts_date >= date(params.first) && project.starts_date <= date(params.last)",
        "开始日期不在{first}至{last}之间。",
        Param("first", K.DATE, "最早（含）", "From", "{year}-01-01"),
        Param("last", K.DATE, "最晚（含）", "To", "{year}-12-31"),
    ),
    _project(
        "place", "实施地点在指定区域", "Carried out in a region",
        "“{question}”应在规定区域（区划代码 {regions}）内。", "“{question}” is in one of the regions {regions}.",
        "params.regions.exists(r, answers.<question>.startsWith(r))", "“{question}”不在规定区域内。",
        _question("question", "选区划的字典题", "Question that chooses a region", (QuestionKind.DICTIONARY,)),
        Param("regions", K.TEXTS, "区划代码（可只写前几位）", "Region codes (a beginning will do)", ["3702"]),
    ),
    _project(
        "attachment_over", "申请额超过一定数额须附材料", "Attachment above an amount",
        "申请财政资金超过{over}万元的，应上传“{question}”。",
        "Where more than {over} × 10 000 yuan are asked, “{question}” is attached.",
        "answers.<question> != null", "申请额超过{over}万元，还没有上传“{question}”。",
        Param("over", K.WAN, "超过（万元）", "Above (10 000 yuan)", 200),
        _question("question", "附件题", "Attachment", FILES),
        applies_when="budget.fiscal > times(params.over, 10000.0)",
        note="例如主管部门的事先书面同意。附件题本身设为选填。",
    ),
    _project(
        "ends_by", "最迟完成日期", "Ends on or before a day",
        "项目应于{latest}（含）前完成。", "The project ends on or before {latest}.",
        "project.ends_date <= date(params.latest)", "结束日期晚于{latest}。",
        Param("latest", K.DATE, "最迟完成日期（含）", "Latest end", "{year}-12-31"),
    ),
    _project(
        "trl_end", "完成时技术成熟度", "Technology readiness at the end",
        "项目完成时技术成熟度不低于{least}级。", "At the end the technology readiness level is at least {least}.",
        "answers.<question> >= params.least", "填报的技术成熟度低于{least}级。",
        _question("question", "填写成熟度的题目", "Question on readiness", NUMBERS),
        Param("least", K.WHOLE, "最低（级）", "At least", 7),
    ),
    _project(
        "indicators_least", "考核指标数量下限", "At least so many indicators",
        "考核指标不少于{least}项。", "There are at least {least} indicators.",
        "answers.<question>.size() >= params.least", "考核指标少于{least}项。",
        _question("question", "填写指标的题目", "Question on indicators", ROWS),
        Param("least", K.WHOLE, "最少（项）", "At least", 5),
    ),
    _project(
        "number_least", "某项数字不低于", "A figure is at least",
        "“{question}”不低于{least}。", "“{question}” is at least {least}.",
        "answers.<question> >= params.least", "“{question}”低于{least}。",
        _question("question", "填数字的题目", "Question with the figure", NUMBERS),
        Param("least", K.NUMBER, "最低", "At least", 1),
    ),
    _project(
        "attachment_when", "符合情形时须上传附件", "Attachment required in a case",
        "“{condition}”选“是”的，应上传“{question}”。", "Where “{condition}” is yes, “{question}” is attached.",
        "answers.<question> != null", "还没有上传“{question}”。",
        _question("condition", "是否题", "Yes-or-no question", YES),
        _question("question", "附件题", "Attachment", FILES),
        applies_when="answers.<condition> == true",
    ),
    _project(
        "ethics", "涉及临床须提供伦理审查", "Ethics approval for clinical work",
        "涉及人体或临床研究的，应提供伦理审查批件。", "Clinical work comes with an ethics approval.",
        "answers.<question> != null", "还没有上传伦理审查批件。",
        _question("condition", "“是否涉及临床”的题目", "Question: is it clinical", YES),
        _question("question", "伦理批件的附件题", "Attachment: ethics approval", FILES),
        applies_when="answers.<condition> == true",
    ),
    _project(
        "dated_in_window", "合同（票据）日期在规定期间", "Dated within a window",
        "“{question}”应在{first}至{last}之间。", "“{question}” lies between {first} and {last}.",
        "answers.<question> >= date(params.first) && answers.<question> <= date(params.last)",
        "“{question}”不在规定期间内。",
        _question("question", "填日期的题目", "Question with the date", DAYS),
        Param("first", K.DATE, "最早（含）", "From", "{year-1}-01-01"),
        Param("last", K.DATE, "最晚（含）", "To", "{year-1}-12-31"),
    ),
    _project(
        "contract_least", "合同（实际）金额不低于", "Contract amount at least",
        "“{question}”不低于{least}万元。", "“{question}” is at least {least} × 10 000 yuan.",
        "answers.<question> >= times(params.least, 10000.0)", "“{question}”低于{least}万元。",
        _question("question", "填金额的题目", "Question with the amount", (QuestionKind.MONEY,)),
        Param("least", K.WAN, "最少（万元）", "At least (10 000 yuan)", 100),
    ),
    _project(
        "outline_chosen", "预申报入选的项目才可申报", "Only chosen outlines",
        "预申报入选的项目方可正式申报。", "Only projects chosen in the outline round apply.",
        "follows.state == 'awarded'", "没有入选的预申报项目。",
    ),
    _budget(
        "own_ratio", "自筹与财政之比", "Own to public money",
        "自筹资金与财政资金之比不低于{ratio}:1。", "Own money is at least {ratio} times the public money.",
        "covers(budget.own, budget.fiscal, params.ratio)", "自筹资金少于财政资金的{ratio}倍。",
        Param("ratio", K.NUMBER, "自筹 ≥ 财政 ×", "Own ≥ public ×", 1),
        note="全通知同一比例时填在“额度与预算表”；这里用于按单位类型分别规定（写适用条件）。",
    ),
    _budget(
        "fiscal_share", "财政资金占总投入比例", "Public money as a share of all",
        "财政资金不超过项目总投入的{share}%。", "Public money is at most {share} % of the total.",
        "budget.fiscal <= times(budget.total, params.share)", "财政资金超过总投入的{share}%。",
        Param("share", K.PERCENT, "最高比例（%）", "At most (%)", 50),
    ),
    _budget(
        "category_share", "某科目占总预算比例", "A category as a share of all",
        "“{category}”不超过项目总预算的{share}%。", "“{category}” is at most {share} % of the total.",
        "budget.categories.<category> <= times(budget.total, params.share)", "“{category}”超过总预算的{share}%。",
        Param("category", K.CATEGORY, "预算科目", "Budget row"),
        Param("share", K.PERCENT, "最高比例（%）", "At most (%)", 30),
    ),
    _budget(
        "indirect", "间接费用比例", "Indirect cost",
        "“{indirect}”不超过总预算扣除“{equipment}”后的{share}%。",
        "“{indirect}” is at most {share} % of the total without “{equipment}”.",
        "budget.categories.<indirect> <= times(budget.total - budget.categories.<equipment>, params.share)",
        "“{indirect}”超过规定比例。",
        Param("indirect", K.CATEGORY, "间接费用科目", "Row of indirect cost"),
        Param("equipment", K.CATEGORY, "设备费科目", "Row of equipment"),
        Param("share", K.PERCENT, "最高比例（%）", "At most (%)", 30),
        note="分档的间接费用用“经费条款”里的“科目分档上限”。",
    ),
    _budget(
        "own_least", "自筹资金下限", "Own money at least",
        "自筹资金不低于{least}万元。", "Own money is at least {least} × 10 000 yuan.",
        "budget.own >= times(params.least, 10000.0)", "自筹资金低于{least}万元。",
        Param("least", K.WAN, "最少（万元）", "At least (10 000 yuan)", 8),
    ),
    _budget(
        "total_between", "项目总投入范围", "Total between",
        "项目总投入不低于{least}万元、不超过{most}万元。",
        "The total is between {least} and {most} × 10 000 yuan.",
        "budget.total >= times(params.least, 10000.0) && budget.total <= times(params.most, 10000.0)",
        "项目总投入不在{least}万元至{most}万元之间。",
        Param("least", K.WAN, "最少（万元）", "At least (10 000 yuan)", 20),
        Param("most", K.WAN, "最多（万元）", "At most (10 000 yuan)", 200),
    ),
    _budget(
        "total_by_duration", "总投入范围（按执行期）", "Total between, by duration",
        "执行期{shortest}至{longest}个月的，项目总投入不低于{least}万元、不超过{most}万元。",
        "A project of {shortest} to {longest} months has a total of {least} to {most} × 10 000 yuan.",
        "budget.total >= times(params.least, 10000.0) && budget.total <= times(params.most, 10000.0)",
        "执行期{shortest}至{longest}个月的，总投入应在{least}万元至{most}万元之间。",
        Param("shortest", K.WHOLE, "执行期从（月）", "From (months)", 6),
        Param("longest", K.WHOLE, "执行期至（月）", "To (months)", 18),
        Param("least", K.WAN, "最少（万元）", "At least (10 000 yuan)", 20),
        Param("most", K.WAN, "最多（万元）", "At most (10 000 yuan)", 50),
        applies_when="project.months >= params.shortest && project.months <= params.longest",
        note="每一档添加一条；财政资金的分档用“经费条款”的上限加适用条件。",
    ),
    _budget(
        "fiscal_by_choice", "申请额上限（按某题的选择）", "Amount asked at most, by an answer",
        "“{question}”选{values}的，申请财政资金不超过{most}万元。",
        "Where “{question}” is one of {values}, at most {most} × 10 000 yuan are asked.",
        "budget.fiscal <= times(params.most, 10000.0)", "“{question}”选{values}的，申请额不能超过{most}万元。",
        _question("question", "单选题", "Question with one choice", (QuestionKind.CHOICE,)),
        Param("values", K.TEXTS, "选项值", "Values of the choices"),
        Param("most", K.WAN, "最多（万元）", "At most (10 000 yuan)", 50),
        applies_when="answers.<question> in params.values",
    ),
    _budget(
        "fiscal_least", "申请金额下限", "Amount asked at least",
        "申请财政资金不低于{least}万元。", "At least {least} × 10 000 yuan are asked.",
        "budget.fiscal >= times(params.least, 10000.0)", "申请金额低于{least}万元。",
        Param("least", K.WAN, "最少（万元）", "At least (10 000 yuan)", 20),
    ),
    _manual(
        "within_guide", "符合指南方向", "Within the guide",
        "研究内容符合指南方向。", "The content is within the guide.",
    ),
    _manual(
        "originals", "材料齐全、真实有效", "Papers complete and genuine",
        "申报材料齐全、真实、有效。", "The papers are complete and genuine.",
    ),
    _manual(
        "green", "绿色门槛", "Green threshold",
        "申报企业符合绿色门槛要求（安全、环保、节能）。", "The enterprise meets the green threshold.", RuleScope.UNIT,
    ),
    _manual(
        "cooperation_paper", "合作协议", "Cooperation agreement",
        "联合申报的应签订合作协议，明确任务、经费和知识产权。",
        "Joint applications have an agreement on tasks, money and rights.", RuleScope.PARTNER,
    ),
)  # fmt: skip
