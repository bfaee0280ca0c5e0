"""What is pinned and buried, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.assignment import Pin
from experiments.models import Placement
from people import trail
from serving import plans
from tests.api.management.conftest import Caller, assert_refused, everything

PIN = {"item": "50", "position": 1}
NONE: dict[str, Any] = {"pins": [], "bury_items": [], "bury_categories": []}


def test_lists_that_are_given_replace_those_there_are(admin: Caller, home: Placement) -> None:
    assert admin.get("placements/home/rules").json() == NONE

    first = admin.patch("placements/home/rules", {"pins": [PIN], "why": "The sale."})
    second = admin.patch(
        "placements/home/rules", {"bury_items": ["7"], "bury_categories": ["Outlet"]}
    )

    assert first.json() == NONE | {"pins": [PIN]}
    whole = {"pins": [PIN], "bury_items": ["7"], "bury_categories": ["Outlet"]}
    assert second.json() == whole == admin.get("placements/home/rules").json()
    plans.announce()
    rules = plans.current().placements["home"].rules
    assert (rules.pins, rules.bury_items) == ((Pin(item="50", position=1),), ("7",))
    entries = list(trail.entries(kind="placement", key="home").filter(verb="set rules"))
    assert [entry.why for entry in entries] == ["", "The sale."]
    assert admin.patch("placements/home/rules", {"pins": []}).json() == whole | {"pins": []}


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({"pins": [PIN, {"item": "50", "position": 2}]}, "/pins/1/item", "“50” is pinned already."),
        (
            {"pins": [{"item": "50", "position": 0}]},
            "/pins/0/position",
            "pins[0].position must be 1 to 100.",
        ),
        (
            {"pins": [PIN], "bury_items": ["50"]},
            "/bury_items/0",
            "“50” is pinned: it cannot be buried too.",
        ),
    ],
)
def test_what_cannot_hold_is_refused_by_field(
    admin: Caller, home: Placement, body: dict[str, Any], pointer: str, detail: str
) -> None:
    before = everything()
    answer = admin.patch("placements/home/rules", body)
    assert_refused(answer, 400, pointer, detail, before=before)


def test_rules_are_changed_as_they_were_read_or_not_at_all(admin: Caller, home: Placement) -> None:
    tag = admin.get("placements/home/rules")["ETag"]
    assert admin.patch("placements/home/rules", {"pins": [PIN]}, tag=tag).status_code == 200
    assert admin.patch("placements/home/rules", {"pins": []}, tag=tag).status_code == 412
    assert admin.get("placements/home/rules").json()["pins"] == [PIN]
