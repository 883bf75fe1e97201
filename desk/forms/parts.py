"""The page of one part: its forms and rows, read and written together."""

from typing import Any

from desk.forms import (
    accepting,
    changes,
    duties,
    entries,
    equity,
    facilities,
    grades,
    intakes,
    judging,
    nominators,
    notice,
    papers,
    sanctions,
    stages,
)
from desk.forms.base import BaseRows, PartForm
from desk.forms.settings import FormSettings
from grants.models import Call

BLOCKS: dict[str, tuple] = {
    "basics": (notice.BasicsForm, intakes.Intakes, notice.Bodies),
    "notice": (notice.NoticeForm,),
    "contacts": (notice.Contacts,),
    "types": (notice.Types,),
    "access": (
        notice.AccessForm,
        notice.Quotas,
        notice.Invitations,
        notice.Recommenders,
        nominators.Nominators,
        entries.Entries,
    ),
    "topics": (notice.Topics,),
    "form": (FormSettings,),
    "money": (judging.MoneyForm, grades.Grades, judging.Categories, judging.Sources, judging.ClaimsForm),
    "stages": (stages.Stages, notice.ClocksForm, papers.PaperKinds),
    "review": (judging.SchemeForm, judging.Criteria),
    "demands": (judging.DemandsForm,),
    "facilities": (facilities.FacilitiesForm,),
    "milestones": (judging.Milestones, changes.Changes, sanctions.Sanctions, sanctions.Replacements),
    "acceptance": (
        accepting.AcceptanceForm,
        accepting.Conclusions,
        accepting.Criteria,
        accepting.Bonuses,
    ),
    "duties": (duties.Duties,),
    "instalments": (judging.Instalments,),
    "equity": (equity.TermsForm, equity.Triggers, equity.Payees),
}


class PartPage:
    """All forms of a part, from the tables or from what was sent."""

    def __init__(self, part: str, call: Call, data=None):
        self.name, self.call = part, call
        self.blocks = [self._build(kind, data) for kind in BLOCKS[part]]

    def _build(self, kind, data) -> Any:
        if issubclass(kind, BaseRows):
            return kind(data, call=self.call, prefix=kind.part_prefix)
        model = kind._meta.model
        if model is Call:
            instance = Call.objects.get(pk=self.call.pk)
        else:
            instance = model.objects.filter(call=self.call).first()
        return kind(data, call=self.call, instance=instance)

    def shown(self) -> list[dict]:
        """For the template: each block with what it is."""
        return [{"rows" if isinstance(block, BaseRows) else "form": block} for block in self.blocks]

    def is_valid(self) -> bool:
        # Every block is asked, so that all faults are shown at once.
        return all([block.is_valid() for block in self.blocks])  # noqa: C419

    def store(self) -> None:
        """Write everything. Part of `desk.actions.save_part`."""
        for block in self.blocks:
            block.store()

    @property
    def media(self):
        return sum((block.media for block in self.blocks[1:]), self.blocks[0].media)


__all__ = ["BLOCKS", "PartForm", "PartPage"]
