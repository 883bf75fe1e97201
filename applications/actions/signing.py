"""Keep what a unit or a recommender signed with what it passes on."""

from datetime import datetime

from django.utils.translation import gettext as _

from applications import queries, rules
from applications.models import Application, SignOff
from core.workflow import Lost
from documents.actions import store

ENDINGS = ("pdf", "jpg", "jpeg", "png")


def sign_off(
    *, application: Application, signed: rules.Signed | None, opinion: str, by, at: datetime
) -> SignOff | None:
    """Called before the move, where the step asks for something. Raises Refused: what is missing."""
    stage = rules.check_signed(application, signed, opinion=opinion, at=at)
    if stage is None:
        return None
    # Of two clicks the second waits here, and finds the application passed on.
    state = Application.objects.select_for_update().values_list("state", flat=True).get(pk=application.pk)
    if state != stage.kind:
        raise Lost(_("申报书刚刚已经办理，请刷新。"), code="lost")
    if stage.asks_file:
        store(
            subject=application,
            kind=queries.signed_kind(stage.kind, application.version),
            file=signed.file,
            name=signed.file.name,
            by=by,
            at=at,
            endings=ENDINGS,
            field="file",
            clause=stage.clause,
        )
    return SignOff.objects.create(
        application=application,
        version=application.version,
        step=stage.kind,
        pledge=stage.pledge,
        shown_from_date=signed.shown_from if stage.shown_days else None,
        shown_to_date=signed.shown_to if stage.shown_days else None,
        opinion=opinion.strip(),
        by=by,
        at=at,
    )
