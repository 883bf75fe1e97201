"""The language of a person who signed in, on a browser that has not chosen one."""

from django.conf import settings
from django.utils import translation


class UserLanguageMiddleware:
    """After authentication: without the switch's cookie, the language of the profile is used."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)
