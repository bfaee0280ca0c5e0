import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from events import delta, drain, stream_drain
from events.delta import LogTable
from events.drain import Drain, drain_pid
from events.exceptions import DrainAlreadyRunning, LogConflict, LogDamaged
from events.frames import pack
from events.journal import Journal
from events.journal_files import journals
from events.readers import open_log
from events.records import Event, ExposedItem, Exposure, Stream, encode
from events.schema import to_table
from events.window import RecentWindow

MakeEvent = Callable[..., Event]
MakeExposure = Callable[..., Exposure]
Logged = Callable[[Stream], list[str]]


def drain_once(journal_dir: Path, log_dir: Path, **options: int) -> list[stream_drain.Commit]:
    with Drain(journal_dir, log_dir, **options) as drain:
        return drain.once()


def written(journal_dir: Path, *batches: list[Event]) -> Path:
    """A journal whose writer is gone."""
    journal = Journal(journal_dir, "events")
    for batch in batches:
        journal.append(batch)
    [path] = [p for p in journals(journal_dir, "events") if journal._boot in p.name]
    journal.close()
    return path


def test_both_streams_reach_the_log_and_finished_journals_go(
    journal_dir: Path, log_dir: Path, event: MakeEvent, exposure: MakeExposure, logged: Logged
) -> None:
    written(journal_dir, [event("a"), event("b")])
    live = Journal(journal_dir, "exposures")
    live.append([exposure("r")], durable=False)
    drain_once(journal_dir, log_dir)
    assert logged("events") == ["a", "b"]
    assert logged("exposures") == ["r"]
    assert [path.name.partition("-")[0] for path in journals(journal_dir)] == ["exposures"]
    live.append([exposure("s")], durable=False)
    live.close()
    drain_once(journal_dir, log_dir)
    assert logged("exposures") == ["r", "s"]
    assert journals(journal_dir) == []


