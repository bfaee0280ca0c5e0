"""A team's own metrics, and those built in."""

from __future__ import annotations

from typing import Any

import pytest

from people import trail
from tests.api.management.conftest import Caller, Draft, assert_refused, everything

OWN: dict[str, Any] = {
    "key": "spend",
    "name": "Spend",
    "kind": "mean",
    "numerator": {"source": "events", "type": "purchase", "aggregation": "sum"},
    "format": "money",
    "currency": "EUR",
}


def test_a_metric_is_defined_changed_archived_and_restored(admin: Caller, draft: Draft) -> None:
    made = admin.post("metrics", OWN)
    assert made.status_code == 201, made.json()
    draft(key="uses-it")
    admin.patch("experiments/uses-it", {"measurement": {"goals": ["spend"]}})
    assert admin.get("metrics/spend").json()["used_by"] == ["uses-it"]

    capped = OWN | {"winsorise": 0.99}
    changed = admin.send("PUT", "metrics/spend", capped, tag=admin.get("metrics/spend")["ETag"])
    before = everything()
    refused = admin.post("metrics/spend/archive")
    assert_refused(
        refused,
        409,
        None,
        "Spend is measured by Home CTR (draft). Archive it once they have stopped.",
        before=before,
    )
    admin.patch("experiments/uses-it", {"measurement": {"goals": ["ctr"]}})
    archived = admin.post("metrics/spend/archive")
    restored = admin.post("metrics/spend/restore")

    assert changed.json()["definition"]["winsorise"] == 0.99
    assert (made.json()["built_in"], made.json()["archived_at"]) == (False, None)
    assert archived.json()["archived_at"] is not None
    assert restored.json()["archived_at"] is None
    acts = trail.entries(kind="metric", key="spend")
    assert [entry.verb for entry in acts[::-1]] == ["define", "change", "archive", "restore"]
    [changed_entry] = acts.filter(verb="change")
    caps = [
        (side or {})["definition"]["winsorise"]
        for side in (changed_entry.before, changed_entry.after)
    ]
    assert caps == [None, 0.99]


@pytest.mark.parametrize(
    ("change", "status", "pointer", "detail"),
    [
        ({"key": "ctr"}, 409, "/key", "“ctr” is built in. Choose another key."),
        (
            {"key": "taken", "name": "T"},
            409,
            "/key",
            "There is a metric “taken” already, or was. Choose another key.",
        ),
        ({"name": "taken"}, 409, "/name", "A metric named “taken” exists. Choose another name."),
        (
            {"currency": None},
            400,
            "/currency",
            "currency: must be three capital letters, and belongs to format `money` alone.",
        ),
        (
            {"numerator": {"source": "slates", "slower_than_ms": -1}},
            400,
            "/numerator/slower_than_ms",
            "slower_than_ms: must be 0 or more milliseconds.",
        ),
        (
            {"kind": "ratio"},
            400,
            "/denominator",
            "denominator: a ratio, and only a ratio, has a denominator.",
        ),
        (
            {"kind": "median"},
            400,
            "/kind",
            "kind must be one of mean, proportion, ratio, retention.",
        ),
        ({"weight": 1}, 400, "/weight", None),
    ],
)
def test_a_metric_that_cannot_be_is_refused_by_field(
    admin: Caller, change: dict[str, Any], status: int, pointer: str, detail: str | None
) -> None:
    admin.post("metrics", OWN | {"key": "taken", "name": "taken"})
    before = everything()
    answer = admin.post("metrics", OWN | change)
    assert_refused(answer, status, pointer, detail or answer.json()["detail"], before=before)


def test_a_built_in_metric_is_only_read(admin: Caller) -> None:
    read = admin.get("metrics/ctr")
    before = everything()
    assert read.json()["built_in"] is True
    for refused in (
        admin.send("PUT", "metrics/ctr", OWN, tag=read["ETag"]),
        admin.post("metrics/ctr/archive"),
    ):
        detail = "“ctr” is built in, and only read."
        assert_refused(refused, 405, None, detail, before=before)
