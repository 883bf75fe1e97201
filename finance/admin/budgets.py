"""The money of a programme in a year, and the payment plan of a call."""

from django import forms
from django.contrib.admin import register
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold import admin as unfold
from unfold.decorators import display

from core.admin import ModelAdmin, PagedRows, ReadOnlyMixin
from core.money import wan
from finance import queries
from finance.models import (
    Appropriation,
    Commitment,
    InstalmentTemplate,
)
from grants.admin import PartOfCallMixin


class AppropriationForm(forms.ModelForm):
    class Meta:
        model = Appropriation
        fields = ("programme", "year", "amount")

    def clean_amount(self):
        """Never below what is committed; the row is locked, so that nobody commits in between."""
        amount = self.cleaned_data["amount"]
        if self.instance.pk:
            held = Appropriation.objects.select_for_update().get(pk=self.instance.pk).committed
            if amount < held:
                raise ValidationError(_("预算不能低于已承诺的 %(held)s。"), params={"held": wan(held)})
        return amount


class CommitmentInline(ReadOnlyMixin, unfold.TabularInline):
    model = Commitment
    fields = ("application", "amount", "committed_at", "released_at", "kept")
    readonly_fields = fields
    extra = 0
    formset = PagedRows
    per_page = 50

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("application").order_by("-id")


@register(Appropriation)
class AppropriationAdmin(ModelAdmin):
    """The money of a programme in a year; what is committed is counted by the database."""

    form = AppropriationForm
    list_display = ("programme", "year", "amount_wan", "committed_wan", "left_wan")
    list_filter = ("year", "programme")
    list_select_related = ("programme",)
    readonly_fields = ("committed_wan", "left_wan", "spending")
    inlines = (CommitmentInline,)

    def get_readonly_fields(self, request, obj=None):
        return (*self.readonly_fields, "programme", "year") if obj else self.readonly_fields

    def has_delete_permission(self, request, obj=None):
        return False

    @display(description=_("预算"), ordering="amount")
    def amount_wan(self, obj):
        return wan(obj.amount)

    @display(description=_("已承诺"), ordering="committed")
    def committed_wan(self, obj):
        return wan(obj.committed or 0)

    @display(description=_("还可安排"))
    def left_wan(self, obj):
        return wan(obj.left) if obj.pk else "—"

    @display(description=_("当年收支"))
    def spending(self, obj):
        """By the days of the vouchers, which may be of another budget year."""
        if not obj.pk:
            return "—"
        found = queries.spending_in(obj.programme_id, obj.year)
        return _("拨付 %(paid)s，收到退款 %(refunded)s，净拨付 %(net)s") % {
            "paid": wan(found.paid),
            "refunded": wan(found.refunded),
            "net": wan(found.net),
        }


@register(InstalmentTemplate)
class InstalmentTemplateAdmin(PartOfCallMixin, ModelAdmin):
    """The payment plan of a call; of published calls it can only be read."""

    list_display = ("call", "order", "name", "share", "condition", "milestone_code", "pay_days", "clause")
    list_filter = ("call__programme",)
    list_select_related = ("call",)
    search_fields = ("name", "call__title")
