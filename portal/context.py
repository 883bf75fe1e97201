"""What every portal page needs beside its own data. Nothing is computed until a template asks for it."""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.http import HttpRequest

from notifications.models import Message
from portal import navigation


@dataclass(frozen=True)
class Page:
    request: HttpRequest

    @cached_property
    def unread(self) -> int:
        """Unread messages: one query, and none for the public."""
        user = self.request.user
        return Message.objects.visible_to(user).unread().count() if user.is_authenticated else 0

    @cached_property
    def navigation(self):
        return navigation.main_navigation(self.request.user, self.request.path)

    @cached_property
    def account_links(self):
        return navigation.account_links(self.request.user, self.request.path)

    @property
    def is_demo(self) -> bool:
        return settings.DEMO


def page(request) -> dict:
    return {"page": Page(request)}
