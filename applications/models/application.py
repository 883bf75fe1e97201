"""Applications (申报, 揭榜) themselves, and who may write them."""

import pghistory
import pgtrigger
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from accounts.roles import Role
from applications import states
from applications.states import ApplicationState
from grants.models import Call, Intake, ProjectType, Topic
from grants.states import TopicState


class ApplicationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The visibility matrix for applications; experts read theirs through `reviews.visibility`."""
        if not user.is_authenticated:
            return self.none()
        scope = user.scope
        # A draft that was withdrawn has never been handed in: it stays with its team.
        submitted = Q(submitted_at__isnull=False)
        wanted = self._own(user)
        if scope.sees_everything or Role.FINANCE in scope.roles:
            wanted |= submitted
        if departments := scope.departments | scope.headed:
            calls = Call.objects.filter(programme__department_id__in=departments)
            wanted |= submitted & Q(call__any_of=calls.order_by().values("pk"))
        if scope.units:
            # The demand side reads all bids for its own topic once bidding has closed.
            closed = Topic.objects.filter(owner_id__in=scope.units).exclude(state=TopicState.LISTED)
            wanted |= submitted & Q(topic__any_of=closed.order_by().values("pk"))
            wanted |= self._partnered(scope.units)
        reached = submitted & ~Q(state=ApplicationState.UNIT_REVIEW)
        if scope.recommender_organisations:
            wanted |= reached & Q(recommender_id__in=scope.recommender_organisations)
            wanted |= reached & self._joined(scope.recommender_organisations)
        for region in scope.regions:
            # What goes to an authority or a chosen recommender is none of the region's.
            units = Organisation.objects.filter(region__startswith=region)
            by_region = Q(recommender__isnull=True) & Q(organisation__any_of=units.order_by().values("pk"))
            wanted |= reached & by_region
        return self.filter(wanted)

    def partnered_by(self, user):
        """Those in which a unit of the person was invited as a partner (合作单位): a part of `visible_to`."""
        return self.filter(self._partnered(user.scope.units)) if user.is_authenticated else self.none()

    def _partnered(self, units):
        partners = apps.get_model("applications", "Partner").objects.filter(organisation_id__in=units)
        return Q(pk__any_of=partners.order_by().values("application_id"))

    def _joined(self, offices):
        """What came to an office that joins the recommendation (会同)."""
        joint = apps.get_model("applications", "JointOpinion").objects.filter(organisation_id__in=offices)
        return Q(pk__any_of=joint.order_by().values("application_id"))

    def own_to(self, user):
        """Those of one's teams and of the units that one administers: a part of `visible_to`."""
        return self.filter(self._own(user)) if user.is_authenticated else self.none()

    def _own(self, user):
        teams = TeamMember.objects.filter(user=user)
        own = Q(pk__any_of=teams.order_by().values("application_id"))
        units = user.scope.admin_units
        return own | Q(organisation_id__in=units) if units else own


