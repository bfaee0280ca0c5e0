import csv
import fcntl
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from events import importing
from events.delta import LogTable
from events.import_columns import Columns
from events.importing import ImportResult, import_events
from events.readers import open_log
from events.records import Event, Stream
from events.schema import to_table
from imports.exceptions import ImportRefused
from imports.rows import RejectedRow

Logged = Callable[[Stream], list[str]]
Import = Callable[..., ImportResult]

CSV = """user,item,value,at
u1,i1,4,1999-12-31T23:00:00-02:00
u1,i2,,874724710
u2,i1,3.5,874724710.5
"""


@pytest.fixture
def told() -> list[RejectedRow]:
    """Every row that was rejected."""
    return []


@pytest.fixture
def load(
    tmp_path: Path, log_dir: Path, journal_dir: Path, now: datetime, told: list[RejectedRow]
) -> Import:
    def call(name: str, content: str | bytes, **options: Any) -> ImportResult:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        options |= {"log_dir": log_dir, "journal_dir": journal_dir, "now": now}
        return import_events(path, on_rejection=told.append, **options)

    return call


def test_csv_rows_become_events_of_their_day(load: Import, log_dir: Path, now: datetime) -> None:
    assert load("past.csv", CSV) == ImportResult(added=3)
    rows = open_log(log_dir).events().order_by(["user", "item"]).to_pyarrow().to_pylist()
    assert [(r["user"], r["item"], r["type"], r["value"]) for r in rows] == [
        ("u1", "i1", "rating", 4.0),
        ("u1", "i2", "view", None),
        ("u2", "i1", "rating", 3.5),
    ]
    assert [str(r["day"]) for r in rows] == ["2000-01-01", "1997-09-20", "1997-09-20"]
    assert rows[0]["at"] == datetime(2000, 1, 1, 1, tzinfo=UTC)
    assert {r["received_at"] for r in rows} == {now}


@pytest.mark.parametrize("chunk_rows", [1, 2, 100])
def test_a_repeated_import_adds_nothing(load: Import, logged: Logged, chunk_rows: int) -> None:
    load("past.csv", CSV, chunk_rows=chunk_rows)
    before = logged("events")
    again = load("same.csv", CSV + "u3,i9,1,874724710\n", chunk_rows=chunk_rows)
    assert (again.added, again.already_there) == (1, 3)
    assert len(logged("events")) == 4
    assert set(before) < set(logged("events"))


