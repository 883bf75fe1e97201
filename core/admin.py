"""What every admin page shares: visibility, history, buttons that call one action; and the calendar."""

import json
from collections.abc import Callable
from functools import update_wrapper

from django import forms
from django.contrib import messages
from django.contrib.admin import display, register
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Case, Count, Q, When
from django.db.models import JSONField as JSON
from django.forms.fields import InvalidJSONInput
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold import admin as unfold
from unfold import widgets
from unfold.enums import ActionVariant
from unfold.forms import PaginationGenericInlineFormSet, PaginationInlineFormSet
from unfold.views import ChangeList as BaseChangeList

from core import calendar, calendar_table
from core.models import CalendarDay, Event
from core.sent import number
from core.workflow import Lost, Refused

WIDGETS = {
    forms.TextInput: widgets.UnfoldAdminTextInputWidget,
    forms.EmailInput: widgets.UnfoldAdminEmailInputWidget,
    forms.NumberInput: widgets.UnfoldAdminDecimalFieldWidget,
    forms.Textarea: widgets.UnfoldAdminTextareaWidget,
    forms.Select: widgets.UnfoldAdminSelectWidget,
    forms.SelectMultiple: widgets.UnfoldAdminSelectMultipleWidget,
    forms.RadioSelect: widgets.UnfoldAdminRadioSelectWidget,
    forms.CheckboxSelectMultiple: widgets.UnfoldAdminCheckboxSelectMultipleWidget,
    forms.CheckboxInput: widgets.UnfoldBooleanWidget,
    forms.DateInput: widgets.UnfoldAdminSingleDateWidget,
    forms.ClearableFileInput: widgets.UnfoldAdminFileFieldWidget,
}


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


class EmptyForm(forms.Form):
    """A button that asks nothing but "really?"."""


def button(
    description,
    *,
    form: type[forms.Form] = EmptyForm,
    may: Callable[..., bool] | None = None,
    text="",
    facts: Callable[..., list] | None = None,
    icon: str | None = None,
    variant: ActionVariant = ActionVariant.DEFAULT,
):
    """Turn `def name(self, request, subject, data, at)` into a button of `actions_detail`.

    The button opens a page with `text` and `form`; its POST calls the method, whose one job is to call one
    action. It returns the sentence to show, or an HttpResponse. A Refused is shown above the form, in which
    nothing typed is lost. `may(user, subject)` decides who sees the button; without it, whoever may change.
    `facts(subject)` are pairs of a word and a text to decide by, shown above the form.
    """

    def decorate(method):
        def view(self, request, object_id):
            return self.press(request, object_id, view, method)

        update_wrapper(view, method)
        view.short_description, view.form_class, view.may, view.text = description, form, may, text
        view.attrs, view.icon, view.variant, view.facts = {}, icon, variant, facts
        return view

    return decorate


def page(description, *, may: Callable[..., bool], icon: str | None = None, variant=ActionVariant.DEFAULT):
    """Turn `def name(self, request, subject)` into a page of `actions_detail` with a form of its own."""

    def decorate(method):
        def view(self, request, object_id):
            subject = self._subject(request, object_id)
            if not self._may_press(request, view, subject):
                raise PermissionDenied
            return method(self, request, subject)

        update_wrapper(view, method)
        view.short_description, view.form_class, view.may, view.text = description, EmptyForm, may, ""
        view.attrs, view.icon, view.variant = {}, icon, variant
        return view

    return decorate


def _form(view, subject, *data) -> forms.Form:
    """The form of a button; one with a method `about` offers what the subject allows and has."""
    form = view.form_class(*data)
    if hasattr(form, "about"):
        form.about(subject)
    return form


class ActionButtonsMixin:
    """Detail buttons made by `button`: they change nothing on GET and obey the same rule as the action."""

    def get_actions_detail(self, request, object_id):
        subject = self._subject(request, object_id)
        buttons = super().get_actions_detail(request, object_id)
        return [
            found
            for found in buttons
            if not hasattr(found.method, "form_class") or self._may_press(request, found.method, subject)
        ]

    def _subject(self, request, object_id):
        """The subject of this page, read once a request. Raises Http404."""
        known = request.__dict__.setdefault("_button_subjects", {})
        key = (self.opts.label_lower, str(object_id))
        if key not in known:
            known[key] = self.get_object(request, str(object_id))
        if known[key] is None:
            raise Http404
        return known[key]

    def _may_press(self, request, view, subject) -> bool:
        if view.may is None:
            return self.has_change_permission(request, subject)
        return self.has_view_permission(request, subject) and view.may(request.user, subject)

    def press(self, request, object_id, view, method):
        """Show the button's page, or run its action. 404 before 403; Refused becomes a sentence."""
        subject = self._subject(request, object_id)
        if not self._may_press(request, view, subject):
            raise PermissionDenied
        if request.method != "POST":
            return self._button_page(request, subject, view, _form(view, subject))
        form = dress(_form(view, subject, request.POST, request.FILES))
        if form.is_valid():
            try:
                done = method(self, request, subject, form.cleaned_data, timezone.now())
            except Refused as refused:
                form.add_error(refused.field if refused.field in form.fields else None, refused.message)
            else:
                return done if isinstance(done, HttpResponse) else self._done(request, subject, done)
        return self._button_page(request, subject, view, form, status=422)

    def _done(self, request, subject, sentence):
        messages.success(request, sentence)
        known = self.get_queryset(request).filter(pk=subject.pk).exists()
        page = "change" if known else "changelist"
        address = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return redirect(reverse(address, args=[subject.pk] if known else []))

    def _button_page(self, request, subject, view, form, status=200):
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": view.short_description,
            "subtitle": str(subject),
            "text": view.text,
            "facts": view.facts(subject) if view.facts else [],
            "form": dress(form),
            "media": self.media + form.media,
            "back": reverse(
                f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change",
                args=[subject.pk],
            ),
        }
        return render(request, "core/admin_button.html", context, status=status)


