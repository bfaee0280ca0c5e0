"""The code that the documentation gives receivers does what it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from notices import signing

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "receive-webhooks.md"
SECRET = signing.new_secret()
BODY = '{"type":"test","data":{"summary":"Grüße"}}'

Verify = Callable[[str, dict[str, str], bytes], dict[str, Any]]


def example(language: str) -> str:
    [code] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(code)


def signed(*, ago: timedelta = timedelta(0), secret: str = SECRET) -> dict[str, str]:
    at = datetime.now(UTC) - ago
    return signing.headers(secret, uid="msg_1", at=at, payload=BODY.encode())


@pytest.fixture
def verify() -> Verify:
    names: dict[str, Any] = {}
    exec(example("python"), names)  # noqa: S102
    found: Verify = names["verify"]
    return found


def test_a_notice_of_ours_is_trusted(verify: Verify) -> None:
    assert verify(SECRET, signed(), BODY.encode())["data"] == {"summary": "Grüße"}


def test_one_of_several_signatures_is_enough(verify: Verify) -> None:
    headers = signed()
    others = "v1a,ZWQyNTUxOQ== v1,b3RoZXI= "
    headers["webhook-signature"] = others + headers["webhook-signature"]

    assert verify(SECRET, headers, BODY.encode())["type"] == "test"


@pytest.mark.parametrize(
    ("secret", "forged", "body"),
    [
        (signing.new_secret(), {}, BODY),
        (SECRET, {}, BODY.replace("test", "real")),
        (SECRET, {"webhook-id": "msg_2"}, BODY),
        (SECRET, {"webhook-signature": ""}, BODY),
    ],
    ids=["another's secret", "another body", "another id", "no signature"],
)
def test_what_was_forged_is_not(
    verify: Verify, secret: str, forged: dict[str, str], body: str
) -> None:
    with pytest.raises(ValueError, match="The signature does not match"):
        verify(SECRET, signed(secret=secret) | forged, body.encode())


def test_what_was_kept_to_be_sent_later_is_not(verify: Verify) -> None:
    with pytest.raises(ValueError, match="more than five minutes off"):
        verify(SECRET, signed(ago=timedelta(minutes=6)), BODY.encode())
