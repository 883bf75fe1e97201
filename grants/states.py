from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.workflow import Machine


class CallState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    PUBLISHED = "published", _("已发布")
    CLOSED = "closed", _("已结束")
    SUPERSEDED = "superseded", _("已由新版本取代")


CALL = Machine(
    states=CallState,
    initial=CallState.DRAFT,
    transitions={
        CallState.DRAFT: frozenset({CallState.PUBLISHED}),
        CallState.PUBLISHED: frozenset({CallState.CLOSED, CallState.SUPERSEDED}),
        CallState.CLOSED: frozenset({CallState.SUPERSEDED}),
    },
    owners={
        CallState.DRAFT: frozenset({Role.PROGRAMME_MANAGER}),
        CallState.PUBLISHED: frozenset({Role.PROGRAMME_MANAGER}),
        CallState.CLOSED: frozenset({Role.PROGRAMME_MANAGER}),
        CallState.SUPERSEDED: frozenset(),
    },
)


class TopicState(models.TextChoices):
    LISTED = "listed", _("揭榜中")
    CLOSED = "closed", _("评榜中")
    AWARDED = "awarded", _("已中榜")
    UNFILLED = "unfilled", _("流榜")
    WITHDRAWN = "withdrawn", _("已撤榜")


_MANAGER = frozenset({Role.PROGRAMME_MANAGER})

TOPIC = Machine(
    states=TopicState,
    initial=TopicState.LISTED,
    transitions={
        TopicState.LISTED: frozenset({TopicState.CLOSED, TopicState.WITHDRAWN, TopicState.UNFILLED}),
        TopicState.CLOSED: frozenset({TopicState.AWARDED, TopicState.UNFILLED, TopicState.LISTED}),
        TopicState.UNFILLED: frozenset({TopicState.LISTED}),
    },
    owners={
        TopicState.LISTED: _MANAGER,
        TopicState.CLOSED: _MANAGER,
        TopicState.UNFILLED: _MANAGER,
        TopicState.AWARDED: frozenset(),
        TopicState.WITHDRAWN: frozenset(),
    },
)
