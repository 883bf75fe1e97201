"""Decide, publish, award, sign, complete."""

from datetime import datetime

from django.db import transaction

from awards.models import Agreement
from awards.states import AgreementState
from core import workflow


@transaction.atomic
def complete(*, agreement: Agreement, by, at: datetime) -> None:
    """Everything is accepted and paid. Raises Refused unless the agreement is in force."""
    workflow.move(agreement, AgreementState.COMPLETED, by=by, at=at)
