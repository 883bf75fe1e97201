"""Rules that publishing writes from other fields of the notice; the system itself settles their lines."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from grants.models import (
    NOMINATORS_RULE,
    PAPER_RULE,
    RECOMMENDER_TABLE_RULE,
    ROUND,
    SCAN_RULE,
    SLIDES_RULES,
    SYSTEM_RULES,
    TABLE_RULE,
    Automation,
    Call,
    DayKind,
    EligibilityRule,
    NominatorGroup,
    PaperAfter,
    PaperKind,
    PaperSender,
    RuleScope,
    Severity,
    Stage,
)


@transaction.atomic
def write(*, call: Call) -> None:
    """Write them as the call's fields stand; what was written before is replaced."""
    EligibilityRule.objects.filter(call=call, code__in=SYSTEM_RULES).delete()
    if call.scan_days is not None:
        _write(call, SCAN_RULE, _scan_text, call, clause=call.scan_clause)
    if call.table_days is not None:
        _write(call, TABLE_RULE, _table_text, call, clause=call.table_clause, scope=RuleScope.UNIT)
    if call.asks_recommender_table:
        _write(
            call,
            RECOMMENDER_TABLE_RULE,
            _recommender_table_text,
            call,
            clause=call.recommender_table_clause,
        )
    if call.paper_copies is not None:
        severity = Severity.WARNING if call.paper_warns else Severity.BLOCKING
        # What comes after the formal check is judged only then.
        params = {} if call.paper_after == PaperAfter.CLOSING else {"applies_to": ROUND}
        _write(
            call,
            PAPER_RULE,
            paper_text,
            call,
            clause=call.paper_clause,
            severity=severity,
            params=params,
            applies_when=call.paper_applies_when,
        )
    groups = list(call.nominator_groups.all())
    if groups:
        clauses = "、".join(dict.fromkeys(group.clause for group in groups))
        most = EligibilityRule._meta.get_field("clause").max_length
        named = clauses if len(clauses) <= most else groups[0].clause
        _write(call, NOMINATORS_RULE, _nominators_text, groups, clause=named)
    for stage in call.stages.all():
        if stage.asks_slides:
            # Nobody is asked before the round: the line is judged only then.
            _write(
                call,
                SLIDES_RULES[stage.kind],
                _slides_text,
                stage,
                clause=stage.clause,
                params={"applies_to": ROUND},
                severity=Severity.WARNING,
            )


def _write(call: Call, code: str, words, about, **fields) -> None:
    """One line that no formula judges, in both languages."""
    orders = EligibilityRule.objects.filter(call=call).order_by("-order").values_list("order", flat=True)
    with translation.override("zh-hans"):
        text = words(about)
    with translation.override("en"):
        text_en = words(about)
    values = {"scope": RuleScope.PROJECT, "severity": Severity.BLOCKING} | fields
    EligibilityRule.objects.create(
        call=call,
        code=code,
        text=text,
        text_en=text_en,
        automation=Automation.MANUAL,
        order=(orders.first() or 0) + 1,
        **values,
    )


def _scan_text(call: Call) -> str:
    text = (
        _("申报截止后 %(days)s 个%(kind)s内上传申报书的盖章扫描件。")
        if call.closes_at
        else _("提交后 %(days)s 个%(kind)s内上传申报书的盖章扫描件。")
    )
    return text % {"days": call.scan_days, "kind": DayKind(call.scan_day_kind).label}


def _table_text(call: Call) -> str:
    if not call.table_days:
        return _("申报单位随单位审核上传盖章的单位申报汇总表。")
    text = _("申报单位在申报截止后 %(days)s 个%(kind)s内上传盖章的单位申报汇总表。")
    return text % {"days": call.table_days, "kind": DayKind(call.table_day_kind).label}


def _recommender_table_text(call: Call) -> str:
    return _("推荐单位%(when)s上传盖章的推荐汇总表（推荐函）。") % {"when": recommender_table_when(call)}


def paper_text(call: Call) -> str:
    """Who sends how many copies of what, by when."""
    is_english = (get_language() or "").startswith("en")
    of = (is_english and call.paper_of_en) or call.paper_of or _("申报书和附件")
    if kinds := list(call.paper_kinds.all()):
        named = [_paper_kind(kind, is_english=is_english) for kind in kinds]
        of = _("；").join([*named, *filter(None, [(is_english and call.paper_of_en) or call.paper_of])])
    return _("%(who)s%(when)s报送纸质材料 %(copies)s 份（%(of)s）。") % {
        "who": call.get_paper_sender_display(),
        "when": paper_when(call),
        "copies": call.paper_copies,
        "of": of,
    }


