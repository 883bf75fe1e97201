"""A pack as YAML text, in the order and the words a person would write it."""

from decimal import Decimal
from enum import Enum
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from desk.packs.schema import Pack

WIDTH = 4096


def write(pack: Pack) -> str:
    """YAML of a pack; what equals its default is left out. `parse(write(pack))` is the same pack."""
    yaml = YAML(typ="rt")
    yaml.width = WIDTH
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = StringIO()
    # Parts made from rows hold plain strings where the schema names an enumeration.
    yaml.dump(_plain(pack.model_dump(exclude_defaults=True, warnings=False)), text)
    return text.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    return value
