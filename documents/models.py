"""Private, hashed, versioned files. What a file belongs to decides who may read it."""

import uuid

import pgtrigger
from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from documents import access


class ScanState(models.TextChoices):
    PENDING = "pending", _("待检查")
    CLEAN = "clean", _("已检查")
    INFECTED = "infected", _("有病毒")


def storage_path(document, filename):
    """A random path: nobody can guess it and two equal names never meet."""
    return f"{document.created_at:%Y/%m}/{uuid.uuid4().hex}"


class DocumentQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Files of subjects whose own app lets `user` read them (see `documents.access`)."""
        if not user.is_authenticated:
            return self.none()
        wanted = Q(pk__in=[])
        for reader in access.readers():
            wanted |= reader(user)
        return self.filter(wanted)

    def about(self, subject):
        return self.filter(content_type=ContentType.objects.get_for_model(subject), object_id=subject.pk)


class Document(models.Model):
    """One version of one file. Never edited: a new upload is a new row with `version + 1`."""

    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    object_id = models.BigIntegerField()
    subject = GenericForeignKey("content_type", "object_id")
    kind = models.CharField(_("用途"), max_length=60, help_text=_("问题代码、里程碑证据、快照等"))
    file = models.FileField(_("文件"), upload_to=storage_path)
    name = models.CharField(_("文件名"), max_length=200)
    size = models.BigIntegerField(_("字节"))
    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    media_type = models.CharField(_("类型"), max_length=100)
    version = models.PositiveIntegerField(_("版本"), default=1)
    scan = models.CharField(_("病毒检查"), max_length=10, choices=ScanState, default=ScanState.PENDING)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("上传人"),
    )
    created_at = models.DateTimeField(_("时间"))

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("文件")
        verbose_name_plural = _("文件")
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id", "kind", "version"], name="document_version_once"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="document_not_empty"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="sealed", operation=pgtrigger.UpdateOf("file", "sha256", "size", "version")
            ),
        ]

    def __str__(self):
        return self.name


class Upload(models.Model):
    """A file on its way, in pieces: what has `received` bytes stands under `uploads/<key>/`.

    Nothing belongs to anybody's subject yet; what is never finished is removed by the sweep. With `form` it
    is whole and waits for a form that was sent back; without `by` the form is that of a visitor's session.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("文件名"), max_length=200)
    size = models.BigIntegerField(_("字节"))
    received = models.BigIntegerField(_("已收到的字节"), default=0)
    form = models.CharField(max_length=120, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"), db_index=True)

    class Meta:
        verbose_name = _("未完成的上传")
        verbose_name_plural = _("未完成的上传")
        indexes = [models.Index(fields=["form"], condition=~Q(form=""), name="upload_held_for_form")]
        constraints = [
            models.CheckConstraint(
                condition=Q(size__gt=0, received__gte=0, received__lte=models.F("size")),
                name="upload_received_in_size",
            ),
            models.CheckConstraint(
                condition=Q(form="", by__isnull=False) | ~Q(form="") & Q(received=models.F("size")),
                name="upload_held_is_whole",
            ),
        ]

    def __str__(self):
        return self.name
