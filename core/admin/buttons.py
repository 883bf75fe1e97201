"""Buttons of admin pages that call one action, and plain forms in the admin's dress."""

from collections.abc import Callable
from functools import update_wrapper

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from unfold import widgets
from unfold.enums import ActionVariant

from core.workflow import Refused

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
