"""Files as companies have them: of several kinds, under other names, with other types."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from events.delta import LogTable
from events.schema import to_table
from tests.events.conftest import EVENT, EXPOSURE
from tests.offline.conftest import Files, after, arms, notes, users, value, write

WHOLE = {"control": 0.2, "new": 0.3}
UTC_NOTE = "Times of exposures that name no zone are taken as UTC."


def as_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_file_a_folder_and_a_pattern_hold_the_same(filled: Files, tmp_path: Path) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    folder = tmp_path / "run[1]"
    (folder / "day=1").mkdir(parents=True)
    write(folder / "day=1" / "a.parquet", exposures[:150])
    write(folder / "b.parquet", [row | {"more": 1} for row in exposures[150:]])
    expected = filled.analysed()

    filled.exposures = folder
    assert filled.analysed() == expected
    write(tmp_path / "e1.parquet", clicks[:3])
    write(tmp_path / "e2.parquet", clicks[3:])
    filled.events = tmp_path / "e?.parquet"
    assert filled.analysed() == expected


def test_of_a_delta_table_the_newest_version_is_read(files: Files, tmp_path: Path) -> None:
    exposures, clicks = arms(control=(3, 1), new=(3, 2))
    log = LogTable(tmp_path / "log", "exposures")
    shown = [
        replace(
            EXPOSURE, request_id=f"r{i}", user=row["user"], variant=row["variant"], reason="split"
        )
        for i, row in enumerate(exposures)
    ]
    log.append(to_table("exposures", shown), {"x": 1})
    done = [
        replace(EVENT, id=f"e{i}", user=row["user"], type="click", item="i1", request_id=f"r{i}")
        for i, row in enumerate(clicks)
    ]
    LogTable(tmp_path / "log", "events").append(to_table("events", done), {"x": 1})
    files.exposures, files.events = tmp_path / "log" / "exposures", tmp_path / "log" / "events"

    assert users(files.analysed("--metrics", "clicks_per_user")) == {"control": 3, "new": 3}


def test_csv_keeps_ids_as_they_are_written(files: Files, tmp_path: Path) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    numbers = {row["user"]: f"{i:05}" for i, row in enumerate(exposures)}
    named = [row | {"user": numbers[row["user"]], "at": row["at"].isoformat()} for row in exposures]
    done = [row | {"user": numbers[row["user"]], "at": row["at"].isoformat()} for row in clicks]
    files.exposures = as_csv(tmp_path / "exposures.csv", named)
    files.events = as_csv(tmp_path / "events.csv", done)

    printed = files.analysed()

    assert value(printed, "ctr") == WHOLE
    assert "exposures.at" not in notes(printed)


def test_columns_of_other_names_are_mapped(files: Files) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    files.write(
        [{"id": r["user"], "grp": r["variant"], "ts": r["at"], "n": 1} for r in exposures],
        [{"id": r["user"], "kind": "click", "ts": r["at"], "at": after(0)} for r in clicks],
    )
    named = ["--map", "user=id", "--map", "variant=grp", "--map", "at=ts", "--map", "type=kind"]

    assert value(files.analysed(*named, "--map", "exposures.impressions=n"), "ctr") == WHOLE
    assert files.refused(*named[2:]) == (
        "--exposures: has no column 'user', only id, grp, ts, n. "
        "Say which one it is: --map user=COLUMN."
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            "user=nope",
            "'nope' is a column of neither exposures (user, variant, at, impressions) "
            "nor events (type, user, at)",
        ),
        (
            "exposures.user=nope",
            "'nope' is no column of exposures (user, variant, at, impressions)",
        ),
        ("value=amount", "'amount' is no column of events (type, user, at)"),
        (
            "events.variant=type",
            "events have no field 'variant', only type, user, at, item, request_id, value, "
            "properties",
        ),
    ],
)
def test_a_mapped_column_that_is_nowhere_is_refused(filled: Files, given: str, why: str) -> None:
    assert filled.refused("--map", given) == f"--map: {given}: {why}."


def test_a_column_mapped_for_both_files_may_be_in_one_of_them(files: Files) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    shown = [{"id": r["user"], "variant": r["variant"], "at": r["at"]} for r in exposures]
    files.write(shown, clicks)

    assert value(files.analysed("--map", "user=id", "--metrics", "clicked"), "clicked") == WHOLE
    files.write([{"who": r["user"], "at": r["at"], "variant": "new"} for r in exposures], clicks)
    assert files.refused("--map", "user=type") == (
        "--exposures: has no column 'user', only who, at, variant. "
        "Say which one it is: --map exposures.user=COLUMN."
    )


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.int32()])
def test_ids_that_are_numbers_are_texts(files: Files, kind: pa.DataType) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    numbers = {row["user"]: i for i, row in enumerate(exposures)}
    users_of = pa.array([numbers[row["user"]] for row in exposures], kind)
    shown = pa.Table.from_pylist(exposures).set_column(0, "user", users_of)
    files.write(exposures, [row | {"user": numbers[row["user"]]} for row in clicks])
    pq.write_table(shown, files.exposures)

    assert value(files.analysed(), "ctr") == WHOLE


@pytest.mark.parametrize(
    ("kind", "assumed"),
    [
        (pa.timestamp("us"), True),
        (pa.timestamp("ns"), True),
        (pa.timestamp("ms", "UTC"), False),
        (pa.timestamp("us", "Asia/Kolkata"), False),
    ],
)
def test_times_of_any_zone_and_unit(files: Files, kind: pa.DataType, assumed: bool) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    files.write(exposures, clicks)
    table = pa.Table.from_pylist(exposures)
    times = table["at"].cast(pa.timestamp("us", "UTC"))
    plain = times.cast(pa.timestamp("us")) if kind.tz is None else times
    pq.write_table(table.set_column(2, "at", plain.cast(kind)), files.exposures)

    printed = files.analysed()

    assert (printed["started_at"], value(printed, "ctr")) == ("2026-03-01T00:00:00Z", WHOLE)
    assert notes(printed).get("exposures.at") == (UTC_NOTE if assumed else None)


@pytest.mark.parametrize(
    ("write_time", "assumed"),
    [
        (lambda at: at.isoformat(), False),
        (lambda at: at.astimezone(timezone(timedelta(hours=-5))).isoformat(" "), False),
        (lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"), False),
        (lambda at: at.strftime("%Y-%m-%d %H:%M:%S"), True),
    ],
)
def test_times_as_texts(files: Files, write_time: Any, assumed: bool) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    files.write([row | {"at": write_time(row["at"])} for row in exposures], clicks)

    printed = files.analysed()

    assert (printed["started_at"], value(printed, "ctr")) == ("2026-03-01T00:00:00Z", WHOLE)
    assert notes(printed).get("exposures.at") == (UTC_NOTE if assumed else None)


def test_a_date_is_its_midnight(files: Files) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    files.write([row | {"at": date(2026, 3, 1)} for row in exposures], clicks)

    printed = files.analysed()

    assert (printed["started_at"], value(printed, "ctr")) == ("2026-03-01T00:00:00Z", WHOLE)
    assert notes(printed)["exposures.at"] == UTC_NOTE


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("soon", "at holds 'soon', which is no time such as 2026-03-01T12:00:00Z"),
        (
            1772323200,
            "at must be a time, a date, or a text such as 2026-03-01T12:00:00Z, not int64",
        ),
    ],
)
def test_what_is_no_time_is_refused(filled: Files, at: object, why: str) -> None:
    write(filled.events, [{"type": "click", "user": "control-1", "at": at}])

    assert filled.refused() == f"--events: {why}."


def test_rows_that_lack_something_are_counted_and_said(files: Files) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    nobody = {"user": None, "variant": "new", "at": after(1), "impressions": 1}
    nothing = {"user": "u", "variant": None, "at": after(1), "impressions": 1}
    never = {"user": "u", "variant": "new", "at": None, "impressions": 1}
    files.write(
        [*exposures, nobody, nothing, nothing, never], [*clicks, clicks[0] | {"user": None}]
    )

    printed = files.analysed()

    assert value(printed, "ctr") == WHOLE
    assert {about: text for about, text in notes(printed).items() if "." in about} == {
        "exposures.user": "1 exposures without user are not counted.",
        "exposures.variant": "2 exposures without variant are not counted.",
        "exposures.at": "1 exposures without at are not counted.",
        "events.user": "1 events without user are not counted.",
    }


def test_files_that_cannot_be_read(filled: Files, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "nothing.parquet").touch()
    (tmp_path / "damaged.parquet").write_text("PAR1 and no more than that PAR1")
    (tmp_path / "uneven.csv").write_text("type,user,at\nclick,u,2026-03-01\nclick,u\n")
    (tmp_path / "log.json").write_text("{}")

    def said(name: str) -> str:
        filled.events = tmp_path / name
        return filled.refused().replace(f"{tmp_path}/", "")

    assert said("none.parquet") == "--events: there is no file none.parquet."
    assert said("folder") == "--events: the folder folder holds no Parquet file."
    assert said("nothing.parquet") == "--events: nothing.parquet is empty."
    assert said("log.json") == "--events: log.json is neither a .parquet nor a .csv file."
    assert said("damaged.parquet").startswith("The files cannot be analysed: ")
    assert "Line: 3" in said("uneven.csv")


@pytest.mark.parametrize(
    ("column", "written", "why"),
    [
        ("impressions", "many", "whole number"),
        ("impressions", "1.5", "whole number"),
        ("phase", "one", "whole number"),
        ("latency_ms", "nan", "number"),
    ],
)
def test_a_cell_that_is_no_number_is_named(
    files: Files, tmp_path: Path, column: str, written: str, why: str
) -> None:
    exposures, clicks = arms(control=(2, 1), new=(2, 1))
    files.write(exposures, clicks)
    files.exposures = as_csv(tmp_path / "x.csv", [r | {column: written} for r in exposures])

    assert files.refused() == f"--exposures: {column} holds {written!r}, which is no {why}."


def test_so_is_one_of_the_events(filled: Files, tmp_path: Path) -> None:
    _exposures, clicks = arms(control=(2, 1), new=(2, 1))
    filled.events = as_csv(tmp_path / "y.csv", [row | {"value": "abc"} for row in clicks])

    assert filled.refused() == "--events: value holds 'abc', which is no number."


def test_numbers_of_a_csv_are_read_and_an_empty_cell_is_none(files: Files, tmp_path: Path) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    files.exposures = as_csv(tmp_path / "x.csv", [r | {"phase": "1.0"} for r in exposures])
    paid = [
        row | {"type": "purchase", "value": "" if i % 2 else "2.5"} for i, row in enumerate(clicks)
    ]
    files.events = as_csv(tmp_path / "y.csv", paid)

    printed = files.analysed("--metrics", "revenue_per_user")

    assert printed["phases"][0]["number"] == 1
    assert value(printed, "revenue_per_user") == {"control": 0.25, "new": 0.375}


def test_a_csv_that_is_not_utf_8_is_named(filled: Files, tmp_path: Path) -> None:
    filled.exposures = tmp_path / "latin.csv"
    filled.exposures.write_bytes("user,variant,at\nJosé,control,2026-03-01".encode("latin-1"))

    assert filled.refused() == (
        f"The files cannot be analysed: {filled.exposures} is not UTF-8: save it as UTF-8."
    )


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string()], ids=str)
def test_impressions_below_none_are_refused(files: Files, kind: pa.DataType) -> None:
    exposures, clicks = arms(control=(2, 1), new=(2, 1))
    files.write(exposures, clicks)
    shown = pa.Table.from_pylist(exposures).drop_columns("impressions")
    counts = pa.array([1, None, -2, 1], pa.int64()).cast(kind)
    pq.write_table(shown.append_column("impressions", counts), files.exposures)

    assert files.refused() == "--exposures: impressions holds -2, and must be 0 or more."


def test_before_anybody_has_done_anything_all_values_are_nought(filled: Files) -> None:
    pq.write_table(pq.read_table(filled.events).slice(0, 0), filled.events)

    printed = filled.analysed()

    assert users(printed) == {"control": 200, "new": 200}
    assert value(printed, "ctr") == {"control": 0, "new": 0}
    assert printed["as_of"] == "2026-03-01T00:03:19Z"  # the last exposure


def test_exposures_without_rows(filled: Files) -> None:
    pq.write_table(pq.read_table(filled.exposures).slice(0, 0), filled.exposures)

    assert filled.refused().startswith("--exposures: holds no exposure with a user")


def test_a_number_that_is_none_is_slow_nowhere_and_above_nothing(
    files: Files, tmp_path: Path
) -> None:
    exposures, _clicks = arms(control=(2, 0), new=(2, 0))
    nan = float("nan")
    slow = [r | {"latency_ms": ms} for r, ms in zip(exposures, [nan, 300.0, nan, 5.0], strict=True)]
    buys = [("control-0", nan), ("control-1", 9.0), ("new-0", nan), ("new-1", 3.0)]
    bought = {"type": "buy", "at": after(9)}
    files.write(slow, [])
    done = pa.Table.from_pylist([bought | {"user": user, "value": worth} for user, worth in buys])
    texts = pa.array(
        [[("n", str(worth))] for _user, worth in buys], pa.map_(pa.string(), pa.string())
    )
    pq.write_table(done.append_column("properties", texts), files.events)
    above = {"type": "compare", "order": ">", "to": 5}
    where: dict[str, dict[str, Any]] = {
        "big": above | {"field": "value"},
        "n_big": above | {"field": "properties.n"},
        "there": {"type": "exists", "field": "value"},
    }
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps([_where(key, condition) for key, condition in where.items()]))

    printed = files.analysed("--metrics", "big,n_big,there,slow_slates", "--definitions", str(path))

    assert value(printed, "big") == {"control": 0.5, "new": 0.0}
    assert value(printed, "n_big") == {"control": 0.5, "new": 0.0}
    assert value(printed, "there") == {"control": 0.5, "new": 0.5}
    assert value(printed, "slow_slates") == {"control": 0.5, "new": 0.0}


def _where(key: str, condition: dict[str, Any]) -> dict[str, Any]:
    events = {"source": "events", "type": "buy", "where": [condition]}
    return {"key": key, "name": key, "kind": "mean", "numerator": events}
