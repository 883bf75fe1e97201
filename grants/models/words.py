"""Names in the language of whoever reads them."""

from django.utils.translation import get_language


def in_readers_language(row, name: str) -> str:
    """`<name>_en` for readers of English where it was written, otherwise `<name>`."""
    english = getattr(row, f"{name}_en") if (get_language() or "").startswith("en") else ""
    return english or getattr(row, name)
