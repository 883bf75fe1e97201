"""How every part of a call is edited: one record (`PartForm`) or rows of records (`rows`)."""

import re
from decimal import Decimal
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext as _

from desk import renaming
from desk.forms.widgets import Day, Moment, plain
from desk.parts import OUT_OF_THE_WAY, next_code
from grants.models import Call

CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
MOST_ROWS = 300


def remembered(call: Call, name: str, make):
    """What the forms of one page read of a call, read once."""
    key = f"_desk_{name}"
    if key not in call.__dict__:
        call.__dict__[key] = make()
    return call.__dict__[key]


class PartForm(forms.ModelForm):
    """A record of a call. `layout`: lines of (field, columns of twelve), as they stand on the page."""

    layout: tuple = ()
    of_kinds: ClassVar[dict[str, str]] = {}
    """Field of a row → the kinds of the row that it belongs to; a script hides it for the others."""
    code_prefix = ""
    """With it, a code left empty becomes the next free `<prefix><number>`."""

    def __init__(self, *args, call: Call, **kwargs):
        self.call = call
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            self._suit(name, field)
            if isinstance(self.initial.get(name), Decimal):
                self.initial[name] = Decimal(plain(self.initial[name]))

    def _suit(self, name, field):
        """Native pickers for days and moments, words for empty choices, codes that may be left out."""
        if isinstance(field, forms.DateTimeField):
            field.widget = Moment()
        elif isinstance(field, forms.DateField) and not isinstance(field.widget, Day):
            field.widget = Day()
        if name == "project_type":
            # The rows of a page share the list: one query, not one a row.
            field.queryset = self.call.types.all()
            types = remembered(self.call, "types", lambda: list(self.call.types.all()))
            field.choices = [("", _("各类别共用")), *((row.pk, row.name) for row in types)]
        if name == "code" and self.code_prefix:
            field.required = False
            field.widget.attrs["placeholder"] = _("留空自动编号")
        if isinstance(field, forms.TypedChoiceField) and field.choices[0][0] == "":
            field.choices = [("", _("请选择")), *field.choices[1:]]
        if isinstance(field, forms.IntegerField):
            field.widget.attrs.setdefault("inputmode", "numeric")

    def clean_code(self):
        code = self.cleaned_data["code"]
        if code and not CODE.fullmatch(code):
            raise ValidationError(_("只用拉丁字母、数字和下划线，以字母开头。"))
        return code

    def validate_constraints(self):
        """Said in words by `clean` and by the rows; the database's own names mean nothing to people."""

    validate_unique = validate_constraints

    def lines(self) -> list[list[tuple]]:
        """Bound fields with their width, line by line; what the layout forgets comes last."""
        shown = {name for line in self.layout for name, _width in line}
        rest = [
            (name, 12) for name in self.fields if name not in shown and name not in ("id", "ORDER", "DELETE")
        ]
        lines = [*self.layout, *((pair,) for pair in rest)]
        return [[(self._bound(name), width) for name, width in line if name in self.fields] for line in lines]

    def _bound(self, name: str):
        """A bound field that knows for which kinds of the row it is shown."""
        field = self[name]
        field.kinds = self.of_kinds.get(name, "")
        return field

    def store(self):
        """Write the record. Part of `desk.actions.save_part`."""
        instance = self.save(commit=False)
        if isinstance(instance, Call):
            # Only what stands on this page: the state and the other parts may have moved on meanwhile.
            instance.save(update_fields=list(self._meta.fields))
        else:
            instance.call = self.call
            instance.save()


class BaseRows(forms.BaseModelFormSet):
    """Rows of one part; added, copied, moved and dropped on the page, written in their order."""

    title = ""
    noun = ""
    unique = ("code",)
    ordered = True

    def __init__(self, *args, call: Call, **kwargs):
        self.call = call
        kwargs.setdefault("queryset", self.known(call))
        super().__init__(*args, form_kwargs={"call": call}, **kwargs)

    @classmethod
    def known(cls, call: Call):
        return cls.model._default_manager.filter(call=call).order_by(
            *(["order", "pk"] if cls.ordered else ["pk"])
        )

    def validate_unique(self):
        """`clean` says it in words."""

    def clean(self):
        seen: dict[tuple, int] = {}
        for number, form in enumerate(self.kept(), start=1):
            key = tuple(form.cleaned_data.get(name) for name in self.unique)
            if not key or key == ("",) or key == (None,):
                continue
            if key in seen:
                form.add_error(self.unique[-1], _("与第 %(number)s 行重复。") % {"number": seen[key]})
            seen.setdefault(key, number)

    def kept(self) -> list[forms.ModelForm]:
        """Rows that stay, in the order of the page."""
        forms_ = [
            form
            for form in self.forms
            if hasattr(form, "cleaned_data")
            and not form.cleaned_data.get("DELETE")
            and (form.instance.pk or form.has_changed())
        ]
        if not self.ordered:
            return forms_
        return sorted(forms_, key=lambda form: form.cleaned_data.get("ORDER") or MOST_ROWS * 10)

    def store(self):
        """Write all rows. Part of `desk.actions.save_part`."""
        for form in self.deleted_forms:
            if form.instance.pk:
                form.instance.delete()
        kept = self.kept()
        if self.ordered:
            # Orders are unique in some tables: step out of the way first.
            self.model._default_manager.filter(call=self.call).update(order=F("order") + OUT_OF_THE_WAY)
        names = {
            form.initial["code"]: form.instance.code
            for form in kept
            if form.instance.pk and "code" in form.changed_data and form.instance.code
        }
        taken = {form.instance.code for form in kept if getattr(form.instance, "code", "")}
        for number, form in enumerate(kept, start=1):
            row = form.save(commit=False)
            row.call = self.call
            if self.ordered:
                row.order = number
            if form.code_prefix and not row.code:
                row.code = next_code(form.code_prefix, taken)
                taken.add(row.code)
            row.save()
        renaming.carry(self.call, self.model, names)

    @property
    def count(self) -> int:
        return len(self.forms)


def rows(
    form: type[PartForm], *, title, noun, unique=("code",), ordered=True, prefix="rows"
) -> type[BaseRows]:
    """A formset class over the form's model."""
    base = type(
        f"{form.__name__}Rows",
        (BaseRows,),
        {"title": title, "noun": noun, "unique": unique, "ordered": ordered, "part_prefix": prefix},
    )
    return forms.modelformset_factory(
        form._meta.model,
        form=form,
        formset=base,
        extra=0,
        can_delete=True,
        can_order=ordered,
        max_num=MOST_ROWS,
        absolute_max=MOST_ROWS + 1,
    )
