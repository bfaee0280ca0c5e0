import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from events import data_files, retention
from events.compaction import MANY_FILES, compact
from events.data_files import files_of, open_table
from events.delta import LogTable
from events.readers import open_log
from events.records import Event, Stream
from events.retention import checkpoint, forget_days, vacuum
from events.schema import to_table

MakeEvent = Callable[..., Event]
Logged = Callable[[Stream], list[str]]


def appended(log_dir: Path, *batches: list[Event]) -> LogTable:
    table = LogTable(log_dir, "events")
    for number, batch in enumerate(batches):
        table.append(to_table("events", batch), {"journal": number + 1})
    return table


def on_disk(log_dir: Path) -> list[Path]:
    return sorted((log_dir / "events").rglob("day=*/*.parquet"))


def test_days_before_the_first_kept_go_and_the_rest_stays(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    days = [now - timedelta(days=n) for n in range(4)]
    appended(log_dir, [event(f"e{n}", at=at) for n, at in enumerate(days)])

    gone = forget_days(log_dir, "events", first_kept=days[1].date())

    assert gone == [days[3].date(), days[2].date()]
    assert logged("events") == ["e0", "e1"]
    assert forget_days(log_dir, "events", first_kept=days[1].date()) == []


def test_a_version_from_before_can_be_read_until_the_vacuum(
    log_dir: Path, event: MakeEvent, now: datetime
) -> None:
    appended(log_dir, [event("a")], [event("a")])
    pinned = open_log(log_dir).events()
    for path in on_disk(log_dir):  # written long ago, but in use until now
        os.utime(path, (time.time() - 10 * 86_400,) * 2)
    compact(log_dir, "events", now=now)

    assert vacuum(log_dir, "events") == 0
    assert pinned.id.to_pyarrow().to_pylist() == ["a", "a"]

    assert vacuum(log_dir, "events", keep_hours=0) == 2
    assert len(on_disk(log_dir)) == 1
    assert vacuum(log_dir, "events", keep_hours=0) == 0


def test_vacuum_removes_what_a_killed_process_left_and_nothing_being_written(
    log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    appended(log_dir, [event("a")])
    names = ("left.parquet", "left.parquet#1", "writing.parquet", "writing.parquet#1")
    paths = [on_disk(log_dir)[0].with_name(name) for name in names]
    for path in paths:
        path.write_bytes(b"PAR1")
    for path in paths[:2]:
        os.utime(path, (time.time() - 25 * 3600,) * 2)

    assert vacuum(log_dir, "events") == 2

    assert [path.exists() for path in paths] == [False, False, True, True]
    assert logged("events") == ["a"]


def test_after_a_checkpoint_old_commits_are_deleted_and_the_table_is_the_same(
    log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    appended(log_dir, *([event(f"e{n}")] for n in range(60)))
    commits = log_dir / "events" / "_delta_log"
    for path in commits.glob("*.json"):
        os.utime(path, (time.time() - 3 * 86_400,) * 2)

    assert checkpoint(log_dir, "events")
    assert not checkpoint(log_dir, "events")

    assert len(list(commits.glob("*.json"))) <= 1
    assert len(logged("events")) == 60
    assert LogTable(log_dir, "events").committed("journal") == 60
    LogTable(log_dir, "events").append(to_table("events", [event("x")]), {"journal": 61})
    assert len(logged("events")) == 61


def test_the_transaction_log_holds_no_person_s_id(
    log_dir: Path, event: MakeEvent, now: datetime
) -> None:
    appended(log_dir, [event("a", user="zoe")], [event("b", user="bob")])
    compact(log_dir, "events", now=now + timedelta(hours=2))

    texts = [p.read_text() for p in (log_dir / "events" / "_delta_log").glob("*.json")]
    assert len(texts) == 4
    assert not any("bob" in text or "zoe" in text for text in texts)


def test_there_is_nothing_to_do_where_there_is_no_log(log_dir: Path, now: datetime) -> None:
    assert forget_days(log_dir, "events", first_kept=now.date()) == []
    assert vacuum(log_dir, "events") == 0
    assert not checkpoint(log_dir, "events")
    assert not log_dir.exists()


def test_opening_after_many_commits_reads_the_checkpoint_and_few_commits(
    log_dir: Path, event: MakeEvent, now: datetime
) -> None:
    appended(log_dir, *([event(f"e{n}")] for n in range(retention.CHECKPOINT_COMMITS)))
    assert checkpoint(log_dir, "events")
    compact(log_dir, "events", now=now)

    table = open_table(log_dir, "events")
    assert table
    assert len(files_of(table)) == 1
    assert DeltaTable(str(log_dir / "events")).version() == retention.CHECKPOINT_COMMITS + 1
    assert MANY_FILES < retention.CHECKPOINT_COMMITS


def test_a_checkpoint_is_on_the_disk_before_the_commits_it_replaces_go(
    log_dir: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    appended(log_dir, *([event(f"e{n}")] for n in range(60)))
    done: list[str] = []
    folder = log_dir / "events" / "_delta_log"

    def synced(path: Path) -> None:
        assert list(folder.glob("*.checkpoint.parquet"))
        done.append(path.name)
        assert len(list(folder.glob("*.json"))) == 61

    monkeypatch.setattr(data_files, "force_to_disk", synced)
    for path in folder.glob("*.json"):
        os.utime(path, (time.time() - 3 * 86_400,) * 2)

    assert checkpoint(log_dir, "events")

    assert done == ["events"]
    assert len(list(folder.glob("*.json"))) <= 1