@pghistory.track(
    fields=[
        "state",
        "title",
        "requested_amount",
        "own_amount",
        "topic",
        "organisation",
        "number",
        "submitted_at",
    ]
)
class Application(models.Model):
    """One application of a lead organisation (牵头单位). Amounts in 元; `version` counts submissions."""

    machine = states.APPLICATION
    event_verbs = {
        "started": _("建立草稿"),
        "joined": _("加入申报团队"),
        "left": _("移出申报团队"),
        "lapsed": _("逾期未提交"),
        "next_intake": _("未赶上本批，转入下一批"),
        "ended": _("项目结束"),
        "skipped": _("环节不适用"),
        "amended": _("随通知修订转入新版本"),
        "reopened": _("重新发榜，可以继续填写"),
        "invited": _("邀请合作单位填写"),
        "uninvited": _("取消合作单位的邀请"),
        "share_limited": _("设定合作单位经费上限"),
        "confirmed": _("合作单位确认"),
        "consented": _("参与人员同意"),
        "unconsented": _("参与人员撤回同意"),
        "revision_given_up": _("逾期未修改，按原稿继续"),
        "joint_agreed": _("会同部门同意推荐"),
        "nominator_asked": _("邀请专家提名"),
        "nominator_leads": _("确定牵头提名人"),
        "nominator_dropped": _("取消邀请的提名人"),
        "nominators_missed": _("逾期未达到提名人数"),
        "copied": _("从往年申报复制"),
        "imported": _("从 Excel 导入"),
        "scanned": _("上传盖章扫描件"),
        "scan_missed": _("逾期未上传盖章扫描件"),
        "paper_received": _("登记收到纸质材料"),
        "paper_voided": _("撤销纸质材料收件"),
        "paper_missed": _("逾期未收齐纸质材料"),
        "paper_excused": _("免报纸质材料"),
        "presented": _("上传答辩材料"),
        "slides_missed": _("逾期未上传答辩材料"),
        "appealed": _("申请复审"),
        "appeal_dismissed": _("复审维持不予受理"),
        "restored": _("未再提交，恢复撤回前的版本"),
        "claim_judged": _("逐笔核定"),
        "similarity_concluded": _("填写查重意见"),
    }

    call = models.ForeignKey(Call, models.PROTECT, related_name="+", verbose_name=_("通知"))
    topic = models.ForeignKey(
        Topic, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("榜单任务")
    )
    project_type = models.ForeignKey(
        ProjectType, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("项目类别")
    )
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("入选的前一项目")
    )
    entry_code = models.SlugField(_("入选资格代码"), blank=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("牵头单位")
    )
    recommender = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("推荐单位"),
        help_text=_("上级主管部门或申报人选择的推荐单位；按区域推荐的通知没有"),
    )
    intake = models.ForeignKey(
        Intake,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("批次"),
        help_text=_("首次提交时受理的一批"),
    )
    number = models.CharField(_("受理编号"), max_length=60, blank=True)
    title = models.CharField(_("项目名称"), max_length=120, blank=True)
    summary = models.TextField(_("项目简介"), blank=True)
    starts_date = models.DateField(_("开始日期"), null=True, blank=True)
    ends_date = models.DateField(_("结束日期"), null=True, blank=True)
    requested_amount = models.DecimalField(
        _("申请财政资金（元）"), max_digits=14, decimal_places=2, default=0
    )
    own_amount = models.DecimalField(_("自筹资金（元）"), max_digits=14, decimal_places=2, default=0)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.ApplicationState, default=states.ApplicationState.DRAFT
    )
    version = models.PositiveSmallIntegerField(_("提交版本"), default=0)
    typed = models.JSONField(
        _("尚未有效的填写"),
        default=dict,
        blank=True,
        help_text=_("按部分保存还不能存入表格的文字，以免丢失"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("创建人")
    )
    created_at = models.DateTimeField(_("创建时间"))
    saved_at = models.DateTimeField(_("最近保存"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("提交人"),
    )
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    granted_amount = models.DecimalField(
        _("拟资助额（元）"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("决定立项时写入；没有决定立项的留空"),
    )
    granted_grade = models.SlugField(_("等次代码"), blank=True)
    final_score = models.DecimalField(
        _("评审得分"), max_digits=6, decimal_places=2, null=True, blank=True, help_text=_("决定时写入")
    )
    accepted_as = models.SlugField(
        _("验收结论代码"), blank=True, editable=False, help_text=_("项目验收的结论，由验收写入")
    )
    finish_date = models.DateField(
        _("应完成日期"),
        null=True,
        blank=True,
        help_text=_("立项后以任务书为准，随延期改变；之后算作逾期未验收"),
    )
    ended = models.CharField(_("结题情况"), max_length=20, choices=states.ProjectEnd, blank=True)
    ended_at = models.DateTimeField(_("结题时间"), null=True, blank=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("申报书")
        verbose_name_plural = pgettext_lazy("list", "申报书")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["call", "state", "-id"]),
            models.Index(fields=["organisation", "-id"]),
            models.Index(fields=["topic", "-id"]),
            models.Index(
                fields=["recommender", "-id"],
                condition=Q(recommender__isnull=False),
                name="application_of_recommender",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=~Q(number=""), name="application_number_once"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True, submitted_by__isnull=True)
                | Q(submitted_at__isnull=False, submitted_by__isnull=False),
                name="application_submitted_at_by",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"]) | Q(submitted_at__isnull=False),
                name="application_submitted_has_time",
            ),
            models.CheckConstraint(
                condition=Q(ended="", ended_at__isnull=True) | ~Q(ended="") & Q(ended_at__isnull=False),
                name="application_ended_has_time",
            ),
            models.CheckConstraint(
                condition=Q(requested_amount__gte=0, own_amount__gte=0),
                name="application_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(ends_date__isnull=True)
                | Q(starts_date__isnull=True)
                | Q(ends_date__gt=models.F("starts_date")),
                name="application_dates_in_order",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="sealed",
                operation=pgtrigger.UpdateOf(
                    "call_id",
                    "topic_id",
                    "project_type_id",
                    "intake_id",
                    "follows_id",
                    "entry_code",
                    "organisation_id",
                    "recommender_id",
                    "summary",
                    "starts_date",
                    "ends_date",
                    "requested_amount",
                    "own_amount",
                ),
                condition=pgtrigger.Condition("OLD.state NOT IN ('draft', 'returned')"),
            ),
            # A running project may be renamed by a change (变更).
            pgtrigger.Protect(
                name="title_sealed",
                operation=pgtrigger.UpdateOf("title"),
                condition=pgtrigger.Condition("OLD.state NOT IN ('draft', 'returned', 'awarded')"),
            ),
        ]

    def __str__(self):
        return self.title or str(_("未命名的申报书"))


class TeamMember(models.Model):
    """A person who may write the application (申报团队)."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="team")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("用户")
    )

    class Meta:
        verbose_name = _("团队成员")
        verbose_name_plural = _("申报团队")
        constraints = [models.UniqueConstraint(fields=["application", "user"], name="team_member_once")]

    def __str__(self):
        return str(self.user)
