"""Projects of earlier notices that may apply here: one row for each kind."""

from django.utils.translation import gettext_lazy

from desk.forms.base import PartForm, rows
from desk.forms.widgets import WordsField
from desk.packs.entering import NO_GRADES
from grants.models import Entry, EntryOf


class EntryForm(PartForm):
    layout = (
        (("name", 5), ("code", 3), ("clause", 4)),
        (("plan", 4), ("title", 5), ("years", 3)),
        (("of", 4), ("best", 4), ("grades", 4)),
        (("is_required", 4), ("beyond_quota", 4), ("days", 4)),
        (("name_en", 12),),
    )
    code_prefix = "entry"
    grades = WordsField(label=gettext_lazy("等次"), help_text=gettext_lazy("那份通知的等次代码；留空不限"))

    class Meta:
        model = Entry
        fields = (
            "name",
            "code",
            "clause",
            "plan",
            "title",
            "years",
            "of",
            "best",
            "grades",
            "is_required",
            "beyond_quota",
            "days",
            "name_en",
        )

    def clean(self):
        data = super().clean()
        if data.get("grades") and data.get("of") == EntryOf.RESERVED:
            self.add_error("grades", NO_GRADES)
        return data


Entries = rows(
    EntryForm,
    title=gettext_lazy("入选资格（前一步、前一级通知中立项或入库的项目凭系统记录申报）"),
    noun=gettext_lazy("入选资格"),
    unique=("code",),
    prefix="entries",
)
