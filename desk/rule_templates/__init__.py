"""Clauses as they stand in hundreds of notices, ready to be filled in: text, scope, expression, parameters."""

from desk.rule_templates.earlier import EARLIER
from desk.rule_templates.kind import Group, Param, ParamKind, RuleTemplate
from desk.rule_templates.people import PEOPLE
from desk.rule_templates.projects import PROJECTS
from desk.rule_templates.reports import REPORTS
from desk.rule_templates.units import CONSORTIA, UNITS

TEMPLATES: tuple[RuleTemplate, ...] = (*UNITS, *CONSORTIA, *PEOPLE, *EARLIER, *REPORTS, *PROJECTS)
BY_CODE = {template.code: template for template in TEMPLATES}

__all__ = ["BY_CODE", "TEMPLATES", "Group", "Param", "ParamKind", "RuleTemplate"]
