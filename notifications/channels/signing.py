"""How each service wants to be shown that we hold its key."""

import base64
import hashlib
import hmac
from urllib.parse import urlencode

from notifications.channels.http import Post


def _base64_hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def dingtalk(secret: str, milliseconds: int) -> str:
    """Two words for the query: HMAC-SHA256 over "<milliseconds>\\n<secret>", keyed by the secret."""
    sign = _base64_hmac(secret, f"{milliseconds}\n{secret}")
    return urlencode({"timestamp": milliseconds, "sign": sign})


def feishu(secret: str, seconds: int) -> dict[str, str]:
    """Two fields of the body: HMAC-SHA256 over nothing, keyed by "<seconds>\\n<secret>"."""
    return {"timestamp": str(seconds), "sign": _base64_hmac(f"{seconds}\n{secret}", "")}


def ours(secret: str, seconds: int, payload: bytes) -> dict[str, str]:
    """Headers of webhooks and of the SMS gateway: HMAC-SHA256 in hex over "<seconds>.<body>"."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + payload, hashlib.sha256).hexdigest()
    return {"X-Jiebang-Timestamp": str(seconds), "X-Jiebang-Signature": f"v1={digest}"}


def post_signed(post: Post, *, secret: str, seconds: int, payload: bytes, key: str):
    """POST with our signature; `key` is the same for every attempt, so that the receiver acts once."""
    headers = {**ours(secret, seconds, payload), "Idempotency-Key": key}
    return post.send(payload, headers=headers)
