"""Columns that are there and empty, in every row or in some."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.offline.conftest import Files, arms, notes, users, value

WHOLE = {"control": 0.2, "new": 0.3}
TYPES = {"items": pa.list_(pa.string()), "impressions": pa.int64(), "latency_ms": pa.float64()}
Rows = list[dict[str, Any]]


def emptied(rows: Rows, *columns: str) -> pa.Table:
    """A table of the rows in which no row has any of the columns."""
    table = pa.Table.from_pylist(rows)
    for column in columns:
        kept = table.drop_columns([column]) if column in table.column_names else table
        nothing = pa.nulls(len(rows), TYPES.get(column, pa.string()))
        table = kept.append_column(column, nothing)
    return table


def linked() -> tuple[Rows, Rows]:
    """The same slates and clicks, by request id and item."""
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    shown = [row | {"request_id": row["user"], "items": ["a"]} for row in exposures]
    return shown, [row | {"request_id": row["user"], "item": "a"} for row in clicks]


@pytest.mark.parametrize(
    ("of_exposures", "of_events", "said"),
    [
        ([], ["request_id"], ["events.request_id"]),
        (["request_id"], [], ["exposures.request_id"]),
        ([], ["item"], ["events.item"]),
        (["items"], ["item"], ["exposures.items", "events.item"]),
        (["impressions"], [], ["exposures.impressions"]),
        (["reason", "experiment", "phase"], [], ["exposures.reason"]),
    ],
)
def test_a_column_that_is_empty_in_all_rows_is_as_if_it_were_not_there(
    files: Files, of_exposures: list[str], of_events: list[str], said: list[str]
) -> None:
    exposures, clicks = linked()
    pq.write_table(emptied(exposures, *of_exposures), files.exposures)
    pq.write_table(emptied(clicks, *of_events), files.events)

    printed = files.analysed()

    assert value(printed, "ctr") == WHOLE
    assert [about for about in notes(printed) if about not in ("weights", "tuning")] == said
    table, column = said[0].split(".")
    assert notes(printed)[said[0]] == f"The column {column} of {table} is empty: as if none."


def test_a_metric_of_a_column_that_is_empty_is_refused(files: Files) -> None:
    exposures, clicks = arms(control=(2, 1), new=(2, 1))
    pq.write_table(emptied(exposures, "latency_ms"), files.exposures)
    pq.write_table(pa.Table.from_pylist(clicks), files.events)

    assert files.refused("--metrics", "slow_slates") == (
        "--exposures: has no usable column 'latency_ms', which slow_slates needs."
    )


def test_columns_of_a_file_without_rows_are_there(files: Files) -> None:
    exposures, clicks = linked()
    pq.write_table(pa.Table.from_pylist(exposures), files.exposures)
    pq.write_table(pa.Table.from_pylist(clicks).slice(0, 0), files.events)

    printed = files.analysed("--metrics", "ctr,unattributed_clicks")

    assert value(printed, "unattributed_clicks") == {"control": 0.0, "new": 0.0}
    assert "events.request_id" not in notes(printed)


@pytest.mark.parametrize(
    ("fell", "did_not"), [(True, False), (1, 0), ("timeout", ""), ("True", "False")]
)
def test_whether_a_slate_fell_back_may_be_said_in_several_ways(
    files: Files, fell: Any, did_not: Any
) -> None:
    exposures, clicks = arms(control=(4, 1), new=(4, 1))
    said = [row | {"fallback": fell if i % 4 == 0 else did_not} for i, row in enumerate(exposures)]
    files.write(said, clicks)

    printed = files.analysed("--metrics", "fallback_rate")

    assert value(printed, "fallback_rate") == {"control": 0.25, "new": 0.25}


def test_exposures_that_name_no_experiment_or_phase_are_counted_as_left_out(files: Files) -> None:
    exposures, clicks = arms(control=(4, 1), new=(4, 1))
    named: Rows = [row | {"experiment": "home", "phase": 1} for row in exposures]
    lacking = {0: {"experiment": None}, 1: {"phase": None}, 4: {"phase": None}}
    files.write([row | lacking.get(i, {}) for i, row in enumerate(named)], clicks)

    printed = files.analysed()

    assert users(printed) == {"control": 2, "new": 3}
    found = notes(printed)
    assert (
        found["exposures.experiment"]
        == "1 exposures of a variant without experiment are not counted."
    )
    assert found["exposures.phase"] == "2 exposures of a variant without phase are not counted."
