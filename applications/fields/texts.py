"""Text whose limit is said, not enforced by cutting."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

WORD = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|"
    r"[^\W_\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
"""A Chinese character, or a run of letters and digits; the counter of `autosave.js` counts alike."""


def count_words(text: str) -> int:
    """字数 as word processors count it: each Chinese character, each foreign word or figure."""
    return len(WORD.findall(text))


class LimitedText(forms.CharField):
    """Text with a limit that is said, not enforced by cutting off what was pasted."""

    def __init__(self, *args, max_words=None, **kwargs):
        self.max_words = max_words
        super().__init__(*args, **kwargs)

    def widget_attrs(self, widget):
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        if self.max_length is not None:
            attrs["data-limit"] = str(self.max_length)
        return attrs

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n")

    def validate(self, value):
        super().validate(value)
        words = count_words(value) if self.max_words else 0
        if self.max_words and words > self.max_words:
            raise ValidationError(
                _("最多 %(max)s 个词（汉字按字计），现在有 %(now)s 个。")
                % {"max": self.max_words, "now": words}
            )
