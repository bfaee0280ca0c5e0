"""What goes wrong around the log, and what is promised then: nothing acknowledged is lost.

More of it, beside the part it is about: test_journal (a write and an fsync that fail, damage),
test_drain (a commit that failed or only seemed to, damage kept aside), test_ingest (no Valkey),
test_durability (kill -9). docs/explanation/durability.md names all.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django import Settings

from events import stream_drain
from events.delta import LogTable
from events.drain import Drain
from events.exceptions import JournalUnavailable, LogConflict
from events.history import LiveHistory
from events.ingest import Receipt, accept
from events.journal import Journal
from events.journal_files import journals
from events.readers import open_log
from events.recent import RecentIds
from events.records import Event, Stream
from serving import keys, plans
from tests.events.small_disk import SmallDisk, fill_up

MakeEvent = Callable[..., Event]
Logged = Callable[[Stream], list[str]]


def fill(journal: Journal, event: MakeEvent, start: int) -> list[str]:
    """Append until the disk refuses; the ids that were acknowledged."""
    acknowledged: list[str] = []
    for n in range(start, start + 10_000):
        ids = [f"{n}-{k}" for k in range(20)]
        try:
            journal.append([event(id_) for id_ in ids])
        except JournalUnavailable:
            return acknowledged
        acknowledged += ids
    raise AssertionError("the disk never became full")


def test_a_disk_full_of_journals_refuses_until_the_drain_has_made_room(
    small_disk: SmallDisk, log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    folder = small_disk.path / "journal"
    journal = Journal(folder, "events", rotate_bytes=64 * 1024)
    acknowledged = fill(journal, event, 0)
    assert len(acknowledged) > 500
    with pytest.raises(JournalUnavailable, match="No space left on device"):
        journal.append([event("x" * 8_192)])
    with Drain(folder, log_dir) as drain:
        drain.once()
        drain.once()  # removes what the first has committed
        again = fill(journal, event, 10_000)
        assert len(again) > 500
        journal.close()
        drain.once()
    assert logged("events") == sorted(acknowledged + again)
    assert journals(folder) == []


def test_a_disk_full_of_log_leaves_rows_in_the_journals_until_there_is_room(
    small_disk: SmallDisk,
    journal_dir: Path,
    event: MakeEvent,
    caplog: pytest.LogCaptureFixture,
) -> None:
    log_dir = small_disk.path / "log"
    journal = Journal(journal_dir, "events")
    rng = random.Random(1)
    stop = threading.Event()
    acknowledged: list[str] = []
    with Drain(journal_dir, log_dir, interval=0.02) as drain:
        thread = threading.Thread(target=drain.run, args=(stop,))
        thread.start()
        try:
            while not _said(caplog, "The drain could not commit"):
                ids = [rng.randbytes(16).hex() for _ in range(500)]
                journal.append([event(id_) for id_ in ids])
                acknowledged += ids
                assert len(acknowledged) < 100_000
                time.sleep(0.02)
            partly = _counted(log_dir)
            assert set(partly) < set(acknowledged)
            assert set(partly.values()) <= {1}
            small_disk.resize("64m")
            _wait(lambda: len(_counted(log_dir)) == len(acknowledged))
        finally:
            stop.set()
            thread.join(20)
    assert _counted(log_dir) == Counter(acknowledged)
    journal.close()


@pytest.mark.parametrize("damaged", ["middle", "end"])
def test_damage_that_a_full_disk_cannot_keep_aside_makes_its_journal_wait_and_no_other(
    small_disk: SmallDisk,
    log_dir: Path,
    event: MakeEvent,
    logged: Logged,
    caplog: pytest.LogCaptureFixture,
    damaged: str,
) -> None:
    folder = small_disk.path / "journal"
    hurt, before, whole = _damaged_journal(folder, event, damaged)
    sound = Journal(folder, "events")
    ids = [f"sound-{n}" for n in range(200)]
    sound.append([event(id_) for id_ in ids])
    fill_up(small_disk.path)

    with Drain(folder, log_dir) as drain:
        drain.once()
        assert logged("events") == sorted([*before, *ids])
        assert hurt in journals(folder)
        assert not list((folder / "damaged").glob("*"))
        assert _said(caplog, "cannot be copied: [Errno 28] No space left on device")
        sound.close()
        drain.once()  # removes the sound journal, and so makes room
    assert logged("events") == sorted([*whole, *ids])
    [copy] = (folder / "damaged").iterdir()
    assert copy.stat().st_size > 20_000
    assert journals(folder) == []


def _damaged_journal(
    folder: Path, event: MakeEvent, damaged: str
) -> tuple[Path, list[str], list[str]]:
    """A journal whose second or last record is damaged; the ids before that, and all sound ones."""
    ids = ["a", "b", "c"]
    at = 1 if damaged == "middle" else 2
    journal = Journal(folder, "events")
    for id_ in ids:
        journal.append([event(id_, properties={"text": "x" * 30_000})])
    journal.close()
    [path] = journals(folder)
    data = bytearray(path.read_bytes())
    start = data.index(f'"id":"{ids[at]}"'.encode())
    data[start + 6] ^= 1
    path.write_bytes(data)
    return path, ids[:at], [id_ for id_ in ids if id_ != ids[at]]


def _said(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    return any(words in message for message in caplog.messages)


def _counted(log_dir: Path) -> Counter[str]:
    return Counter(open_log(log_dir).events().id.to_pyarrow().to_pylist())


def _wait(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_commit_that_conflicts_is_given_up_and_the_table_asked_anew(
    journal_dir: Path,
    log_dir: Path,
    event: MakeEvent,
    logged: Logged,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journal = Journal(journal_dir, "events")
    journal.append([event("a")])
    append = LogTable.append

    def beaten(table: LogTable, rows: Any, transactions: Any, **options: Any) -> None:
        """Another drain of the same journals, with a lock of its own, is a moment faster."""
        monkeypatch.undo()
        append(LogTable(log_dir, "events"), rows, transactions, **options)
        append(table, rows, transactions, **options)

    with Drain(journal_dir, log_dir) as drain:
        monkeypatch.setattr(LogTable, "append", beaten)
        with pytest.raises(LogConflict):
            drain.once()
        journal.append([event("b")])
        assert [commit.rows for commit in drain.once()] == [1]
    assert logged("events") == ["a", "b"]
    journal.close()


@pytest.fixture
def valkey(valkey_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def take(
    valkey: redis.Redis, journal_dir: Path
) -> Iterator[Callable[[datetime, list[dict[str, Any]]], Receipt]]:
    journal = Journal(journal_dir, "events")
    recent, history = RecentIds(valkey), LiveHistory(valkey)

    def call(now: datetime, batch: list[dict[str, Any]]) -> Receipt:
        return accept(batch, now=now, journal=journal, recent=recent, history=history)

    yield call
    journal.close()


def sent(id_: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "type": "click", "user": "u", "item": "i"} | fields


def test_a_new_empty_valkey_costs_only_what_it_remembered(
    valkey: redis.Redis,
    take: Callable[[datetime, list[dict[str, Any]]], Receipt],
    journal_dir: Path,
    log_dir: Path,
    now: datetime,
    logged: Logged,
) -> None:
    assert take(now, [sent("a")]).accepted == 1
    valkey.flushall()
    valkey.script_flush()
    assert take(now, [sent("a"), sent("b")]) == Receipt(accepted=2, duplicates=0, rejected=[])
    assert take(now, [sent("b")]).duplicates == 1  # it remembers again
    assert LiveHistory(valkey).read("u") == ["i"]
    with Drain(journal_dir, log_dir) as drain:
        assert [commit.duplicates for commit in drain.once()] == [1]
    assert logged("events") == ["a", "b"]


@pytest.mark.parametrize("back", [timedelta(minutes=30), timedelta(days=40)])
def test_a_clock_that_jumps_back_loses_and_doubles_nothing(
    valkey: redis.Redis,
    take: Callable[[datetime, list[dict[str, Any]]], Receipt],
    journal_dir: Path,
    log_dir: Path,
    now: datetime,
    logged: Logged,
    monkeypatch: pytest.MonkeyPatch,
    back: timedelta,
) -> None:
    take(now, [sent("before")])
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
    earlier = now - back
    monkeypatch.setattr(stream_drain, "datetime", _clock_at(earlier))
    valkey.flushall()
    receipt = take(
        earlier,
        [sent("before"), sent("after"), sent("by the old clock", at=now.isoformat())],
    )
    assert receipt.accepted == 2
    assert [rejected.index for rejected in receipt.rejected] == [2]  # said, and not acknowledged
    with Drain(journal_dir, log_dir) as drain:
        assert [(commit.rows, commit.duplicates) for commit in drain.once()] == [(1, 1)]
    assert logged("events") == ["after", "before"]


def _clock_at(moment: datetime) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = UTC) -> Any:
            return moment.astimezone(tz)

    return Clock


@pytest.mark.django_db(transaction=True)
def test_events_are_taken_with_the_database_gone(
    fresh_process: redis.Redis,
    client: Client,
    settings: Settings,
) -> None:
    _, secret = keys.create_key("shop")
    plans.holder.forget()  # as a process that starts now: it knows the key from the mirror

    def down(*args: object) -> None:
        raise DatabaseError("the database is away")

    with connection.execute_wrapper(down):
        answer = client.post(
            "/api/v1/events",
            {"events": [sent("a")]},
            content_type="application/json",
            headers={"X-API-Key": secret},
        )
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()
    assert _counted(settings.LOG_DIR) == Counter(["a"])
