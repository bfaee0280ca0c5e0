"""What was written for a commit that is not made is deleted at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from events import commits, compaction, erasure
from events.compaction import compact
from events.data_files import files_of, open_table
from events.delta import LogTable
from events.erasure import erase
from events.exceptions import LogConflict
from events.journal import Journal
from events.readers import open_log
from events.records import Event
from events.schema import to_table
from tests.events.small_disk import SmallDisk, fill_up

MakeEvent = Callable[..., Event]
LATER = timedelta(hours=2)


def filled(log_dir: Path, event: MakeEvent, rows: int = 2_000) -> list[str]:
    """A log of one day in two files of which `u0` has a row each; the ids."""
    rng = random.Random(1)
    table = LogTable(log_dir, "events")
    ids = [rng.randbytes(16).hex() for _ in range(2 * rows)]
    for number, part in enumerate((ids[:rows], ids[rows:]), 1):
        batch = [event(id_, user=f"u{place}") for place, id_ in enumerate(part)]
        table.append(to_table("events", batch), {"j": number})
    return ids


def of_no_version(log_dir: Path) -> list[Path]:
    table = open_table(log_dir, "events")
    assert table
    current = {log_dir / "events" / file.path for file in files_of(table)}
    return [path for path in log_dir.glob("events/day=*/*") if path not in current]


def care(name: str, log_dir: Path, now: datetime) -> Any:
    if name == "compaction":
        return compact(log_dir, "events", now=now + LATER)
    return erase(log_dir, "events", "u0", before=now + LATER)


@pytest.mark.parametrize("name", ["compaction", "erasure"])
def test_a_full_disk_is_left_no_fuller_and_journals_go_on(
    name: str, small_disk: SmallDisk, event: MakeEvent, now: datetime
) -> None:
    small_disk.resize("1m")
    log_dir = small_disk.path / "log"
    ids = filled(log_dir, event)
    journal = Journal(small_disk.path / "journal", "events")
    journal.append([event("first")])
    fill_up(small_disk.path)
    with (small_disk.path / "other").open("rb+") as file:  # room for a part of what is written
        file.truncate((small_disk.path / "other").stat().st_size - 100 * 1024)

    for _ in range(3):
        with pytest.raises(OSError, match="No space left on device"):
            care(name, log_dir, now)
        assert of_no_version(log_dir) == []
        journal.append([event("x" * 256)])

    journal.close()
    (small_disk.path / "other").unlink()
    care(name, log_dir, now)
    left = 4_000 if name == "compaction" else 3_998
    assert open_log(log_dir).events().count().to_pyarrow().as_py() == left <= len(ids)


@pytest.mark.parametrize(("name", "module"), [("compaction", compaction), ("erasure", erasure)])
def test_what_a_conflict_refuses_is_deleted(
    name: str,
    module: Any,
    log_dir: Path,
    event: MakeEvent,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled(log_dir, event, 20)

    def beaten(*args: Any, **options: Any) -> None:
        raise LogConflict("events: another commit was faster")

    monkeypatch.setattr(module, "replace", beaten)
    with pytest.raises(LogConflict):
        care(name, log_dir, now)
    assert of_no_version(log_dir) == []


@pytest.mark.parametrize("made", [False, True])
def test_where_it_is_not_known_the_commits_are_asked(
    made: bool, log_dir: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = LogTable(log_dir, "events")
    commit = commits.commit

    def fails(*args: Any, **options: Any) -> None:
        if made:
            commit(*args, **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(commits, "commit", fails)
    with pytest.raises(OSError, match="No space left"):
        table.append(to_table("events", [event("a")]), {"j": 1})
    assert of_no_version(log_dir) == []
    assert len(list(log_dir.glob("events/day=*/*"))) == made
    assert open_log(log_dir).events().id.to_pyarrow().to_pylist() == ["a"] * made
