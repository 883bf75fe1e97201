"""Kinds of many rows: tables, lists, 考核指标, 子课题."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from applications.fields import MANY_ROWS, LinesField, TableField
from applications.questions.base import Kind
from applications.questions.choosing import ITEM
from applications.questions.columns import Column
from applications.questions.simple import LINE_LENGTH
from grants.models import QuestionKind

TARGET = "target"
MOST_ROWS = 500


class Table(Kind):
    """A list of rows {column: value}."""

    is_rows = True

    def configs(self, question) -> list[dict]:
        return question.config.get("columns", [])

    def columns(self, question):
        return [Column(config, getattr(question, "call", None)) for config in self.configs(question)]

    def field(self, question):
        config = question.config
        return TableField(
            self.columns(question),
            required=False,
            min_rows=config.get("min_rows", 0),
            max_rows=config.get("max_rows", MANY_ROWS),
        )

    def flat(self, row: dict) -> dict:
        """A stored row as {column: value}."""
        return row

    def to_input(self, question, stored):
        """Cells as typed: 万元, plain dates."""
        columns = self.columns(question)
        return [
            {column.code: column.to_input(self.flat(row).get(column.code)) for column in columns}
            for row in stored
        ]

    def cells(self, question, stored) -> list[list[str]]:
        """The rows as they are printed, and a last one of sums where columns have them."""
        columns = self.columns(question)
        flat = [self.flat(row) for row in stored]
        rows = [[column.text(row.get(column.code)) for column in columns] for row in flat]
        if any(column.has_total for column in columns):
            sums = [column.text(column.total(flat)) if column.has_total else "" for column in columns]
            if not columns[0].has_total:
                sums[0] = _("合计")
            rows.append(sums)
        return rows

    def text(self, question, stored):
        columns = self.columns(question)
        flat = [self.flat(row) for row in stored]
        return "；".join(
            "，".join(f"{column.label} {column.text(row.get(column.code))}" for column in columns)
            for row in flat
        )

    def for_rules(self, question, stored):
        columns = self.columns(question)
        return [
            {column.code: column.for_rules(self.flat(row).get(column.code)) for column in columns}
            for row in stored
        ]

    def totals(self, question, stored) -> dict:
        """Column → its sum as expressions read it, for the columns that have one."""
        flat = [self.flat(row) for row in stored]
        return {
            column.code: column.for_rules(column.total(flat))
            for column in self.columns(question)
            if column.has_total
        }

    def faults(self, question, stored):
        least = question.config.get("min_rows", 0)
        if len(stored) < least:
            return [_("至少 %(min)s 行，现在有 %(now)s 行。") % {"min": least, "now": len(stored)}]
        return []


class Lines(Kind):
    """条目列表: ["one", "two"]."""

    def field(self, question):
        config = question.config
        item = {"code": ITEM, "label": _("条目"), "max_length": config.get("max_length", LINE_LENGTH)}
        return LinesField([Column(item)], required=False, max_rows=config.get("max_rows", MANY_ROWS))

    def text(self, question, stored):
        return "\n".join(f"{number}. {item}" for number, item in enumerate(stored, start=1))

    faults = Table.faults


def years_of(question) -> list[str]:
    """The years for which indicators have targets: a list of years, or how many from the call's year on."""
    years = question.config.get("years") or []
    if isinstance(years, int):
        first = getattr(getattr(question, "call", None), "year", None) or 1
        return [str(first + number) for number in range(years)]
    return [str(year) for year in years]


class Indicators(Table):
    """考核指标: {name, unit, baseline, target or targets {year: …}, evidence}."""

    def configs(self, question):
        evidence = question.config.get("evidence") or [
            {"value": "test", "label": _("第三方检测报告")},
            {"value": "users", "label": _("用户使用证明")},
            {"value": "audit", "label": _("专项审计报告")},
            {"value": "patent", "label": _("专利或标准文本")},
            {"value": "paper", "label": _("论文")},
            {"value": "other", "label": _("其他")},
        ]
        targets = [
            {"code": f"{TARGET}_{year}", "label": _("%(year)s 年目标") % {"year": year}, "max_length": 60}
            for year in years_of(question)
        ] or [{"code": TARGET, "label": _("目标值"), "max_length": 60}]
        return [
            {"code": "name", "label": _("指标"), "required": True, "max_length": 120},
            {"code": "unit", "label": pgettext("measure", "单位"), "max_length": 30},
            {"code": "baseline", "label": _("现状"), "max_length": 60},
            *targets[:-1],
            targets[-1] | {"required": True},
            {"code": "evidence", "label": _("证明方式"), "kind": QuestionKind.CHOICE, "choices": evidence},
        ]

    def to_json(self, value):
        rows = []
        for row in value:
            of_years = [code for code in row if code.startswith(f"{TARGET}_")]
            years = {code.removeprefix(f"{TARGET}_"): row[code] for code in of_years}
            kept = {code: cell for code, cell in row.items() if code not in of_years}
            rows.append(kept | ({"targets": years} if years else {}))
        return rows

    def flat(self, row):
        targets = {f"{TARGET}_{year}": value for year, value in (row.get("targets") or {}).items()}
        return {code: value for code, value in row.items() if code != "targets"} | targets

    def for_rules(self, question, stored):
        return [dict(row) for row in stored]


class Subprojects(Table):
    """子课题: {title, leader, unit, amount, content}; amounts in 元."""

    def configs(self, question):
        return [
            {"code": "title", "label": _("子课题名称"), "required": True, "max_length": 120},
            {"code": "leader", "label": _("负责人"), "required": True, "max_length": 60},
            {"code": "unit", "label": _("承担单位"), "required": True, "max_length": 120},
            {"code": "amount", "label": _("经费（万元）"), "kind": QuestionKind.MONEY, "total": True},
            {"code": "content", "label": _("研究内容"), "kind": QuestionKind.TEXT, "max_length": 1000},
        ]
