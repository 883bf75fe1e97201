"""Projects of earlier notices that may apply: lines by which somebody can come in, and what names them."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.packs import reach
from desk.packs.schema import Pack
from desk.packs.source import Place
from grants.models import EntryOf

Found = Iterator[tuple[Place, str]]
LITERAL = r"""(?:'([^']*)'|"([^"]*)")"""
NAMED = re.compile(rf"follows\.entry\s*[!=]=\s*{LITERAL}|{LITERAL}\s*[!=]=\s*follows\.entry")
NO_GRADES = gettext_lazy("入库备选的项目没有等次。")
ITSELF = gettext_lazy("写的就是本通知：没有更早的项目可以凭以申报。")


def errors(pack: Pack) -> Found:
    codes = [row.code for row in pack.entries]
    for index, row in enumerate(pack.entries):
        place = ("entries", index)
        if row.code in codes[:index]:
            yield (*place, "code"), _("“%(name)s”重复，同一数据包内只能出现一次。") % {"name": row.code}
        if row.grades and row.of == EntryOf.RESERVED:
            yield (*place, "grades"), str(NO_GRADES)
        own = row.plan in ("", pack.programme.slug) and row.title == pack.call.title
        if own and not row.years:
            yield (*place, "title"), str(ITSELF)
    for place, source in reach.conditions(pack):
        for match in NAMED.finditer(source):
            code = next(group for group in match.groups() if group is not None)
            if code and code not in codes:
                yield place, _("没有代码为“%(code)s”的入选资格。") % {"code": code}
