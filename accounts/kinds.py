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


class FactKind(models.TextChoices):
    """What can be said of a unit at a date. Codes are the names that rules use (`unit.<code>`)."""

    HIGH_TECH = "high_tech", _("高新技术企业")
    TECH_SME = "tech_sme", _("科技型中小企业")
    LISTING_CANDIDATE = "listing_candidate", _("拟上市高企")
    SPECIALISED = "specialised", _("专精特新")
    PARK = "park", _("所在园区")
    STAFF = "staff", _("职工人数")
    RD_SPEND = "rd_spend", _("研发投入（元）")
    REVENUE = "revenue", _("营业收入（元）")
    TOTAL_ASSETS = "total_assets", _("资产总额（元）")