def test_an_import_killed_between_chunks_is_finished_by_repeating_it(
    load: Import, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = LogTable.append

    def dies(*args: Any, **options: Any) -> None:
        append(*args, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(LogTable, "append", dies)
    with pytest.raises(KeyboardInterrupt):
        load("past.csv", CSV, chunk_rows=1)
    monkeypatch.undo()
    assert len(logged("events")) == 1
    result = load("past.csv", CSV, chunk_rows=1)
    assert (result.added, result.already_there) == (2, 1)
    assert len(set(logged("events"))) == len(logged("events")) == 3


def test_a_commit_ends_by_bytes_too_so_wide_rows_take_no_more_memory_than_plain_ones(
    load: Import, log_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_ROWS", 10)
    wide = {f"p{n}": "x" * 1024 for n in range(10)}
    rows = [{"user": "u", "item": f"i{n}", "at": n, "properties": wide} for n in range(100)]
    lines = "\n".join(map(json.dumps, rows))

    assert load("wide.jsonl", lines, chunk_bytes=250 * 1024) == ImportResult(added=100)

    # Ten rows are a little more than 100 KiB, so the third ten end a commit; all are of one day.
    files = LogTable(log_dir, "events").files()
    assert sorted(pq.read_metadata(file).num_rows for file in files) == [10, 30, 30, 30]


def test_equal_rows_are_one_event_and_given_ids_count_across_days(
    load: Import, logged: Logged
) -> None:
    rows = "user,item,at,id\nu,i,874724710,\nu,i,874724710,\nu,i,874724710,mine\n"
    result = load("past.csv", rows)
    assert (result.added, result.already_there) == (2, 1)
    result = load("later.csv", "user,item,at,id\nu,i,974724710,mine\n")
    assert (result.added, result.already_there) == (0, 1)
    assert "mine" in logged("events")


def test_an_id_given_as_though_it_were_made_is_looked_for_on_every_day(
    load: Import, logged: Logged
) -> None:
    row = '{"user": "u", "item": "i", "at": "2026-01-0%dT00:00:00Z", "id": "import-0001"}'
    assert load("first.jsonl", row % 1) == ImportResult(added=1)
    assert load("second.jsonl", row % 5) == ImportResult(already_there=1)
    both = row % 5 + "\n" + '{"user": "u", "item": "i", "at": "2026-01-05T00:00:00Z"}'
    assert load("both.jsonl", both, chunk_rows=1) == ImportResult(added=1, already_there=1)
    assert len(logged("events")) == 2


def test_what_came_live_is_not_imported_again(
    load: Import, log_dir: Path, event: Callable[..., Event], logged: Logged
) -> None:
    LogTable(log_dir, "events").append(to_table("events", [event("live")]), {"x": 1})
    load("past.csv", "user,item,at,id\nu,i,874724710,live\n")
    assert logged("events") == ["live"]


def test_jsonl_and_parquet_give_the_same_events_as_csv(
    load: Import, logged: Logged, tmp_path: Path
) -> None:
    load("past.csv", CSV)
    rows = [
        {"user": "u1", "item": "i1", "value": 4, "at": "2000-01-01T01:00:00Z"},
        {"user": "u1", "item": "i2", "at": 874724710},
    ]
    lines = load("past.jsonl", "\n".join(json.dumps(row) for row in rows) + "\n\n")
    assert (lines.added, lines.already_there, lines.rejected) == (0, 2, 0)
    at = pa.array([datetime(2000, 1, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    table = pa.table({"user": ["u1"], "item": ["i1"], "value": [4.0], "at": at})
    pq.write_table(table, tmp_path / "table.parquet")
    result = load("past.parquet", (tmp_path / "table.parquet").read_bytes())
    assert (result.added, result.already_there, result.rejected) == (0, 1, 0)


def test_integer_ids_become_text(load: Import, log_dir: Path) -> None:
    load("past.jsonl", '{"user": 7, "item": 42, "at": 874724710}')
    [row] = open_log(log_dir).events().to_pyarrow().to_pylist()
    assert (row["user"], row["item"]) == ("7", "42")


def test_rejected_rows_are_named_by_line_and_the_others_imported(
    load: Import, logged: Logged, told: list[RejectedRow]
) -> None:
    rows = (
        b"user,item,at,type,value\n"
        b"u,i,874724710,click,\n"
        b",i,874724710,click,\n"
        b'"two\nlines",,874724710,click,\n'
        b"u,i,yesterday,click,\n"
        b"u,i,874724710,Click,\n"
        b"u,i,874724710,click,many\n"
        b"u,i,874724710\n"
        b"\n"
        b"\xff,i,874724710,click,\n"
        b"u,i,1e30,click,\n"
        b"u,i,,click,\n"
    )
    result = load("past.csv", rows)
    assert (result.added, result.rejected) == (1, 9)
    assert [(r.line, r.field) for r in told] == [
        (3, "user"),
        (4, "item"),
        (6, "at"),
        (7, "type"),
        (8, "value"),
        (9, ""),
        (11, ""),
        (12, "at"),
        (13, "at"),
    ]
    assert told[5] == RejectedRow(line=9, field="", error="has 3 cells; the header has 5")
    assert len(logged("events")) == 1


def test_jsonl_lines_that_are_no_objects_are_rejected(
    load: Import, told: list[RejectedRow]
) -> None:
    load("past.jsonl", b'[1]\n{"user": \n\xff\n{"user": "u", "item": "i", "at": [1]}\n')
    assert [(r.line, r.field) for r in told] == [(1, ""), (2, ""), (3, ""), (4, "at")]
    assert told[3].error == "must be a time with a time zone, or seconds since 1970"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("past.xlsx", "", r"the extension must be one of \.csv, \.jsonl, \.parquet"),
        ("past.csv", "", "the column “user” is missing"),
        (
            "past.csv",
            "user,item\nu,i\n",
            "the column “at” is missing. The columns are user, item, at",
        ),
        ("past.csv", "user,item,at,movie\n", "the column “movie” is not known"),
        ("past.csv", "user,item,at,at\n", "past.csv: the column “at” is there twice"),
        ("past.parquet", "no parquet", "past.parquet cannot be read"),
    ],
)
def test_a_file_of_another_shape_is_refused_whole(
    load: Import, log_dir: Path, name: str, content: str, message: str
) -> None:
    with pytest.raises(ImportRefused, match=message):
        load(name, content)
    assert not log_dir.exists()


def test_a_missing_file_is_refused(
    log_dir: Path, journal_dir: Path, tmp_path: Path, now: datetime
) -> None:
    with pytest.raises(ImportRefused, match="No such file"):
        import_events(tmp_path / "none.csv", log_dir=log_dir, journal_dir=journal_dir, now=now)


def test_two_imports_at_once_are_refused(load: Import, log_dir: Path) -> None:
    log_dir.mkdir()
    with (log_dir / "import.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ImportRefused, match="Another import into this log is running"):
            load("past.csv", CSV)
    assert open_log(log_dir).versions == {"events": -1, "exposures": -1}


SHOP = """customer_id,sku,when,price,colour
u1,i1,874724710,4,red
u2,i1,874724711,,blue
"""
OF_SHOP = {"user": "customer_id", "item": "sku", "at": "when", "value": "price"}


def test_columns_may_be_mapped_and_others_left_out(load: Import, log_dir: Path) -> None:
    columns = Columns(named=OF_SHOP, ignore_others=True)
    assert load("shop.csv", SHOP, columns=columns) == ImportResult(added=2)
    rows = open_log(log_dir).events().order_by("user").to_pyarrow().to_pylist()
    assert [(r["user"], r["item"], r["type"], r["value"]) for r in rows] == [
        ("u1", "i1", "rating", 4.0),
        ("u2", "i1", "view", None),
    ]


def test_a_mapping_means_the_same_in_every_format(load: Import, tmp_path: Path) -> None:
    columns = Columns(named=OF_SHOP, ignore_others=True)
    load("shop.csv", SHOP, columns=columns)
    row = {"customer_id": "u1", "sku": "i1", "when": 874724710, "price": 4, "colour": "red"}
    assert load("shop.jsonl", json.dumps(row), columns=columns).already_there == 1
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "made.parquet")
    again = load("shop.parquet", (tmp_path / "made.parquet").read_bytes(), columns=columns)
    assert again == ImportResult(already_there=1)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"named": OF_SHOP}, "shop.csv: the column “colour” is not known"),
        (
            {"named": OF_SHOP | {"id": "order"}, "ignore_others": True},
            "the column “order” is missing",
        ),
        ({"named": OF_SHOP | {"id": "sku"}}, "A column is mapped to two fields"),
        (
            {"named": {"client": "customer_id"}},
            "“client” is no field; those are user, item, at, type",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(
    load: Import, log_dir: Path, columns: dict[str, Any], message: str
) -> None:
    with pytest.raises(ImportRefused, match=message):
        load("shop.csv", SHOP, columns=Columns(**columns))
    assert not log_dir.exists()


def test_a_line_of_json_with_an_unknown_field_is_rejected(
    load: Import, told: list[RejectedRow]
) -> None:
    result = load("past.jsonl", '{"user": "u", "item": "i", "at": 1, "colour": "red"}')
    assert (result.added, result.rejected) == (0, 1)
    assert told[0].error.startswith("the column “colour” is not known")


def test_request_and_properties_are_kept_and_tell_rows_apart(
    load: Import, log_dir: Path, told: list[RejectedRow]
) -> None:
    rows = (
        "user,item,at,request_id,properties\n"
        'u,i,1,r1,"{""page"": 2}"\n'
        "u,i,1,r1,\n"
        "u,i,1,,\n"
        "u,i,1,,red\n"
    )
    result = load("past.csv", rows)
    assert (result.added, result.rejected) == (3, 1)
    assert told == [RejectedRow(line=5, field="properties", error="must be an object")]
    events = open_log(log_dir).events().order_by("request_id").to_pyarrow().to_pylist()
    assert [(e["request_id"], e["properties"]) for e in events if e["request_id"]] in (
        [("r1", [("page", "2")]), ("r1", [])],
        [("r1", []), ("r1", [("page", "2")])],
    )


def test_a_dry_run_judges_every_row_and_writes_nothing(
    load: Import, log_dir: Path, told: list[RejectedRow]
) -> None:
    rows = CSV + CSV.partition("\n")[2] + "u3,,,874724710\n"
    result = load("past.csv", rows, dry_run=True)
    assert (result.added, result.already_there, result.rejected) == (3, 3, 1)
    assert told == [RejectedRow(line=8, field="item", error="is required")]
    assert not log_dir.exists()


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("field", ["user", "item", "id", "request_id", "type", "properties"])
def test_a_text_with_a_nul_is_rejected(
    load: Import,
    told: list[RejectedRow],
    tmp_path: Path,
    field: str,
    suffix: str,
    dry_run: bool,
) -> None:
    value = {"colour": "a\0b"} if field == "properties" else "a\0b"
    bad: dict[str, Any] = {"user": "u1", "item": "i1", "at": "2020-01-02T00:00:00Z"}
    bad[field] = value
    if suffix == "csv":
        cells = bad | {"properties": json.dumps(value)} if field == "properties" else bad
        file = io.StringIO()
        csv.DictWriter(file, cells).writerows([dict(zip(cells, cells, strict=True)), cells])
        content: str | bytes = file.getvalue()
    elif suffix == "jsonl":
        content = json.dumps(bad)
    else:
        pq.write_table(pa.Table.from_pylist([bad]), tmp_path / "rows.parquet")
        content = (tmp_path / "rows.parquet").read_bytes()

    result = load(f"past.{suffix}", content, dry_run=dry_run)

    [rejection] = told
    assert rejection.field == ("properties/colour" if field == "properties" else field)
    assert rejection.error == "must not hold the NUL character (U+0000)"
    assert (result.added, result.rejected) == (0, 1)


def test_progress_is_told_up_to_the_size(load: Import) -> None:
    steps: list[tuple[int, int]] = []
    load(
        "past.jsonl",
        '{"user": "u", "item": "i", "at": 1}\n' * 2,
        chunk_rows=1,
        progress=lambda *a: steps.append(a),
    )
    assert steps == [(36, 72), (72, 72)]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
def test_a_value_that_is_no_finite_number_is_rejected(
    load: Import, value: str, told: list[RejectedRow]
) -> None:
    load("past.csv", f"user,item,at,value\nu,i,1,{value}\n")
    assert told == [RejectedRow(line=2, field="value", error="must be a finite number")]


def test_a_file_damaged_on_the_way_is_refused_there_and_finished_later(
    load: Import, tmp_path: Path, logged: Logged
) -> None:
    rows = {"user": [f"u{n}" for n in range(6)], "item": ["i"] * 6, "at": [1] * 6}
    path = tmp_path / "made.parquet"
    pq.write_table(pa.table(rows), path, row_group_size=3, compression="none")
    whole = path.read_bytes()
    place = whole.index(b"u4")
    damaged = whole[: place - 60] + b"\xff" * 60 + whole[place:]
    with pytest.raises(ImportRefused, match=r"past.parquet cannot be read to its end"):
        load("past.parquet", damaged, chunk_rows=3)
    result = load("past.parquet", whole)
    assert result.added + result.already_there == 6
    assert len(set(logged("events"))) == len(logged("events")) == 6


def parquet(folder: Path, **columns: Any) -> bytes:
    """Two rows of the same user, one item each, with these columns too."""
    rows = {"user": ["u", "u"], "item": ["i1", "i2"], "at": [1, 1]} | columns
    pq.write_table(pa.table(rows), folder / "made.parquet")
    return (folder / "made.parquet").read_bytes()


TEXTS = pa.map_(pa.string(), pa.string())


@pytest.mark.parametrize(
    "properties",
    [
        pa.array([[("colour", '"red"'), ("size", "3")], [("old", "true")]], TEXTS),
        pa.array([[("colour", "red"), ("size", "3"), ("n", None)], [("old", "true")]], TEXTS),
        [{"colour": "red", "size": 3, "old": None}, {"colour": None, "size": None, "old": True}],
        ['{"colour": "red", "size": 3}', '{"old": true}'],
    ],
    ids=["a map of JSON, as in the log", "a map of text", "a struct", "JSON text"],
)
def test_properties_in_parquet_are_maps_structs_or_json_text(
    load: Import, log_dir: Path, tmp_path: Path, properties: Any
) -> None:
    assert load("past.parquet", parquet(tmp_path, properties=properties)).added == 2
    events = open_log(log_dir).events().order_by("item").to_pyarrow().to_pylist()
    assert [e["properties"] for e in events] == [
        [("colour", '"red"'), ("size", "3")],
        [("old", "true")],
    ]


def test_a_map_of_numbers_is_taken_and_one_of_lists_is_not(
    load: Import, log_dir: Path, tmp_path: Path, told: list[RejectedRow]
) -> None:
    numbers = pa.array([[("n", 2)], []], pa.map_(pa.string(), pa.int64()))
    assert load("past.parquet", parquet(tmp_path, properties=numbers)).added == 2
    rows = open_log(log_dir).events().order_by("item").to_pyarrow().to_pylist()
    assert [row["properties"] for row in rows] == [[("n", "2")], []]

    lists = pa.array([[("n", [2])], [("n", [2])]], pa.map_(pa.string(), pa.list_(pa.int64())))
    assert load("past.parquet", parquet(tmp_path, properties=lists)).rejected == 2
    assert {row.field for row in told} == {"properties/n"}


def test_a_log_of_winnow_s_own_comes_in_as_it_is(
    load: Import, log_dir: Path, tmp_path: Path, event: Callable[..., Event], now: datetime
) -> None:
    said: dict[str, Any] = {"text": "3", "number": 3, "float": 3.0, "flag": True, "quote": '"'}
    live = [event("e1", properties=said), event("e2", type="purchase", value=9.5)]
    other = tmp_path / "other"
    LogTable(other, "events").append(to_table("events", live), {"x": 1})
    whole = open_log(other).events().to_pyarrow()
    pq.write_table(whole, tmp_path / "export.parquet")
    [file] = LogTable(other, "events").files()

    columns = Columns(ignore_others=True)
    export = (tmp_path / "export.parquet").read_bytes()
    assert load("export.parquet", export, columns=columns) == ImportResult(added=2)
    again = load("file.parquet", Path(file).read_bytes(), columns=columns)
    assert again == ImportResult(already_there=2)

    def rows(table: pa.Table) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = table.drop_columns(["received_at"]).to_pylist()
        return sorted(found, key=lambda row: str(row["id"]))

    assert rows(open_log(log_dir).events().to_pyarrow()) == rows(whole)


@pytest.mark.parametrize("microseconds", [2**62, -(2**62)])
def test_a_time_that_no_calendar_has_spoils_its_own_row(
    load: Import, tmp_path: Path, told: list[RejectedRow], microseconds: int
) -> None:
    at = pa.array([microseconds, 874724710_000000], pa.int64()).cast(pa.timestamp("us", "UTC"))
    result = load("past.parquet", parquet(tmp_path, at=at))
    assert (result.added, result.rejected) == (1, 1)
    assert told == [
        RejectedRow(
            line=1,
            field="",
            error="cannot be read: “at” is out of range (date value out of range)",
        )
    ]
