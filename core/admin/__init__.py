"""What every admin page shares, and the table of working days."""

from core.admin import calendar  # noqa: F401 (registers its page)
from core.admin.buttons import ActionButtonsMixin, button, dress, page, run
from core.admin.pages import (
    Autocomplete,
    HistoryMixin,
    ModelAdmin,
    PagedRows,
    ReadOnlyMixin,
)

__all__ = [
    "ActionButtonsMixin",
    "Autocomplete",
    "HistoryMixin",
    "ModelAdmin",
    "PagedRows",
    "ReadOnlyMixin",
    "button",
    "dress",
    "page",
    "run",
]
