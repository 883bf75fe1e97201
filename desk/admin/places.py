"""Where on the desk a place of a pack is edited."""

from collections import defaultdict

from desk.admin.pages import address
from desk.checks import Finding
from grants.models import Call, EligibilityRule, MoneyRule, Question, Section

ROWS_PREFIX = {
    "contacts": "contacts",
    "types": "types",
    "intakes": "intakes",
    "quotas": "quotas",
    "invitations": "invitations",
    "recommenders": "recommenders",
    "nominators": "nominators",
    "entries": "entries",
    "stages": "stages",
    "milestones": "milestones",
    "sanctions": "sanctions",
    "replaced_by": "replaced_by",
    "duties": "duties",
    "paper": "paper_kinds",
    "changes": "changes",
    "grades": "grades",
    "instalments": "instalments",
}


class Places:
    """Addresses of findings of one call; four queries, however many findings."""

    def __init__(self, call: Call):
        self.call = call
        self.questions: dict[int, list[int]] = defaultdict(list)
        pairs = Question.objects.filter(call=call).order_by("order").values_list("section_id", "pk")
        for section, question in pairs:
            self.questions[section].append(question)
        self.sections = _keys(Section, call)
        self.rules = _keys(EligibilityRule, call)
        self.clauses = _keys(MoneyRule, call)

    def url(self, finding: Finding) -> str:
        """The page on which the finding is mended; with rows, the row itself."""
        place, part = tuple(finding.place), finding.part.name
        numbers = [step for step in place if isinstance(step, int)]
        if part == "form" and place[:1] == ("sections",) and numbers:
            return self._form(numbers)
        if part == "rules" and numbers and numbers[0] < len(self.rules):
            return address("rule", self.call.pk, self.rules[numbers[0]])
        if part == "clauses" and numbers and numbers[0] < len(self.clauses):
            return address("clause", self.call.pk, self.clauses[numbers[0]])
        url = address("part", self.call.pk, part)
        prefix = ROWS_PREFIX.get(str(place[0])) if place else None
        return f"{url}#{prefix}-{numbers[0]}" if prefix and numbers else url

    def _form(self, numbers) -> str:
        if numbers[0] >= len(self.sections):
            return address("part", self.call.pk, "form")
        section = self.sections[numbers[0]]
        if len(numbers) > 1 and numbers[1] < len(self.questions[section]):
            return address("question", self.call.pk, self.questions[section][numbers[1]])
        return address("section", self.call.pk, section)


def _keys(model, call: Call) -> list[int]:
    return list(model.objects.filter(call=call).order_by("order").values_list("pk", flat=True))
