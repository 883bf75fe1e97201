"""What a demand of each kind is asked beside the call's own questions: one table for form, rules and list."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from grants.models import DemandKind

ALWAYS_PUBLIC = ("title", "public_summary")
"""What a list item cannot do without, and what is written for it; its amount stands there too."""
ON_THE_TOPIC = ("field", "indicators", "bidder_conditions")
"""What a list item has a place of its own for; everything else that is public is one of its facts."""


@dataclass(frozen=True)
class Shape:
    """One kind of demand: fieldsets of (title, names), what must be there, what a call may make public."""

    fieldsets: tuple[tuple[object, tuple[str, ...]], ...]
    required: frozenset[str]
    may_be_public: tuple[str, ...]
    labels: dict[str, object]
    helps: dict[str, object] = field(default_factory=dict)
    list_amount: str = "offered_amount"
    """The field that the list item's amount is."""

    @property
    def asked(self) -> tuple[str, ...]:
        return tuple(name for _title, names in self.fieldsets for name in names)


COMMON = frozenset({"title", "field", "problem", "public_summary", "contact_name", "contact_phone"})
_PUBLIC, _CLOSED, _CONTACT = _("公开的内容"), _("只给主管部门看的内容"), _("联系与公开")
_CONTACTS = ("contact_name", "contact_phone", "name_is_public")

SHAPES: dict[str, Shape] = {
    DemandKind.TECHNICAL: Shape(
        fieldsets=(
            (_PUBLIC, ("title", "field", "public_summary", "indicators", "bidder_conditions")),
            (_CLOSED, ("problem",)),
            (_("经费与期限"), ("amount", "offered_amount", "deadline_date", "ip_ownership")),
            (_CONTACT, _CONTACTS),
        ),
        required=COMMON | {"indicators", "amount", "offered_amount", "deadline_date", "ip_ownership"},
        may_be_public=("field", "indicators", "bidder_conditions", "deadline_date", "ip_ownership"),
        labels={
            "title": _("需求名称"),
            "field": _("技术领域"),
            "problem": _("要解决的问题（完整表述）"),
            "indicators": _("核心指标"),
            "amount": _("拟投入总额"),
            "offered_amount": _("支付揭榜方"),
            "bidder_conditions": _("揭榜方条件"),
        },
        helps={
            "field": _("例如：海洋装备、新材料。"),
            "offered_amount": _("会作为榜单金额公开，不超过拟投入总额。"),
        },
    ),
    DemandKind.FINANCING: Shape(
        fieldsets=(
            (_PUBLIC, ("title", "field", "public_summary", "bidder_conditions")),
            (_("融资需求"), ("amount", "term_months", "purpose")),
            (_CLOSED, ("problem",)),
            (_CONTACT, _CONTACTS),
        ),
        required=COMMON | {"amount", "term_months", "purpose"},
        may_be_public=("field", "bidder_conditions", "purpose", "term_months"),
        labels={
            "title": _("融资需求名称"),
            "field": _("所属行业"),
            "problem": _("经营、财务和已有借款情况"),
            "amount": _("融资金额"),
            "term_months": _("融资期限（个月）"),
            "bidder_conditions": _("对金融机构和产品的要求"),
        },
        helps={
            "field": _("例如：仪器仪表、生物医药。"),
            "amount": _("会作为榜单金额公开。"),
            "purpose": _("写明资金用在哪里，例如研发、采购设备、流动资金。"),
        },
        list_amount="amount",
    ),
    DemandKind.SCENARIO: Shape(
        fieldsets=(
            (_PUBLIC, ("title", "field", "public_summary", "indicators", "bidder_conditions")),
            (_("场景"), ("place", "term_months", "conditions", "offered_amount")),
            (_CLOSED, ("problem",)),
            (_CONTACT, _CONTACTS),
        ),
        required=COMMON | {"place", "term_months", "conditions"},
        may_be_public=("field", "indicators", "bidder_conditions", "place", "term_months", "conditions"),
        labels={
            "title": _("场景名称"),
            "field": _("场景领域"),
            "problem": _("现状与安全要求（完整表述）"),
            "indicators": _("试点要达到的指标"),
            "term_months": _("试点期（个月）"),
            "offered_amount": _("试点经费"),
            "bidder_conditions": _("对揭榜方的要求"),
        },
        helps={
            "field": _("例如：智慧医疗、港口物流。"),
            "place": _("试点在哪里进行，写到具体场地。"),
            "conditions": _("场景单位提供的场地、数据、接口和配合人员。"),
            "offered_amount": _("场景单位支付的试点经费，会作为榜单金额公开；没有可以不填。"),
        },
    ),
}
TOPMOST_MONTHS = 120


def shape_of(kind: str) -> Shape:
    return SHAPES[kind or DemandKind.TECHNICAL]
