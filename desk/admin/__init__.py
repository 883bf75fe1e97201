"""The configuration desk (配置台): a notice becomes a running call, part by part, without code."""

from desk.admin.call import CallAdmin

__all__ = ["CallAdmin"]
