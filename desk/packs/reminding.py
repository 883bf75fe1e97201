"""The reminder rules of a pack: rules that hold for the calls of one series alone."""

from datetime import time

from desk.packs import telling
from grants.models import Call
from notifications.models import ReminderPolicy, ReminderStep

WORDING = ("subject", "body", "subject_en", "body_en")
FIELDS = ("kind", "hour", "on_rest_day", *WORDING, *(f"late_{name}" for name in WORDING))


def write(call: Call, parts: list[telling.ReminderPart]) -> None:
    """Make the rules of the call's series what the pack says. Rules that are so already stay untouched."""
    if dump(call) == parts:
        return
    ReminderPolicy.objects.filter(series=call.series).delete()
    for part in parts:
        start, _dash, end = part.quiet.partition("-")
        policy = ReminderPolicy.objects.create(
            series=call.series,
            is_legal=part.legal,
            quiet_from=time.fromisoformat(start) if start else None,
            quiet_to=time.fromisoformat(end) if end else None,
            **{name: getattr(part, name) for name in FIELDS},
        )
        ReminderStep.objects.bulk_create(
            ReminderStep.reading(step.lead, *step.tell, policy=policy, channels=list(step.by))
            for step in part.steps
        )


def dump(call: Call) -> list[telling.ReminderPart]:
    """The rules of the series in the order in which they were written; two queries."""
    rows = ReminderPolicy.objects.filter(series=call.series).order_by("id").prefetch_related("steps")
    return [
        telling.ReminderPart.model_construct(
            quiet=f"{row.quiet_from:%H:%M}-{row.quiet_to:%H:%M}" if row.quiet_from else "",
            legal=row.is_legal,
            steps=[
                telling.ReminderStepPart.model_construct(lead=step.code, tell=step.audience, by=step.channels)
                for step in row.steps.all()
            ],
            **{name: getattr(row, name) for name in FIELDS},
        )
        for row in rows
    ]
