"""Which text a person saw when they began to change it: a digest of what stands there (docs/adr/0018)."""

import hashlib
import json

from django.core.serializers.json import DjangoJSONEncoder


def version_of(value) -> str:
    """Equal for equal answers, however line ends were sent; nothing, "" and an empty list are one answer.

    `applications.actions.plainly` works the same digest out in the database.
    """
    text = json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value):
    if value in (None, [], {}):
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    if isinstance(value, dict):
        return {key: _plain(found) for key, found in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(found) for found in value]
    return value
