"""What a power cut leaves of the newest commit, and how the log goes on from there."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from events import commits, data_files, mending, retention
from events.compaction import compact
from events.delta import LogTable
from events.drain import Drain
from events.exceptions import LogDamaged
from events.journal import Journal
from events.journal_files import journals
from events.readers import open_log
from events.records import Event, Stream
from events.schema import to_table

MakeEvent = Callable[..., Event]
Logged = Callable[[Stream], list[str]]


def commit_of(log_dir: Path, version: int) -> Path:
    return log_dir / "events" / "_delta_log" / f"{version:020}.json"


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other host is about to finish what is seen in part."""
    monkeypatch.setattr(mending, "SETTLED_SECONDS", 0.0)


@pytest.fixture
def journal(journal_dir: Path) -> Iterator[Journal]:
    journal = Journal(journal_dir, "events")
    yield journal
    journal.close()


@pytest.fixture
def two_commits(journal: Journal, journal_dir: Path, log_dir: Path, event: MakeEvent) -> Path:
    """`a` in the first, `b` and `c` in the second, all still in the journal; the second's path."""
    for ids in (["a"], ["b", "c"]):
        journal.append([event(id_) for id_ in ids])
        drain_once(journal_dir, log_dir)
    return commit_of(log_dir, 2)


def drain_once(journal_dir: Path, log_dir: Path) -> None:
    with Drain(journal_dir, log_dir) as drain:
        drain.once()


def cut(file: Path, kept: int) -> None:
    file.write_bytes(file.read_bytes()[:kept])


def end_of_line(file: Path, lines: int) -> int:
    return sum(len(line) for line in file.read_bytes().splitlines(keepends=True)[:lines])


