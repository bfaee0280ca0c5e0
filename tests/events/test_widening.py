"""Tables of an older and of a later Winnow."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from events import commits, erasure
from events.compaction import compact
from events.delta import PROPERTIES, LogTable
from events.drain import Drain
from events.exceptions import LogConflict, LogTooNew
from events.journal import Journal
from events.readers import open_log
from events.records import Event, Exposure
from events.schema import EVENTS, EXPOSURES, VERSION, to_table
from events.widening import PROPERTY, version_of

MakeEvent = Callable[..., Event]
MakeExposure = Callable[..., Exposure]
SECOND = timedelta(seconds=1)
FIRST_SCHEMA = EXPOSURES.remove(EXPOSURES.get_field_index("received_at"))


@pytest.fixture
def old_table(log_dir: Path, exposure: MakeExposure) -> DeltaTable:
    """Exposures as the first Winnow left them: one row of user `old`."""
    path = str(log_dir / "exposures")
    DeltaTable.create(path, FIRST_SCHEMA, partition_by=["day"])
    rows = to_table("exposures", [exposure("old", user="old")])
    write_deltalake(path, rows.select(FIRST_SCHEMA.names), mode="append")
    return DeltaTable(path)


def received(log_dir: Path) -> dict[str, datetime | None]:
    rows = open_log(log_dir).exposures().select("request_id", "received_at").to_pyarrow()
    return {row["request_id"]: row["received_at"] for row in rows.to_pylist()}


def test_an_old_table_is_read_without_being_touched(old_table: DeltaTable, log_dir: Path) -> None:
    log = open_log(log_dir)
    assert log.exposures().to_pyarrow().schema == EXPOSURES
    assert received(log_dir) == {"old": None}
    assert DeltaTable(str(log_dir / "exposures")).version() == old_table.version()


def test_an_old_table_is_widened_when_the_drain_writes_to_it(
    old_table: DeltaTable, journal_dir: Path, log_dir: Path, exposure: MakeExposure, now: datetime
) -> None:
    pinned = open_log(log_dir)
    assert pinned.exposures().count().to_pyarrow().as_py() == 1
    journal = Journal(journal_dir, "exposures")
    journal.append([exposure("new")])
    journal.close()
    with Drain(journal_dir, log_dir) as drain:
        drain.once()

    assert received(log_dir) == {"old": None, "new": now}
    assert pinned.exposures().count().to_pyarrow().as_py() == 1
    table = DeltaTable(str(log_dir / "exposures"))
    assert version_of(table) == VERSION
    assert table.metadata().configuration == PROPERTIES
    by_delta = pa.table(table.to_pyarrow_table()).sort_by("request_id")
    assert by_delta["received_at"].to_pylist() == [now, None]


def test_rows_from_before_and_after_are_compacted_and_erased_alike(
    old_table: DeltaTable, log_dir: Path, exposure: MakeExposure, now: datetime
) -> None:
    LogTable(log_dir, "exposures").append(
        to_table(
            "exposures", [exposure("old", user="again", received_at=now + SECOND), exposure("new")]
        ),
        {"j": 1},
    )
    later = datetime(2100, 1, 1, tzinfo=UTC)
    [done] = compact(log_dir, "exposures", now=later)
    assert (done.files_after, done.duplicates) == (1, 1)
    assert received(log_dir) == {"old": None, "new": now}
    erasure.erase(log_dir, "exposures", "old", before=now)
    assert received(log_dir) == {"new": now}


def test_a_widening_that_was_killed_half_way_goes_on(
    old_table: DeltaTable, log_dir: Path, exposure: MakeExposure
) -> None:
    LogTable(log_dir, "exposures")
    table = DeltaTable(str(log_dir / "exposures"))
    table.alter.set_table_properties({PROPERTY: "1"}, raise_if_not_exists=False)

    again = LogTable(log_dir, "exposures")

    assert version_of(DeltaTable(str(again.path))) == VERSION
    assert [f.name for f in DeltaTable(str(again.path)).schema().fields].count("received_at") == 1


def test_who_had_the_table_open_while_another_widened_it_looks_again(
    old_table: DeltaTable, log_dir: Path, exposure: MakeExposure
) -> None:
    ours = LogTable(log_dir, "exposures")
    DeltaTable(str(ours.path)).alter.set_table_properties(
        {PROPERTY: str(VERSION + 1)}, raise_if_not_exists=False
    )
    with pytest.raises(LogConflict):
        ours.append(to_table("exposures", [exposure("new")]), {"j": 1})
    assert received(log_dir) == {"old": None}
    assert list(ours.path.glob("day=*/drained-*")) == []


def test_a_table_of_a_later_winnow_is_refused_and_left_alone(
    log_dir: Path, event: MakeEvent
) -> None:
    LogTable(log_dir, "events").append(to_table("events", [event("a")]), {"j": 1})
    table = DeltaTable(str(log_dir / "events"))
    table.alter.set_table_properties({PROPERTY: str(VERSION + 1)}, raise_if_not_exists=False)

    with pytest.raises(LogTooNew, match="Upgrade Winnow on this host"):
        LogTable(log_dir, "events")

    assert DeltaTable(str(log_dir / "events")).version() == table.version()
    assert open_log(log_dir).events().count().to_pyarrow().as_py() == 1


def test_who_sees_that_a_later_winnow_widened_the_table_writes_nothing_more(
    log_dir: Path, event: MakeEvent
) -> None:
    ours = LogTable(log_dir, "events")
    ours.append(to_table("events", [event("a")]), {"j": 1})
    theirs = DeltaTable(str(ours.path))
    theirs.alter.set_table_properties({PROPERTY: str(VERSION + 1)}, raise_if_not_exists=False)
    ours.refresh()

    with pytest.raises(LogTooNew, match="Upgrade Winnow on this host"):
        ours.append(to_table("events", [event("b")]), {"j": 2})
    with pytest.raises(LogTooNew):
        compact(log_dir, "events", now=datetime(2100, 1, 1, tzinfo=UTC))
    with pytest.raises(LogTooNew):
        erasure.erase(log_dir, "events", event().user, before=datetime(2100, 1, 1, tzinfo=UTC))

    assert DeltaTable(str(ours.path)).version() == theirs.version()
    assert open_log(log_dir).events().count().to_pyarrow().as_py() == 1


def test_a_table_of_a_later_winnow_is_read_by_the_columns_known_here(
    log_dir: Path, event: MakeEvent
) -> None:
    table = LogTable(log_dir, "events")
    table.append(to_table("events", [event("a")]), {"j": 1})
    wider = to_table("events", [event("b")]).append_column("channel", pa.array(["web"]))
    write_deltalake(table.path, wider, mode="append", schema_mode="merge")

    events = open_log(log_dir).events()

    assert events.to_pyarrow().schema == EVENTS
    assert sorted(events.id.to_pyarrow().to_pylist()) == ["a", "b"]


def test_two_hosts_may_widen_a_table_at_once(
    old_table: DeltaTable, log_dir: Path, exposure: MakeExposure
) -> None:
    tables: list[LogTable] = []
    hosts = [
        threading.Thread(target=lambda: tables.append(LogTable(log_dir, "exposures")))
        for _ in range(4)
    ]
    for host in hosts:
        host.start()
    for host in hosts:
        host.join()
    for number, table in enumerate(tables):
        table.append(to_table("exposures", [exposure(f"{number}")]), {f"j{number}": 1})
    assert sorted(received(log_dir)) == ["0", "1", "2", "3", "old"]
    names = [field.name for field in DeltaTable(str(log_dir / "exposures")).schema().fields]
    assert names.count("received_at") == 1


def test_a_table_says_its_version_from_the_start(log_dir: Path) -> None:
    table = LogTable(log_dir, "events")
    assert table.version == 0
    assert version_of(DeltaTable(str(table.path))) == VERSION


def test_a_batch_of_two_days_is_two_files_and_one_commit(
    log_dir: Path, event: MakeEvent, now: datetime
) -> None:
    table = LogTable(log_dir, "events")
    rows = [event("a"), event("b", at=datetime(2026, 1, 1, tzinfo=UTC)), event("c")]
    table.append(to_table("events", rows), {"j": 1})
    assert table.version == 1
    days = {Path(file).parent.name for file in table.files()}
    assert days == {f"day={now.date()}", f"day={date(2026, 1, 1)}"}


def test_each_commit_of_a_widening_is_on_the_disk_before_the_next(
    old_table: DeltaTable, log_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[tuple[str, int]] = []
    table_path = log_dir / "exposures"
    monkeypatch.setattr(
        commits,
        "sync_path",
        lambda path: forced.append((path.name, commits.newest_version(table_path))),
    )

    widened = LogTable(log_dir, "exposures")

    first = int(old_table.version()) + 1
    assert widened.version == first + 1
    for version in (first, first + 1):
        assert (commits.path_of(table_path, version).name, version) in forced
