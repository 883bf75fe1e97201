"""What the team says to each other about a question or a part."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from applications import rules
from applications.models import Application, Comment
from core.workflow import Lost, Refused

LONGEST = 2000


@transaction.atomic
def add_comment(
    *, application: Application, section: str, text: str, by, at: datetime, question: str = ""
) -> Comment:
    """Raises Refused for somebody who does not work on the application, and for an empty text."""
    rules.check_can_comment(by, application)
    text = text.replace("\0", "").strip()
    if not text:
        raise Refused(_("请填写批注。"), field="text")
    if len(text) > LONGEST:
        raise Refused(_("批注最多 %(max)s 个字。") % {"max": LONGEST}, field="text")
    return Comment.objects.create(
        application=application, section=section, question=question, text=text, by=by, at=at
    )


@transaction.atomic
def resolve_comment(*, comment: Comment, by, at: datetime) -> None:
    """Done with. Raises Refused; Lost when somebody was faster."""
    rules.check_can_comment(by, comment.application)
    changed = Comment.objects.filter(pk=comment.pk, resolved_at__isnull=True).update(
        resolved_by=by, resolved_at=at
    )
    if not changed:
        raise Lost(_("这条批注已经处理过了。"), code="lost")


@transaction.atomic
def reopen_comment(*, comment: Comment, by) -> None:
    rules.check_can_comment(by, comment.application)
    Comment.objects.filter(pk=comment.pk).update(resolved_by=None, resolved_at=None)
