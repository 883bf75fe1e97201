"""Clauses about the lead unit and its partners."""

from desk.rule_templates.kind import Group, Param, ParamKind, RuleTemplate
from grants.models import RuleScope, Severity

K = ParamKind
U = RuleScope.UNIT
PUBLIC = "unit.kind in ['university', 'institute', 'hospital']"


def _unit(code, group, title, title_en, text, text_en, expression, hint, *params, **more):
    return RuleTemplate(
        code,
        group,
        title,
        title_en,
        text,
        text_en,
        U,
        expression=expression,
        hint=hint,
        params=params,
        **more,
    )


def _partner(code, title, title_en, text, text_en, expression, hint, *params, **more):
    return RuleTemplate(
        code,
        Group.CONSORTIUM,
        title,
        title_en,
        text,
        text_en,
        RuleScope.PARTNER,
        expression=expression,
        hint=hint,
        params=params,
        **more,
    )


def _most(default, label="最多", label_en="At most"):
    return Param("most", K.WHOLE, label, label_en, default)


BY_UNIT = "须在“额度与预算表”里勾选“预算分单位”。"


def _rate(name):
    """The rate that the size of a unit earns, as an expression."""
    return (
        f"({name}.size == null ? params.large : {name}.size in ['small', 'micro'] ? params.small"
        f" : {name}.size == 'medium' ? params.medium : params.large)"
    )


