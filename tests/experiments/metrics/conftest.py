"""A toy log, written line by line, in the columns of the real one."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import ibis
import pyarrow as pa
import pytest
from ibis.expr.types import Table

from events.schema import EVENTS, EXPOSURES
from experiments.metrics import ScorecardSpec

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class ToyLog:
    """Times are seconds after START."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._exposures: list[dict[str, object]] = []
        self._events: list[dict[str, object]] = []
        self._ids = count()

    def serve(
        self, user: str, variant: str | None, items: str, at: float = 0, **changes: object
    ) -> str:
        """Serve the letters of `items` and return the request id."""
        slate = [{"id": letter, "score": 1.0, "propensity": 1.0} for letter in items]
        row = {
            "request_id": f"r{next(self._ids)}",
            "user": user,
            "experiment": "home-ctr",
            "phase": 1,
            "variant": variant,
            "items": slate,
            "reason": "split",
            "fallback": None,
            "at": START + timedelta(seconds=at),
        } | changes
        self._exposures.append(row)
        return str(row["request_id"])

    def click(
        self, user: str, request: str | None, item: str | None, at: float = 1, **changes: object
    ) -> None:
        row = {
            "id": f"e{next(self._ids)}",
            "type": "click",
            "user": user,
            "item": item,
            "request_id": request,
            "at": START + timedelta(seconds=at),
        }
        self._events.append(row | changes)

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
            "phase": 1,
            "control": "A",
            "variants": ("A", "B"),
            "weights": (0.5, 0.5),
            "started_at": START,
            "as_of": START + timedelta(minutes=10),
            "primary": "ctr",
            "metrics": ("ctr", "clicks_per_user", "impressions_per_user", "clicked"),
            "tuning": 5000.0,
        }
        return ScorecardSpec(**(fields | changes))

    return make
