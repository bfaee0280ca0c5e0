"""Rejected records of the last hour, by field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pytest_django import Settings

from events.ingest import Rejection
from serving import rejections

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def rejection(field: str) -> Rejection:
    return Rejection(index=0, field=field, pointer="", error="")


def test_fields_are_counted_most_first_and_unknown_ones_together() -> None:
    fields = ["type", "properties/size", "type", "colour", "", "properties/age", "properties"]
    rejections.note("events", [rejection(field) for field in fields], now=NOW)

    assert list((rejections.last_hour("events", now=NOW) or {}).items()) == [
        ("properties", 3),
        ("type", 2),
        ("other", 2),
    ]


def test_exposures_have_fields_and_counts_of_their_own() -> None:
    fields = ["items/1/propensity", "items", "variant", "type", ""]
    rejections.note("exposures", [rejection(field) for field in fields], now=NOW)

    found = rejections.last_hour("exposures", now=NOW)
    assert found == {"items": 2, "other": 2, "variant": 1}
    assert rejections.last_hour("events", now=NOW) == {}


def test_an_hour_later_they_are_forgotten() -> None:
    rejections.note("events", [rejection("at")], now=NOW)

    assert rejections.last_hour("events", now=NOW + timedelta(minutes=59)) == {"at": 1}
    assert rejections.last_hour("events", now=NOW + timedelta(minutes=66)) == {}


def test_without_valkey_nothing_is_known_and_nothing_breaks(settings: Settings) -> None:
    settings.VALKEY_URL = "redis://127.0.0.1:1/0"

    rejections.note("events", [rejection("at")], now=NOW)

    assert rejections.last_hour("events", now=NOW) is None
