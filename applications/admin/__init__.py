"""The bureau's pages about applications: the desk of the formal check, its batches, appeals, causes."""

from applications.admin import appeals, desk, past

__all__ = ["appeals", "desk", "past"]
