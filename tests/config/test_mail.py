"""E-mail by one address in the environment."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.mail import settings_of


@pytest.mark.parametrize(
    ("url", "host", "port", "starttls", "tls"),
    [
        ("smtp://mail.example.com", "mail.example.com", 25, False, False),
        ("smtp+tls://mail.example.com", "mail.example.com", 587, True, False),
        ("smtps://mail.example.com", "mail.example.com", 465, False, True),
        ("smtp+tls://10.0.0.1:2525/", "10.0.0.1", 2525, True, False),
    ],
)
def test_the_scheme_says_how_it_is_secured(
    url: str, host: str, port: int, starttls: bool, tls: bool
) -> None:
    found = settings_of(url)

    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == (host, port)
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (starttls, tls)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("", "")


def test_user_and_password_may_hold_any_character() -> None:
    found = settings_of("smtps://ada%40example.com:p%2Fw%3A1@mail.example.com")

    assert found["EMAIL_HOST_USER"] == "ada@example.com"
    assert found["EMAIL_HOST_PASSWORD"] == "p/w:1"


@pytest.mark.parametrize(
    "url",
    ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://h:x", "smtp://h/?tls=1"],
)
def test_anything_else_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="WINNOW_EMAIL_URL must be smtp://"):
        settings_of(url)
