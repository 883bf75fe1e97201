"""The call's own admin: its list, its overview as the first page, and the addresses of all the rest."""

from django.contrib.admin import display, register
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from core.admin import ActionButtonsMixin, ModelAdmin, button
from core.money import wan
from core.workflow import Refused
from desk.admin import overview
from desk.admin.calls import CallViews, may_change
from desk.admin.eligibility import RuleViews
from desk.admin.form import FormViews
from desk.admin.parts import PartViews
from desk.admin.versions import VersionViews, version_buttons
from grants import actions
from grants.models import Call
from grants.rules import check_can_close, check_manages
from grants.states import CallState


def allowed(check, *args, **kwargs) -> bool:
    try:
        check(*args, **kwargs)
    except Refused:
        return False
    return True


@register(Call)
class CallAdmin(PartViews, FormViews, RuleViews, VersionViews, CallViews, ActionButtonsMixin, ModelAdmin):
    """Everything that a notice says. Read-only once it is published: the database refuses changes too."""

    list_display = ("said_title", "programme", "year", "state", "opens_at", "closes_at", "wan_cap")
    list_filter = ("state", "programme", "year", "sourcing")
    search_fields = ("title", "number")
    list_select_related = ("programme",)
    actions_detail = ("close",)
    actions_list = ("import_list",)

    @display(description=_("通知标题"), ordering="title")
    def said_title(self, call):
        return str(call)

    def get_urls(self):
        row = "<int:object_id>/"
        desk = [
            (f"{row}part/<slug:name>/", self.part_view, "part"),
            (f"{row}form/section/add/", self.section_view, "section_add"),
            (f"{row}form/section/<int:pk>/", self.section_view, "section"),
            (f"{row}form/question/add/", self.question_view, "question_add"),
            (f"{row}form/question/<int:pk>/", self.question_view, "question"),
            (f"{row}form/<str:kind>/<int:pk>/<str:verb>/", self.form_row_action, "form_row"),
            (f"{row}preview/", self.preview_view, "preview"),
            (f"{row}preview/form/", self.preview_form_view, "preview_form"),
            (f"{row}rules/templates/", self.templates_view, "templates"),
            (f"{row}rules/templates/<slug:code>/", self.template_view, "template"),
            (f"{row}rules/add/", self.rule_view, "rule_add"),
            (f"{row}rules/<int:pk>/", self.rule_view, "rule"),
            (f"{row}clauses/add/", self.clause_view, "clause_add"),
            (f"{row}clauses/<int:pk>/", self.clause_view, "clause"),
            (f"{row}row/<str:part>/<int:pk>/<str:verb>/", self.rule_row_action, "rule_row"),
            (f"{row}publish/", self.publish_view, "publish"),
            (f"{row}copy/", self.copy_view, "copy"),
            (f"{row}export/", self.export_view, "export"),
            (f"{row}amend/", self.amend_view, "amend"),
            (f"{row}amendment/", self.amendment_view, "amendment"),
            (f"{row}rehearsal/", self.rehearsal_view, "rehearsal"),
            (f"{row}rehearsal/<int:pk>/", self.rehearsal_run_view, "rehearsal_run"),
            ("import/", self.import_view, "import"),
        ]
        wrap = self.admin_site.admin_view
        return [
            path(route, wrap(view), name=f"grants_call_{name}") for route, view, name in desk
        ] + super().get_urls()

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The overview. Nothing is written here: each part has its own page."""
        call = self.call_or_404(request, object_id)
        at = timezone.now()
        may_edit = allowed(check_manages, request.user, call) and self.has_add_permission(request)
        may_close = call.state == CallState.PUBLISHED and allowed(check_can_close, request.user, call, at=at)
        buttons = overview.buttons(call, may_edit=may_edit, may_close=may_close)
        return self.desk_page(
            request,
            call,
            "overview.html",
            title=call.title,
            buttons=buttons + version_buttons(call, may_edit=may_edit),
            **overview.overview(call, at=at, may_edit=lambda part: self.may_edit(request, call, part)),
        )

    def has_change_permission(self, request, obj=None):
        allowed_at_all = super().has_change_permission(request, obj)
        return allowed_at_all and (obj is None or may_change(request.user, obj))

    def has_delete_permission(self, request, obj=None):
        return obj is not None and self.has_change_permission(request, obj)

    @display(description=_("资助上限"), ordering="cap")
    def wan_cap(self, call):
        return _("不限额") if call.cap is None else wan(call.cap)

    @button(
        _("结束申报"),
        may=lambda user, call: (
            call.state == CallState.PUBLISHED and allowed(check_can_close, user, call, at=timezone.now())
        ),
        text=_("结束后不再接受申报；已经提交的继续办理。"),
        icon="event_busy",
    )
    def close(self, request, call, data, at):
        actions.close_call(call=call, by=request.user, at=at)
        return _("通知已结束。")

    def import_list(self, request):
        return self.import_view(request)

    import_list.short_description = _("导入数据包")
    import_list.attrs = {}
    import_list.icon = "upload"
    import_list.variant = ActionVariant.DEFAULT
    import_list.allowed_permissions = ["import_list"]

    def has_import_list_permission(self, request):
        return self.has_add_permission(request)
