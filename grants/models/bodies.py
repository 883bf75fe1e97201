"""Who stands around a notice: issuing bodies, contacts, invited units, recommenders to choose from."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call
from grants.models.frozen import frozen_with_call


class IssuingBody(models.Model):
    """Who issues the notice: one or several bodies jointly (联合发文); the first leads."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="issuing_bodies", verbose_name=_("通知"))
    name = models.CharField(_("发文单位"), max_length=120)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("发文单位")
        verbose_name_plural = _("发文单位")
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["call", "name"], name="issuing_body_once")]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name


class ContactKind(models.TextChoices):
    POLICY = "policy", _("政策咨询")
    BUSINESS = "business", _("业务受理")
    TECHNICAL = "technical", _("系统技术支持")
    FINANCE = "finance", _("经费咨询")
    SUPERVISION = "supervision", _("监督举报")


class Contact(models.Model):
    """Whom to ask, per kind of question. Stays editable: people change desks."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="contacts", verbose_name=_("通知"))
    kind = models.CharField(_("咨询事项"), max_length=20, choices=ContactKind)
    name = models.CharField(_("处室或联系人"), max_length=120)
    phone = models.CharField(_("电话"), max_length=60, blank=True)
    email = models.EmailField(_("邮箱"), blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("咨询方式")
        verbose_name_plural = _("咨询方式")
        ordering = ["order"]

    def __str__(self):
        return f"{self.get_kind_display()} {self.name} {self.phone or self.email}".strip()


class Invitation(models.Model):
    """A unit that may apply to an invitation-only call (定向名单), in the order of the notice."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="invitations", verbose_name=_("通知"))
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18)
    name = models.CharField(_("单位名称"), max_length=120)

    class Meta:
        verbose_name = _("定向名单")
        verbose_name_plural = _("定向名单")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["call", "credit_code"], name="invitation_once")]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name


class ListedRecommender(models.Model):
    """One of the banks, funds, parks … from which applicants choose their recommender (推荐单位名单).

    With a `line` it is not chosen but joins the recommendation (会同推荐): of each line the office whose
    `region` is the narrowest that holds the applicant's unit; empty: every region.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="recommenders", verbose_name=_("通知"))
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18)
    name = models.CharField(_("单位名称"), max_length=120)
    line = models.CharField(
        _("会同部门"),
        max_length=60,
        blank=True,
        help_text=_("例如财政部门：会同推荐，各类部门都同意后才能推荐；留空时供申报人选择"),
    )
    region = models.CharField(
        _("所管区域代码"),
        max_length=6,
        blank=True,
        help_text=_("只会同这个区域的申报；留空时各区域都会同"),
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("推荐单位名单")
        verbose_name_plural = _("推荐单位名单")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["call", "credit_code"], name="listed_recommender_once"),
            models.UniqueConstraint(
                fields=["call", "line", "region"],
                condition=~models.Q(line=""),
                name="listed_recommender_one_of_a_line",
            ),
            models.CheckConstraint(
                condition=~models.Q(line="") | models.Q(region="", clause=""),
                name="listed_recommender_line_for_region",
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name