def dress(form: forms.Form) -> forms.Form:
    """Give a plain form the admin's widgets, so that it looks like the pages around it."""
    for field in form.fields.values():
        if type(field.widget).__module__.startswith(("unfold.", "django.contrib.admin.")):
            continue  # chosen with care already
        wanted = next((WIDGETS[kind] for kind in type(field.widget).__mro__ if kind in WIDGETS), None)
        if wanted:
            old, attrs = field.widget, {k: v for k, v in field.widget.attrs.items() if k != "class"}
            field.widget = wanted(attrs=attrs)
            field.widget.is_required = old.is_required
            if hasattr(old, "choices"):
                field.widget.choices = field.choices
    return form


def run(request, action: Callable, *, success, **kwargs) -> bool:
    """Call one action for the person and say how it went. For list actions and `save_model`."""
    try:
        action(by=request.user, at=timezone.now(), **kwargs)
    except Refused as refused:
        messages.error(request, refused.message)
        return False
    messages.success(request, success)
    return True


class CalendarUploadForm(forms.Form):
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("例如：国办发明电〔2026〕9 号"))
    file = forms.FileField(
        label=_("工作日历表"),
        help_text=_("CSV 或 YAML，列为：日期、上班（是/否）、节日。表中出现的年份将整年替换。"),
    )

    def clean(self):
        file = self.cleaned_data.get("file")
        if file:
            try:
                self.cleaned_data["rows"] = calendar_table.parse(
                    file.read(calendar_table.MAX_BYTES + 1), file_name=file.name
                )
            except ValidationError as fault:
                self.add_error("file", fault)
        return self.cleaned_data


@register(CalendarDay)
class CalendarDayAdmin(ModelAdmin):
    """The 调休 table. Years are replaced by an upload; single days can be corrected by hand."""

    list_display = ("date", "is_working", "name", "source")
    list_filter = ("is_working",)
    date_hierarchy = "date"
    # What was announced first: ten years of days that follow from the law would stand before it.
    ordering = (Case(When(source=calendar.BY_LAW, then=1), default=0), "-date")
    search_fields = ("name", "source")
    actions_list = ("upload",)

    list_before_template = "core/includes/_awaited.html"

    def changelist_view(self, request, extra_context=None):
        awaited = calendar.awaited(calendar.local_date(timezone.now()))
        context = {"awaited": awaited, "may_upload": self.has_change_permission(request)}
        return self._unless_lost(
            request, super().changelist_view, extra_context=context | (extra_context or {})
        )

    def changeform_view(self, request, *args, **kwargs):
        return self._unless_lost(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request, *args, **kwargs):
        return self._unless_lost(request, super().delete_view, *args, **kwargs)

    def _unless_lost(self, request, view, *args, **kwargs):
        """The page; or, of a change that somebody else was in the way of, the sentence and the page again."""
        try:
            return view(request, *args, **kwargs)
        except Lost as lost:
            messages.error(request, lost.message)
            return redirect(request.get_full_path())

    def save_model(self, request, obj, form, change):
        with calendar_table.changing(source=obj.source, by=request.user, at=timezone.now()) as moved:
            obj.save()
        self._tell(request, "", moved)

    def delete_model(self, request, obj):
        with calendar_table.changing(source=obj.source, by=request.user, at=timezone.now()) as moved:
            obj.delete()
        self._tell(request, "", moved)

    def delete_queryset(self, request, queryset):
        with calendar_table.changing(
            source=str(_("删除调休日")), by=request.user, at=timezone.now()
        ) as moved:
            queryset.delete()
        self._tell(request, "", moved)

    def _tell(self, request, sentence: str, moved: calendar_table.Moved) -> None:
        if moved.dates:
            text = ngettext(
                "%(n)s 个未办结的期限按新的工作日历改到别的日期，已通知办理人。",
                "%(n)s 个未办结的期限按新的工作日历改到别的日期，已通知办理人。",
                moved.dates,
            )
            sentence += text % {"n": moved.dates}
        if sentence:
            messages.success(request, sentence)

    def upload(self, request):
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = CalendarUploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            rows = form.cleaned_data["rows"]
            try:
                moved = calendar_table.replace_years(
                    rows=rows, source=form.cleaned_data["source"], by=request.user, at=timezone.now()
                )
            except Lost as lost:
                form.add_error(None, lost.message)
            else:
                self._tell(request, _("已写入 %(days)s 天。") % {"days": len(rows)}, moved)
                return redirect("admin:core_calendarday_changelist")
        years = (
            CalendarDay.objects.order_by()
            .values("date__year")
            .annotate(
                rest=Count("pk", filter=Q(is_working=False)),
                work=Count("pk", filter=Q(is_working=True)),
                announced=Count("pk", filter=~Q(source=calendar.BY_LAW)),
            )
            .order_by("-date__year")
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("上传工作日历表"),
            "form": dress(form),
            "years": years,
            "awaited": calendar.awaited(calendar.local_date(timezone.now())),
            "back": reverse("admin:core_calendarday_changelist"),
        }
        status = 422 if request.method == "POST" else 200
        return render(request, "core/calendar_upload.html", context, status=status)

    upload.short_description = _("上传工作日历表")
    upload.attrs = {}
    upload.icon = "upload"
    upload.variant = ActionVariant.PRIMARY

    def has_upload_permission(self, request):
        return self.has_change_permission(request)

    upload.allowed_permissions = ["upload"]