UNITS = (
    _unit(
        "registered_before", Group.UNIT, "在某日（含）前注册", "Registered on or before a day",
        "申报单位应于{before}（含）前注册成立。", "The applicant was registered on or before {before}.",
        "unit.registered_date <= date(params.before)", "单位成立日期晚于{before}。",
        Param("before", K.DATE, "最迟注册日期（含）", "Latest day of registration", "{year-1}-01-01"),
    ),
    _unit(
        "registered_after", Group.UNIT, "在某日（含）后注册（初创企业）", "Registered on or after a day",
        "申报单位应于{after}（含）后注册成立。", "The applicant was registered on or after {after}.",
        "unit.registered_date >= date(params.after)", "单位成立日期早于{after}。",
        Param("after", K.DATE, "最早注册日期（含）", "Earliest day of registration", "{year-5}-01-01"),
    ),
    _unit(
        "region", Group.UNIT, "在指定区域注册", "Registered in a region",
        "申报单位应在规定区域（区划代码 {regions}）内注册。",
        "The applicant is registered in one of the regions {regions}.",
        "params.regions.exists(r, unit.region.startsWith(r))", "单位注册地不在规定区域内。",
        Param("regions", K.TEXTS, "区划代码（可只写前几位）", "Region codes (a beginning will do)", ["3702"]),
    ),
    _unit(
        "park", Group.UNIT, "位于指定园区（功能区）", "Located in a park",
        "申报单位应位于{parks}。", "The applicant is located in one of: {parks}.",
        "unit.park in params.parks", "单位不在规定的园区内。",
        Param("parks", K.TEXTS, "园区名称", "Names of the parks"),
    ),
    _unit(
        "unit_kinds", Group.UNIT, "单位类型", "Kinds of unit",
        "申报单位应为{kinds}。", "The applicant is one of: {kinds}.",
        "unit.kind in params.kinds", "单位类型不符合要求。",
        Param("kinds", K.KINDS, "可以申报的单位类型", "Kinds that may apply", ["enterprise"]),
    ),
    _unit(
        "not_government", Group.UNIT, "行政机关不得申报或合作", "No government bodies",
        "行政机关不得作为申报单位或合作单位。", "Government bodies are neither applicant nor partner.",
        "unit.kind != 'government' && partners.all(p, p.kind == null || p.kind != 'government')",
        "申报单位或合作单位中有行政机关。",
    ),
    _unit(
        "high_tech", Group.UNIT, "有效期内的高新技术企业", "Certified high-tech enterprise",
        "申报单位应为有效期内的高新技术企业。", "The applicant holds a valid high-tech certificate.",
        "unit.high_tech", "系统中没有该日期有效的高新技术企业证书，请在单位资料中补充。",
        note="以哪一天有效为准，填在“认定日期”；留空时为申报开始之日。",
    ),
    _unit(
        "tech_sme", Group.UNIT, "已入库的科技型中小企业", "Registered technology SME",
        "申报单位应为已入库的科技型中小企业。", "The applicant is a registered technology SME.",
        "unit.tech_sme", "系统中没有有效的科技型中小企业入库记录。",
    ),
    _unit(
        "specialised", Group.UNIT, "专精特新企业", "Specialised and innovative SME",
        "申报单位应为有效期内的专精特新企业。", "The applicant is a certified specialised SME.",
        "unit.specialised", "系统中没有有效的专精特新认定。",
    ),
    _unit(
        "any_certificate", Group.UNIT, "高企、科小、专精特新之一", "One of three certificates",
        "申报单位应为高新技术企业、科技型中小企业或专精特新企业。",
        "The applicant is a high-tech enterprise, a technology SME or a specialised SME.",
        "unit.high_tech || unit.tech_sme || unit.specialised", "三类资质都没有有效记录。",
    ),
    _unit(
        "white_list", Group.UNIT, "列入支持名单", "On the supported list",
        "申报单位应列入支持名单（白名单）。", "The applicant is on the supported list.",
        "unit.white_list", "单位不在名单中。",
    ),
    _unit(
        "filed_platform", Group.UNIT, "建有已备案的创新平台", "Runs a filed innovation platform",
        "申报单位应建有已备案的创新平台。", "The applicant runs a filed innovation platform.",
        "unit.filed_platform", "系统中没有创新平台备案记录。",
    ),
    _unit(
        "size", Group.FIGURES, "企业规模", "Size of the enterprise",
        "申报单位应为规定规模（{sizes}）的企业。", "The applicant's size is one of: {sizes}.",
        "unit.size in params.sizes", "企业规模不符合要求。",
        Param("sizes", K.TEXTS, "规模代码：large、medium、small、micro", "Sizes", ["small", "micro"]),
    ),
    _unit(
        "industry", Group.FIGURES, "行业", "Industry",
        "申报单位所属行业应在支持范围内（GB/T 4754：{industries}）。",
        "The applicant's industry (GB/T 4754) begins with one of: {industries}.",
        "params.industries.exists(i, unit.industry.startsWith(i))", "单位所属行业不在支持范围内。",
        Param("industries", K.TEXTS, "行业代码（可只写前几位）", "Industry codes"),
    ),
    _unit(
        "staff_most", Group.FIGURES, "职工人数上限", "At most so many staff",
        "申报单位职工总数不超过{most}人。", "The applicant has at most {most} staff.",
        "unit.staff <= params.most", "职工人数超过{most}人。", _most(500, "最多（人）"),
    ),
    _unit(
        "assets_most", Group.FIGURES, "资产总额上限", "Total assets at most",
        "申报单位资产总额不超过{most}万元。", "The applicant's total assets are at most {most} × 10 000 yuan.",
        "unit.total_assets <= times(params.most, 10000.0)", "资产总额超过{most}万元。",
        Param("most", K.WAN, "最多（万元）", "At most (10 000 yuan)", 5000),
    ),
    _unit(
        "revenue_most", Group.FIGURES, "营业收入上限", "Revenue at most",
        "申报单位上年度营业收入不超过{most}万元。", "Last year's revenue is at most {most} × 10 000 yuan.",
        "unit.revenue <= times(params.most, 10000.0)", "营业收入超过{most}万元。",
        Param("most", K.WAN, "最多（万元）", "At most (10 000 yuan)", 2000),
    ),
    _unit(
        "revenue_least", Group.FIGURES, "营业收入下限", "Revenue at least",
        "申报单位上年度营业收入不低于{least}万元。", "Last year's revenue is at least {least} × 10 000 yuan.",
        "unit.revenue >= times(params.least, 10000.0)", "营业收入低于{least}万元。",
        Param("least", K.WAN, "最少（万元）", "At least (10 000 yuan)", 20000),
    ),
    _unit(
        "capital_least", Group.FIGURES, "实缴资本下限", "Paid-in capital at least",
        "申报单位实缴资本不低于{least}万元。", "Paid-in capital is at least {least} × 10 000 yuan.",
        "unit.paid_in_capital >= times(params.least, 10000.0)", "实缴资本低于{least}万元。",
        Param("least", K.WAN, "最少（万元）", "At least (10 000 yuan)", 100),
    ),
    _unit(
        "rd_spend", Group.FIGURES, "有研发投入", "R&D spending above zero",
        "申报单位上年度应有研发投入。", "The applicant spent on R&D last year.",
        "unit.rd_spend > 0.0", "上年度研发投入为零或没有数据。",
    ),
    _unit(
        "rd_intensity", Group.FIGURES, "研发投入强度", "R&D intensity",
        "申报单位上年度研发投入占营业收入的比例不低于{share}%。",
        "Last year's R&D spending is at least {share} % of revenue.",
        "unit.rd_spend >= times(unit.revenue, params.share)", "研发投入强度低于{share}%。",
        Param("share", K.PERCENT, "最低比例（%）", "At least (%)", 3),
    ),
    _unit(
        "statistics", Group.FIGURES, "已报送研发统计", "R&D statistics reported",
        "申报单位应已报送{year_of}年度研发投入统计且不为零。",
        "R&D statistics for {year_of} were reported and are not zero.",
        "unit.by_year[params.year_of].rd_spend > 0.0", "没有{year_of}年度的研发统计数据。",
        Param("year_of", K.TEXT, "统计年度", "Year", "{year-1}"),
    ),
    _unit(
        "rd_staff", Group.FIGURES, "研发人员下限", "R&D staff at least",
        "申报单位研发人员不少于{least}人。", "The applicant has at least {least} R&D staff.",
        "unit.rd_staff >= params.least", "研发人员少于{least}人。",
        Param("least", K.WHOLE, "最少（人）", "At least", 10),
    ),
    _unit(
        "integrity", Group.RECORDS, "未列入失信名单", "Clean integrity record",
        "申报单位未被列入科研失信和严重失信主体名单。", "The applicant has no open integrity record.",
        "unit.integrity_clean", "系统中有尚在期内的失信记录。",
    ),
    _unit(
        "integrity_all", Group.RECORDS, "合作单位也未失信", "Partners' integrity too",
        "申报单位和合作单位均未被列入失信名单。", "Neither applicant nor partners have an integrity record.",
        "unit.integrity_clean && partners.all(p, p.integrity_clean == null || p.integrity_clean)",
        "申报单位或合作单位有失信记录。",
    ),
    _unit(
        "one_per_unit", Group.RECORDS, "同一单位本批限报", "Applications per unit",
        "同一单位本批次限报{most}项。", "A unit hands in at most {most} in this batch.",
        "history.unit_in_call < params.most", "本单位在本批次已达到{most}项。", _most(1, "最多（项）"),
        note="只想拦住单位总数时用“限额与名单”更清楚；这里可以另加适用条件。",
    ),
    _unit(
        "unit_running", Group.RECORDS, "单位在研项目上限", "Running projects per unit",
        "申报单位牵头承担的在研项目不超过{most}项（含本次）。",
        "The unit leads at most {most} running projects, this one included.",
        "unit.records.filter(r, r.status == 'running' && r.role == 'lead').size() < params.most",
        "牵头在研项目已达到{most}项。", _most(2, "最多（项）"),
    ),
    _unit(
        "unit_overdue", Group.RECORDS, "逾期未验收不得申报", "Overdue acceptance blocks",
        "申报单位没有逾期未验收的项目。", "The unit has no project whose acceptance is overdue.",
        "unit.records.all(r, r.status != 'overdue')", "本单位有逾期未验收的项目。",
    ),
    _unit(
        "unit_same_fund", Group.RECORDS, "同一计划未结题不得再报", "Unfinished award of this programme blocks",
        "承担本计划项目尚未结题的单位不得申报。", "A unit with an unfinished project of this call may not apply.",
        "unit.records.all(r, !(r.in_call && r.status in ['running', 'overdue']))", "本单位有同一计划的未结题项目。",
    ),
    _unit(
        "unit_failed", Group.RECORDS, "验收不通过后限制申报", "A failed project blocks for a time",
        "{after}以来没有验收不通过或被终止的项目。", "No failed or terminated project since {after}.",
        "unit.records.all(r, !(r.status in ['failed', 'terminated']) || r.ends_date < date(params.after))",
        "限制期内有验收不通过或被终止的项目。",
        Param("after", K.DATE, "从哪一天起算", "Counted from", "{year-3}-01-01"),
    ),
    _unit(
        "not_funded_twice", Group.RECORDS, "同一内容未获支持", "Not funded already",
        "同一项目未获其他财政资金支持。", "The same project has no other public funding.",
        "unit.records.all(r, r.title != project.title || r.status in ['applying', 'rejected'])",
        "本单位已有同名项目，请核对是否重复。", severity=Severity.WARNING,
        note="系统只比对项目名称；内容是否重复仍由人判断。",
    ),
)  # fmt: skip

