"""Accounts and units in the admin. Facts, records and offices are changed by actions alone."""

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.authtoken.models import TokenProxy
from unfold.admin import TabularInline
from unfold.enums import ActionVariant
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import actions, queries, rules
from accounts.forms import ActionModelForm, DateInput, FactForm
from accounts.identity import mask_phone
from accounts.models import (
    IntegrityRecord,
    JoinRequest,
    Membership,
    Organisation,
    OrganisationFact,
    RoleAssignment,
    User,
)
from accounts.roles import Role
from core.admin import (
    ActionButtonsMixin,
    Autocomplete,
    HistoryMixin,
    ModelAdmin,
    PagedRows,
    ReadOnlyMixin,
    button,
)

# One door for signing in: allauth's, with its rate limits and the second factor.
admin.site.login = secure_admin_login(admin.site.login)

# Permissions come from `roles.py`, tokens from a person's own page.
admin.site.unregister(Group)
admin.site.unregister(TokenProxy)


class ReadOnlyInline(ReadOnlyMixin, TabularInline):
    extra = 0
    tab = True
    show_change_link = False
    formset = PagedRows
    per_page = 30
    ordering = ("pk",)


class MembershipInline(ReadOnlyInline):
    model = Membership
    fields = ("user", "organisation", "role", "is_active")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user", "organisation")


class RoleAssignmentInline(ReadOnlyInline):
    model = RoleAssignment
    fields = ("role", "organisation", "region", "is_active")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("organisation")


class OrganisationFactInline(ReadOnlyInline):
    model = OrganisationFact
    fields = ("kind", "text", "number", "valid_from", "valid_to", "source")


class IntegrityRecordInline(ReadOnlyInline):
    model = IntegrityRecord
    fields = ("reason", "source", "valid_from", "valid_to")

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)


class SourcedFactForm(FactForm):
    """The bureau says where a fact comes from."""

    class Meta(FactForm.Meta):
        fields = (*FactForm.Meta.fields, "source")


class IntegrityForm(ActionModelForm):
    class Meta:
        model = IntegrityRecord
        fields = ("reason", "source", "valid_from", "valid_to")
        widgets = {"valid_from": DateInput(), "valid_to": DateInput()}


class RoleForm(ActionModelForm):
    class Meta:
        model = RoleAssignment
        fields = ("role", "organisation", "region")
        # Thousands of units: found by typing, never listed whole.
        widgets = {"organisation": Autocomplete(RoleAssignment._meta.get_field("organisation"), admin.site)}


