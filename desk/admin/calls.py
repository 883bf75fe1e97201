"""Whole calls on the desk: a new one, a copy for another year, a pack in or out, publishing."""

from urllib.parse import quote

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.workflow import Refused
from desk import actions, packs, years
from desk.admin.overview import problems_of
from desk.admin.pages import DeskPages, address
from desk.forms.calls import CopyForm, ImportForm, PublishForm
from desk.forms.notice import NewCallForm
from desk.packs import BadPack
from grants.models import Call
from grants.rules import check_can_edit, check_manages
from grants.states import CallState


class CallViews(DeskPages):
    """Pages about a call as a whole."""

    def add_view(self, request, form_url="", extra_context=None):
        """A new call: the least it needs; or from a pack, or as a copy."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        initial = {"year": timezone.localdate().year}
        form = NewCallForm(request.POST or None, user=request.user, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                call = actions.new_call(fields=form.cleaned_data, by=request.user, at=timezone.now())
            except Refused as refused:
                form.add_error(refused.field or None, refused.message)
            else:
                return redirect(address("change", call.pk))
        return self._whole(
            request,
            None,
            form,
            title=_("新建申报通知"),
            submit=_("建立草稿"),
            text=_("先填最少的几项，建立后再逐部分填写。"),
            others=[(_("导入数据包"), reverse("admin:grants_call_import"))],
            back=reverse("admin:grants_call_changelist"),
        )

    def copy_view(self, request, object_id):
        call = self.call_or_404(request, object_id)
        self._check_manages(request, call)
        initial = {"year": call.year + 1, "title": years.shifted(call.title, 1)}
        form = CopyForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            done = self._tried(
                form,
                lambda: actions.copy_call(call=call, by=request.user, at=timezone.now(), **form.cleaned_data),
            )
            if done:
                self.message_user(request, _("已复制。正文、公式和时间里的年份已随年度移动，请逐部分核对。"))
                return redirect(address("change", done.pk))
        return self._whole(
            request,
            call,
            form,
            title=_("复制到新年度"),
            submit=_("复制"),
            text=_(
                "全部内容复制为一份新草稿。文字、公式和起止时间里的年份随年度移动；发文字号留空，年度预算不复制。"
            ),
        )

    def import_view(self, request):
        """Upload a pack: its mistakes by line, or a new draft."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None, user=request.user)
        problems = []
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            fields = {"text": data["text"], "name": data["file"].name, "department": data["department"]}
            try:
                done = self._tried(
                    form,
                    lambda: actions.import_pack(
                        replaces=data["replaces"], by=request.user, at=timezone.now(), **fields
                    ),
                )
            except BadPack as fault:
                done, problems = None, fault.problems
            if done:
                self.message_user(request, _("已导入为草稿，请逐部分核对。"))
                return redirect(address("change", done.pk))
        return self._whole(
            request,
            None,
            form,
            title=_("导入数据包"),
            submit=_("导入"),
            text=_("文件有错时逐行指出，什么都不会改变；没有错时得到一份草稿。"),
            pack_problems=problems,
            back=reverse("admin:grants_call_changelist"),
        )

    def export_view(self, request, object_id):
        call = self.call_or_404(request, object_id)
        response = HttpResponse(packs.write(packs.dump(call)), content_type="application/yaml; charset=utf-8")
        name = f"{call.programme.slug}-{call.year}.yaml"
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
        return response

    def publish_view(self, request, object_id):
        """Errors forbid, warnings ask for a tick, then the notice is public and frozen."""
        call = self.call_or_404(request, object_id)
        self._check_manages(request, call)
        if call.state != CallState.DRAFT:
            return redirect(address("change", call.pk))
        problems = problems_of(call, at=timezone.now())
        errors = [problem for problem in problems if problem["is_error"]]
        form = PublishForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            accepted = form.cleaned_data["accepts_warnings"]
            done = self._tried(
                form,
                lambda: (
                    actions.publish(call=call, accepts_warnings=accepted, by=request.user, at=timezone.now())
                    or call
                ),
            )
            if done:
                self.message_user(request, _("通知已发布，公众立即可见。"))
                return redirect(address("change", call.pk))
        return self.desk_page(
            request,
            call,
            "publish.html",
            status=422 if request.method == "POST" else 200,
            title=_("检查并发布"),
            form=form,
            errors=errors,
            warnings=[problem for problem in problems if not problem["is_error"]],
        )

    def _tried(self, form, action):
        """What the action returns; a Refused becomes the form's error."""
        try:
            return action()
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
            return None

    def _check_manages(self, request, call: Call) -> None:
        try:
            check_manages(request.user, call)
        except Refused:
            raise PermissionDenied from None
        if not super().has_change_permission(request):
            raise PermissionDenied

    def _whole(self, request, call, form, **context):
        status = 422 if request.method == "POST" else 200
        context.setdefault("back", address("change", call.pk) if call else "")
        return self.desk_page(request, call, "whole.html", status=status, form=form, **context)


def may_change(user, call: Call) -> bool:
    try:
        check_can_edit(user, call)
    except Refused:
        return False
    return True
