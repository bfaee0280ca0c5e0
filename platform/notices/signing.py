"""Signatures as Standard Webhooks 1.0.0 writes them. Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def new_uid() -> str:
    """The id of a notice, without the full stop that separates what is signed."""
    return f"msg_{secrets.token_hex(16)}"


def sign(secret: str, *, uid: str, at: datetime, payload: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over `uid.timestamp.payload`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{uid}.{int(at.timestamp())}.".encode() + payload
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(secret: str, *, uid: str, at: datetime, payload: bytes) -> dict[str, str]:
    """`at` is the time of this attempt."""
    return {
        "webhook-id": uid,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": sign(secret, uid=uid, at=at, payload=payload),
    }
