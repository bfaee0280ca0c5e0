"""Times of any kind as times in UTC. One that names no zone is taken as UTC, and that is said."""

from ibis.expr.types import StringValue, Table, Value

from experiments.metrics.outside.exceptions import InvalidRequest
from experiments.metrics.outside.report import Note

UTC = "timestamp('UTC')"
ZONED = r"\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?|[A-Za-z]+/[A-Za-z_/]+|UTC)\s*$"


def in_utc(name: str, table: Table, at: Value) -> tuple[Value, list[Note]]:
    """The times of `at`, a column of the table, and what was assumed of it.

    Raises InvalidRequest about `name`.
    """
    kind = at.type()
    if kind.is_timestamp():
        return at.cast(UTC), [] if kind.timezone else [_assumed(name)]
    if kind.is_date():
        return at.cast(UTC), [_assumed(name)]
    if kind.is_string():
        return _read(name, table, at)
    raise InvalidRequest(
        name,
        f"at must be a time, a date, or a text such as 2026-03-01T12:00:00Z, not {kind}",
    )


def _read(name: str, table: Table, texts: StringValue) -> tuple[Value, list[Note]]:
    times = texts.try_cast(UTC)
    unread = table.filter(texts.notnull() & times.isnull()).select(at=texts).limit(1)
    for row in unread.to_pyarrow().to_pylist():
        raise InvalidRequest(
            name, f"at holds {row['at']!r}, which is no time such as 2026-03-01T12:00:00Z"
        )
    zoneless = table.filter(texts.notnull() & ~texts.re_search(ZONED)).limit(1)
    return times, [_assumed(name)] if zoneless.count().to_pyarrow().as_py() else []


def _assumed(name: str) -> Note:
    return Note(about=f"{name}.at", text=f"Times of {name} that name no zone are taken as UTC.")
