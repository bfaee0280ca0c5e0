"""An import and a drain that is up: an id that comes both ways is one row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from events import adding, appending, delta
from events.compaction import compact
from events.delta import LogTable
from events.drain import Drain
from events.exceptions import LogConflict
from events.importing import ImportResult, import_events
from events.journal import Journal
from events.newcomers import ids_since
from events.readers import open_log
from events.records import Event, Stream
from events.retention import vacuum
from events.schema import to_table

MakeEvent = Callable[..., Event]
Logged = Callable[[Stream], list[str]]
Import = Callable[..., ImportResult]


@pytest.fixture
def load(tmp_path: Path, log_dir: Path, journal_dir: Path, now: datetime) -> Import:
    """Import one row for each id, of this moment or of `at`."""

    def call(*ids: str, at: datetime = now) -> ImportResult:
        path = tmp_path / "past.csv"
        rows = [f"u1,i1,{at.isoformat()},purchase,{id_}\n" for id_ in ids]
        path.write_text("".join(["user,item,at,type,id\n", *rows]))
        return import_events(path, log_dir=log_dir, journal_dir=journal_dir, now=now)

    return call


@pytest.fixture
def write(journal_dir: Path, event: MakeEvent) -> Callable[..., None]:
    """Acknowledge events of these ids."""

    def call(*ids: str) -> None:
        journal = Journal(journal_dir, "events")
        journal.append([event(id_) for id_ in ids])
        journal.close()

    return call


def test_a_drain_that_is_up_knows_what_an_import_brought(
    journal_dir: Path, log_dir: Path, load: Import, write: Callable[..., None], logged: Logged
) -> None:
    write("before")
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
        assert load("order-76", "order-77").added == 2
        write("order-77", "order-78")
        assert [(c.rows, c.duplicates) for c in drain.once()] == [(1, 1)]
        assert load("order-79").added == 1
        write("order-78", "order-79")
        assert [(c.rows, c.duplicates) for c in drain.once()] == [(0, 2)]
    assert logged("events") == ["before", "order-76", "order-77", "order-78", "order-79"]


def test_an_import_leaves_what_waits_in_a_journal_as_it_was_acknowledged(
    journal_dir: Path,
    log_dir: Path,
    load: Import,
    write: Callable[..., None],
    logged: Logged,
    now: datetime,
) -> None:
    write("drained")
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
    write("order-77")
    years_ago = now - timedelta(days=900)
    result = load("drained", "order-77", "order-78", at=years_ago)
    assert (result.added, result.already_there) == (1, 2)
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
    assert logged("events") == ["drained", "order-77", "order-78"]
    [kept] = open_log(log_dir).events().filter(lambda t: t.id == "order-77").at.to_list()
    assert kept == now


def _before_the_next_commit(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Have `act` happen when the next commit's rows were chosen and written, but not committed."""

    def writes(*args: Any) -> Any:
        written = appending.write_rows(*args)
        monkeypatch.undo()
        act()
        return written

    monkeypatch.setattr(delta, "write_rows", writes)


def test_an_import_that_commits_while_a_drain_is_about_to_is_seen(
    journal_dir: Path,
    log_dir: Path,
    load: Import,
    write: Callable[..., None],
    logged: Logged,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write("order-77")

    def imported() -> None:
        # It read the journals before the id was written there.
        monkeypatch.setattr(adding, "waiting_ids", lambda *_: [])
        load("order-77")
        monkeypatch.undo()

    with Drain(journal_dir, log_dir) as drain:
        _before_the_next_commit(monkeypatch, imported)
        with pytest.raises(LogConflict, match="another commit brought an event of the same id"):
            drain.once()
        assert logged("events") == ["order-77"]
        assert [(c.rows, c.duplicates) for c in drain.once()] == [(0, 1)]
    assert logged("events") == ["order-77"]
    assert len(list(log_dir.glob("events/day=*/*"))) == 1  # of the refused one none is left


def test_a_drain_that_commits_while_an_import_is_about_to_is_seen(
    journal_dir: Path,
    log_dir: Path,
    load: Import,
    write: Callable[..., None],
    logged: Logged,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def drained() -> None:
        write("order-77")
        with Drain(journal_dir, log_dir) as drain:
            drain.once()

    _before_the_next_commit(monkeypatch, drained)
    result = load("order-77", "order-78")
    assert (result.added, result.already_there) == (1, 1)
    assert logged("events") == ["order-77", "order-78"]


def test_an_import_of_years_ago_costs_the_drain_none_of_its_window(
    journal_dir: Path,
    log_dir: Path,
    load: Import,
    write: Callable[..., None],
    now: datetime,
) -> None:
    write("a")
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
        load("old", at=now - timedelta(days=900))
        load("new")
        write("b")
        drain.once()
        assert drain._streams[0]._state
        _, _, known = drain._streams[0]._state
        assert known.seen(["a", "b", "new", "old"]) == [True, True, True, False]


def test_what_two_hosts_drain_into_one_log_is_once_in_it(
    tmp_path: Path, log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    def written(host: Path, id_: str) -> None:
        journal = Journal(host, "events")
        journal.append([event(id_)])
        journal.close()

    with Drain(tmp_path / "one", log_dir) as one, Drain(tmp_path / "two", log_dir) as two:
        for host in ("one", "two"):
            written(tmp_path / host, f"first-{host}")
        one.once()
        two.once()
        for host in ("one", "two"):
            written(tmp_path / host, "both")
        one.once()
        assert [(c.rows, c.duplicates) for c in two.once()] == [(0, 1)]
    assert logged("events") == ["both", "first-one", "first-two"]


def test_where_commits_are_deleted_before_they_were_read_that_is_said(
    log_dir: Path, event: MakeEvent
) -> None:
    seen, other = LogTable(log_dir, "events"), LogTable(log_dir, "events")
    for number in (1, 2):
        other.append(to_table("events", [event(f"e{number}")]), {"x": number})
    assert list(ids_since(seen)) == [["e1"], ["e2"]]
    assert list(ids_since(other)) == []
    for version in (0, 1):
        (log_dir / f"events/_delta_log/{version:020}.json").unlink()
    with pytest.raises(LogConflict, match="is gone before it was read"):
        list(ids_since(seen))


def test_a_drain_that_cannot_read_what_others_committed_asks_the_table_anew(
    journal_dir: Path, log_dir: Path, load: Import, write: Callable[..., None], logged: Logged
) -> None:
    write("a")
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
        load("order-77")
        compact(log_dir, "events", now=datetime.now(UTC) + timedelta(hours=2))
        vacuum(log_dir, "events", keep_hours=0)  # with the file that the import's commit names
        write("order-77", "b")
        with pytest.raises(LogConflict, match="is gone before it was read"):
            drain.once()
        assert [(c.rows, c.duplicates) for c in drain.once()] == [(1, 1)]
    assert logged("events") == ["a", "b", "order-77"]
