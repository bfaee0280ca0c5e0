"""The two tables of the log as Arrow schemas, and records as their rows (docs/reference/log.md)."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from events.records import Event, Exposure, Record, Stream

_TIME = pa.timestamp("us", tz="UTC")
_TEXTS = pa.map_(pa.string(), pa.string())
_ITEMS = pa.list_(
    pa.struct([("id", pa.string()), ("score", pa.float64()), ("propensity", pa.float64())])
)

EXPOSURES = pa.schema(
    [
        ("request_id", pa.string()),
        ("user", pa.string()),
        ("experiment", pa.string()),
        ("phase", pa.int64()),
        ("variant", pa.string()),
        ("placement", pa.string()),
        ("recommender", pa.string()),
        ("model_version", pa.string()),
        ("plan_version", pa.int64()),
        ("items", _ITEMS),
        ("reason", pa.string()),
        ("served_by", pa.string()),
        ("fallback", pa.string()),
        ("latency_ms", pa.float64()),
        ("attributes", _TEXTS),
        ("at", _TIME),
        ("received_at", _TIME),
        ("day", pa.date32()),
    ]
)

EVENTS = pa.schema(
    [
        ("id", pa.string()),
        ("type", pa.string()),
        ("user", pa.string()),
        ("item", pa.string()),
        ("request_id", pa.string()),
        ("value", pa.float64()),
        ("properties", _TEXTS),
        ("at", _TIME),
        ("received_at", _TIME),
        ("day", pa.date32()),
    ]
)

VERSION = 2
"""Of the two schemas; a table carries the one it was made or widened by. To add a column: add it
above, nullable, and raise this by one. Rows from before have null there. 2: exposures have
`received_at`."""

SCHEMAS: dict[Stream, pa.Schema] = {"events": EVENTS, "exposures": EXPOSURES}
KEYS: dict[Stream, str] = {"events": "id", "exposures": "request_id"}
PARTITION = "day"


def to_table(stream: Stream, records: Sequence[Record]) -> pa.Table:
    """Rows of the stream's table in the order given; `day` is the day of `at` in UTC."""
    schema = SCHEMAS[stream]
    columns = [_column(field, records) for field in schema if field.name != PARTITION]
    at = columns[schema.get_field_index("at")]
    return pa.Table.from_arrays([*columns, pc.cast(at, pa.date32())], schema=schema)


def _column(field: pa.Field, records: Sequence[Record]) -> pa.Array:
    shape = _SHAPES.get(field.name, attrgetter(field.name))
    return pa.array([shape(record) for record in records], type=field.type)


def _items(record: Exposure) -> list[dict[str, Any]]:
    return [{"id": i.id, "score": i.score, "propensity": i.propensity} for i in record.items]


def _attributes(record: Exposure) -> list[tuple[str, str]]:
    return list(record.attributes.items())


def _properties(record: Event) -> list[tuple[str, str]]:
    # As JSON, because a map has one value type: `3` and `"3"` stay apart.
    return [(key, msgspec.json.encode(value).decode()) for key, value in record.properties.items()]


_SHAPES: dict[str, Any] = {
    "items": _items,
    "attributes": _attributes,
    "properties": _properties,
}
