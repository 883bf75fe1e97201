"""Kinds that choose: from the question's own options, or from a dictionary."""

from django import forms
from django.utils.translation import gettext as _

from applications.fields import MANY_ROWS, CodeField, CodesField
from applications.questions.base import Kind, day_of, reads_english
from grants.dictionaries import Codes

ITEM = "item"


def choices_of(config: dict) -> list[tuple[str, str]]:
    pairs = []
    for choice in config.get("choices", []):
        if isinstance(choice, dict):
            value = str(choice.get("value") or choice.get("code") or choice.get("label"))
            label = choice.get("label") or choice.get("name") or value
            if reads_english():
                label = choice.get("label_en") or label
            pairs.append((value, label))
        else:
            pairs.append((str(choice), str(choice)))
    return pairs


class Choice(Kind):
    few = 6

    def field(self, question):
        choices = choices_of(question.config)
        if len(choices) <= self.few:
            return forms.ChoiceField(required=False, choices=choices, widget=forms.RadioSelect)
        return forms.ChoiceField(required=False, choices=[("", _("请选择")), *choices])

    def text(self, question, stored):
        return dict(choices_of(question.config)).get(stored, stored)


class Choices(Kind):
    def field(self, question):
        return forms.MultipleChoiceField(
            required=False, choices=choices_of(question.config), widget=forms.CheckboxSelectMultiple
        )

    def text(self, question, stored):
        labels = dict(choices_of(question.config))
        return "、".join(labels.get(value, value) for value in stored)


def codes_of(question) -> Codes:
    """The entries that a dictionary question offers; read once per question object."""
    found = getattr(question, "_codes", None)
    if found is None:
        config = question.config
        found = Codes(str(config.get("dictionary", "")), on=day_of(question), level=config.get("level"))
        question._codes = found
    return found


class DictionaryChoice(Kind):
    """A code, or a list of codes where the definition says `multiple`."""

    def field(self, question):
        codes = codes_of(question)
        if not question.config.get("multiple"):
            return CodeField(codes, required=False)
        most = question.config.get("max_rows", MANY_ROWS)
        return CodesField([CodeColumn(question)], codes=codes, required=False, max_rows=most)

    def text(self, question, stored):
        codes = codes_of(question)
        many = stored if isinstance(stored, list) else [stored]
        return "；".join(f"{codes.label(code)}（{code}）" for code in many)

    def to_input(self, question, stored):
        return stored


class CodeColumn:
    """The one column of a list of codes."""

    code = ITEM
    required = has_total = False

    def __init__(self, question):
        self.field = CodeField(codes_of(question), required=False)
        self.label = _("选项")

    def clean(self, raw):
        return self.field.clean("" if raw is None else raw) or None
