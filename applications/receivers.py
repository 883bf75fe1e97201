"""What applications do when something happens upstream. Connected in `ApplicationsConfig.ready`."""

from applications import actions


def relisted(sender, *, topic, by, at, **kwargs) -> None:
    actions.reopen_drafts(topic=topic, by=by, at=at)
