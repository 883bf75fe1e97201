"""How a pack's decisions are served (签收): rules that hold for the calls of one series alone."""

from desk.packs import telling
from grants.models import Call
from notifications.models import NoticeRule


def write(call: Call, parts: list[telling.ReceiptPart]) -> None:
    """Make the rules of the call's series what the pack says."""
    if dump(call) == parts:
        return
    NoticeRule.objects.filter(series=call.series).delete()
    NoticeRule.objects.bulk_create(
        NoticeRule(series=call.series, **{name: getattr(part, name) for name in type(part).model_fields})
        for part in parts
    )


def dump(call: Call) -> list[telling.ReceiptPart]:
    rows = NoticeRule.objects.filter(series=call.series).order_by("id")
    names = telling.ReceiptPart.model_fields
    return [
        telling.ReceiptPart.model_construct(**{name: getattr(row, name) for name in names}) for row in rows
    ]
