"""Projects outside this system."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from applications import states
from applications.models.content import ParticipantRole


class PastProject(models.Model):
    """A project that runs or ran outside this system: counted by limits on parallel projects (限项).

    Whose project it is, in which plan and under which number (without one: which title) tells it apart.
    """

    event_verbs = {"uploaded": _("从表格写入"), "changed": _("按表格更新")}

    plan = models.CharField(_("计划"), max_length=120)
    number = models.CharField(_("项目编号"), max_length=60, blank=True)
    title = models.CharField(_("项目名称"), max_length=200)
    credit_code = models.CharField(_("承担单位信用代码"), max_length=18, blank=True, db_index=True)
    id_number = models.CharField(_("人员身份证号"), max_length=21, blank=True, db_index=True)
    role = models.CharField(_("角色"), max_length=10, choices=ParticipantRole, default=ParticipantRole.PI)
    status = models.CharField(_("状态"), max_length=20, choices=states.RecordStatus)
    starts_date = models.DateField(_("开始日期"), null=True, blank=True)
    ends_date = models.DateField(_("结束日期"), null=True, blank=True)
    amount = models.DecimalField(_("财政资金（元）"), max_digits=14, decimal_places=2, default=0)
    months_per_year = models.DecimalField(
        _("每年投入（月）"), max_digits=3, decimal_places=1, null=True, blank=True
    )
    source = models.CharField(_("来源"), max_length=200)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("上传人"),
    )
    uploaded_at = models.DateTimeField(_("上传时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("外部项目记录")
        verbose_name_plural = _("外部项目记录")
        ordering = ["-starts_date", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(credit_code="") | ~Q(id_number=""), name="past_project_of_somebody"
            ),
            models.CheckConstraint(
                condition=Q(uploaded_at__isnull=True, uploaded_by__isnull=True)
                | Q(uploaded_at__isnull=False, uploaded_by__isnull=False),
                name="past_project_uploaded_at_by",
            ),
            models.UniqueConstraint(
                fields=["plan", "number", "credit_code", "id_number"],
                condition=~Q(number=""),
                name="past_project_number_once",
                violation_error_message=_("这个项目已经登记。"),
            ),
            models.UniqueConstraint(
                fields=["plan", "title", "credit_code", "id_number"],
                condition=Q(number=""),
                name="past_project_title_once",
                violation_error_message=_("这个项目已经登记。"),
            ),
        ]

    def __str__(self):
        return f"{self.plan} {self.title}"
