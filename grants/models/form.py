"""The application form and the forms of reports, and the dictionaries that they choose from."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call
from grants.models.frozen import frozen_with_call
from grants.models.types import ProjectType


class FormKind(models.TextChoices):
    """What a form is for; all are defined, rendered, validated and printed alike."""

    APPLICATION = "application", _("申报书")
    MILESTONE = "milestone", _("里程碑材料")
    ANNUAL = "annual", _("年度报告")
    ACCEPTANCE = "acceptance", _("验收申请")
    DEMAND = "demand", _("需求表")
    DUTY = "duty", _("报送事项")


class Section(models.Model):
    """A part of a form of the call; with a project type, only for projects of that type."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="sections", verbose_name=_("通知"))
    form = models.CharField(_("表单"), max_length=20, choices=FormKind, default=FormKind.APPLICATION)
    project_type = models.ForeignKey(
        ProjectType,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="sections",
        verbose_name=_("项目类别"),
        help_text=_("留空时各类别共用"),
    )
    code = models.SlugField(_("代码"))
    title = models.CharField(_("标题"), max_length=120)
    title_en = models.CharField(_("英文标题"), max_length=120, blank=True)
    help = models.TextField(_("说明"), blank=True)
    help_en = models.TextField(_("英文说明"), blank=True)
    is_blind = models.BooleanField(
        _("匿名部分"),
        default=False,
        help_text=_("不得出现人员和单位的名称，提交前系统核对；匿名评审时专家只看匿名部分"),
    )
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("表单部分")
        verbose_name_plural = _("表单部分")
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["call", "code"], name="section_code_once")]
        triggers = frozen_with_call()

    def __str__(self):
        return self.title


class QuestionKind(models.TextChoices):
    LINE = "line", _("单行文字")
    TEXT = "text", _("多行文字")
    NUMBER = "number", _("数字")
    MONEY = "money", _("金额（万元）")
    DATE = "date", _("日期")
    MONTH = "month", _("年月")
    YES_NO = "yes_no", _("是或否")
    CHOICE = "choice", _("单选")
    CHOICES = "choices", _("多选")
    DICTIONARY = "dictionary", _("字典选择")
    LIST = "list", _("条目列表")
    PERSON = "person", _("人员")
    ORGANISATION = "organisation", _("单位")
    TABLE = "table", _("表格")
    INDICATORS = "indicators", _("考核指标表")
    SUBPROJECTS = "subprojects", _("子课题")
    ATTACHMENT = "attachment", _("附件")
    COMMITMENT = "commitment", _("承诺")
    COMPUTED = "computed", _("自动计算")


class Question(models.Model):
    """One question of the form. `config` by kind (see `applications.questions`): max_length, unit, min, max,
    decimals, choices, columns, min_rows, max_rows, endings, max_bytes."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="questions", verbose_name=_("通知"))
    section = models.ForeignKey(Section, models.CASCADE, related_name="questions", verbose_name=_("部分"))
    code = models.SlugField(_("代码"))
    kind = models.CharField(_("类型"), max_length=20, choices=QuestionKind)
    label = models.CharField(_("题目"), max_length=200)
    label_en = models.CharField(_("英文题目"), max_length=200, blank=True)
    help = models.TextField(_("填写说明"), blank=True)
    help_en = models.TextField(_("英文填写说明"), blank=True)
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    is_required = models.BooleanField(_("必填"), default=True)
    visible_when = models.TextField(_("显示条件（CEL）"), blank=True)
    required_when = models.TextField(
        _("必填条件（CEL）"), blank=True, help_text=_("不是总要填的题目，条件成立时须填")
    )
    valid_when = models.TextField(
        _("校验条件（CEL）"), blank=True, help_text=_("填写后须成立；value 是本题的答案")
    )
    valid_message = models.CharField(_("校验提示"), max_length=200, blank=True)
    valid_message_en = models.CharField(_("英文校验提示"), max_length=200, blank=True)
    config = models.JSONField(_("设置"), default=dict, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("问题")
        verbose_name_plural = _("问题")
        ordering = ["section__order", "order"]
        constraints = [models.UniqueConstraint(fields=["call", "code"], name="question_code_once")]
        triggers = frozen_with_call()

    def __str__(self):
        return self.label


class Dictionary(models.Model):
    """A dated code list (GB/T 2260 regions, GB/T 4754 industries, local chains …), uploadable."""

    code = models.SlugField(_("代码"))
    name = models.CharField(_("名称"), max_length=120)
    source = models.CharField(_("来源"), max_length=200, blank=True)
    valid_from = models.DateField(_("启用日期"))
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("字典")
        verbose_name_plural = _("字典")
        ordering = ["code", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="dictionary_version_once"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
                name="dictionary_dates_in_order",
            ),
        ]

    def __str__(self):
        return f"{self.name}（{self.valid_from:%Y-%m-%d}）"

    def is_valid_on(self, day) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class DictionaryEntry(models.Model):
    """One code of a dictionary; `parent` is the code above it."""

    dictionary = models.ForeignKey(Dictionary, models.CASCADE, related_name="entries")
    code = models.CharField(_("代码"), max_length=30)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    parent = models.CharField(_("上级代码"), max_length=30, blank=True)

    class Meta:
        verbose_name = _("字典条目")
        verbose_name_plural = _("字典条目")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["dictionary", "code"], name="dictionary_entry_once")]

    def __str__(self):
        return f"{self.code} {self.name}"
