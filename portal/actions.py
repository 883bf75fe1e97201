"""What a person changes on the portal's own pages: their language."""

from accounts.models import User


def remember_language(*, user: User, language: str) -> None:
    """Mail and pages of later visits use it."""
    if user.language != language:
        user.language = language
        user.save(update_fields=["language"])
