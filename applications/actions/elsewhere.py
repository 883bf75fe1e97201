"""Write a table of projects elsewhere: each once, however often the table comes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from applications.models import PastProject
from applications.queries import elsewhere
from core import workflow


@transaction.atomic
def record_elsewhere(*, rows: Sequence[Mapping], source: str, by, at: datetime) -> Counter:
    """Add what is new, bring what differs in line; how many of each ("new", "changed", "same").

    Who uploaded, when and from where stays with every record that was written. Raises Lost when somebody
    else wrote one of them in the same moment: then nothing is written.
    """
    found = elsewhere.compared(rows, lock=True)
    stamp = {"source": source, "uploaded_by": by, "uploaded_at": at}
    try:
        with transaction.atomic():
            made = PastProject.objects.bulk_create(
                PastProject(**one.row, **stamp) for one in found if one.what == elsewhere.NEW
            )
    except IntegrityError:
        raise workflow.Lost(_("有人刚刚写入了同样的项目，请重新上传核对。"), code="lost") from None
    for project in made:
        workflow.record(project, "uploaded", by=by, at=at, note=source)
    for one in found:
        if one.what == elsewhere.CHANGED:
            for name, value in {**{name: after for name, _old, after in one.differences}, **stamp}.items():
                setattr(one.project, name, value)
            one.project.save()
            before = {name: str(old) for name, old, _new in one.differences}
            workflow.record(one.project, "changed", by=by, at=at, note=source, data={"before": before})
    return Counter(one.what for one in found)
