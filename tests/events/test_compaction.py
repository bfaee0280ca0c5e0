import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from events import compaction, delta, erasure, rewriting
from events.compaction import LYING_SECONDS, MANY_FILES, Compacted, compact
from events.data_files import files_of, open_table, replace
from events.delta import LogTable
from events.exceptions import LogConflict
from events.readers import open_log
from events.records import Event, Exposure, Stream
from events.rewriting import rewrite
from events.schema import SCHEMAS, to_table

MakeEvent = Callable[..., Event]
Logged = Callable[[Stream], list[str]]


def filled(log_dir: Path, *batches: list[Event]) -> LogTable:
    """A table with a file for each batch."""
    table = LogTable(log_dir, "events")
    for number, batch in enumerate(batches):
        table.append(to_table("events", batch), {"journal": number + 1})
    return table


def rewritten(log_dir: Path) -> tuple[DeltaTable, list[Any], list[Any]]:
    """A table, its files, and what would replace them."""
    table = open_table(log_dir, "events")
    assert table
    files = files_of(table)
    return table, files, rewrite(table, files, {}, checked=False)


def test_many_small_files_become_one_with_the_same_rows(
    log_dir: Path, event: MakeEvent, exposure: Callable[..., Exposure], now: datetime
) -> None:
    table = LogTable(log_dir, "exposures")
    for n in range(MANY_FILES):
        table.append(to_table("exposures", [exposure(f"r{n}", user=f"u{n}")]), {"j": n + 1})
    before = open_log(log_dir).exposures().order_by("request_id").to_pyarrow()

    done = compact(log_dir, "exposures", now=now)

    assert done == [
        Compacted(
            stream="exposures",
            day=now.date(),
            files_before=MANY_FILES,
            files_after=1,
            duplicates=0,
            erased=0,
        )
    ]
    assert open_log(log_dir).exposures().order_by("request_id").to_pyarrow() == before
    by_delta = pa.table(DeltaTable(str(log_dir / "exposures")).to_pyarrow_table())
    assert (
        by_delta.sort_by("request_id")
        .select(SCHEMAS["exposures"].names)
        .cast(SCHEMAS["exposures"])
        .equals(before)
    )


