"""What follows for leader and unit when a project did not keep its promises: proposed, then decided."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CharField, F, Func, OuterRef, Q
from django.db.models.functions import Cast, JSONObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from applications import states
from applications.models.application import Application
from grants.models import SanctionTerm


class SanctionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Officers who decide or supervise see all, managers those of their programmes, a unit its own."""
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything:
            return self
        managed = Q(application__call__programme__department_id__in=user.scope.departments)
        return self.filter(managed | Q(application__organisation_id__in=user.scope.admin_units))

    def in_force(self, day):
        """Decided, not lifted, both days included."""
        lasting = Q(to_date__gte=day) | Q(to_date=None)
        return self.filter(lasting, state=states.SanctionState.IN_FORCE, from_date__lte=day)

    def facts_of_people(self, day) -> ArraySubquery:
        """For an annotation of participants: what is in force of them as leaders, or as members."""
        keys = ArrayField(CharField(max_length=21))
        key = Func(OuterRef("person_key"), template="ARRAY[%(expressions)s]", output_field=keys)
        as_member = Q(member_keys__contains=Cast(key, keys))
        return self._facts(day, Q(person_key=OuterRef("person_key")) | as_member)

    def facts_of_units(self, day) -> ArraySubquery:
        """For an annotation of organisations."""
        return self._facts(day, Q(organisation=OuterRef("pk")))

    def _facts(self, day, whose: Q) -> ArraySubquery:
        """What is in force of the outer row, without a query of its own."""
        rows = self.in_force(day).filter(whose)
        fields = {"bars": "term__bars", "joining_too": "term__joining_too", "plans": "term__plans"}
        return ArraySubquery(
            rows.order_by("to_date").values(
                fact=JSONObject(
                    pk="pk",
                    **fields,
                    clause="term__clause",
                    text="term__text",
                    text_en="term__text_en",
                    title="application__title",
                    call="application__call__title",
                    until="to_date",
                )
            )
        )


class Sanction(models.Model):
    """A consequence that the notice of a project names (`term`), for its leader and its unit.

    What was proposed never changes; it counts from the leader's decision to `to_date`, unless it is lifted.
    """

    machine = states.SANCTION

    application = models.ForeignKey(Application, models.PROTECT, related_name="+", verbose_name=_("项目"))
    term = models.ForeignKey(SanctionTerm, models.PROTECT, related_name="+", verbose_name=_("依据"))
    occasion = models.CharField(_("情形"), max_length=300)
    reason = models.TextField(_("提出理由"))
    person_name = models.CharField(_("项目负责人"), max_length=60)
    person_key = models.CharField(_("负责人证件号码"), max_length=21, blank=True, db_index=True)
    member_names = models.TextField(_("同样受限的成员"), blank=True)
    member_keys = ArrayField(
        models.CharField(max_length=21), verbose_name=_("成员证件号码"), default=list, blank=True
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("承担单位")
    )
    state = models.CharField(
        _("状态"), max_length=20, choices=states.SanctionState, default=states.SanctionState.PROPOSED
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("提出人")
    )
    proposed_at = models.DateTimeField(_("提出时间"))
    opinion = models.TextField(_("决定理由"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("决定人"),
    )
    decided_at = models.DateTimeField(_("决定时间"), null=True, blank=True)
    from_date = models.DateField(_("自"), null=True, blank=True)
    to_date = models.DateField(_("至"), null=True, blank=True, help_text=_("生效后空着的为永久"))

    objects = SanctionQuerySet.as_manager()

    class Meta:
        verbose_name = _("处理决定")
        verbose_name_plural = pgettext_lazy("list", "处理决定")
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "term", "occasion"],
                condition=Q(state__in=["proposed", "in_force"]),
                name="sanction_once",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None, decided_at=None)
                | ~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="sanction_decided_at_by",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "refused"], from_date=None, to_date=None)
                | Q(state__in=["in_force", "lifted"], from_date__isnull=False)
                & (Q(to_date__isnull=True) | Q(to_date__gte=F("from_date"))),
                name="sanction_in_force_from_to",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="proposed_never_changes",
                operation=pgtrigger.UpdateOf(
                    "application_id",
                    "term_id",
                    "occasion",
                    "reason",
                    "person_name",
                    "person_key",
                    "member_names",
                    "member_keys",
                    "organisation_id",
                    "proposed_by_id",
                    "proposed_at",
                )
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="as_decided",
                operation=pgtrigger.UpdateOf("from_date", "to_date"),
                condition=pgtrigger.Q(old__state="in_force"),
            ),
            pgtrigger.Protect(
                name="ended_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["refused", "lifted"]),
            ),
        ]

    def __str__(self):
        return f"{self.application.number} {self.term}"
