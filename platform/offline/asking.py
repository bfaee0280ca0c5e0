"""From the options of the command line to what is asked."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from experiments.metrics import Catalogue, Metric
from experiments.metrics.exclusions import (
    AttributeIs,
    EventsPerDay,
    Exclusion,
    SlatesPerDay,
    UserList,
)
from experiments.metrics.outside import InvalidRequest, Request

AS_THEY_ARE = (
    *("experiment", "control", "started_at", "as_of", "training_data", "guardrails"),
    *(
        "method",
        "correction",
        "confidence",
        "tuning",
        "lookback_days",
        "cuped",
        "series",
        "described",
        "resamples",
        "memory",
        "threads",
    ),
)
LISTS = ("exposures", "events", "variants", "metrics", "goals", "segments")
NAMED = {"own": "definitions", "columns": "map", "exclusions": "leave-out"}
"""Fields whose option has another name."""


def request(options: Mapping[str, Any]) -> Request:
    """Raises InvalidRequest."""
    named: dict[str, Any] = {name: options[name] for name in AS_THEY_ARE}
    listed: dict[str, Any] = {name: tuple(options[name]) for name in LISTS}
    return Request(
        **(named | listed),
        columns=dict(options["map"]),
        weights=dict(options["weights"]),
        phases=tuple(_numbers(options["phases"])),
        own=_definitions(options["definitions"]),
        exclusions=tuple(_exclusions(options)),
        catalogue=_catalogue(options),
    )


def option(field: str) -> str:
    """What sets the field, for an error to name."""
    return f"--{NAMED.get(field, field).replace('_', '-')}"


def _catalogue(options: Mapping[str, Any]) -> Catalogue | None:
    if options["items"] is None:
        return None
    if not options["described"]:
        raise InvalidRequest("items", "tells of what --described asks for: give both")
    from offline.catalogue import catalogue  # takes its time to import, and few need it

    return catalogue(options["items"])


def _numbers(given: Sequence[str]) -> Iterator[int]:
    for text in given:
        if not text.isdecimal():
            raise InvalidRequest("phases", f"{text!r} is not the number of a phase")
        yield int(text)


def _definitions(name: str | None) -> tuple[Metric, ...]:
    if name is None:
        return ()
    content = _content("own", name)
    try:
        found = msgspec.json.decode(content, type=tuple[Metric, ...] | Metric)
    except msgspec.MsgspecError as error:
        raise InvalidRequest(
            "own", f"{name} must hold a metric's definition or a list of such: {error}"
        ) from error
    return (found,) if isinstance(found, Metric) else found


def _exclusions(options: Mapping[str, Any]) -> Iterator[Exclusion]:
    if name := options["leave_out_users"]:
        users = _content("leave_out_users", name).decode(errors="replace").split("\n")
        ids = tuple(dict.fromkeys(user.strip() for user in users if user.strip()))
        yield UserList(name=Path(name).name, users=ids)
    for attribute, value in options["leave_out"]:
        yield AttributeIs(attribute=attribute, value=value)
    if most := options["most_slates_a_day"]:
        yield SlatesPerDay(limit=most)
    if most := options["most_events_a_day"]:
        yield EventsPerDay(limit=most)


def _content(field: str, name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InvalidRequest(field, f"{name} cannot be read: {error.strerror}") from error