def test_of_an_id_that_came_twice_the_first_received_stays(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    later = now + timedelta(seconds=5)
    filled(
        log_dir,
        [event("a", user="late", received_at=later), event("b")],
        [event("a", user="first"), event("c")],
        [event("a", user="later", received_at=later + timedelta(seconds=1))],
    )

    [done] = compact(log_dir, "events", now=now)

    assert (done.duplicates, done.files_after) == (2, 1)
    assert logged("events") == ["a", "b", "c"]
    events = open_log(log_dir).events()
    assert events.filter(events.id == "a").user.to_pyarrow().to_pylist() == ["first"]


def test_a_duplicate_of_a_row_compacted_before_is_found(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    table = filled(log_dir, *([event(f"e{n}")] for n in range(MANY_FILES)))
    compact(log_dir, "events", now=now)
    table.append(to_table("events", [event("e3"), event("new")]), {"journal": 99})

    [done] = compact(log_dir, "events", now=now)

    assert (done.files_before, done.files_after, done.duplicates) == (2, 1, 1)
    assert len(logged("events")) == len(set(logged("events"))) == MANY_FILES + 1


def test_a_day_that_does_not_need_it_is_left_alone(
    log_dir: Path, event: MakeEvent, now: datetime
) -> None:
    table = filled(log_dir, *([event(f"e{n}")] for n in range(MANY_FILES - 1)))

    assert compact(log_dir, "events", now=now) == []
    table.refresh()
    assert table.version == MANY_FILES - 1

    an_hour_later = datetime.now(UTC) + timedelta(seconds=LYING_SECONDS + 60)
    assert [d.files_after for d in compact(log_dir, "events", now=an_hour_later)] == [1]
    assert compact(log_dir, "events", now=an_hour_later) == []


def test_only_the_days_concerned_are_rewritten(
    log_dir: Path, event: MakeEvent, now: datetime
) -> None:
    yesterday = now - timedelta(days=1)
    filled(log_dir, [event("a"), event("old", at=yesterday)], [event("a")])

    [done] = compact(log_dir, "events", now=now)

    assert done.day == now.date()
    table = open_table(log_dir, "events")
    assert table
    assert [(f.day, f.is_checked) for f in files_of(table)] == [
        (yesterday.date(), False),
        (now.date(), True),
    ]


def test_what_the_drain_read_stays_known_and_its_next_append_is_taken(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    table = filled(log_dir, *([event(f"e{n}")] for n in range(MANY_FILES)))

    compact(log_dir, "events", now=now)

    table.append(to_table("events", [event("next")]), {"journal": 99})  # from the version before
    assert len(logged("events")) == MANY_FILES + 1
    assert LogTable(log_dir, "events").committed("journal") == 99


def test_an_append_while_a_day_is_rewritten_is_kept(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = filled(log_dir, [event("a")], [event("a")])

    def replace_late(*args: Any, **options: Any) -> None:
        table.append(to_table("events", [event("meanwhile"), event("a")]), {"journal": 99})
        replace(*args, **options)

    monkeypatch.setattr(compaction, "replace", replace_late)
    compact(log_dir, "events", now=now)
    assert logged("events") == ["a", "a", "meanwhile"]

    monkeypatch.undo()
    compact(log_dir, "events", now=now)
    assert logged("events") == ["a", "meanwhile"]


def test_of_two_that_rewrite_the_same_files_one_is_refused(
    log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    filled(log_dir, [event("a")], [event("b")])
    first, second = rewritten(log_dir), rewritten(log_dir)

    replace(*first, data_change=False)
    with pytest.raises(LogConflict):
        replace(*second, data_change=False)

    assert logged("events") == ["a", "b"]


def test_a_rewrite_is_refused_where_another_engine_deleted_rows_meanwhile(
    log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    filled(log_dir, [event("a")], [event("b")])
    mine = rewritten(log_dir)
    DeltaTable(str(log_dir / "events")).delete("id = 'a'")

    with pytest.raises(LogConflict):
        replace(*mine, data_change=False)

    assert logged("events") == ["b"]


def test_after_a_conflict_the_day_is_done_again(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(log_dir, [event("a")], [event("a")], [event("b")])
    others = iter([rewritten(log_dir)])

    def replace_second(*args: Any, **options: Any) -> None:
        for other in others:
            replace(*other, data_change=False)
        replace(*args, **options)

    monkeypatch.setattr(compaction, "replace", replace_second)
    [done] = compact(log_dir, "events", now=now)
    assert (done.files_before, done.files_after, done.duplicates) == (1, 1, 1)
    assert logged("events") == ["a", "b"]


def test_after_five_conflicts_it_says_so(
    log_dir: Path, event: MakeEvent, now: datetime, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    filled(log_dir, [event("a")], [event("a")])
    tries = []

    def refuse(*args: Any, **options: Any) -> None:
        tries.append(args)
        raise LogConflict("somebody else")

    monkeypatch.setattr(compaction, "replace", refuse)
    with pytest.raises(LogConflict):
        compact(log_dir, "events", now=now)
    assert len(tries) == 5
    assert logged("events") == ["a", "a"]


def test_a_reader_of_an_earlier_version_goes_on_reading_it(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    filled(log_dir, [event("a")], [event("a")])
    pinned = open_log(log_dir).events()

    compact(log_dir, "events", now=now)

    assert pinned.id.to_pyarrow().to_pylist() == ["a", "a"]
    assert logged("events") == ["a"]


def test_writers_and_readers_go_on_while_it_runs(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    table = filled(log_dir, [event("e0")])
    stop = threading.Event()

    def go_on_compacting() -> None:
        while not stop.is_set():
            compact(log_dir, "events", now=now)

    worker = threading.Thread(target=go_on_compacting)
    worker.start()
    try:
        for n in range(1, 60):
            table.append(to_table("events", [event(f"e{n}")]), {"journal": n + 1})
            assert logged("events") == sorted(f"e{k}" for k in range(n + 1))
    finally:
        stop.set()
        worker.join()
    current = open_table(log_dir, "events")
    assert current
    assert len(files_of(current)) < 60


def test_erased_people_s_late_rows_are_left_out_and_what_they_did_since_stays(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    since = now + timedelta(seconds=1)
    filled(
        log_dir,
        [event("a", user="gone"), event("b", user="here")],
        [event("c", user="gone", received_at=since)],
    )

    [done] = compact(log_dir, "events", now=now, erased={sha256(b"gone").hexdigest(): now})

    assert (done.erased, done.duplicates) == (1, 0)
    assert logged("events") == ["b", "c"]


def test_a_column_that_older_files_lack_is_null_there(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    table = filled(log_dir, [event("a")], [event("a")])
    wider = DeltaTable(str(table.path))
    wider.alter.add_columns([_text_field("channel")])

    compact(log_dir, "events", now=now)

    rows = pa.table(DeltaTable(str(table.path)).to_pyarrow_table())
    assert rows["channel"].to_pylist() == [None]
    assert logged("events") == ["a"]


def _text_field(name: str) -> Any:
    from deltalake.schema import Field, PrimitiveType

    return Field(name, PrimitiveType("string"), nullable=True)


def test_large_files_are_split_and_row_groups_are_not_as_small_as_commits(
    log_dir: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(log_dir, [event("a"), event("b")], [event("c")], [event("d")])
    table = open_table(log_dir, "events")
    assert table
    monkeypatch.setattr(rewriting, "ROW_GROUP", 2)

    whole = rewrite(table, files_of(table), {}, checked=True)
    split = rewrite(table, files_of(table), {}, checked=True, target_bytes=1)

    assert [rows_of_groups(log_dir / "events" / new.path) for new in whole] == [[2, 2]]
    assert [rows_of_groups(log_dir / "events" / new.path) for new in split] == [[2], [2]]


def rows_of_groups(path: Path) -> list[int]:
    file = pq.ParquetFile(path)
    return [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]


def test_nothing_is_compacted_where_there_is_no_log(log_dir: Path, now: datetime) -> None:
    assert compact(log_dir, "events", now=now) == []
    assert not delta.exists(log_dir, "events")


def test_go_on_may_stop_it_between_days(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    old = datetime.now(UTC) - timedelta(days=1)
    filled(log_dir, [event("a", at=old), event("b")], [event("a", at=old), event("b")])
    days = []

    def stop_at_second() -> None:
        days.append(1)
        if len(days) == 2:
            raise RuntimeError("the lease is lost")

    with pytest.raises(RuntimeError, match="lease is lost"):
        compact(log_dir, "events", now=now, go_on=stop_at_second)
    assert logged("events") == ["a", "b", "b"]


@pytest.mark.parametrize("name", ["a b", "a[1]", "a*", "a?", "a#b", "ä'", 'a"b', "{a,b}"])
def test_a_folder_may_be_named_as_its_owner_likes(
    name: str, tmp_path: Path, event: MakeEvent, now: datetime
) -> None:
    log_dir = tmp_path / name
    table = LogTable(log_dir, "events")
    for number in (1, 2):
        table.append(to_table("events", [event("a"), event("b", user="gone")]), {"j": number})

    [done] = compact(log_dir, "events", now=now)
    erasure.erase(log_dir, "events", "gone", before=now)

    assert done.duplicates == 2
    assert open_log(log_dir).events().id.to_pyarrow().to_pylist() == ["a"]
