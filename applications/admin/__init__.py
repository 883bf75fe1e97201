"""The bureau's pages about applications: the desk of the formal check, its batches, appeals, causes."""

from applications.admin import appeals, desk, letters, past, sanctions

__all__ = ["appeals", "desk", "letters", "past", "sanctions"]
