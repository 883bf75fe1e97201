"""The parts of a call on the desk: what each holds, and which place of a pack belongs to which part."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from grants.models import Call, Sourcing

Place = Sequence[str | int]


@dataclass(frozen=True)
class Part:
    """One card of the overview and one page. `keys`: beginnings of places in a pack that it owns."""

    name: str
    title: object
    group: object
    hint: object
    keys: tuple[str, ...]
    icon: str


NOTICE, WHO, WHAT, MONEY, AFTER = (
    _("一、通知"),
    _("二、谁可以申报"),
    _("三、报什么"),
    _("四、经费"),
    _("五、怎么审、怎么管"),
)

PARTS = (
    Part(
        "basics",
        _("基本信息"),
        NOTICE,
        _("标题、文号、时间和批次、支持方式、发文单位"),
        ("call", "issued_by", "programme", "intakes"),
        "info",
    ),
    Part("notice", _("通知正文"), NOTICE, _("照文件原样录入，条款号由各处引用"), ("call.notice",), "article"),
    Part(
        "contacts",
        _("咨询方式"),
        NOTICE,
        _("政策、业务、技术、监督电话；发布后仍可修改"),
        ("contacts",),
        "call",
    ),
    Part(
        "types", _("项目类别"), WHO, _("同一通知下不同的类别，各有条件、表单和额度"), ("types",), "category"
    ),
    Part(
        "access",
        _("限额与名单"),
        WHO,
        _("单位和推荐单位的限额、定向名单、推荐单位名单、专家提名、入选资格"),
        (
            "quotas",
            "invitations",
            "recommenders",
            "nominators",
            "call.invitation_only",
            "call.abroad",
            "call.teams",
            "call.team_months",
            "call.team_clause",
            "call.max_submissions",
            "call.max_megabytes",
            "call.topic_free",
            "call.partners_confirm",
            "call.members_consent",
            "entries",
        ),
        "group_add",
    ),
    Part("rules", _("申报条件"), WHO, _("一条一行：条文、条款、判断方式"), ("rules",), "rule"),
    Part("topics", _("指南方向"), WHAT, _("方向、考核指标、额度、拟立项数"), ("topics",), "explore"),
    Part(
        "form",
        _("申报表"),
        WHAT,
        _("各部分和题目，边改边看申报人的界面"),
        ("sections", "call.participants", "call.milestones", "roles"),
        "description",
    ),
    Part(
        "money",
        _("额度与预算表"),
        MONEY,
        _("上限、等次、自筹比例、预算科目和资金来源、逐笔核定"),
        ("money", "grades", "claims", "call.budget_by_year", "call.budget_by_unit"),
        "payments",
    ),
    Part(
        "clauses",
        _("经费条款"),
        MONEY,
        _("分档、比例、科目占比等，系统逐条核算"),
        ("money.rules",),
        "calculate",
    ),
    Part(
        "instalments",
        _("拨款计划"),
        MONEY,
        _("各期的条件和比例，合计 100%"),
        ("instalments",),
        "event_repeat",
    ),
    Part(
        "equity",
        _("股权条件"),
        MONEY,
        _("触发条件、持股上限、报送与估值、回购、最低价格、收益分配"),
        ("equity",),
        "pie_chart",
    ),
    Part(
        "stages",
        _("环节与期限"),
        AFTER,
        _("单位审核、推荐、评审、决定、公示……"),
        (
            "stages",
            "publicity",
            "signing",
            "appeal",
            "duplicate",
            "scan",
            "table",
            "recommender_table",
            "paper",
            "extension",
            "termination",
            "call.tells_reason",
            "reminders",
            "receipts",
        ),
        "route",
    ),
    Part("review", _("评审方案"), AFTER, _("专家人数、计分方法、指标与权重"), ("review",), "grading"),
    Part(
        "demands", _("需求征集"), AFTER, _("需求的种类、榜单公开的内容、论证期限"), ("demands",), "lightbulb"
    ),
    Part(
        "facilities",
        _("备案与年度评价"),
        AFTER,
        _("服务目录、数据期、自评期、等次、整改；只有备案制通知需要"),
        ("facilities",),
        "science",
    ),
    Part(
        "milestones",
        _("里程碑与变更"),
        AFTER,
        _("每个项目都要达到的节点和交付物；执行中什么可以变更；逾期、未通过、撤销的处理"),
        ("milestones", "changes", "sanctions", "replaced_by"),
        "flag",
    ),
    Part(
        "acceptance",
        _("验收与结论"),
        AFTER,
        _("专家人数、验收指标、优秀或合格等结论，各付多少、奖励或退回多少"),
        ("acceptance",),
        "verified",
    ),
    Part(
        "duties",
        _("报送事项"),
        AFTER,
        _("各环节以外须由申报人、单位、推荐单位或主管处室另行办理和报送的事项"),
        ("duties",),
        "assignment_turned_in",
    ),
)
BY_NAME = {part.name: part for part in PARTS}
EDITABLE_AFTER_PUBLICATION = frozenset({"contacts"})
"""People change desks: whom to ask stays right without a new version of the notice."""


def parts_for(call: Call) -> list[Part]:
    """The parts that this way of calling uses."""
    demand = call.sourcing == Sourcing.DEMAND
    return [part for part in PARTS if part.name != ("topics" if demand else "demands")]


def part_of(place: Place) -> Part:
    """The part that a place of a pack belongs to; the longest key wins."""
    words = ".".join(step for step in place if isinstance(step, str))
    owners = [
        (len(key), number)
        for number, part in enumerate(PARTS)
        for key in part.keys
        if words == key or words.startswith(f"{key}.")
    ]
    return PARTS[max(owners)[1]] if owners else PARTS[0]


OUT_OF_THE_WAY = 10_000
"""Orders are unique in some tables: rows step out of the way by so much before they are numbered anew."""


def next_code(prefix: str, taken) -> str:
    """The first free `<prefix><number>`."""
    number = 1
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"
