"""Who can sign in to the demo: one line per role."""

import unicodedata

from django.utils.translation import gettext as _

from seeds.demo.cast import PASSWORD, read


def rows() -> list[tuple[str, str, str]]:
    """(role, login, who) of the people that the journey needs; experts share a line."""
    names = {row["login"]: row["name"] for row in read("cast.yaml")["people"]}
    wanted = [
        (_("公众"), "", _("无需登录")),
        (_("申报人（高校）"), "applicant", None),
        (_("单位管理员（高校）"), "unitadmin", None),
        (_("申报人（企业）"), "firm", None),
        (_("单位管理员（企业）"), "firmadmin", None),
        (_("受托管理机构"), "trust", None),
        (_("发榜企业"), "demander", None),
        (_("推荐单位（高新区）"), "recommender", None),
        (_("评审专家"), "expert1 … expert8", _("五号专家与高校申报人同单位，须回避")),
        (_("项目主管"), "manager", None),
        (_("处室负责人"), "head", None),
        (_("局领导"), "leader", None),
        (_("经费管理"), "finance", None),
        (_("监督"), "supervision", None),
        (_("审计"), "auditor", None),
        (_("系统管理员"), "sysadmin", None),
    ]
    return [(role, login, note or names[login]) for role, login, note in wanted]


def table() -> str:
    """The logins as aligned text; Chinese characters take two columns."""
    lines = [f"{_pad(role, 22)}{_pad(login or '—', 20)}{note}" for role, login, note in rows()]
    return "\n".join([*lines, "", _("密码（全部相同，仅限演示）：%s") % PASSWORD])


def _pad(text: str, width: int) -> str:
    used = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    return text + " " * max(1, width - used)
