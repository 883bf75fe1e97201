"""Steps from which an application is revised after what experts said."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.packs.schema import Pack
from desk.packs.source import Place
from grants.models import REVISABLE, FormKind, StageKind

Found = Iterator[tuple[Place, str]]
WHERE_REVISED = gettext_lazy(
    "按专家意见修改写在专家评审之后、立项决定及之前的主管部门环节；可以修改的题目须与天数一起写。"
)


def problems(pack: Pack) -> Found:
    """Only of steps up to the decision, with questions that the form asks."""
    kinds = [stage.kind for stage in pack.stages]
    decision = kinds.index(StageKind.DECISION) if StageKind.DECISION in kinds else len(kinds)
    asked = {q.code for part in pack.sections if part.form == FormKind.APPLICATION for q in part.questions}
    for index, stage in enumerate(pack.stages):
        if stage.revision_days is None and not stage.revises:
            continue
        if stage.revision_days is None or stage.kind not in REVISABLE or index > decision:
            yield ("stages", index, "revision_days"), str(WHERE_REVISED)
        for number, code in enumerate(stage.revises):
            if code not in asked:
                yield ("stages", index, "revises", number), _("没有代码为“%(code)s”的题目。") % {"code": code}
