"""The steps that an application passes, their clocks, and whom they are for."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.forms.base import PartForm, rows
from desk.forms.rules import check_formula, question_codes
from desk.forms.widgets import WordsField, formula, short_text
from desk.packs.revisions import WHERE_REVISED
from grants.models import (
    FOR_ALL,
    OWN_CLOCKS,
    REVISABLE,
    SLIDES_RULES,
    DayKind,
    RecommendedBy,
    Stage,
    StageKind,
)
from grants.rules import why_for_all

SLIDES = ("slides_days", "slides_until", "slides_pages", "slides_megabytes")
_AFTER_ITS_WORD = gettext_lazy("只用于由上级主管部门推荐：确认后申报书才能提交")
SIGNING = ("shown_days", "opinion_length", "asks_file", "asks_file_en", "pledge", "pledge_en")
"""What an office gives with what it passes on."""


class StageForm(PartForm):
    revises = WordsField(
        label=gettext_lazy("可以修改的题目"), help_text=gettext_lazy("题目代码；留空为整份申报书")
    )
    layout = (
        (("kind", 4), ("days", 2), ("day_kind", 3), ("clause", 3)),
        (("until", 4), ("instruction", 8)),
        (("applies_when", 12),),
        (("recommended_by", 6), ("authority_confirmed", 6)),
        (
            ("slides_days", 3),
            ("slides_until", 4),
            ("slides_pages", 2),
            ("slides_megabytes", 3),
        ),
        (("slides_blind", 12),),
        (("revision_days", 4), ("revises", 8)),
        (("shown_days", 3), ("shown_day_kind", 3), ("opinion_length", 3)),
        (("asks_file", 6), ("asks_file_en", 6)),
        (("pledge", 6), ("pledge_en", 6)),
    )
    of_kinds = {
        **dict.fromkeys((*SLIDES, "slides_blind"), " ".join(SLIDES_RULES)),
        **dict.fromkeys(("revision_days", "revises"), " ".join(REVISABLE)),
        **dict.fromkeys(("recommended_by", "authority_confirmed"), StageKind.RECOMMENDATION),
        **dict.fromkeys((*SIGNING, "shown_day_kind"), f"{StageKind.UNIT_REVIEW} {StageKind.RECOMMENDATION}"),
        "until": " ".join(kind for kind in StageKind.values if kind not in OWN_CLOCKS),
        "applies_when": " ".join(kind for kind in StageKind.values if kind not in FOR_ALL),
    }

    class Meta:
        model = Stage
        fields = (
            "kind",
            "days",
            "day_kind",
            "clause",
            "until",
            "applies_when",
            "recommended_by",
            "authority_confirmed",
            "instruction",
            "slides_days",
            "slides_until",
            "slides_pages",
            "slides_megabytes",
            "slides_blind",
            "revision_days",
            "revises",
            *SIGNING,
            "shown_day_kind",
        )
        widgets = {
            "instruction": short_text(1),
            "applies_when": formula(2),
            "pledge": short_text(2),
            "pledge_en": short_text(2),
        }
        labels = {
            "instruction": gettext_lazy("办理要求（办理人会看到）"),
            "slides_pages": gettext_lazy("页数上限"),
        }
        help_texts = {"instruction": "", "authority_confirmed": _AFTER_ITS_WORD}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["recommended_by"].required = False
        self.fields["shown_day_kind"].required = False

    def clean(self):
        data = super().clean()
        if data.get("kind") != StageKind.RECOMMENDATION or not data.get("recommended_by"):
            # What was chosen for another kind says nothing here.
            data["recommended_by"] = RecommendedBy.REGION
        if data["recommended_by"] != RecommendedBy.AUTHORITY:
            data["authority_confirmed"] = False
        data["shown_day_kind"] = data.get("shown_day_kind") or DayKind.WORKING
        check_formula(self, "applies_when", codes=question_codes(self.call))
        if data.get("applies_when", "").strip() and (why := why_for_all(data.get("kind"), 1)):
            self.add_error("applies_when", why)
        if data.get("until") and data.get("kind") in OWN_CLOCKS:
            self.add_error("until", _("这个环节的时间另有规定，不写统一截止时间。"))
        if data.get("kind") not in (StageKind.UNIT_REVIEW, StageKind.RECOMMENDATION):
            for name in SIGNING:
                if data.get(name):
                    self.add_error(name, _("只有单位审核和推荐审核环节可以要求承诺、公示、材料和意见字数。"))
        if data.get("kind") not in REVISABLE or data.get("revision_days") is None:
            if data.get("revision_days") is not None or data.get("revises"):
                self.add_error("revision_days", WHERE_REVISED)
        elif unknown := set(data.get("revises") or ()) - set(question_codes(self.call)):
            self.add_error("revises", _("没有代码为“%(code)s”的题目。") % {"code": min(unknown)})
        if data.get("kind") not in SLIDES_RULES:
            if data.get("slides_blind") or any(data.get(name) is not None for name in SLIDES):
                self.add_error("slides_days", _("只有专家评审和会议评审（答辩）环节可以收答辩材料。"))
        elif data.get("slides_days") is not None and data.get("slides_until") is not None:
            self.add_error("slides_until", _("答辩材料的期限和截止时间只写一个。"))
        return data


Stages = rows(
    StageForm, title=gettext_lazy("环节"), noun=gettext_lazy("环节"), unique=("kind",), prefix="stages"
)
