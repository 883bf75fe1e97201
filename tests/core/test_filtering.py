"""The fields above a list."""

from django import forms

from core.filtering import Filter


class StateFilter(Filter):
    state = forms.ChoiceField(required=False, choices=[("", "全部"), ("open", "未办结")])


def test_what_cannot_be_read_counts_as_not_given_and_every_field_has_its_look():
    assert StateFilter({"q": " 密封 ", "state": "nonsense"}).chosen() == {"q": "密封"}
    assert StateFilter({"q": "x" * 61, "state": "open"}).chosen() == {"state": "open"}
    looks = [field.field.widget.attrs["class"] for field in StateFilter()]
    assert looks == ["form-control", "form-select"]
