"""Where e-mail goes, from one address in the environment."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
SECONDS = 10


def settings_of(url: str) -> dict[str, Any]:
    """Django's settings for `smtp://user:password@host:port`, or `smtp+tls` for STARTTLS, or
    `smtps` for TLS from the first byte. Raises ImproperlyConfigured.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise _wrong() from None
    if not parts.hostname or parts.path.strip("/") or parts.query:
        raise _wrong()
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": SECONDS,
    }


def _wrong() -> ImproperlyConfigured:
    return ImproperlyConfigured(
        "WINNOW_EMAIL_URL must be smtp://, smtp+tls:// or smtps:// with a host, such as "
        "smtp+tls://user:password@mail.example.com:587."
    )
