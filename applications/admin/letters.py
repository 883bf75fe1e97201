"""Recommendation letters (推荐函): what recommenders have sent, and what stands beside an application."""

from django.contrib.admin import EmptyFieldListFilter, display, register
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from applications.models import RecommendationLetter
from core.admin import HistoryMixin, ModelAdmin
from core.money import wan


@register(RecommendationLetter)
class RecommendationLetterAdmin(HistoryMixin, ModelAdmin):
    """What recommenders have sent: read here, opened in the portal."""

    list_display = ("number", "recommender", "call", "count", "wan_total", "dated", "standing", "page")
    list_filter = (("voided_at", EmptyFieldListFilter), "call")
    search_fields = ("number", "own_number", "recommender__name")
    list_select_related = ("recommender", "call")
    ordering = ("-id",)
    fields = (
        ("number", "recommender", "call"),
        ("count", "wan_total"),
        ("dated", "own_number"),
        ("standing", "page"),
    )
    readonly_fields = tuple(name for names in fields for name in names)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @display(description=_("申请财政资金合计"), ordering="requested_total")
    def wan_total(self, letter):
        return wan(letter.requested_total)

    @display(description=_("状态"))
    def standing(self, letter):
        return _("已作废") if letter.voided_at else _("有效")

    @display(description=_("推荐函与汇总表"))
    def page(self, letter):
        url = reverse("applications:letter", args=[letter.pk])
        return format_html('<a class="text-primary-600 underline" href="{}">{}</a>', url, _("打开"))
