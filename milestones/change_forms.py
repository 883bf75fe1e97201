"""Ask for a change of a running project: one form per kind of change."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.identity import mask_id_number
from applications.fields import LimitedText
from applications.forms.people import PersonForm
from applications.models import ParticipantRole
from applications.questions import localised
from grants.person_roles import roles_of
from milestones import changing
from milestones.forms import FilesField
from milestones.models import ChangeKind

MOST_JOINING = 10


class ReasonForm(forms.Form):
    """Why, and the papers; every kind has these."""

    reason = LimitedText(
        label=gettext_lazy("变更理由"),
        max_length=changing.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("写明变更的原因和对项目任务、经费、进度的影响，不超过 4000 字。"),
    )
    files = FilesField(
        label=gettext_lazy("证明材料"),
        required=False,
        help_text=gettext_lazy("PDF、Word、Excel、PNG 或 JPEG，可多选。"),
    )

    def __init__(self, *args, agreement, term, **kwargs):
        super().__init__(*args, **kwargs)
        self.agreement = agreement
        if term.asks_file:
            self.fields["files"].required = True
            self.fields["files"].label = localised(term, "asks_file")


class TextForm(ReasonForm):
    """What it was and what it becomes, in words."""

    field_order = ("before", "after", "reason", "files")

    before = LimitedText(
        label=gettext_lazy("变更前"),
        max_length=changing.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("照任务书原文填写要变更的部分。"),
    )
    after = LimitedText(
        label=gettext_lazy("变更后"), max_length=changing.LONGEST, widget=forms.Textarea(attrs={"rows": 4})
    )

    def asked(self) -> dict:
        return self.cleaned_data


class TitleForm(ReasonForm):
    field_order = ("after", "reason", "files")

    after = LimitedText(label=gettext_lazy("新的项目名称"), max_length=changing.LONGEST_TITLE)

    def __init__(self, *args, agreement, **kwargs):
        super().__init__(*args, agreement=agreement, **kwargs)
        self.fields["after"].help_text = _("现在是“%(title)s”。") % {
            "title": agreement.award.application.title
        }

    def asked(self) -> dict:
        return self.cleaned_data


class JoiningForm(PersonForm):
    """A person who joins; the role follows from the kind of change, or is one that the notice names."""

    def __init__(self, *args, roles=(), **kwargs):
        super().__init__(*args, roles=roles, **kwargs)
        if not roles:
            del self.fields["role"]


JoiningFormSet = forms.formset_factory(
    JoiningForm, extra=1, max_num=MOST_JOINING, absolute_max=MOST_JOINING, can_delete=True
)
LeaderFormSet = forms.formset_factory(JoiningForm, extra=1, max_num=1, absolute_max=1)


class PeopleForm(ReasonForm):
    """Who leaves, and beside it (`joining`) who joins."""

    field_order = ("leave", "who", "stays", "reason", "files")

    def __init__(self, *args, agreement, term, **kwargs):
        super().__init__(*args, agreement=agreement, term=term, **kwargs)
        self.people = list(changing.people_of(agreement))
        members = [row for row in self.people if row.role != ParticipantRole.PI]
        shown = [(str(row.pk), _shown(row)) for row in members]
        self.is_leader = term.kind == ChangeKind.LEADER
        if self.is_leader:
            self.fields["who"] = forms.ChoiceField(
                label=_("新的负责人"),
                choices=[*shown, ("", _("不在现有成员里，在下面填写"))],
                required=False,
                widget=forms.RadioSelect,
                initial="",
            )
            self.fields["stays"] = forms.BooleanField(label=_("原负责人留在项目里，作为成员"), required=False)
        else:
            self.fields["leave"] = forms.MultipleChoiceField(
                label=_("退出的成员"), choices=shown, required=False, widget=forms.CheckboxSelectMultiple
            )
        self.order_fields(self.field_order)
        known = [(row.name, row.id_number) for row in self.people]
        kind = LeaderFormSet if self.is_leader else JoiningFormSet
        sent = self.data if self.is_bound else None
        roles = [] if self.is_leader else roles_of(agreement.award.application.call)
        own = {"known": known, "roles": [role for role in roles if not role.leads]}
        self.joining = kind(sent, prefix="joining", form_kwargs=own)

    def chosen(self):
        """The fields above those of who joins."""
        return [self[name] for name in self.fields if name not in ReasonForm.base_fields]

    def explained(self):
        return [self[name] for name in ReasonForm.base_fields]

    def is_valid(self):
        rows = self.joining.is_valid()
        return super().is_valid() and rows

    def asked(self) -> dict:
        data = self.cleaned_data
        said = {"reason": data["reason"], "files": data["files"]}
        typed = [
            {name: form.cleaned_data[name] for name in form.cleaned_data if name != "DELETE"}
            for form in self.joining.forms
            if form.has_changed() and not form.cleaned_data.get("DELETE")
        ]
        if not self.is_leader:
            join = [person | {"role": ParticipantRole.MEMBER} for person in typed]
            return said | {"leave": [int(pk) for pk in data["leave"]], "join": join}
        old = [row for row in self.people if row.role == ParticipantRole.PI]
        chosen = [row for row in self.people if str(row.pk) == data["who"]]
        leave = [row.pk for row in (*old, *chosen)]
        new = [_person(row) for row in chosen] or typed
        join = [person | {"role": ParticipantRole.PI} for person in new]
        if data["stays"]:
            join += [_person(row) | {"role": ParticipantRole.MEMBER} for row in old]
        return said | {"leave": leave, "join": join}


def _shown(row) -> str:
    number = mask_id_number(row.id_number)
    return " ".join(filter(None, (row.name, row.title, row.organisation_name, number)))


def _person(row) -> dict:
    return {name: getattr(row, name) for name in changing.PERSON_FIELDS}


FORMS = dict.fromkeys(ChangeKind, TextForm) | {
    ChangeKind.TITLE: TitleForm,
    ChangeKind.LEADER: PeopleForm,
    ChangeKind.MEMBERS: PeopleForm,
}
