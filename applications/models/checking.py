"""Decisions of the formal check with the lines as they stood; appeals; what a team took back."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from applications import states
from applications.models.application import Application
from applications.models.records import RuleStatus
from grants.models import EligibilityRule


class CheckOutcome(models.TextChoices):
    PASSED = "passed", _("通过形式审查")
    RETURNED = "returned", _("退回补正")
    REJECTED = "rejected", _("不予受理")


class CheckDecision(models.Model):
    """One decision of the formal check; its lines keep what machine and officer had said. Never changes."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="check_decisions")
    version = models.PositiveSmallIntegerField(_("版本"))
    outcome = models.CharField(_("决定"), max_length=10, choices=CheckOutcome)
    reason = models.TextField(_("理由"), blank=True)
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("决定人"),
    )
    at = models.DateTimeField(_("决定时间"))

    class Meta:
        verbose_name = _("形式审查决定")
        verbose_name_plural = _("形式审查决定")
        ordering = ["id"]
        triggers = [pgtrigger.Protect(name="never_changes", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return self.get_outcome_display()


class CheckedLine(models.Model):
    """One rule at the moment of a decision. Results of a rule begin anew with each version; these stay."""

    decision = models.ForeignKey(CheckDecision, models.PROTECT, related_name="lines")
    rule = models.ForeignKey(EligibilityRule, models.PROTECT, related_name="+", verbose_name=_("条件"))
    by_machine = models.CharField(_("机器判断"), max_length=20, choices=RuleStatus)
    by_officer = models.CharField(_("审查结论"), max_length=20, choices=RuleStatus, blank=True)
    final = models.GeneratedField(
        expression=Case(When(by_officer="", then=F("by_machine")), default=F("by_officer")),
        output_field=models.CharField(max_length=20),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("形式审查决定的逐条结论")
        verbose_name_plural = _("形式审查决定的逐条结论")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["decision", "rule"], name="checked_line_once")]
        triggers = [pgtrigger.Protect(name="never_changes", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.rule.code} {self.final}"


class AppealQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The applicant's side, the department, whoever sees everything; their recommender reads."""
        if not user.is_authenticated:
            return self.none()
        scope = user.scope
        if scope.sees_everything:
            return self
        wanted = Q(application__in=Application.objects.own_to(user).order_by().values("pk"))
        if departments := scope.departments | scope.headed:
            wanted |= Q(application__call__programme__department_id__in=departments)
        wanted |= Q(application__recommender_id__in=scope.recommender_organisations)
        for region in scope.regions:
            by_region = {"application__recommender": None}
            wanted |= Q(application__organisation__region__startswith=region, **by_region)
        return self.filter(wanted)


class Appeal(models.Model):
    """The applicant's one appeal (复审) against a rejection at the formal check.

    Another officer decides than the one who rejected: the database holds it.
    """

    machine = states.APPEAL
    event_verbs = {"filed": _("申请复审")}

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="appeals", verbose_name=_("申报书")
    )
    decision = models.OneToOneField(
        CheckDecision, models.PROTECT, related_name="appeal", verbose_name=_("不予受理的决定")
    )
    rejected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("原决定人"),
    )
    grounds = models.TextField(_("事实与理由"))
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("申请人")
    )
    filed_at = models.DateTimeField(_("申请时间"))
    state = models.CharField(
        _("状态"), max_length=20, choices=states.AppealState, default=states.AppealState.FILED
    )
    reason = models.TextField(_("复审意见"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("复审人"),
    )
    decided_at = models.DateTimeField(_("复审时间"), null=True, blank=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("形式审查复审")
        verbose_name_plural = pgettext_lazy("list", "形式审查复审")
        ordering = ["-id"]
        indexes = [models.Index(fields=["application"]), models.Index(fields=["state", "-id"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="filed", decided_at__isnull=True, decided_by__isnull=True)
                | ~Q(state="filed") & Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(reason=""),
                name="appeal_decided_at_by",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(rejected_by__isnull=True)
                | ~Q(decided_by=F("rejected_by")),
                name="appeal_decided_by_another",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="filed_never_changes",
                operation=pgtrigger.UpdateOf(
                    "application_id", "decision_id", "rejected_by_id", "grounds", "filed_by_id", "filed_at"
                )
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="decided_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["upheld", "dismissed"]),
            ),
            # Who rejected is what the decision says, not what a caller writes.
            pgtrigger.Trigger(
                name="names_the_officer",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    SELECT by_id, application_id INTO NEW.rejected_by_id, NEW.application_id
                    FROM applications_checkdecision WHERE id = NEW.decision_id;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return str(_("复审：%(title)s") % {"title": self.application})


class TakenBack(models.Model):
    """An application that its team took back to mend before the call closes: what stood there until then.

    Handed in again, the row goes; not handed in again, the kept content counts once more.
    """

    application = models.OneToOneField(Application, models.CASCADE, related_name="taken_back")
    from_state = models.CharField(_("原环节"), max_length=20, choices=states.ApplicationState)
    rows = models.JSONField(_("撤回前的内容"))
    fields = models.JSONField(_("撤回前的基本信息"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("撤回人")
    )
    at = models.DateTimeField(_("撤回时间"))

    class Meta:
        verbose_name = _("撤回修改")
        verbose_name_plural = _("撤回修改")

    def __str__(self):
        return str(self.application)
