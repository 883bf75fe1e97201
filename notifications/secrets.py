"""A text that is encrypted in the database: addresses and keys of gateways."""

import base64
import hashlib
import logging

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

logger = logging.getLogger(__name__)


def _cipher() -> MultiFernet:
    """The current SECRET_KEY writes; it and its fallbacks read."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(f"notifications.gateway:{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


class EncryptedTextField(models.TextField):
    """Text in Python, ciphertext in the table and in every dump. It cannot be searched.

    What no key of ours opens reads as empty, so that the page where it is entered anew still works.
    """

    def from_db_value(self, value, expression, connection):
        if not value:
            return value
        try:
            return _cipher().decrypt(value.encode()).decode()
        except InvalidToken:
            logger.error("a stored secret cannot be read: was SECRET_KEY replaced without its fallback?")
            return ""

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return _cipher().encrypt(value.encode()).decode() if value else value
