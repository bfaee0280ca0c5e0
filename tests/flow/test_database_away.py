"""A web process that begins while the database is away: it routes by the plan's mirror."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.flow.conftest import Beside
from tests.ports import free_port
from tests.stack import Stack

pytestmark = pytest.mark.timeout(600)


def nowhere() -> str:
    """An address of this machine at which nothing listens."""
    return f"127.0.0.1:{free_port()}"


@pytest.mark.parametrize("valkey_too", [False, True], ids=["database", "database and Valkey"])
def test_it_assigns_routes_and_takes_events_as_the_others_do(
    stack: Stack, beside: Beside, valkey_too: bool
) -> None:
    away = {"DATABASE_URL": f"postgresql://winnow@{nowhere()}/winnow"}
    if valkey_too:
        away["VALKEY_URL"] = f"redis://{nowhere()}/0"
    other = beside(**away)

    assert _readiness(other) == {
        "ready": True,
        "journal": True,
        "problem": None,
        "database": False,
        "valkey": not valkey_too,
    }
    for user in ("u1", "u2", "u3"):
        assert other.call("assign", {"user": user}) == stack.call("assign", {"user": user})
        asked = {"user": user, "placement": "home", "k": 3, "request_id": f"{user}-{other.port}"}
        assert _planned(other.call("route", asked)) == _planned(stack.call("route", asked))
    view = {"id": f"away-{other.port}", "type": "view", "user": "u1", "item": "a-item-0"}
    assert other.call("events", {"events": [view]})["accepted"] == 1
    with pytest.raises(urllib.error.HTTPError) as refused:
        other.call("experiments")
    with refused.value as answer:
        assert (answer.code, answer.headers["Retry-After"]) == (503, "5")


def _planned(slate: dict[str, Any]) -> dict[str, Any]:
    """What is up to the plan: a model that is still being loaded is not."""
    assert len(slate["items"]) == 3
    return {n: slate[n] for n in slate if n not in ("items", "served_by", "fallback")}


def _readiness(stack: Stack) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"{stack.url}/readyz", timeout=20) as answer:
            said = json.load(answer)
    except urllib.error.HTTPError as refused:
        said = json.load(refused)
    return {name: said[name] for name in said if name not in ("plan", "journal_bytes")}
