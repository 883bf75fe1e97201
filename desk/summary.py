"""What stands in each part of a call, in a line or three: for the cards of the overview."""

import re
from collections import Counter
from collections.abc import Callable

from django.utils.translation import gettext as _

from core.money import wan
from desk.packs.checks import ARTICLE
from desk.packs.schema import Pack
from desk.packs.values import plain, write_moment
from duties.models import OwedBy
from equity.models import TriggerKind
from finance.models import Condition
from grants.models import (
    Automation,
    ContactKind,
    FormKind,
    Instrument,
    QuotaOf,
    Sourcing,
    StageKind,
)
from milestones.models import ChangeKind, ChangeWay, MilestoneTemplate
from reviews.models import Aggregation, Recusal

FEW = 6


def _listed(words, most: int = FEW) -> str:
    """The first few, and how many more."""
    words = [str(word) for word in words]
    more = len(words) - most
    text = "、".join(words[:most])
    return text if more <= 0 else _("%(text)s 等 %(count)s 项") % {"text": text, "count": len(words)}


def _basics(pack: Pack) -> list[str]:
    call = pack.call
    until = write_moment(call.closes) if call.closes else _("常年受理")
    lines = [
        _("%(sourcing)s，%(instrument)s")
        % {"sourcing": Sourcing(call.sourcing).label, "instrument": Instrument(call.instrument).label},
        _("%(opens)s 至 %(closes)s") % {"opens": write_moment(call.opens), "closes": until},
    ]
    if pack.intakes:
        names = dict.fromkeys(row.name for row in pack.intakes)
        lines.append(_("分 %(count)s 批：%(names)s") % {"count": len(names), "names": _listed(names)})
    if pack.issued_by:
        lines.append(_("发文单位：%(bodies)s") % {"bodies": _listed(pack.issued_by)})
    return lines


def _notice(pack):
    text = pack.call.notice.strip()
    if not text:
        return []
    letters = len(re.sub(r"\s", "", text))
    return [
        _("%(letters)s 字，%(articles)s 条")
        % {"letters": letters, "articles": len(set(ARTICLE.findall(text)))}
    ]


def _contacts(pack):
    return [f"{ContactKind(row.kind).label}：{row.name} {row.phone or row.email}" for row in pack.contacts]


def _types(pack):
    return [_listed(row.name for row in pack.types)] if pack.types else []


def _access(pack):
    lines = []
    for quota in pack.quotas:
        number = quota.number if quota.number is not None else _("按公式")
        if quota.percent is not None:
            number = f"{quota.percent.normalize():f} %"
        lines.append(f"{QuotaOf(quota.of).label}：{number}")
    if pack.call.invitation_only:
        lines.append(_("定向邀请，名单 %(count)s 家") % {"count": len(pack.invitations)})
    if chosen := [row for row in pack.recommenders if not row.line]:
        lines.append(_("可选的推荐单位 %(count)s 家") % {"count": len(chosen)})
    if lines_of := dict.fromkeys(row.line for row in pack.recommenders if row.line):
        lines.append(_("会同推荐：%(lines)s") % {"lines": _listed(lines_of)})
    if pack.nominators:
        lines.append(_("专家提名：%(ways)s") % {"ways": _listed(row.name for row in pack.nominators)})
    if pack.entries:
        lines.append(_("入选资格：%(names)s") % {"names": _listed(row.name for row in pack.entries)})
    return lines


def _topics(pack):
    return [_listed((row.title for row in pack.topics), 3)] if pack.topics else []


def _rules(pack):
    if not pack.rules:
        return []
    counts = Counter(str(rule.automation) for rule in pack.rules)
    split = "，".join(
        f"{Automation(kind).label} {counts[kind]}" for kind in Automation.values if counts[kind]
    )
    return [_("%(n)s 条：%(split)s") % {"n": len(pack.rules), "split": split}]


def _form(pack):
    if not pack.sections:
        return []
    lines = []
    for kind in FormKind:
        sections = [section for section in pack.sections if str(section.form) == kind.value]
        if sections:
            questions = [question for section in sections for question in section.questions]
            lines.append(
                _("%(form)s：%(sections)s 个部分，%(questions)s 道题，必填 %(required)s 道")
                % {
                    "form": kind.label,
                    "sections": len(sections),
                    "questions": len(questions),
                    "required": sum(question.required for question in questions),
                }
            )
    return lines