@admin.register(User)
class UserAdmin(ActionButtonsMixin, HistoryMixin, ModelAdmin, BaseUserAdmin):
    """People. Who may enter the admin follows from the offices they hold."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "name", "email", "shown_phone", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "role_assignments__role")
    search_fields = ("username", "name", "email")
    ordering = ("username",)
    filter_horizontal = ()
    inlines = (MembershipInline, RoleAssignmentInline)
    readonly_fields = ("shown_phone", "is_staff", "last_login", "date_joined")
    actions_detail = ("assign_role", "record_integrity")
    add_fieldsets = ((None, {"fields": ("username", "name", "email", "phone", "password1", "password2")}),)

    def has_delete_permission(self, request, obj=None):
        """People are deactivated: their history must go on naming them."""
        return False

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return self.add_fieldsets
        # The number itself is seen by whoever keeps accounts and by finance; others read it masked.
        phone = (
            "phone"
            if self.has_change_permission(request, obj) or self._sees_phones(request)
            else "shown_phone"
        )
        fields = ("username", "name", "email", phone, "language", "is_active")
        about = ("is_staff", "last_login", "date_joined")
        if self.has_change_permission(request, obj):
            fields = (*fields, "password")
        return ((None, {"fields": fields}), (gettext_lazy("登录"), {"fields": about}))

    def _sees_phones(self, request) -> bool:
        return request.user.has_role(Role.FINANCE, Role.SYSADMIN)

    @admin.display(description=gettext_lazy("手机"))
    def shown_phone(self, user):
        return mask_phone(user.phone)

    @button(
        gettext_lazy("任职"),
        form=RoleForm,
        icon="badge",
        may=lambda user, subject: user.has_role(Role.SYSADMIN),
        text=gettext_lazy("项目主管要选所属处室；推荐单位要选单位，并填管辖区域代码的前几位。"),
    )
    def assign_role(self, request, subject, data, at):
        actions.assign_role(user=subject, by=request.user, at=at, **data)
        return _("已任职。")

    @button(
        gettext_lazy("登记诚信记录"),
        form=IntegrityForm,
        icon="gavel",
        variant=ActionVariant.WARNING,
        may=rules.can_record_integrity,
    )
    def record_integrity(self, request, subject, data, at):
        actions.record_integrity(user=subject, by=request.user, at=at, **data)
        return _("诚信记录已登记。")


@admin.register(Organisation)
class OrganisationAdmin(ActionButtonsMixin, HistoryMixin, ModelAdmin):
    list_display = ("name", "credit_code", "kind", "region", "parent")
    list_filter = ("kind",)
    list_select_related = ("parent",)
    search_fields = ("name", "credit_code")
    autocomplete_fields = ("parent", "authority")
    inlines = (MembershipInline, OrganisationFactInline, IntegrityRecordInline)
    actions_detail = ("record_fact", "record_integrity")

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        """An authority that an officer names is asked like one that the unit names."""
        super().save_model(request, obj, form, change)
        if "authority" in form.changed_data:
            actions.ask_authority(organisation=obj, by=request.user, at=timezone.now())
            if obj.authority is not None and not queries.has_answering(obj.authority):
                sentence = _(
                    "“%(unit)s”还没有单位管理员或推荐人，没有人能确认隶属关系或推荐申报书；请先为其任职，或改选其他单位。"
                )
                messages.warning(request, sentence % {"unit": obj.authority})

    @button(gettext_lazy("登记单位事实"), form=SourcedFactForm, icon="verified", may=rules.can_record_fact)
    def record_fact(self, request, subject, data, at):
        actions.record_fact(organisation=subject, by=request.user, at=at, **data)
        return _("单位事实已登记。")

    @button(
        gettext_lazy("登记诚信记录"),
        form=IntegrityForm,
        icon="gavel",
        variant=ActionVariant.WARNING,
        may=rules.can_record_integrity,
    )
    def record_integrity(self, request, subject, data, at):
        actions.record_integrity(organisation=subject, by=request.user, at=at, **data)
        return _("诚信记录已登记。")


class ConfirmedFilter(admin.SimpleListFilter):
    title = gettext_lazy("核实情况")
    parameter_name = "confirmed"

    def lookups(self, request, model_admin):
        return [("no", _("未核实")), ("yes", _("已核实"))]

    def queryset(self, request, queryset):
        if self.value() in ("yes", "no"):
            return queryset.filter(confirmed_at__isnull=self.value() == "no")
        return queryset


@admin.register(OrganisationFact)
class OrganisationFactAdmin(ReadOnlyMixin, ActionButtonsMixin, ModelAdmin):
    """Facts about units: officers compare them with their proof, which stands on the unit's record."""

    list_display = (
        "organisation",
        "kind",
        "text",
        "number",
        "valid_from",
        "valid_to",
        "source",
        "confirmed_at",
    )
    list_filter = (ConfirmedFilter, "kind")
    list_select_related = ("organisation",)
    search_fields = ("organisation__name", "organisation__credit_code", "text")
    exclude = ("warned_at",)
    ordering = ("-pk",)
    actions_detail = ("confirm",)

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def view_on_site(self, fact):
        return reverse("portal:record", args=[fact.organisation_id])

    @button(
        gettext_lazy("核实无误"),
        text=gettext_lazy("请先在单位档案中看过证明材料（“在网站上查看”）。"),
        icon="verified",
        variant=ActionVariant.SUCCESS,
        may=rules.can_confirm_fact,
    )
    def confirm(self, request, subject, data, at):
        actions.confirm_fact(fact=subject, by=request.user, at=at)
        return _("已核实。")


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(ActionButtonsMixin, ModelAdmin):
    """Who holds which office. Ended, never deleted."""

    form = ActionModelForm
    list_display = ("user", "role", "organisation", "region", "is_active")
    list_filter = ("role", "is_active")
    list_select_related = ("user", "organisation")
    search_fields = ("user__name", "user__username", "organisation__name")
    autocomplete_fields = ("user", "organisation")
    fields = ("user", "role", "organisation", "region", "is_active")
    readonly_fields = ("is_active",)
    actions_detail = ("end_role",)

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        """Adding is the one way to save here, and it is an action."""
        data = {name: form.cleaned_data[name] for name in ("user", "role", "organisation", "region")}
        obj.pk = actions.assign_role(by=request.user, at=timezone.now(), **data).pk

    @button(gettext_lazy("结束任职"), icon="person_off", variant=ActionVariant.DANGER, may=rules.can_end_role)
    def end_role(self, request, subject, data, at):
        actions.end_role(assignment=subject, by=request.user, at=at)
        return _("任职已结束。")


class RefuseForm(forms.Form):
    note = forms.CharField(label=gettext_lazy("理由"), max_length=200)


@admin.register(JoinRequest)
class JoinRequestAdmin(ReadOnlyMixin, ActionButtonsMixin, HistoryMixin, ModelAdmin):
    """Requests to join a unit; the unit's administrator answers them, or a system administrator."""

    list_display = ("user", "organisation", "role", "state", "requested_at")
    list_filter = ("state",)
    list_select_related = ("user", "organisation")
    search_fields = ("user__name", "organisation__name")
    date_hierarchy = "requested_at"
    actions_detail = ("approve", "refuse")

    @button(
        gettext_lazy("通过"),
        icon="check",
        variant=ActionVariant.SUCCESS,
        may=rules.can_decide_join,
    )
    def approve(self, request, subject, data, at):
        actions.approve_join(join_request=subject, by=request.user, at=at)
        return _("已通过。")

    @button(
        gettext_lazy("拒绝"),
        form=RefuseForm,
        icon="close",
        variant=ActionVariant.DANGER,
        may=rules.can_decide_join,
    )
    def refuse(self, request, subject, data, at):
        actions.refuse_join(join_request=subject, by=request.user, at=at, **data)
        return _("已拒绝。")