def _paper_kind(kind: PaperKind, *, is_english: bool) -> str:
    name, of = (is_english and kind.name_en) or kind.name, (is_english and kind.of_en) or kind.of
    text = _("%(name)s %(copies)s 份，%(of)s") if of else _("%(name)s %(copies)s 份")
    return text % {"name": name, "copies": kind.copies, "of": of}


PAPER_AFTER = {
    PaperAfter.CHECK: gettext_noop("通过形式审查的，%(when)s"),
    PaperAfter.AWARD: gettext_noop("获立项的，%(when)s"),
}
PAPER_DAYS_AFTER = {
    PaperAfter.CHECK: gettext_noop("在形式审查通过后 %(days)s 个%(kind)s内"),
    PaperAfter.AWARD: gettext_noop("在获立项后 %(days)s 个%(kind)s内"),
}


def paper_when(call: Call) -> str:
    """By when, in words; whether posting in time is enough."""
    if call.paper_until:
        when = before(call.paper_until)
        if call.paper_after in PAPER_AFTER:
            when = _(PAPER_AFTER[call.paper_after]) % {"when": when}
    else:
        text = (
            _(PAPER_DAYS_AFTER[call.paper_after])
            if call.paper_after in PAPER_DAYS_AFTER
            else _("在推荐截止后 %(days)s 个%(kind)s内")
            if call.paper_sender == PaperSender.RECOMMENDER
            else _("在申报截止后 %(days)s 个%(kind)s内")
            if call.closes_at
            else _("在提交后 %(days)s 个%(kind)s内")
        )
        when = text % {"days": call.paper_days, "kind": DayKind(call.paper_day_kind).label}
    return _("%(when)s（以寄出邮戳为准）") % {"when": when} if call.paper_by_postmark else when


def _nominators_text(groups: list[NominatorGroup]) -> str:
    """Every way once; some may hold for some projects only."""
    is_english = (get_language() or "").startswith("en")

    def said(groups) -> list[str]:
        ways = [
            _("%(group)s %(least)s 人以上")
            % {"group": (is_english and group.name_en) or group.name, "least": group.least}
            for group in groups
        ]
        return list(dict.fromkeys(ways))

    either = _("，或").join(said(group for group in groups if not group.required))
    required = said(group for group in groups if group.required)
    ways = _("，并有").join([*filter(None, [either]), *required])
    return _("由专家提名的，须有提名专家在推荐截止前签署：%(ways)s。") % {"ways": ways}


def recommender_table_when(call: Call) -> str:
    """By when, in words: a moment, days from the recommenders' closing, or that closing itself."""
    if call.recommender_table_until:
        return before(call.recommender_table_until)
    if not call.recommender_table_days:
        return _("在推荐截止之前")
    return _("在推荐截止后 %(days)s 个%(kind)s内") % {
        "days": call.recommender_table_days,
        "kind": DayKind(call.recommender_table_day_kind).label,
    }


def before(until: datetime) -> str:
    """ "before 2026-05-20 12:00", in words of the reader's language."""
    moment = timezone.localtime(until, timezone.get_default_timezone())
    return _("在 %(time)s 前") % {"time": f"{moment:%Y-%m-%d %H:%M}"}


def _slides_text(stage: Stage) -> str:
    return _("进入“%(stage)s”的，%(when)s上传答辩材料（%(limits)s）。") % {
        "stage": stage.get_kind_display(),
        "when": slides_when(stage),
        "limits": slides_limits(stage),
    }


def slides_when(stage: Stage) -> str:
    """By when, in words: a moment, or days from the invitation."""
    if stage.slides_until:
        return before(stage.slides_until)
    return _("在 %(days)s 个%(kind)s内") % {
        "days": stage.slides_days,
        "kind": DayKind(stage.day_kind).label,
    }


def slides_limits(stage: Stage) -> str:
    """Which files, and how much at most."""
    parts = [_("PDF 或 PPTX")]
    if stage.slides_pages:
        parts.append(_("不超过 %(pages)s 页") % {"pages": stage.slides_pages})
    if stage.slides_megabytes:
        parts.append(_("不超过 %(size)s MB") % {"size": stage.slides_megabytes})
    return _("；").join(parts)
