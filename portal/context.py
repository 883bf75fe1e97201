"""What every portal page needs beside its own data. Nothing is computed until a template asks for it."""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from notifications.models import Message
from portal import navigation


@dataclass(frozen=True)
class Page:
    request: HttpRequest

    @property
    def user(self):
        """The person; a request refused before it was authenticated comes from nobody."""
        return getattr(self.request, "user", AnonymousUser())

    @cached_property
    def unread(self) -> int:
        """Unread messages: one query, and none for the public."""
        return Message.objects.visible_to(self.user).unread().count() if self.user.is_authenticated else 0

    @cached_property
    def navigation(self):
        return navigation.main_navigation(self.user, self.request.path)

    @cached_property
    def account_links(self):
        return navigation.account_links(self.user, self.request.path)

    @property
    def is_demo(self) -> bool:
        return settings.DEMO


def page(request) -> dict:
    return {"page": Page(request)}
