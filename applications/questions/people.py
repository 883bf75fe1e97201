"""A person and a unit as answers: checked codes, masked for others, completed from the register."""

from abc import abstractmethod

from django.utils.translation import gettext as _
from stdnum.cn import ric

from accounts.identity import mask_id_number
from accounts.models import Organisation
from applications.fields import PartsField
from applications.questions.base import Kind
from applications.questions.columns import CREDIT_CODE, ID_NUMBER, Column


def facts_of_number(number: str | None) -> dict:
    """What an ID number says: sex and birth date; null where it is none."""
    known = len(number or "") == 18
    return {
        "birth_date": ric.get_birth_date(number) if known else None,
        # GB 11643: the last digit of the sequence is odd for men.
        "sex": ("male" if int(number[16]) % 2 else "female") if known else None,
    }


class Parts(Kind):
    """{part: text}; only the parts that were filled count."""

    @abstractmethod
    def configs(self) -> list[dict]:
        """The parts, as columns of a table are configured."""

    def columns_of_parts(self) -> list[Column]:
        return [Column(config) for config in self.configs()]

    def field(self, question):
        return PartsField(self.columns_of_parts(), required=False)

    def text(self, question, stored):
        return "，".join(
            f"{column.label} {column.text(stored[column.code])}"
            for column in self.columns_of_parts()
            if stored.get(column.code)
        )


class Person(Parts):
    """人员: {name, id_number, title, organisation}."""

    def configs(self):
        return [
            {"code": "name", "label": _("姓名"), "required": True, "max_length": 60},
            {"code": "id_number", "label": _("身份证号"), "kind": ID_NUMBER},
            {"code": "title", "label": _("职称或职务"), "max_length": 60},
            {"code": "organisation", "label": _("工作单位"), "max_length": 120},
        ]

    def masked(self, stored):
        return stored | {"id_number": mask_id_number(stored.get("id_number") or "")}

    def for_rules(self, question, stored):
        """Sex and birth date follow from the ID number, which stays out of rules and their evidence."""
        said = {name: stored.get(name) or None for name in ("name", "title", "organisation")}
        return said | facts_of_number(stored.get("id_number"))


class Unit(Parts):
    """单位: {name, credit_code}; the one of the two that was left out is found among registered units."""

    def configs(self):
        return [
            {"code": "name", "label": _("单位名称"), "max_length": 120},
            {"code": "credit_code", "label": _("统一社会信用代码"), "kind": CREDIT_CODE},
        ]

    def to_json(self, value):
        if value["name"] and value["credit_code"]:
            return value
        known = {name: text for name, text in value.items() if text}
        found = list(Organisation.objects.filter(**known).values("name", "credit_code")[:2])
        return found[0] if len(found) == 1 else value

    def faults(self, question, stored):
        missing = [c.label for c in self.columns_of_parts() if not stored.get(c.code)]
        return [_("请填写%(label)s。") % {"label": label} for label in missing]

    def for_rules(self, question, stored):
        code = stored.get("credit_code") or ""
        return {
            "name": stored.get("name") or None,
            "credit_code": code or None,
            # The code itself says the region of registration.
            "region": code[2:8] or None,
        }
