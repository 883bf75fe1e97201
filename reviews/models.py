"""Expert review: who may judge what, the score sheet, the scores, and the demander's own choice."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, F, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from accounts.roles import Role
from applications.models import Application
from grants.models import Call, Topic, frozen_with_call
from reviews import states
from reviews.states import AssignmentState
from reviews.yearly import LibraryRule


class ExpertQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Who is in the library is known to the managers, to who sees everything, and to oneself."""
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything or user.has_role(Role.PROGRAMME_MANAGER):
            return self
        return self.filter(user=user)

    def with_freshness(self, *, at):
        """Adds `is_stale`: the last yearly update passed without the expert's word."""
        rule = LibraryRule.objects.first()
        ended = rule and rule.ended(at)
        stale = Q(updated_at__lte=ended.opens_at) if ended else Value(False, BooleanField())
        return self.annotate(is_stale=ExpressionWrapper(stale, BooleanField()))


@pghistory.track()
class Expert(models.Model):
    """A member of the expert library (专家库)."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("用户")
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("单位"))
    field = models.CharField(_("专业领域"), max_length=120)
    title = models.CharField(_("职称"), max_length=60, blank=True)
    max_per_year = models.PositiveSmallIntegerField(_("每年评审上限（次）"), default=10)
    is_active = models.BooleanField(_("在库"), default=True)
    updated_at = models.DateTimeField(_("本人最近更新"), default=timezone.now, editable=False)
    """When the expert last changed or confirmed the record; at first, when it was made."""

    event_verbs = {"confirmed": _("更新或确认资料")}

    objects = ExpertQuerySet.as_manager()

    class Meta:
        verbose_name = _("专家")
        verbose_name_plural = _("专家库")
        ordering = ["field", "id"]

    def __str__(self):
        return str(self.user)


class Aggregation(models.TextChoices):
    MEAN = "mean", _("平均分")
    TRIMMED = "trimmed", _("去掉最高最低后的平均分")
    MEDIAN = "median", _("中位数")


class Recusal(models.TextChoices):
    """Which applications those that apply or nominate must not judge."""

    APPLICATION = "application", _("本人参与、提名的申报")
    TYPE = "type", _("同一项目类别的各项申报")
    CALL = "call", _("本通知的各项申报")


class ReviewScheme(models.Model):
    """How a call is judged: panel size, blindness, aggregation, threshold, the spread that asks for more."""

    call = models.OneToOneField(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    panel_size = models.PositiveSmallIntegerField(_("专家人数"), default=3)
    is_blind = models.BooleanField(_("匿名评审"), default=False)
    aggregation = models.CharField(
        _("计分方法"), max_length=20, choices=Aggregation, default=Aggregation.MEAN
    )
    threshold = models.DecimalField(_("入围分数"), max_digits=5, decimal_places=2, default=60)
    max_spread = models.DecimalField(
        _("分差上限（超过须复议）"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    answer_days = models.PositiveSmallIntegerField(_("答复邀请期限（工作日）"), default=1)
    review_days = models.PositiveSmallIntegerField(_("评审期限（工作日）"), default=10)
    recusal = models.CharField(
        _("参与人、提名人回避"),
        max_length=20,
        choices=Recusal,
        default=Recusal.APPLICATION,
        help_text=_("申报项目的参与人和已经签署的提名人不评审哪些申报"),
    )
    recusal_clause = models.CharField(_("回避条款"), max_length=60, blank=True)
    clause = models.CharField(_("条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("评审方案")
        verbose_name_plural = pgettext_lazy("list", "评审方案")
        triggers = frozen_with_call()

    def __str__(self):
        return str(self.call)


class Criterion(models.Model):
    """One line of the score sheet. Weights of a call add up to 100 (checked before publishing)."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("指标"), max_length=120)
    name_en = models.CharField(_("英文指标"), max_length=120, blank=True)
    help = models.TextField(_("说明"), blank=True)
    weight = models.DecimalField(_("权重（%）"), max_digits=5, decimal_places=2)
    max_score = models.DecimalField(_("满分"), max_digits=5, decimal_places=2, default=100)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = pgettext_lazy("one", "评审指标")
        verbose_name_plural = _("评审指标")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "code"], name="criterion_code_once"),
            models.CheckConstraint(
                condition=Q(weight__gt=0, weight__lte=100), name="criterion_weight_percent"
            ),
            models.CheckConstraint(condition=Q(max_score__gt=0), name="criterion_max_positive"),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name


class ConflictKind(models.TextChoices):
    SAME_UNIT = "same_unit", _("同一单位")
    RELATED_UNIT = "related_unit", _("关联单位")
    PARTICIPANT = "participant", _("项目参与人")
    NOMINATOR = "nominator", _("提名人")
    DEMANDER = "demander", _("发榜方人员")
    DECLARED = "declared", _("专家申明")
    AVOID = "avoid", _("申报人申请回避")


class ConflictQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Experts see what they declared themselves; officers their department's."""
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything:
            return self
        return self.filter(
            Q(recorded_by=user) | Q(application__call__programme__department_id__in=user.scope.departments)
        )


class Conflict(models.Model):
    """Why an expert must not judge an application (回避), beyond what can be computed."""

    expert = models.ForeignKey(Expert, models.CASCADE, related_name="conflicts", verbose_name=_("专家"))
    application = models.ForeignKey(Application, models.CASCADE, related_name="+", verbose_name=_("申报书"))
    kind = models.CharField(_("情形"), max_length=20, choices=ConflictKind)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )
    recorded_at = models.DateTimeField(_("记录时间"))

    objects = ConflictQuerySet.as_manager()

    class Meta:
        verbose_name = _("回避")
        verbose_name_plural = pgettext_lazy("list", "回避")
        constraints = [
            models.UniqueConstraint(fields=["expert", "application", "kind"], name="conflict_once")
        ]

    def __str__(self):
        return self.get_kind_display()


class AssignmentQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Experts see their own; officers their department's; nobody else."""
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything:
            return self
        wanted = Q(expert__user=user)
        if user.scope.departments:
            wanted |= Q(application__call__programme__department_id__in=user.scope.departments)
        return self.filter(wanted)

    def active(self):
        return self.exclude(state__in=[AssignmentState.DECLINED, AssignmentState.REPLACED])


class Assignment(models.Model):
    """One expert asked to judge one application."""

    machine = states.ASSIGNMENT
    event_verbs = {"invited": _("邀请"), "saved": _("保存评分")}

    application = models.ForeignKey(Application, models.PROTECT, related_name="+", verbose_name=_("申报书"))
    expert = models.ForeignKey(Expert, models.PROTECT, related_name="assignments", verbose_name=_("专家"))
    state = models.CharField(
        _("状态"), max_length=20, choices=states.AssignmentState, default=states.AssignmentState.INVITED
    )
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(_("邀请时间"))
    due_at = models.DateTimeField(_("评审截止"))
    pledged_at = models.DateTimeField(
        _("承诺时间"), null=True, blank=True, help_text=_("接受邀请时作出的保密与回避承诺")
    )

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("one", "评审任务")
        verbose_name_plural = _("评审任务")
        ordering = ["due_at", "id"]
        indexes = [models.Index(fields=["expert", "invited_at"])]
        constraints = [
            models.UniqueConstraint(fields=["application", "expert"], name="assignment_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "submitted"]) | Q(pledged_at__isnull=False),
                name="assignment_accepted_with_pledge",
            ),
        ]

    def __str__(self):
        # The number, not the title: a title may name the unit, and reviews may be blind.
        return f"{self.application.number} · {self.expert}"


class Recommendation(models.TextChoices):
    FUND = "fund", _("建议立项")
    FUND_REDUCED = "fund_reduced", _("建议调减后立项")
    REJECT = "reject", _("不建议立项")


class ReviewQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Scores: an expert's own; officers and whoever sees everything theirs. Applicants never."""
        return self.filter(assignment__in=Assignment.objects.visible_to(user))


class Review(models.Model):
    """A score sheet. Saved as often as the expert likes, sealed when submitted; `total` is 0–100."""

    assignment = models.OneToOneField(
        Assignment, models.PROTECT, related_name="review", verbose_name=_("评审任务")
    )
    recommendation = models.CharField(_("结论"), max_length=20, choices=Recommendation, blank=True)
    comment = models.TextField(_("评审意见"), blank=True)
    suggested_amount = models.DecimalField(
        _("建议资助额（元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    total = models.DecimalField(_("总分"), max_digits=6, decimal_places=2, null=True, blank=True)
    saved_at = models.DateTimeField(_("保存时间"))
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("评审表")
        verbose_name_plural = pgettext_lazy("list", "评审表")
        constraints = [
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True) | (Q(total__isnull=False) & ~Q(recommendation="")),
                name="review_submitted_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(total__isnull=True) | Q(total__gte=0, total__lte=100), name="review_total_range"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="sealed",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.submitted_at IS NOT NULL"),
            )
        ]

    def __str__(self):
        return str(self.assignment)


class Score(models.Model):
    """Points for one criterion, 0 to its maximum."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+", verbose_name=_("指标"))
    value = models.DecimalField(_("分数"), max_digits=5, decimal_places=2)
    comment = models.TextField(_("说明"), blank=True)

    class Meta:
        verbose_name = _("评分")
        verbose_name_plural = _("评分")
        constraints = [
            models.UniqueConstraint(fields=["review", "criterion"], name="score_once"),
            models.CheckConstraint(condition=Q(value__gte=0), name="score_not_negative"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="sealed_with_review",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM reviews_review
                        WHERE id IN (NEW.review_id, OLD.review_id) AND submitted_at IS NOT NULL
                    ) THEN
                        RAISE EXCEPTION 'the review is submitted' USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="within_maximum",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF NEW.value > (SELECT max_score FROM reviews_criterion WHERE id = NEW.criterion_id) THEN
                        RAISE EXCEPTION 'the score is above its maximum' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.criterion} {self.value}"


class DemanderChoiceQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything:
            return self
        wanted = Q(topic__owner_id__in=user.scope.units)
        if user.has_role(Role.PROGRAMME_MANAGER):
            wanted |= Q(topic__call__programme__department_id__in=user.scope.departments)
        return self.filter(wanted)

    def current(self):
        """Choices among the bids of the topic's present listing; `choose` makes at most one of each."""
        return self.filter(Q(topic__listed_at__isnull=True) | Q(at__gte=F("topic__listed_at")))


class DemanderChoice(models.Model):
    """The demand side's own word on the bids for its topic, kept apart from the experts' scores.

    A topic that nobody was chosen for may be listed again, and is then chosen for again.
    """

    topic = models.ForeignKey(Topic, models.PROTECT, related_name="+", verbose_name=_("榜单任务"))
    application = models.ForeignKey(
        Application,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("选定的揭榜方"),
        help_text=_("空表示均不选"),
    )
    reason = models.TextField(_("理由"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("填写人")
    )
    at = models.DateTimeField(_("时间"))

    objects = DemanderChoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("发榜方选择")
        verbose_name_plural = pgettext_lazy("list", "发榜方选择")
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return str(self.application or "—")


class Panel(Application):
    """An application as the people who organise its review see it (the admin's desk); no table of its own."""

    class Meta:
        proxy = True
        verbose_name = _("评审组织")
        verbose_name_plural = pgettext_lazy("list", "评审组织")