CONSORTIA = (
    _partner(
        "partners_most", "合作单位数量上限", "At most so many partners",
        "合作单位不超过{most}家。", "There are at most {most} partners.",
        "partners.size() <= params.most", "合作单位超过{most}家。", _most(5, "最多（家）"),
    ),
    _partner(
        "partners_least", "合作单位数量下限", "At least so many partners",
        "合作单位不少于{least}家。", "There are at least {least} partners.",
        "partners.size() >= params.least", "合作单位少于{least}家。",
        Param("least", K.WHOLE, "最少（家）", "At least", 1),
    ),
    _partner(
        "public_needs_enterprise", "高校院所牵头须联合企业", "A public lead needs an enterprise",
        "高校、科研院所、医疗机构牵头的，应有企业参与。", "A public lead has at least one enterprise as partner.",
        "partners.exists(p, p.kind == 'enterprise')", "合作单位中没有企业。", applies_when=PUBLIC,
    ),
    _partner(
        "enterprise_needs_public", "企业牵头须联合高校院所", "An enterprise lead needs a public partner",
        "企业牵头的，应有高校或科研院所参与。", "An enterprise lead has a university or institute as partner.",
        "partners.exists(p, p.kind in ['university', 'institute'])", "合作单位中没有高校或科研院所。",
        applies_when="unit.kind == 'enterprise'",
    ),
    _partner(
        "partner_region", "须有指定区域的合作单位", "A partner from a region",
        "合作单位中应有规定区域（区划代码 {regions}）的单位。",
        "At least one partner is registered in one of the regions {regions}.",
        "partners.exists(p, params.regions.exists(r, p.region.startsWith(r)))", "没有规定区域的合作单位。",
        Param("regions", K.TEXTS, "区划代码（可只写前几位）", "Region codes", ["65"]),
    ),
    _partner(
        "outside_lead_needs_local", "外地牵头须联合本地单位", "A lead from elsewhere needs a local partner",
        "外地单位牵头的，应联合本地（区划代码 {regions}）单位申报。",
        "A lead from elsewhere has a partner registered in {regions}.",
        "partners.exists(p, params.regions.exists(r, p.region.startsWith(r)))", "没有本地的合作单位。",
        Param("regions", K.TEXTS, "本地区划代码", "Local region codes", ["3702"]),
        applies_when="!params.regions.exists(r, unit.region.startsWith(r))",
    ),
    _partner(
        "foreign_partner", "须有境外合作单位", "A foreign partner",
        "应有境外合作单位参与。", "At least one partner is foreign.",
        "partners.exists(p, p.foreign)", "没有境外合作单位。",
    ),
    _partner(
        "no_foreign_partner", "不得有境外合作单位", "No foreign partner",
        "合作单位均应在中国内地注册。", "Every partner is registered on the Chinese mainland.",
        "partners.all(p, !p.foreign)", "有境外合作单位。",
    ),
    _partner(
        "partner_country", "境外合作单位所在国家或地区", "Countries of foreign partners",
        "应有来自规定国家或地区（{countries}）的境外合作单位。",
        "At least one partner is from one of the countries or regions {countries}.",
        "partners.exists(p, p.foreign && p.country in params.countries)", "没有规定国家或地区的合作单位。",
        Param("countries", K.TEXTS, "国家或地区代码（ISO 3166 两位）", "Country codes", ["DE"]),
    ),
    _partner(
        "size_among", "牵头或合作单位中须有中小企业", "An SME leads or takes part",
        "牵头单位或合作单位中应有规定规模（{sizes}）的企业。",
        "The lead or a partner is an enterprise of one of the sizes {sizes}.",
        "unit.kind == 'enterprise' && unit.size in params.sizes"
        " || partners.exists(p, p.kind == 'enterprise' && p.size in params.sizes)",
        "牵头单位和合作单位中没有规定规模的企业（规模取自单位档案）。",
        Param("sizes", K.TEXTS, "规模代码：large、medium、small、micro", "Sizes", ["medium", "small", "micro"]),
    ),
    _partner(
        "another_claims", "至少一家合作单位申请经费", "A partner asks for money too",
        "联合申报的，除牵头单位外应至少有一家合作单位使用财政资金。",
        "In a joint application at least one partner asks for public money too.",
        "partners.exists(p, p.fiscal > 0.0)", "合作单位都没有使用财政资金。",
        applies_when="partners.size() > 0", note=BY_UNIT,
    ),
    _partner(
        "kinds_share", "某类单位经费合计占比上限", "Units of a kind: share of all cost",
        "{kinds}的经费合计不超过项目总投入的{share}%。",
        "Units of the kinds {kinds} together have at most {share} % of the total.",
        "sum(partners.filter(p, p.kind in params.kinds).map(p, p.total))"
        " + (unit.kind in params.kinds ? budget.lead_total : 0.0) <= times(budget.total, params.share)",
        "{kinds}的经费合计超过总投入的{share}%。",
        Param("kinds", K.KINDS, "单位类型", "Kinds of unit", ["university", "institute"]),
        Param("share", K.PERCENT, "最高比例（%）", "At most (%)", 30),
        note=BY_UNIT,
    ),
    _partner(
        "lead_share", "牵头单位使用财政资金占比下限", "Lead unit's share of public money",
        "牵头单位使用的财政资金不低于申请总额的{share}%。",
        "The lead unit has at least {share} % of the public money.",
        "budget.lead_fiscal >= times(budget.fiscal, params.share)",
        "牵头单位使用的财政资金低于申请总额的{share}%。",
        Param("share", K.PERCENT, "最低比例（%）", "At least (%)", 50),
        note=BY_UNIT,
    ),
    _partner(
        "intensity_by_size", "资助强度按企业规模（逐家核算）", "Rate of funding by size, for each unit",
        "各企业使用的财政资金占其投入的比例：小微企业不超过{small}%，中型企业不超过{medium}%，大型企业不超过{large}%。",
        "Of each enterprise's cost at most {small} % (small), {medium} % (medium) or {large} % (large) is funded.",
        f"(unit.kind != 'enterprise' || budget.lead_fiscal <= times(budget.lead_total, {_rate('unit')}))"
        f" && partners.all(p, p.kind != 'enterprise' || p.fiscal <= times(p.total, {_rate('p')}))",
        "有企业的资助比例超过其规模对应的上限（规模取自单位档案）。",
        Param("small", K.PERCENT, "小微企业（%）", "Small and micro (%)", 70),
        Param("medium", K.PERCENT, "中型企业（%）", "Medium (%)", 60),
        Param("large", K.PERCENT, "大型企业（%）", "Large (%)", 50),
        note=BY_UNIT + "没有登记规模的按大型企业核算。",
    ),
)  # fmt: skip
