"""What every admin page shares: visibility, lists that stay fast, history."""

import json

from django import forms
from django.contrib.admin import display
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import JSONField as JSON
from django.forms.fields import InvalidJSONInput
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold import admin as unfold
from unfold.forms import PaginationGenericInlineFormSet, PaginationInlineFormSet
from unfold.views import ChangeList as BaseChangeList

from core.models import Event
from core.sent import number


class CappedPaginator(Paginator):
    """Counts no further than CAP rows, so that any list opens as fast; filters reach the rest."""

    CAP = 10_000
    template_name = "core/includes/_admin_pages.html"

    @cached_property
    def count(self):
        return self.object_list.order_by().values("pk")[: self.CAP].count()

    @property
    def is_capped(self) -> bool:
        """The foot of the list says that there may be more."""
        return self.count >= self.CAP


class ChangeList(BaseChangeList):
    """Beside the title stands how many were found, where something was looked for and all were counted."""

    def get_results(self, request):
        super().get_results(request)
        if self.paginator.is_capped or not (self.query or self.get_filters_params()):
            self.full_result_count = self.result_count


class VisibleMixin:
    """Lists, pages and choices go through `visible_to`; what is not visible is a 404."""

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.visible_to(request.user) if hasattr(rows, "visible_to") else rows


class WholeRowForm(forms.ModelForm):
    """Judges a stored row as a whole: what the page only shows counts in the table's constraints, too."""

    def _post_clean(self):
        super()._post_clean()
        if self.errors or self.instance._state.adding:
            return
        try:
            self.instance.validate_constraints()
        except ValidationError as fault:
            self._update_errors(fault)


class JSONField(forms.JSONField):
    """JSON that the database holds: no NaN, no NUL, no endless number, nothing nested beyond reading."""

    def to_python(self, value):
        try:
            value = super().to_python(value)
            text = json.dumps(value, allow_nan=False, ensure_ascii=False)
            text.encode()
        except (ValueError, RecursionError) as fault:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from fault
        if "\\u0000" in text:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return value

    def bound_data(self, data, initial):
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)


class Autocomplete(AutocompleteSelect):
    """A choice by search that shows its own page again where what was sent is no key."""

    def optgroups(self, name, value, attr=None):
        return super().optgroups(name, [key for key in value if number(str(key))], attr)


class ModelAdmin(VisibleMixin, unfold.ModelAdmin):
    """Base of every admin page of the product."""

    form = WholeRowForm
    formfield_overrides = {JSON: {"form_class": JSONField}}
    list_per_page = 50
    show_full_result_count = False
    paginator = CappedPaginator
    warn_unsaved_form = True

    def get_changelist(self, request, **kwargs):
        return ChangeList

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if "widget" not in kwargs and db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = Autocomplete(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnlyMixin:
    """A page or an inline on which nothing can be added, changed or deleted."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class PageOfAddress:
    """Formset of an inline with pages: a number in the address that is none shows the first page."""

    def get_page_num(self) -> int:
        key = self.get_pagination_key()
        return number(self.request.GET.get(key)) or number(self.request.POST.get(key)) or 1


class PagedRows(PageOfAddress, PaginationInlineFormSet):
    pass


class PagedEvents(PageOfAddress, PaginationGenericInlineFormSet):
    pass


class EventInline(ReadOnlyMixin, unfold.GenericTabularInline):
    """History of the subject, newest first, where the question arises."""

    model = Event
    ct_field = "content_type"
    ct_fk_field = "object_id"
    fields = ("at", "actor", "what", "note")
    readonly_fields = fields
    ordering = ("-at", "-id")
    extra = 0
    formset = PagedEvents
    per_page = 20
    tab = True
    verbose_name_plural = _("历史记录")

    def has_view_permission(self, request, obj=None):
        return True

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("by", "content_type")

    @display(description=_("操作人"))
    def actor(self, event):
        return event.by or _("系统")

    @display(description=_("动作"))
    def what(self, event):
        return event.what()


class HistoryMixin:
    """Adds the history of the subject as the last inline."""

    def get_inlines(self, request, obj):
        inlines = [*super().get_inlines(request, obj)]
        return inlines if obj is None else [*inlines, EventInline]