def _money(pack):
    money, lines = pack.money, []
    if money.cap is not None:
        lines.append(_("资助上限 %(cap)s") % {"cap": wan(money.cap)})
    if pack.grades:
        lines.append(_("等次：%(names)s") % {"names": _listed(row.name for row in pack.grades)})
    if money.own_per_fiscal:
        lines.append(_("自筹 ≥ 财政 × %(ratio)s") % {"ratio": plain(money.own_per_fiscal)})
    if money.categories:
        rows, columns = _listed(r.name for r in money.categories), _listed(s.name for s in money.sources)
        lines.append(_("科目：%(rows)s") % {"rows": rows})
        lines.append(_("来源：%(columns)s") % {"columns": columns})
    return lines


def _clauses(pack):
    return [_listed((rule.text.rstrip("。") for rule in pack.money.rules), 3)] if pack.money.rules else []


def _instalments(pack):
    words = {Condition.SIGNED: _("签订后"), Condition.MILESTONE: _("里程碑通过后")}
    return [f"{row.name}：{words[Condition(row.condition)]} {plain(row.share)}%" for row in pack.instalments]


def _stages(pack):
    return [" → ".join(str(StageKind(row.kind).label) for row in pack.stages)] if pack.stages else []


def _review(pack):
    if not pack.review:
        return []
    scheme = pack.review
    criteria = _listed(f"{row.name} {plain(row.weight)}" for row in scheme.criteria)
    recusal = _("参与人、提名人回避：%(what)s") % {"what": Recusal(scheme.recusal).label}
    return [
        _("%(size)s 名专家，%(how)s，%(threshold)s 分入围")
        % {
            "size": scheme.panel_size,
            "how": Aggregation(scheme.aggregation).label,
            "threshold": plain(scheme.threshold),
        },
        criteria,
        *([] if scheme.recusal == Recusal.APPLICATION else [recusal]),
    ]


def _demands(pack):
    return [_("论证 %(days)s 个工作日") % {"days": pack.demands.argument_days}] if pack.demands else []


def _facilities(pack):
    part = pack.facilities
    if not part:
        return []
    return [
        _("服务 %(n)s 项") % {"n": len(part.services)},
        _("每年 %(opens)s 至 %(closes)s 自评") % {"opens": part.report_opens, "closes": part.report_closes},
        _("%(mark)s 分合格") % {"mark": plain(part.pass_mark)},
    ]


def _template(row) -> MilestoneTemplate:
    return MilestoneTemplate(
        offset_months=row.offset_months,
        months_after_end=row.months_after_end,
        by_date=row.by_date,
        month_day=row.month_day,
    )


def _milestones(pack):
    lines = [
        _("%(moment)s：%(name)s") % {"moment": _template(row).moment, "name": row.name}
        for row in pack.milestones
    ]
    for way in ChangeWay:
        if kinds := [ChangeKind(row.kind).label for row in pack.changes if row.way == way]:
            lines.append(_("变更%(way)s：%(kinds)s") % {"way": way.label, "kinds": _listed(kinds)})
    return lines


def _acceptance(pack):
    part = pack.acceptance
    if not part:
        return []
    lines = [_listed(row.name for row in part.grades)]
    if part.panel_size:
        how = Aggregation(part.aggregation).label
        lines.append(_("专家至少 %(size)s 人，%(how)s") % {"size": part.panel_size, "how": how})
    return lines


def _duties(pack):
    if not pack.duties:
        return []
    return [_listed((f"{OwedBy(row.owed_by).label}：{row.title}" for row in pack.duties), 4)]


def _equity(pack):
    terms = pack.equity
    if not terms:
        return []
    lines = [_("持股不超过 %(cap)s%%") % {"cap": plain(terms.max_percent)}]
    if terms.triggers:
        lines.append(_listed(TriggerKind(row.kind).label for row in terms.triggers))
    lines.append(_listed(f"{row.name} {plain(row.share)}%" for row in terms.payees))
    return lines


SUMMARIES: dict[str, Callable[[Pack], list[str]]] = {
    "basics": _basics,
    "duties": _duties,
    "notice": _notice,
    "contacts": _contacts,
    "types": _types,
    "access": _access,
    "topics": _topics,
    "rules": _rules,
    "form": _form,
    "money": _money,
    "clauses": _clauses,
    "instalments": _instalments,
    "equity": _equity,
    "stages": _stages,
    "review": _review,
    "demands": _demands,
    "facilities": _facilities,
    "milestones": _milestones,
    "acceptance": _acceptance,
}


def lines_of(part: str, pack: Pack) -> list[str]:
    return SUMMARIES[part](pack)
