"""An import that runs while one of its people is erased does not bring them back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from events import adding, erased
from events.delta import LogTable
from events.erasure import erase
from events.importing import ImportResult, import_events
from events.readers import open_log
from imports.rows import Progress

ROWS = "user,item,at\n" + "".join(f"{user},i{n},{n}\n" for n in range(3) for user in ("gone", "b"))


@pytest.fixture
def load(tmp_path: Path, log_dir: Path, journal_dir: Path, now: datetime) -> Callable[..., Any]:
    def call(*, progress: Progress = lambda *_: None) -> ImportResult:
        path = tmp_path / "past.csv"
        path.write_text(ROWS)
        return import_events(
            path,
            log_dir=log_dir,
            journal_dir=journal_dir,
            now=now,
            progress=progress,
            chunk_rows=2,
        )

    return call


def users(log_dir: Path) -> list[str]:
    return sorted(open_log(log_dir).events().user.to_pyarrow().to_pylist())


def test_who_is_erased_between_two_commits_does_not_come_back(
    log_dir: Path, load: Callable[..., ImportResult], now: datetime
) -> None:
    asked = now + timedelta(seconds=1)
    steps: list[int] = []

    def progress(done: int, size: int) -> None:
        steps.append(done)
        if len(steps) == 2:  # one chunk is in the log
            erased.order(log_dir, "gone", before=asked)
            erase(log_dir, "events", "gone", before=asked)

    result = load(progress=progress)

    assert (result.added, result.erased, result.already_there) == (4, 2, 0)
    assert users(log_dir) == ["b", "b", "b"]
    assert load(progress=lambda *_: None).erased == 3  # begun before they asked, by its own clock


@pytest.mark.parametrize("held_up", ["before the orders are looked at", "after"])
def test_who_is_erased_while_a_commit_is_made_does_not_come_back(
    held_up: str,
    log_dir: Path,
    load: Callable[..., ImportResult],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = now + timedelta(seconds=1)
    LogTable(log_dir, "events")
    erasures: list[threading.Thread] = []

    def erase_now() -> None:
        erased.order(log_dir, "gone", before=asked)
        erase(log_dir, "events", "gone", before=asked)

    def begin(*args: Any) -> None:
        monkeypatch.undo()
        erasures.append(threading.Thread(target=erase_now))
        erasures[0].start()

    def after(table: LogTable) -> Iterator[list[str]]:
        begin()
        erasures[0].join(0.3)
        assert erasures[0].is_alive()  # it waits for this commit
        yield []

    def before(*args: Any, **options: Any) -> Any:
        begin()
        erasures[0].join(10)
        return append(*args, **options)

    append = LogTable.append
    if held_up == "after":
        monkeypatch.setattr(adding, "ids_since", after)
    else:
        monkeypatch.setattr(LogTable, "append", before)
    result = load()

    erasures[0].join(10)
    assert not erasures[0].is_alive()
    assert users(log_dir) == ["b", "b", "b"]
    assert result.erased == (2 if held_up == "after" else 3)
