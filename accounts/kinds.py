"""Kinds of units and of what can be said about them; codes are stored and used by rules."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OrganisationKind(models.TextChoices):
    ENTERPRISE = "enterprise", _("企业")
    UNIVERSITY = "university", _("高等院校")
    INSTITUTE = "institute", _("科研院所")
    HOSPITAL = "hospital", _("医疗卫生机构")
    NEW_RD = "new_rd", _("新型研发机构")
    SOCIAL = "social", _("社会组织")
    PARK = "park", _("园区")
    GOVERNMENT = "government", _("行政机关")
    BANK = "bank", _("金融机构")
    TEAM = "team", _("未注册的团队或个人")
    """Has no credit code; becomes one of the others once it is registered (`accounts.actions.found_unit`)."""


class FactKind(models.TextChoices):
    """What can be said of a unit at a date. Codes are the names that rules use (`unit.<code>`)."""

    LICENCE = "licence", _("营业执照或法人证书")
    HIGH_TECH = "high_tech", _("高新技术企业")
    TECH_SME = "tech_sme", _("科技型中小企业")
    LEADING_FIRM = "leading_firm", _("科技领军企业")
    LISTING_CANDIDATE = "listing_candidate", _("拟上市高企")
    SPECIALISED = "specialised", _("专精特新")
    FILED_PLATFORM = "filed_platform", _("已备案创新平台")
    INCUBATOR = "incubator", _("已认定孵化载体")
    WHITE_LIST = "white_list", _("列入支持名单")
    PARK = "park", _("所在园区")
    SIZE = "size", _("企业规模（large、medium、small、micro）")
    INDUSTRY = "industry", _("行业代码（GB/T 4754）")
    STAFF = "staff", _("职工人数")
    RD_STAFF = "rd_staff", _("研发人员数")
    RD_SPEND = "rd_spend", _("研发投入（元）")
    BASIC_RESEARCH = "basic_research", _("基础研究经费（元）")
    REVENUE = "revenue", _("营业收入（元）")
    PROFIT = "profit", _("利润总额（元）")
    TAX_PAID = "tax_paid", _("纳税额（元）")
    TOTAL_ASSETS = "total_assets", _("资产总额（元）")
    NET_ASSETS = "net_assets", _("净资产（元）")
    PAID_IN_CAPITAL = "paid_in_capital", _("实缴资本（元）")


CERTIFICATES = (
    FactKind.LICENCE,
    FactKind.HIGH_TECH,
    FactKind.TECH_SME,
    FactKind.LEADING_FIRM,
    FactKind.LISTING_CANDIDATE,
    FactKind.SPECIALISED,
    FactKind.FILED_PLATFORM,
    FactKind.INCUBATOR,
    FactKind.WHITE_LIST,
)
"""Held or not held on a day."""
TEXTS = (FactKind.PARK, FactKind.SIZE, FactKind.INDUSTRY)
NUMBERS = tuple(kind for kind in FactKind if kind not in (*CERTIFICATES, *TEXTS))
"""Figures, mostly of one year."""
LADDER = (
    FactKind.TECH_SME,
    FactKind.HIGH_TECH,
    FactKind.SPECIALISED,
    FactKind.LISTING_CANDIDATE,
    FactKind.LEADING_FIRM,
)
"""企业梯队: the certificates by which enterprises climb."""


class ShareholderKind(models.TextChoices):
    PERSON = "person", _("自然人")
    ENTERPRISE = "enterprise", _("企业法人")
    STATE = "state", _("国有股东")
    FOREIGN = "foreign", _("外资股东")
    OTHER = "other", _("其他")


class Degree(models.TextChoices):
    DOCTOR = "doctor", _("博士")
    MASTER = "master", _("硕士")
    BACHELOR = "bachelor", _("学士")
    NONE = "none", _("无学位")
