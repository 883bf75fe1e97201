"""What a notice says of the time after the award, in plain lines: shares in firms and yearly evaluations."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from applications.models import Sanction
from applications.questions import localised
from core.calendar import local_date
from core.money import wan
from duties import dates as duties
from duties import queries as words
from duties.models import DutyTerm
from equity import queries as equity
from equity.models import EquityTerms, TriggerKind, TriggerTemplate
from equity.rules import BECOMES_SHARE
from facilities.models import FacilityScheme
from grants.models import AwardGrade, Call, Replacement, SanctionTerm
from milestones import accepting
from milestones.models import AcceptanceBonus, AcceptanceScheme, ChangeTerm

MOST_NAMED = 100


@dataclass(frozen=True)
class Term:
    label: str
    text: str
    clause: str = ""


def of_call(call: Call) -> dict[str, list[Term]]:
    """{heading: lines}; six queries, three more for shares or acceptance, one where projects are named."""
    found = {}
    if rows := list(call.grades.all()):
        found[_("立项等次")] = [Term(localised(row, "name"), _of_grade(row), row.clause) for row in rows]
    if call.instrument in BECOMES_SHARE and (terms := equity.terms_of(call)):
        found[_("股权条件")] = _equity(call, terms)
    if scheme := FacilityScheme.objects.filter(call=call).first():
        found[_("年度评价")] = _evaluation(scheme)
    if scheme := AcceptanceScheme.objects.filter(call=call).first():
        found[_("验收与结论")] = _acceptance(scheme)
    if rows := [_duty(row) for row in duties.terms_of(call)]:
        found[_("报送事项")] = rows
    if rows := _changes(call):
        found[_("项目变更")] = rows
    if rows := list(call.sanction_terms.all()):
        found[_("违约处理")] = [Term(row.get_when_display(), _follows(row), row.clause) for row in rows]
        if any(row.is_public for row in rows) and (named := _named(call)):
            found[_("处理通报")] = named
    if rows := list(call.replacements.all()):
        found[_("由其他立项取代")] = [
            Term(row.get_effect_display(), _follows(row), row.clause) for row in rows
        ]
    return found


def _acceptance(scheme: AcceptanceScheme) -> list[Term]:
    """Panel, score sheet and second try, then each conclusion with what follows from it; three queries."""
    grades, criteria = accepting.grades_of(scheme), accepting.criteria_of(scheme)
    rows = []
    if scheme.panel_size:
        size = _("专家至少 %(size)s 人") % {"size": scheme.panel_size}
        rows.append(Term(_("验收专家"), size, scheme.clause))
    if criteria:
        said = _("、").join(f"{localised(row, 'name')} {accepting.plain(row.weight)}%" for row in criteria)
        rows.append(Term(_("验收指标"), said, scheme.clause))
    for row in AcceptanceBonus.objects.filter(call=scheme.call_id):
        rows.append(
            Term(
                localised(row, "name"),
                _("%(points)s 分") % {"points": f"{row.points.normalize():+f}"},
                row.clause,
            )
        )
    rows += [
        Term(localised(row, "name"), accepting.follows(row), row.clause or scheme.clause) for row in grades
    ]
    if scheme.again_times:
        again = _("不通过的，%(months)s 个月内可以再次验收，最多 %(times)s 次")
        said = again % {"months": scheme.again_months, "times": scheme.again_times}
        rows.append(Term(_("再次验收"), said, scheme.clause))
    return rows


def _of_grade(row: AwardGrade) -> str:
    said = [_("每项 %(amount)s") % {"amount": wan(row.amount)} if row.amount else _("资助额由决定时写明")]
    if row.number:
        said.append(_("最多 %(n)s 项") % {"n": row.number})
    return _("，").join(said)


def _follows(row: SanctionTerm | Replacement) -> str:
    return ((get_language() or "").startswith("en") and row.text_en) or row.text


def _duty(row: DutyTerm) -> Term:
    """Who hands it in until when, and what waits for it."""
    text = f"{row.get_owed_by_display()}{_('：')}{words.when(row)}"
    if row.blocks:
        text += _("；完成之前不得%(what)s") % {"what": row.get_blocks_display()}
    if row.text:
        text += f"{_('。')}{localised(row, 'text')}"
    return Term(localised(row, "title"), text, row.clause)


def _changes(call: Call) -> list[Term]:
    return [
        Term(
            str(row),
            "；".join(filter(None, (row.get_way_display(), localised(row, "asks_file")))),
            row.clause,
        )
        for row in ChangeTerm.objects.filter(call=call)
    ]


def _named(call: Call) -> list[Term]:
    """Projects that the notice has named publicly, while the decision is in force; the newest first."""
    decided = Sanction.objects.in_force(local_date(timezone.now())).filter(
        application__call__series=call.series, term__is_public=True
    )
    rows = decided.select_related("application", "organisation", "term").order_by("-from_date", "-id")
    return [
        Term(
            f"{row.application.number} {row.application}",
            _("%(unit)s，%(leader)s：%(what)s（%(from)s 至 %(to)s）")
            % {
                "unit": row.organisation,
                "leader": row.person_name,
                "what": row.occasion,
                "from": row.from_date,
                "to": row.to_date or _("永久"),
            },
            row.term.clause,
        )
        for row in rows[:MOST_NAMED]
    ]


def _equity(call: Call, terms: EquityTerms) -> list[Term]:
    most = _("不超过企业总股本的 %(percent)s%%") % {"percent": f"{terms.max_percent.normalize():f}"}
    if terms.not_largest:
        most = _("；").join((most, str(terms._meta.get_field("not_largest").verbose_name)))
    rows = [Term(_("触发条件"), _trigger(row), row.clause) for row in equity.triggers_of_call(call)]
    rows.append(Term(_("持股比例"), most, terms.clause))
    rows.append(
        Term(_("转股办理"), _("触发后 %(days)s 日内") % {"days": terms.conversion_days}, terms.clause)
    )
    rows.append(
        Term(
            _("退还办理"),
            _("决定退还后 %(days)s 个工作日内要求退回") % {"days": terms.repayment_days},
            terms.clause,
        )
    )
    step = _("主管部门每一步 %(days)s 个工作日内办理") % {"days": terms.step_days}
    rows.append(Term(_("办理期限"), step, terms.clause))
    regular = _("每 %(report)s 个月报送，每 %(value)s 个月估值")
    months = {"report": terms.report_months, "value": terms.valuation_months}
    rows.append(Term(_("报送与估值"), regular % months, terms.report_clause))
    rows.append(
        Term(_("最长持股期"), _("%(months)s 个月") % {"months": terms.max_holding_months}, terms.clause)
    )
    if terms.buy_back_after_months is not None:
        window = _("持股满 %(after)s 个月起 %(months)s 个月")
        months = {"after": terms.buy_back_after_months, "months": terms.buy_back_months}
        rows.append(Term(_("团队回购期"), window % months, terms.exit_clause))
    rows.append(Term(_("退出最低价格"), terms.get_price_formula_display(), terms.exit_clause))
    shares = [f"{row.name} {row.share.normalize():f}%" for row in equity.payees_of_call(call)]
    return [*rows, Term(_("收益分配"), _("、").join(shares), terms.split_clause)]


def _trigger(row: TriggerTemplate) -> str:
    within = _("%(event)s（任务书开始后 %(months)s 个月内）")
    if row.kind == TriggerKind.DATE:
        within = _("%(event)s（任务书开始后 %(months)s 个月）")
    amount = f" {wan(row.amount)}" if row.amount else ""
    return within % {"event": f"{row.get_kind_display()}{amount}", "months": row.months}


def _cadence(scheme: FacilityScheme) -> list[Term]:
    """How often it is evaluated and how long a filing holds, where that is not every year and for ever."""
    rows = []
    if scheme.every_years > 1:
        text = ngettext("每 %(n)s 年评价一次", "每 %(n)s 年评价一次", scheme.every_years)
        rows.append(Term(_("评价周期"), text % {"n": scheme.every_years}, scheme.clause))
    if scheme.valid_years:
        text = ngettext("%(n)s 年，期满须续期", "%(n)s 年，期满须续期", scheme.valid_years)
        rows.append(Term(_("备案有效期"), text % {"n": scheme.valid_years}, scheme.clause))
    return rows


def _evaluation(scheme: FacilityScheme) -> list[Term]:
    clause = scheme.clause
    span = {"start": scheme.data_from, "end": scheme.data_to}
    report = {"start": scheme.report_opens, "end": scheme.report_closes}
    marks = {"mark": f"{scheme.pass_mark.normalize():f}", "months": scheme.rectify_months}
    removed = {"times": scheme.failures_until_removal}
    rows = [
        *_cadence(scheme),
        Term(_("数据期"), _("每年 %(start)s 至 %(end)s") % span, clause),
        Term(_("自评时间"), _("每年 %(start)s 至 %(end)s") % report, clause),
        Term(_("合格线"), _("%(mark)s 分；不合格的整改 %(months)s 个月") % marks, clause),
        Term(_("取消备案"), _("连续 %(times)s 次不合格") % removed, clause),
    ]
    if scheme.district_check:
        days = {"days": scheme.check_days}
        rows.append(Term(_("区级审查"), _("绿色门槛，%(days)s 个工作日内") % days, clause))
    return rows
