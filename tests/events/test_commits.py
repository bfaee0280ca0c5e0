"""What a power cut leaves of the newest commit, and how the log goes on from there."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable

from events import commits, data_files
from events.delta import LogTable
from events.drain import Drain
from events.journal import Journal
from events.records import Event, Stream
from events.schema import to_table

MakeEvent = Callable[..., Event]
Logged = Callable[[Stream], list[str]]


def commit_of(log_dir: Path, version: int) -> Path:
    return log_dir / "events" / "_delta_log" / f"{version:020}.json"


@pytest.mark.parametrize("kept", [0, 1, 200])
def test_a_commit_that_was_cut_off_is_set_aside_and_its_rows_come_from_the_journal(
    kept: int,
    journal_dir: Path,
    log_dir: Path,
    event: MakeEvent,
    logged: Logged,
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal = Journal(journal_dir, "events")
    for ids in (["a"], ["b", "c"]):
        journal.append([event(id_) for id_ in ids])
        with Drain(journal_dir, log_dir) as drain:
            drain.once()
    torn = commit_of(log_dir, 2)
    torn.write_bytes(torn.read_bytes()[:kept])

    with caplog.at_level(logging.ERROR), Drain(journal_dir, log_dir) as drain:
        drain.once()

    assert logged("events") == ["a", "b", "c"]
    [aside] = (log_dir / commits.DAMAGED).iterdir()
    assert aside.stat().st_size == kept
    assert str(aside) in caplog.text
    journal.close()


def test_a_table_cut_off_at_its_first_commit_is_made_anew(
    log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    LogTable(log_dir, "events")
    commit_of(log_dir, 0).write_bytes(b"")
    LogTable(log_dir, "events").append(to_table("events", [event("a")]), {"j": 1})
    assert logged("events") == ["a"]


def test_a_checkpoint_that_was_cut_off_is_set_aside_and_the_commits_are_read(
    log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    LogTable(log_dir, "events").append(to_table("events", [event("a")]), {"j": 1})
    data_files.checkpoint(DeltaTable(str(log_dir / "events")))
    [checkpoint] = (log_dir / "events" / "_delta_log").glob("*.checkpoint.parquet")
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])

    table = LogTable(log_dir, "events")

    assert table.committed("j") == 1
    assert logged("events") == ["a"]


def test_whole_commits_are_left_alone(log_dir: Path, event: MakeEvent, logged: Logged) -> None:
    table = LogTable(log_dir, "events")
    table.append(to_table("events", [event("a")]), {"j": 1})
    data_files.checkpoint(DeltaTable(str(table.path)))
    assert commits.mend(table.path) == []
    assert not (log_dir / commits.DAMAGED).exists()
    assert logged("events") == ["a"]


def test_rows_and_commit_are_on_the_disk_in_that_order(
    log_dir: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = LogTable(log_dir, "events")
    forced: list[tuple[str, int]] = []

    def note(path: Path) -> None:
        forced.append((path.suffix, len(list(commit_of(log_dir, 0).parent.glob("*.json")))))

    monkeypatch.setattr(commits, "_fsync", note)
    table.append(to_table("events", [event("a")]), {"j": 1})

    assert (".parquet", 1) in forced
    assert (".json", 2) in forced
    assert (".parquet", 2) not in forced
