"""A toy log, written line by line, in the columns of the real one."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import ibis
import msgspec
import pyarrow as pa
import pytest
from ibis.expr.types import Table

from events.schema import EVENTS, EXPOSURES
from experiments.metrics import METRICS, Metric, PhaseSpec, ScorecardSpec, Tracked

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def seconds(after: float) -> datetime:
    """A time of the toy log."""
    return START + timedelta(seconds=after)


class ToyLog:
    """Times are seconds after START."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._exposures: list[dict[str, object]] = []
        self._events: list[dict[str, object]] = []
        self._ids = count()

    def serve(
        self, user: str, variant: str | None, items: str, at: float = 0, **changes: Any
    ) -> str:
        """Serve the letters of `items` and return the request id."""
        slate = [{"id": letter, "score": 1.0, "propensity": 1.0} for letter in items]
        row: dict[str, Any] = {
            "request_id": f"r{next(self._ids)}",
            "user": user,
            "experiment": "home-ctr",
            "phase": 1,
            "placement": "home",
            "variant": variant,
            "items": slate,
            "reason": "split",
            "fallback": None,
            "at": seconds(at),
        } | changes
        if isinstance(row.get("attributes"), dict):
            row["attributes"] = list(row["attributes"].items())
        self._exposures.append(row)
        return str(row["request_id"])

    def click(
        self, user: str, request: str | None, item: str | None, at: float = 1, **changes: Any
    ) -> None:
        self.event(
            **{"type": "click", "user": user, "item": item, "request_id": request} | changes, at=at
        )

    def event(self, type: str, user: str, at: float = 1, **changes: Any) -> None:
        """An event; `properties` are plain values, and stored as the log stores them."""
        row = {"id": f"e{next(self._ids)}", "type": type, "user": user, "at": seconds(at)}
        given = changes.pop("properties", {}).items()
        properties = [(key, msgspec.json.encode(value).decode()) for key, value in given]
        self._events.append(row | {"properties": properties} | changes)

    @property
    def exposures(self) -> Table:
        return self._table(self._exposures, EXPOSURES)

    @property
    def events(self) -> Table:
        return self._table(self._events, EVENTS)

    def _table(self, records: list[dict[str, object]], schema: pa.Schema) -> Table:
        table = pa.Table.from_pylist(records, schema=schema)
        return self._connection.create_table(f"t{uuid4().hex}", table)


@pytest.fixture(scope="session")
def connection() -> Iterator[Any]:
    connection = ibis.duckdb.connect()
    yield connection
    connection.disconnect()


@pytest.fixture
def new_log(connection: Any) -> Callable[[], ToyLog]:
    """Makes an empty log; for tests that need several."""

    return lambda: ToyLog(connection)


@pytest.fixture
def log(new_log: Callable[[], ToyLog]) -> ToyLog:
    return new_log()


@pytest.fixture
def make_spec() -> Callable[..., ScorecardSpec]:
    """A spec for variants A (control) and B, ten minutes after START, with changes."""

    def make(**changes: Any) -> ScorecardSpec:
        fields: dict[str, Any] = {
            "experiment": "home-ctr",
            "control": "A",
            "variants": ("A", "B"),
            "as_of": START + timedelta(minutes=10),
            "metrics": ("ctr", "clicks_per_user", "impressions_per_user", "clicked"),
            "tuning": 5000.0,
        }
        if "phase" in changes:
            changes["number"] = changes.pop("phase")
        phase: dict[str, Any] = {"number": 1, "started_at": START, "weights": (0.5, 0.5)}
        changed = {key: changes.pop(key) for key in list(changes) if key in phase}
        fields = {"phases": (PhaseSpec(**(phase | changed)),)} | fields | changes
        goal = fields.pop("goal", "ctr")
        fields["metrics"] = tuple(_tracked(m, goal) for m in fields["metrics"])
        return ScorecardSpec(**fields)

    return make


def _tracked(metric: Any, goal: str) -> Tracked:
    """A metric by its key, or as it is."""
    if not isinstance(metric, str):
        return Tracked(metric=metric) if isinstance(metric, Metric) else metric
    return Tracked(metric=METRICS[metric], role="goal" if metric == goal else "secondary")
