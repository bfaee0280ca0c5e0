"""Going through the create wizard as a browser does, a step at a time."""

from __future__ import annotations

from typing import Any

from django.test import Client

ADDRESS = "/new-experiment/"
STEPS = ("setup", "variants", "measurement", "review")


def send(
    browser: Client,
    address: str,
    typed: dict[str, Any],
    *,
    to: str = "next",
    page: str = "walker",
    seen: int = 0,
    **how: Any,
) -> Any:
    """A step, sent by one of its buttons; each step reads its own fields of what was typed."""
    fields = {"page": page, "seen": seen, "to": to, **typed}
    return browser.post(address, fields, **how)


def walk(
    browser: Client, typed: dict[str, Any], address: str = ADDRESS, *, last: str = "close"
) -> Any:
    """From the first step on, to the first that says what is wrong, or past the last by its button
    `last`.
    """
    for step in STEPS:
        answer = send(browser, address, typed, to=last if step == "review" else "next")
        if answer.status_code == 200:
            return answer
        address = answer["Location"]
    return answer
