"""Buttons of the desk: have an application revised after what experts said, go on without."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications import actions, rules
from applications.fields import DayField
from applications.queries.revising import suggestions_of
from applications.rules import revising
from core.admin import button
from core.calendar import end_of_day


class RevisionForm(forms.Form):
    """What the team reads, as experts said it until the officer words it."""

    suggestions = forms.CharField(
        label=_("修改意见"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("已汇总专家的评审意见，不含姓名；发出前请核对、删去能认出专家的内容。"),
    )
    due_date = DayField(label=_("修改截止日期（不填按通知规定的天数）"), required=False)

    def about(self, application):
        found = suggestions_of(application)
        self.fields["suggestions"].initial = "\n\n".join(
            f"{number}. {text}" for number, text in enumerate(found, start=1)
        )


class RevisionMixin:
    """For the desk of applications."""

    @button(
        _("请申报人按专家意见修改"),
        form=RevisionForm,
        may=lambda user, application: rules.allowed(revising.check_can_ask_revision, user, application),
        text=_("申报团队在同一申报书里修改通知允许的题目，提交新版本后回到本环节；原版本保留。"),
        icon="edit_note",
    )
    def ask_revision(self, request, application, data, at):
        actions.ask_revision(
            application=application,
            suggestions=data["suggestions"],
            due_at=end_of_day(data["due_date"]) if data["due_date"] else None,
            by=request.user,
            at=at,
        )
        return _("已发给申报团队修改。")

    @button(
        _("不再等待修改，按原稿继续"),
        may=lambda user, application: rules.allowed(
            revising.check_can_go_on, user, application, at=timezone.now()
        ),
        text=_("修改期限已过而没有提交新版本的，恢复退回前的版本，回到原来的环节。"),
        icon="skip_next",
    )
    def go_on(self, request, application, data, at):
        actions.go_on_unrevised(application=application, by=request.user, at=at)
        return _("已恢复原版本，现在是“%(state)s”。") % {"state": application.get_state_display()}