@pytest.mark.parametrize("lines", [0, 1, 2])
@pytest.mark.parametrize("more", [0, 1, -1, 20])
def test_a_commit_that_was_cut_off_is_set_aside_and_its_rows_come_from_the_journal(
    lines: int,
    more: int,
    two_commits: Path,
    journal_dir: Path,
    log_dir: Path,
    logged: Logged,
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = max(0, end_of_line(two_commits, lines) + more)
    cut(two_commits, kept)

    with caplog.at_level(logging.ERROR):
        drain_once(journal_dir, log_dir)

    assert logged("events") == ["a", "b", "c"]
    [aside] = (log_dir / mending.DAMAGED).iterdir()
    assert aside.stat().st_size == kept
    assert str(aside) in caplog.text


def test_zeros_in_place_of_a_commit_are_set_aside_too(
    two_commits: Path, journal_dir: Path, log_dir: Path, logged: Logged
) -> None:
    two_commits.write_bytes(b"\0" * two_commits.stat().st_size)
    drain_once(journal_dir, log_dir)
    assert logged("events") == ["a", "b", "c"]


def test_a_reader_goes_on_at_the_version_before_until_then(
    two_commits: Path, log_dir: Path, logged: Logged
) -> None:
    cut(two_commits, 100)
    assert open_log(log_dir).versions["events"] == 1
    assert logged("events") == ["a"]
    assert two_commits.stat().st_size == 100


def test_a_commit_that_is_not_the_newest_is_never_set_aside(
    two_commits: Path, log_dir: Path, logged: Logged
) -> None:
    cut(commit_of(log_dir, 1), 100)
    with pytest.raises(DeltaError):
        LogTable(log_dir, "events")
    with pytest.raises(DeltaError):
        logged("events")
    assert not (log_dir / mending.DAMAGED).exists()
    assert (commit_of(log_dir, 1).exists(), two_commits.exists()) == (True, True)


def test_several_that_were_cut_off_go_one_by_one_and_the_same_one_twice(
    two_commits: Path, journal_dir: Path, log_dir: Path, logged: Logged
) -> None:
    cut(two_commits, 100)
    cut(commit_of(log_dir, 1), 0)
    drain_once(journal_dir, log_dir)
    assert logged("events") == ["a", "b", "c"]
    cut(commit_of(log_dir, 1), 50)
    drain_once(journal_dir, log_dir)
    assert logged("events") == ["a", "b", "c"]
    sizes = {path.name[-6:]: path.stat().st_size for path in (log_dir / mending.DAMAGED).iterdir()}
    assert sizes == {"2.json": 100, "1.json": 0, "json.1": 50}


@pytest.mark.parametrize("left", [None, 0, 500])
def test_a_commit_whose_rows_are_gone_is_set_aside_where_the_journal_has_them(
    left: int | None, two_commits: Path, journal_dir: Path, log_dir: Path, logged: Logged
) -> None:
    file = newest_file(log_dir)
    file.unlink() if left is None else cut(file, left)

    drain_once(journal_dir, log_dir)

    assert logged("events") == ["a", "b", "c"]
    assert len(list((log_dir / mending.DAMAGED).iterdir())) == 1


def test_a_commit_whose_rows_are_gone_stays_where_the_journal_is_gone_too(
    two_commits: Path, journal: Journal, journal_dir: Path, log_dir: Path
) -> None:
    journal.close()
    drain_once(journal_dir, log_dir)
    assert journals(journal_dir) == []
    file = newest_file(log_dir)
    cut(file, 500)

    with Drain(journal_dir, log_dir) as drain, pytest.raises(LogDamaged, match=file.name):
        drain.once()

    assert LogTable(log_dir, "events").version == 2
    assert not (log_dir / mending.DAMAGED).exists()


def newest_file(log_dir: Path) -> Path:
    table = DeltaTable(str(log_dir / "events"))
    files = data_files.files_of(table)
    return data_files.folder_of(table) / max(files, key=lambda f: f.written_at).path


def test_a_compaction_that_was_cut_off_never_was(
    two_commits: Path, journal_dir: Path, log_dir: Path, logged: Logged
) -> None:
    assert compact(log_dir, "events", now=datetime(2100, 1, 1, tzinfo=UTC))
    compaction = commit_of(log_dir, 3)
    cut(compaction, end_of_line(compaction, 2))  # the new file, and no word of the old ones
    drain_once(journal_dir, log_dir)
    assert logged("events") == ["a", "b", "c"]


def test_a_commit_waits_until_another_s_is_on_the_disk(log_dir: Path, event: MakeEvent) -> None:
    table = LogTable(log_dir, "events")
    rows = to_table("events", [event("a")])
    append = threading.Thread(target=table.append, args=(rows, {"j": 1}))
    with commits.turn(table.path):
        append.start()
        append.join(0.3)
        assert append.is_alive()
        assert commits.newest_version(table.path) == 0
    append.join(10)
    assert commits.newest_version(table.path) == 1


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


@pytest.mark.parametrize("hint", [b"", b'{"ver', b'{"version":7,"size":1}'])
def test_a_hint_at_a_checkpoint_that_a_power_cut_lost_is_forgotten(
    hint: bytes, log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    LogTable(log_dir, "events").append(to_table("events", [event("a")]), {"j": 1})
    file = log_dir / "events" / "_delta_log" / "_last_checkpoint"
    file.write_bytes(hint)

    assert LogTable(log_dir, "events").committed("j") == 1

    assert not file.exists()
    assert not retention.checkpoint(log_dir, "events")
    assert logged("events") == ["a"]


def test_whole_commits_are_left_alone(log_dir: Path, event: MakeEvent, logged: Logged) -> None:
    table = LogTable(log_dir, "events")
    table.append(to_table("events", [event("a")]), {"j": 1})
    data_files.checkpoint(DeltaTable(str(table.path)))
    assert mending.mend(table.path) == []
    assert not (log_dir / mending.DAMAGED).exists()
    assert logged("events") == ["a"]


def test_rows_and_commit_are_on_the_disk_in_that_order(
    log_dir: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = LogTable(log_dir, "events")
    forced: list[tuple[str, int]] = []

    def note(path: Path) -> None:
        forced.append((path.suffix, len(list(commit_of(log_dir, 0).parent.glob("*.json")))))

    monkeypatch.setattr(commits, "sync_path", note)
    table.append(to_table("events", [event("a")]), {"j": 1})

    assert (".parquet", 1) in forced
    assert (".json", 2) in forced
    assert (".parquet", 2) not in forced
