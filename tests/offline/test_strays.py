"""A click is astray where no slate that the user was ever served holds the item it names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.offline.conftest import Files, after, value

STRAYS = ("--metrics", "unattributed_clicks", "--experiment", "home-ctr")
ELSEWHERE = {"experiment": None, "phase": None, "variant": None, "reason": "no_experiment"}


def served(user: str, arm: str, request: str, **changes: Any) -> dict[str, Any]:
    row = {"user": user, "variant": arm, "request_id": request, "items": ["a", "b"]}
    ours = {"experiment": "home-ctr", "phase": 1, "reason": "split", "placement": "home"}
    return row | ours | {"at": after(0)} | changes


def clicked(user: str, request: str | None, item: str | None, at: float = 60) -> dict[str, Any]:
    row = {"type": "click", "user": user, "request_id": request, "item": item}
    return row | {"at": after(at)}


BOTH = [served("u", "control", "r1"), served("w", "new", "r2")]
LAST = {"type": "view", "user": "u", "request_id": None, "item": None, "at": after(900)}


@pytest.fixture(params=[(), ("--lookback-days", "1")], ids=["plain", "lookback"])
def strays(files: Files, request: pytest.FixtureRequest) -> Any:
    """Clicks gone astray per variant, with what else was served and what was clicked."""

    def count(more: list[dict[str, Any]], clicks: list[dict[str, Any]], *options: str) -> Any:
        files.write([*BOTH, *more], [*clicks, LAST])
        return value(files.analysed(*STRAYS, *options, *request.param), "unattributed_clicks")

    return count


@pytest.mark.parametrize(
    "changes",
    [
        ELSEWHERE | {"placement": "cart"},
        ELSEWHERE,
        {"experiment": "cart-ctr", "placement": "cart"},
        {"reason": "override"},
        {"variant": "unlisted", "phase": 2, "at": after(300)},
    ],
    ids=[
        "another placement",
        "no experiment",
        "another experiment",
        "an override",
        "a later phase",
    ],
)
def test_a_click_on_another_slate_of_the_user_is_not_astray(
    strays: Any, changes: dict[str, Any]
) -> None:
    more = [served("u", "control", "other", items=["c"], **{"at": after(30)} | changes)]

    assert strays(more, [clicked("u", "other", "c", 400)], "--phases", "1") == {
        "control": 0,
        "new": 0,
    }


def test_what_no_slate_of_the_user_holds_is_astray(strays: Any) -> None:
    more = [
        served("u", "control", "other", items=["c"], at=after(30), **ELSEWHERE),
        served("x", "control", "third", items=["d"], at=after(30), **ELSEWHERE),
        served("u", "control", "late", items=["e"], at=after(5000), **ELSEWHERE),
    ]
    clicks = [
        clicked("u", "other", "a"),  # not an item of that slate
        clicked("u", "third", "d"),  # another user's slate
        clicked("u", "late", "e"),  # served after as_of
        clicked("u", "r1", "z"),
        clicked("u", "r1", "z"),  # the same once more
        clicked("u", None, "a"),
        clicked("u", "r1", None),
        clicked("u", "r1", "b"),  # attributed
        clicked("w", "lost", "a"),
    ]

    found = strays(more, clicks, "--as-of", after(1000).isoformat())

    assert found == {"control": 6, "new": 1}


def test_of_a_request_that_is_repeated_elsewhere_the_first_slate_holds(strays: Any) -> None:
    more = [
        served("u", "control", "other", items=["c"], at=after(30), **ELSEWHERE),
        served("u", "control", "other", items=["d"], at=after(40), **ELSEWHERE),
    ]

    clicks = [clicked("u", "other", "c"), clicked("u", "other", "d")]
    assert strays(more, clicks) == {"control": 1, "new": 0}