def test_the_table_forgets_a_journal_a_month_after_it_is_removed_and_never_a_live_one(
    journal_dir: Path, log_dir: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = written(journal_dir, [event("a")])
    live = Journal(journal_dir, "events")
    live.append([event("b")])
    [kept] = [path for path in journals(journal_dir) if path != gone]
    offset = kept.stat().st_size
    long_ago = time.time() - (delta.JOURNAL_DAYS * 86_400 + 60)
    with Drain(journal_dir, log_dir) as drain:
        monkeypatch.setattr(time, "time", lambda: long_ago)
        drain.once()
        assert LogTable(log_dir, "events").committed(gone.name) > 0
        drain.once()  # removes it; nothing to commit it with
        assert LogTable(log_dir, "events").committed(gone.name) > 0
        live.append([event("c")])
        drain.once()
    table = LogTable(log_dir, "events")
    assert table.committed(gone.name) == 0
    assert table.committed(kept.name) == kept.stat().st_size > offset
    live.close()


def test_nothing_new_is_no_commit(journal_dir: Path, log_dir: Path, event: MakeEvent) -> None:
    written(journal_dir, [event("a")])
    with Drain(journal_dir, log_dir) as drain:
        assert len(drain.once()) == 1
        assert drain.once() == []
    assert LogTable(log_dir, "events").version == 1


def test_a_backlog_is_moved_in_batches_shared_by_the_journals(
    journal_dir: Path, log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    for writer in "xy":
        written(journal_dir, *([event(f"{writer}{n}{k}") for k in range(2)] for n in range(4)))
    commits = drain_once(journal_dir, log_dir, batch_rows=8)
    assert [(c.rows, c.more) for c in commits] == [(8, True), (8, False)]
    assert logged("events") == sorted(
        f"{w}{n}{k}" for w in "xy" for n in range(4) for k in range(2)
    )


def test_an_id_that_comes_again_is_dropped_and_counted(
    journal_dir: Path, log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    written(journal_dir, [event("a"), event("b")], [event("a")])
    assert [c.duplicates for c in drain_once(journal_dir, log_dir)] == [1]
    written(journal_dir, [event("b"), event("c")])  # and after a restart
    [commit] = drain_once(journal_dir, log_dir)
    assert (commit.rows, commit.duplicates) == (1, 1)
    written(journal_dir, [event("c")])
    [commit] = drain_once(journal_dir, log_dir)
    assert (commit.rows, commit.duplicates) == (0, 1)
    assert logged("events") == ["a", "b", "c"]
    assert journals(journal_dir) == []


def test_a_repeated_request_is_one_exposure(
    journal_dir: Path, log_dir: Path, exposure: MakeExposure, logged: Logged
) -> None:
    journal = Journal(journal_dir, "exposures")
    journal.append([exposure("r"), exposure("r")])
    journal.close()
    drain_once(journal_dir, log_dir)
    assert logged("exposures") == ["r"]


def test_an_exposure_whose_score_is_no_number_reaches_the_log_without_it(
    journal_dir: Path, log_dir: Path, exposure: MakeExposure, logged: Logged
) -> None:
    journal = Journal(journal_dir, "exposures")
    items = (ExposedItem(id="i", score=float("nan"), propensity=1.0),)
    journal.append([exposure("r", items=items)])
    journal.close()
    drain_once(journal_dir, log_dir)
    [shown] = open_log(log_dir).exposures()["items"].to_pyarrow().to_pylist()
    assert shown == [{"id": "i", "score": None, "propensity": 1.0}]


@pytest.mark.parametrize("committed", [False, True])
def test_a_commit_that_failed_or_only_seemed_to_is_neither_lost_nor_doubled(
    journal_dir: Path,
    log_dir: Path,
    event: MakeEvent,
    logged: Logged,
    monkeypatch: pytest.MonkeyPatch,
    committed: bool,
) -> None:
    written(journal_dir, [event("a")])
    append = LogTable.append

    def fail(*args: Any, **options: Any) -> None:
        monkeypatch.undo()
        if committed:
            append(*args, **options)
        raise OSError(28, "No space left on device")

    with Drain(journal_dir, log_dir) as drain:
        monkeypatch.setattr(LogTable, "append", fail)
        with pytest.raises(OSError, match="No space left"):
            drain.once()
        assert len(journals(journal_dir)) == 1
        written(journal_dir, [event("b"), event("a")])
        drain.once()
    assert logged("events") == ["a", "b"]
    assert journals(journal_dir) == []


def test_a_commit_that_another_made_first_is_rejected_whole(
    log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    ours, theirs = LogTable(log_dir, "events"), LogTable(log_dir, "events")
    theirs.append(to_table("events", [event("a")]), {"events-1.journal": 10})
    with pytest.raises(LogConflict):
        ours.append(to_table("events", [event("a")]), {"events-1.journal": 10})
    with pytest.raises(LogConflict):
        ours.append(to_table("events", []), {"events-1.journal": 20})
    ours.refresh()
    assert ours.committed("events-1.journal") == 10
    assert logged("events") == ["a"]


def test_drains_of_two_hosts_append_to_one_table(
    tmp_path: Path, log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    with Drain(tmp_path / "one", log_dir) as one, Drain(tmp_path / "two", log_dir) as two:
        for n in range(3):
            written(tmp_path / "one", [event(f"one{n}")])
            written(tmp_path / "two", [event(f"two{n}")])
            one.once()
            two.once()
    assert logged("events") == ["one0", "one1", "one2", "two0", "two1", "two2"]


def test_a_second_drain_refuses_and_names_the_first(journal_dir: Path, log_dir: Path) -> None:
    with Drain(journal_dir, log_dir):
        assert drain_pid(journal_dir) == os.getpid()
        with (
            pytest.raises(DrainAlreadyRunning, match=f"Process {os.getpid()} already drains"),
            Drain(journal_dir, log_dir),
        ):
            pass
    assert drain_pid(journal_dir) is None
    with Drain(journal_dir, log_dir):
        pass


def test_the_torn_end_of_a_dead_writer_is_cut_and_said(
    journal_dir: Path,
    log_dir: Path,
    event: MakeEvent,
    logged: Logged,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = written(journal_dir, [event("a")])
    with path.open("ab") as file:
        file.write(pack(b"[]")[:-1])
    drain_once(journal_dir, log_dir)
    assert logged("events") == ["a"]
    assert journals(journal_dir) == []
    assert f"{path.name}: cut 13 bytes of a record never finished" in caplog.messages


@pytest.mark.parametrize("kept", [0, 1, 8, 40])
def test_zeros_that_a_power_cut_left_at_the_end_are_cut_and_said(
    journal_dir: Path,
    log_dir: Path,
    event: MakeEvent,
    logged: Logged,
    caplog: pytest.LogCaptureFixture,
    kept: int,
) -> None:
    path = written(journal_dir, [event("a")])
    lost = pack(encode([event("b")]))
    with path.open("ab") as file:
        file.write(lost[:kept] + b"\0" * (len(lost) - kept))
    drain_once(journal_dir, log_dir)
    assert logged("events") == ["a"]
    assert journals(journal_dir) == []
    assert not (journal_dir / "damaged").exists()
    assert f"{path.name}: cut {len(lost)} bytes of a record never finished" in caplog.messages


def test_zeros_before_a_sound_record_are_damage(
    journal_dir: Path, log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    path = written(journal_dir, [event("a")])
    with path.open("ab") as file:
        file.write(b"\0" * 64 + pack(encode([event("b")])))
    drain_once(journal_dir, log_dir)
    assert logged("events") == ["a", "b"]
    [copy] = (journal_dir / "damaged").iterdir()
    assert copy.read_bytes() == b"\0" * 64


def test_the_torn_end_of_a_live_writer_is_waited_for(
    journal_dir: Path, log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    journal = Journal(journal_dir, "events")
    journal.append([event("a")])
    [path] = journals(journal_dir)
    record = pack(path.read_bytes()[12:].replace(b'"e1"', b'"b"').replace(b'"a"', b'"b"'))
    with path.open("ab", buffering=0) as file:
        file.write(record[:20])
        drain_once(journal_dir, log_dir)
        assert logged("events") == ["a"]
        file.write(record[20:])
    drain_once(journal_dir, log_dir)
    assert logged("events") == ["a", "b"]
    journal.close()


def test_damage_is_kept_aside_said_loudly_and_what_follows_is_read(
    journal_dir: Path,
    log_dir: Path,
    event: MakeEvent,
    logged: Logged,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = written(journal_dir, [event("a")], [event("b")], [event("c")])
    data = bytearray(path.read_bytes())
    place = data.index(b'"id":"b"')
    data[place] ^= 1
    third = len(data) // 3
    path.write_bytes(data + b"?" * 50)
    drain_once(journal_dir, log_dir)
    assert logged("events") == ["a", "c"]
    assert journals(journal_dir) == []
    kept = {copy.name: copy.read_bytes() for copy in (journal_dir / "damaged").iterdir()}
    assert kept == {
        f"{path.name}.{third}-{2 * third}": bytes(data[third : 2 * third]),
        f"{path.name}.{3 * third}-{3 * third + 50}": b"?" * 50,
    }
    assert [r.levelno for r in caplog.records if "damaged" in r.message] == [logging.ERROR] * 2


def test_a_sound_record_of_another_shape_is_kept_aside(
    journal_dir: Path, log_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    path = written(journal_dir, [event("a")])
    with path.open("ab") as file:
        file.write(pack(b'[{"from": "the future"}]'))
    drain_once(journal_dir, log_dir)
    assert logged("events") == ["a"]
    [copy] = (journal_dir / "damaged").iterdir()
    assert b"the future" in copy.read_bytes()


def test_run_goes_on_after_a_failure_and_ends_with_what_is_there(
    journal_dir: Path,
    log_dir: Path,
    event: MakeEvent,
    logged: Logged,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal = Journal(journal_dir, "events")
    journal.append([event("a")])
    monkeypatch.setattr(stream_drain, "load_window", _fail_once(monkeypatch))
    stop = threading.Event()
    with Drain(journal_dir, log_dir, interval=0.05) as drain:
        thread = threading.Thread(target=drain.run, args=(stop,))
        thread.start()
        try:
            until = time.monotonic() + 5
            while not delta.exists(log_dir, "events") or logged("events") != ["a"]:
                assert time.monotonic() < until
                time.sleep(0.05)
            journal.append([event("b")])
        finally:
            stop.set()
            thread.join(5)
    journal.close()
    assert not thread.is_alive()
    assert logged("events") == ["a", "b"]
    assert any("The drain could not commit" in message for message in caplog.messages)


@pytest.fixture
def events_damaged(
    journal_dir: Path, log_dir: Path, event: MakeEvent, exposure: MakeExposure
) -> Journal:
    """A log whose events lost a file that no journal has; exposures wait in the journal given."""
    LogTable(log_dir, "events").append(to_table("events", [event("lost")]), {"other-host": 1})
    for path in log_dir.glob("events/day=*/*.parquet"):
        path.unlink()
    written(journal_dir, [event("waits")])
    journal = Journal(journal_dir, "exposures")
    journal.append([exposure("r1")])
    return journal


def test_damage_of_one_table_holds_up_no_other_stream(
    events_damaged: Journal,
    journal_dir: Path,
    log_dir: Path,
    exposure: MakeExposure,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = threading.Event()
    with Drain(journal_dir, log_dir, interval=0.05) as drain:
        thread = threading.Thread(target=drain.run, args=(stop,))
        thread.start()
        try:
            _wait_for_exposures(log_dir, ["r1"])
            events_damaged.append([exposure("r2")])
            _wait_for_exposures(log_dir, ["r1", "r2"])
        finally:
            stop.set()
            thread.join(10)
    events_damaged.close()
    assert any("The drain could not commit events" in message for message in caplog.messages)
    assert not any("could not commit exposures" in message for message in caplog.messages)
    assert any(path.name.startswith("events-") for path in journals(journal_dir))


def _wait_for_exposures(log_dir: Path, ids: list[str]) -> None:
    until = time.monotonic() + 10
    while _exposures(log_dir) != ids:
        assert time.monotonic() < until
        time.sleep(0.05)


def _exposures(log_dir: Path) -> list[str]:
    return sorted(open_log(log_dir).exposures().request_id.to_pyarrow().to_pylist())


def test_drained_once_the_sound_stream_is_in_the_log_and_the_other_raises(
    events_damaged: Journal, journal_dir: Path, log_dir: Path
) -> None:
    with Drain(journal_dir, log_dir) as drain:
        with pytest.raises(LogDamaged, match="is gone or cut short"):
            drain.once()
        assert _exposures(log_dir) == ["r1"]
    events_damaged.close()


def _fail_once(monkeypatch: pytest.MonkeyPatch) -> Callable[..., RecentWindow]:
    def fail(*args: object) -> RecentWindow:
        monkeypatch.undo()
        raise OSError("the disk is away")

    return fail


def test_files_abandoned_before_they_had_a_name_are_removed(journal_dir: Path) -> None:
    journal_dir.mkdir()
    old, new = journal_dir / "events-1.1.new", journal_dir / "events-2.1.new"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    drain.remove_abandoned(journal_dir)
    assert (old.exists(), new.exists()) == (False, True)
