"""What stands in the portal's main navigation and in the user menu, for whom."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.roles import STAFF_ROLES, Role

ELSEWHERE = {
    "portal:projects": ("/milestones/", "/awards/agreements/"),
    "portal:publicity": ("/awards/publicity/",),
    "facilities:registry": ("/facilities/",),
}
"""Pages that belong to an entry though their addresses do not begin like its own."""


@dataclass(frozen=True)
class Entry:
    label: str
    url: str
    current: bool = False


def _entries(pairs, path: str) -> list[Entry]:
    """The pairs as links; the one to which the present path belongs most closely is current."""
    links = [(name, reverse(name), label) for name, label in pairs]
    holding = [
        (len(start), url)
        for name, url, _label in links
        for start in (url, *ELSEWHERE.get(name, ()))
        if path == start or (start != "/" and path.startswith(start))
    ]
    _length, current = max(holding, default=(0, None))
    return [Entry(str(label), url, url == current) for _name, url, label in links]


def _signed_in(user) -> list[tuple[str, str]]:
    pairs = [("portal:todo", _("我的待办"))]
    if user.scope.units:
        pairs.append(("applications:list", _("我的申报")))
        if user.scope.admin_units:
            pairs.append(("applications:unit_reviews", _("单位审核")))
        pairs += [("exchange:list", _("我的需求")), ("portal:projects", _("我的项目"))]
    if user.has_role(Role.RECOMMENDER):
        pairs.append(("applications:recommendations", _("推荐审核")))
    return pairs


def main_navigation(user, path: str) -> list[Entry]:
    """Public pages first, then what the signed-in person works on."""
    pairs = [
        ("portal:home", _("首页")),
        ("portal:calls", pgettext("navigation", "申报通知")),
        ("portal:board", _("榜单")),
        ("portal:publicity", _("公示")),
        ("portal:results", pgettext("navigation", "结果")),
        ("facilities:registry", _("备案平台")),
    ]
    if user.is_authenticated:
        pairs += _signed_in(user)
    return _entries(pairs, path)


def owes_duties(user) -> bool:
    """Whether a notice may want something of the person: of a unit, of an office."""
    return bool(user.scope.units or user.has_role(Role.RECOMMENDER, Role.PROGRAMME_MANAGER))


def account_links(user, path: str) -> list[Entry]:
    """The user menu: own account, and the admin for those who work there."""
    if not user.is_authenticated:
        return []
    pairs = [("portal:todo", _("我的待办")), ("portal:inbox", _("我的消息"))]
    if user.is_superuser or user.scope.roles & STAFF_ROLES:
        pairs.append(("admin:index", _("管理后台")))
    pairs += [
        ("accounts:profile", _("个人资料")),
        ("accounts:own_record", _("个人档案")),
        *([("reviews:record", _("专家库资料"))] if user.has_role(Role.EXPERT) else []),
        ("accounts:units", _("我的单位")),
        *([("duties:list", _("报送事项"))] if owes_duties(user) else []),
        *([("equity:list", pgettext("list", "股权项目"))] if user.scope.units else []),
        ("portal:subscription", _("通知订阅")),
        ("portal:reminders", _("提醒方式")),
        ("account_change_password", _("修改密码")),
        ("mfa_index", _("两步验证")),
    ]
    return _entries(pairs, path)


def apply_url(call, topic=None) -> str:
    """Where one begins an application to `call`, or a bid for `topic`."""
    url = reverse("applications:start", args=[call.pk])
    return f"{url}?topic={topic.pk}" if topic else url


def demand_url(call) -> str:
    """Where an enterprise posts a demand for `call`."""
    return f"{reverse('exchange:start')}?call={call.pk}"


def objection_url(notice) -> str:
    return reverse("awards:object", args=[notice.pk])


def starts(user) -> list[Entry]:
    """What a person of a unit can begin by themselves."""
    if not user.scope.units:
        return []
    pairs = [
        ("portal:calls", _("申报项目")),
        ("portal:board", _("我要揭榜")),
        ("exchange:start", _("我要出题")),
    ]
    return _entries(pairs, path="")
