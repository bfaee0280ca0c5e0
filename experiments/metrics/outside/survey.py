"""What exposures hold before anything is analysed: experiments, phases, variants, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, Table, Value

from experiments.metrics.engine import EPOCH, microseconds
from experiments.metrics.outside.exceptions import InvalidRequest
from experiments.metrics.outside.report import Note
from experiments.metrics.shape import REQUIRED

MOST_ARMS = 200


@dataclass(frozen=True, kw_only=True)
class Arm:
    """Exposures of one variant in one phase of one experiment; None where no column says which."""

    experiment: str | None
    phase: int | None
    variant: str
    exposures: int
    first: datetime
    last: datetime


def arms(exposures: Table, *, since: datetime | None, until: datetime | None) -> list[Arm]:
    """All there are between the two times, in order. Users are not looked at, which would take most
    of the time. Raises InvalidRequest about exposures.
    """
    split = exposures.reason == "split" if "reason" in exposures.columns else True
    inside = exposures.filter(
        split,
        exposures.variant.notnull(),
        exposures.at >= ibis.literal(since) if since else exposures.at.notnull(),
        exposures.at <= ibis.literal(until) if until else True,
    )
    found = inside.group_by(
        variant=_.variant.cast("string"),
        experiment=_column(inside, "experiment", "string"),
        phase=_column(inside, "phase", "int64"),
    ).aggregate(exposures=_.count(), first=microseconds(_.at.min()), last=microseconds(_.at.max()))
    rows = found.limit(MOST_ARMS + 1).to_pyarrow().to_pylist()
    if len(rows) > MOST_ARMS:
        raise InvalidRequest(
            "exposures", f"holds more than {MOST_ARMS} variants: is that the right column?"
        )
    return sorted((_arm(row) for row in rows), key=lambda arm: (arm.first, arm.variant))


def last_at(table: Table) -> datetime | None:
    """The time of the last row."""
    found = table.aggregate(last=microseconds(table.at.max())).to_pyarrow().to_pylist()
    return None if found[0]["last"] is None else _time(found[0]["last"])


def incomplete(name: str, table: Table) -> list[Note]:
    """How many rows lack what every row needs."""
    needed: Sequence[str] = REQUIRED[name]
    if name == "exposures" and "reason" in table.columns:  # then not every row is of a variant
        needed = [column for column in needed if column != "variant"]
    counts = {
        column: _missing(table, table[column]) + _empty(table, table[column]) for column in needed
    }
    return [
        Note(about=f"{name}.{column}", text=f"{count:,} {name} without {column} are not counted.")
        for column, count in counts.items()
        if count
    ]


def unplaced(arms: Sequence[Arm], mine: Sequence[Arm]) -> list[Note]:
    """Exposures of a variant that name no experiment or phase, where those asked about do."""
    lacking = {
        "experiment": [a for a in arms if a.experiment is None],
        "phase": [a for a in arms if a.experiment == mine[0].experiment and a.phase is None],
    }
    return [
        Note(
            about=f"exposures.{column}",
            text=f"{sum(arm.exposures for arm in left_out):,} exposures of a variant without "
            f"{column} are not counted.",
        )
        for column, left_out in lacking.items()
        if left_out and getattr(mine[0], column) is not None
    ]


def _missing(table: Table, column: Value) -> int:
    """Asked for itself, it is answered by what a file says of its values, without reading them."""
    return _counted(table, column.isnull())


def _empty(table: Table, column: Value) -> int:
    """The engine cannot tell from a file's smallest value that no text equals an empty one, but it
    can that none is below a space, as an empty one is.
    """
    if not column.type().is_string() or not _counted(table, column < " "):
        return 0
    return _counted(table, column == "")


def _counted(table: Table, condition: BooleanValue) -> int:
    return int(table.filter(condition).count().to_pyarrow().as_py())


def _column(table: Table, name: str, kind: str) -> Value:
    return table[name].cast(kind) if name in table.columns else ibis.null(kind)


def _arm(row: dict[str, object]) -> Arm:
    return Arm(**{**row, "first": _time(row["first"]), "last": _time(row["last"])})  # type: ignore[arg-type]


def _time(micros: object) -> datetime:
    assert isinstance(micros, int)  # noqa: S101  (an aggregate of rows that have a time)
    return (EPOCH + timedelta(microseconds=micros)).astimezone(UTC)
