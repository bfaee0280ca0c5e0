import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from events import commits, condemned, erased, erasure, old_files
from events.catching_up import catch_up
from events.compaction import compact
from events.data_files import files_of, open_table, replace
from events.delta import LogTable
from events.drain import Drain
from events.erased import StandingOrders
from events.erasure import Found, erase, find
from events.exceptions import LogConflict
from events.journal import Journal
from events.journal_erasure import blot_out, damaged, waiting
from events.journal_files import journals, read, size_of
from events.readers import open_log
from events.records import Event, Exposure, Stream, decode, encode
from events.rewriting import rewrite
from events.schema import to_table

MakeEvent = Callable[..., Event]
Logged = Callable[[Stream], list[str]]


def appended(log_dir: Path, *batches: list[Event]) -> LogTable:
    table = LogTable(log_dir, "events")
    for number, batch in enumerate(batches):
        table.append(to_table("events", batch), {"journal": number + 1})
    return table


def files_with(log_dir: Path, user: str) -> list[str]:
    """Parquet files on disk, of whatever version, that hold the user."""
    paths = log_dir.rglob("day=*/*.parquet")
    return sorted(p.name for p in paths if user in pq.ParquetFile(p).read()["user"].to_pylist())


def test_a_person_s_rows_go_from_every_day_and_everyone_else_s_stay(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    old = now - timedelta(days=2)
    appended(
        log_dir,
        [event("a", user="gone"), event("b"), event("c", user="gone", at=old)],
        [event("d", at=old), event("e", user="gone, not quite")],
    )

    erase(log_dir, "events", "gone", before=now)

    assert logged("events") == ["b", "d", "e"]
    assert LogTable(log_dir, "events").committed("journal") == 2


def test_what_they_did_since_they_asked_stays(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    since = now + timedelta(microseconds=1)
    appended(log_dir, [event("a", user="u"), event("b", user="u", received_at=since)])

    erase(log_dir, "events", "u", before=now)

    assert logged("events") == ["b"]


def test_files_of_earlier_versions_go_where_they_hold_the_person_and_only_there(
    log_dir: Path, event: MakeEvent, now: datetime
) -> None:
    here = [event("b", user="here")]
    appended(log_dir, [event("a", user="gone")], here, here)
    compact(log_dir, "events", now=now)
    assert len(files_with(log_dir, "gone")) == 2

    assert erase(log_dir, "events", "gone", before=now) == 2

    assert files_with(log_dir, "gone") == []
    assert len(files_with(log_dir, "here")) == 3  # as they were appended, and as they are now
    assert erase(log_dir, "events", "gone", before=now) == 0


@pytest.mark.parametrize("name", ["part-1.parquet", "compacted-1.parquet"])
def test_what_a_killed_process_left_goes_however_new_it_is(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged, name: str
) -> None:
    appended(log_dir, [event("a")])
    [day] = (log_dir / "events").glob("day=*")
    left, others, broken, staged = (day / n for n in (name, "x.parquet", "y.parquet", f"{name}#1"))
    pq.write_table(to_table("events", [event("x", user="gone")]), left)
    pq.write_table(to_table("events", [event("y", user="here")]), others)
    for path in (broken, staged):  # the second as Delta names what it has not written to its end
        path.write_bytes(b"PAR1 and no more")

    assert erase(log_dir, "events", "gone", before=now) == 3

    assert [path.exists() for path in (left, others, broken, staged)] == [False, True, False, False]
    assert logged("events") == ["a"]


def test_a_file_that_is_deleted_under_its_writer_is_never_committed(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    appended(log_dir, [event("a")], [event("b")])
    compaction = open_table(log_dir, "events")
    assert compaction
    drain, files = LogTable(log_dir, "events"), files_of(compaction)
    new = rewrite(compaction, files, {}, checked=True)
    broken = log_dir / "events" / Path(files[0].path).with_name("part-9.parquet")
    broken.write_bytes(b"PAR1 and so far")

    erase(log_dir, "events", "gone", before=now)

    assert not broken.exists()
    with pytest.raises(LogConflict):
        replace(compaction, files, new, data_change=False)
    for rows in ([event("c")], []):
        with pytest.raises(LogConflict):
            drain.append(to_table("events", rows), {"journal": 9})
    assert logged("events") == ["a", "b"]


def test_the_fence_is_on_the_disk_before_any_other_commit(
    log_dir: Path, event: MakeEvent, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = appended(log_dir, [event("a")])
    [day] = table.path.glob("day=*")
    (day / "part-9.parquet").write_bytes(b"PAR1 and so far")
    forced: list[tuple[str, int]] = []
    monkeypatch.setattr(
        commits,
        "sync_path",
        lambda path: forced.append((path.name, commits.newest_version(table.path))),
    )

    erase(log_dir, "events", "gone", before=now)

    fence = table.version + 1
    assert commits.newest_version(table.path) == fence
    assert (commits.path_of(table.path, fence).name, fence) in forced


def test_what_is_committed_before_the_fence_is_no_old_file(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = appended(log_dir, [event("a")])
    since = event("b", user="back", received_at=now + timedelta(seconds=1))

    def held(folder: Path, *args: Any) -> list[Path]:
        """As if the drain committed while files were being looked at."""
        monkeypatch.undo()
        table.append(to_table("events", [since]), {"journal": 2})
        return [folder / file.path for file in files_of(DeltaTable(folder))]

    monkeypatch.setattr(old_files, "_held", held)

    assert erase(log_dir, "events", "back", before=now) == 0
    assert logged("events") == ["a", "b"]


def test_no_fence_is_set_where_nobody_could_be_writing(
    log_dir: Path, event: MakeEvent, now: datetime
) -> None:
    appended(log_dir, [event("a", user="gone"), event("b")])

    assert erase(log_dir, "events", "gone", before=now) == 1

    table = open_table(log_dir, "events")
    assert table
    assert old_files.FENCE not in table.metadata().configuration


def test_a_rewritten_file_is_still_looked_at_for_duplicates(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    appended(log_dir, [event("a"), event("g", user="gone")], [event("a")])

    erase(log_dir, "events", "gone", before=now)
    compact(log_dir, "events", now=now)

    assert logged("events") == ["a"]


def test_killed_half_way_it_is_finished_by_doing_it_again(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    days = [now - timedelta(days=n) for n in range(3)]
    appended(log_dir, [event(f"e{n}", user="gone", at=at) for n, at in enumerate(days)])
    steps = iter([None])

    with pytest.raises(StopIteration):
        erase(log_dir, "events", "gone", before=now, go_on=lambda: next(steps))
    assert len(logged("events")) == 2

    erase(log_dir, "events", "gone", before=now)
    assert logged("events") == []


def test_a_conflict_is_tried_again(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = appended(log_dir, [event("a", user="gone"), event("b")])
    tries = []

    def refuse_first(*args: Any, **options: Any) -> None:
        tries.append(args)
        if len(tries) == 1:
            table.append(to_table("events", [event("c", user="gone")]), {"journal": 9})
            raise LogConflict("somebody else")
        replace(*args, **options)

    monkeypatch.setattr(erasure, "replace", refuse_first)
    erase(log_dir, "events", "gone", before=now)

    assert logged("events") == ["b"]


def test_a_drain_about_to_commit_their_rows_is_refused_and_reads_its_journals_again(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    appended(log_dir, [event("a", user="gone"), event("b")])
    drain = LogTable(log_dir, "events")

    erase(log_dir, "events", "gone", before=now)

    with pytest.raises(LogConflict):
        drain.append(to_table("events", [event("c", user="gone")]), {"journal": 9})
    assert logged("events") == ["b"]


def test_a_drain_goes_on_after_an_erasure_under_it(
    log_dir: Path, journal_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    journal = Journal(journal_dir, "events")
    journal.append([event("a", user="gone"), event("b")])
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
        erase(log_dir, "events", "gone", before=now)
        journal.append([event("c")])
        with pytest.raises(LogConflict):
            drain.once()
        assert [commit.rows for commit in drain.once()] == [1]
    assert logged("events") == ["b", "c"]
    journal.close()


def test_rows_that_another_host_brings_later_go_at_the_next_compaction(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    erased.order(log_dir, "gone", before=now)
    erased.order(log_dir, "gone", before=now - timedelta(days=1))
    table = appended(log_dir, [event("a", user="gone"), event("b")])

    assert erased.people(log_dir) == {erased.digest("gone"): now}
    assert condemned.remove(log_dir, "events") == 0
    [done] = compact(log_dir, "events", now=now, erased=erased.people(log_dir))

    assert (done.erased, logged("events")) == (1, ["b"])
    assert len(files_with(log_dir, "gone")) == 1
    assert condemned.remove(log_dir, "events") == 1
    assert files_with(log_dir, "gone") == []
    assert condemned.remove(log_dir, "events") == 0
    table.refresh()


def test_a_file_that_was_to_be_replaced_and_was_not_stays(
    log_dir: Path, event: MakeEvent, now: datetime, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased.order(log_dir, "gone", before=now)
    appended(log_dir, [event("a", user="gone"), event("b")])

    def killed(*args: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("events.compaction.replace", killed)
        with pytest.raises(KeyboardInterrupt):
            compact(log_dir, "events", now=now, erased=erased.people(log_dir))

    assert condemned.remove(log_dir, "events") == 0
    assert logged("events") == ["a", "b"]
    compact(log_dir, "events", now=now, erased=erased.people(log_dir))
    assert condemned.remove(log_dir, "events") == 1
    assert logged("events") == ["b"]


def test_the_drain_leaves_out_what_an_order_names(
    log_dir: Path, journal_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    since = now + timedelta(microseconds=1)
    journal = Journal(journal_dir, "events")
    with Drain(journal_dir, log_dir) as drain:
        journal.append([event("a", user="gone"), event("b")])
        drain.once()
        erased.order(log_dir, "gone", before=now)
        journal.append([event("c", user="gone"), event("d", user="gone", received_at=since)])
        [commit] = drain.once()
        erased.order(log_dir, "gone", before=since)
        journal.append([event("e", user="gone", received_at=since)])
        drain.once()

    assert (commit.rows, commit.duplicates, commit.erased) == (1, 0, 1)
    assert logged("events") == ["a", "b", "d"]
    assert not waiting(log_dir, journal_dir, "gone", before=since)["events"]
    journal.close()


def test_the_orders_are_read_again_only_once_they_changed(
    log_dir: Path, event: MakeEvent, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = StandingOrders(log_dir)
    assert orders.without_erased([event("a", user="gone")], now=now) == [event("a", user="gone")]
    erased.order(log_dir, "gone", before=now)
    os.utime(log_dir / erased.FOLDER, (time.time() - 60,) * 2)
    assert orders.without_erased([event("a", user="gone"), event("b")], now=now) == [event("b")]

    with monkeypatch.context() as patch:
        patch.delattr("events.erased.people")
        assert orders.without_erased([event("a", user="gone")], now=now) == []

    erased.order(log_dir, "u1", before=now)
    assert orders.without_erased([event("b", user="u1")], now=now) == []


def test_it_is_said_what_there_is_before_anything_goes(
    log_dir: Path,
    journal_dir: Path,
    event: MakeEvent,
    exposure: Callable[..., Exposure],
    now: datetime,
) -> None:
    LogTable(log_dir, "exposures").append(to_table("exposures", [exposure(user="u")]), {"x": 1})
    journal = Journal(journal_dir, "events")
    journal.append([event("a", user="u"), event("b", user="u"), event("c", user="v")])
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
    journal.append([event("d", user="u"), event("e", user="v")])

    found = find(log_dir, journal_dir, "u", before=now)

    assert found == Found(events=3, exposures=1)
    assert waiting(log_dir, journal_dir, "u", before=now) == {"events": {"d"}, "exposures": set()}
    assert find(log_dir, journal_dir, "nobody", before=now) == Found(events=0, exposures=0)
    journal.close()


def test_what_the_log_has_is_overwritten_in_the_journal_and_nothing_else(
    log_dir: Path, journal_dir: Path, event: MakeEvent, now: datetime, logged: Logged
) -> None:
    since = now + timedelta(microseconds=1)
    journal = Journal(journal_dir, "events")
    journal.append([event("a", user="gone"), event("b", properties={"user": "gone"})])
    journal.append([event("c", user="gone"), event("d", user="gone", received_at=since)])
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
    journal.append([event("e", user="gone"), event("f")])
    [path] = journals(journal_dir)
    size = size_of(path)

    assert blot_out(log_dir, journal_dir, "gone", before=now) == 1

    chunk = read(path, 0)
    ids = [record.key for frame in chunk.frames for record in decode("events", frame.payload)]
    assert (ids, chunk.damage, size_of(path)) == (["b", "d", "e", "f"], (), size)
    assert blot_out(log_dir, journal_dir, "gone", before=now) == 0
    journal.append([event("g")])
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
    assert logged("events") == ["a", "b", "c", "d", "e", "f", "g"]
    journal.close()


def test_damaged_parts_that_name_the_person_are_counted(
    journal_dir: Path, event: MakeEvent
) -> None:
    (journal_dir / "damaged").mkdir(parents=True)
    for user in ("gone", "here"):
        (journal_dir / "damaged" / user).write_bytes(encode([event("a", user=user)])[:-9])

    assert damaged(journal_dir, "gone") == 1
    assert damaged(journal_dir, "nobody") == 0


def test_nothing_is_found_where_there_is_no_log(
    log_dir: Path, journal_dir: Path, now: datetime
) -> None:
    assert find(log_dir, journal_dir, "u", before=now) == Found(events=0, exposures=0)
    assert erase(log_dir, "events", "u", before=now) == 0
    assert blot_out(log_dir, journal_dir, "u", before=now) == damaged(journal_dir, "u") == 0
    assert not log_dir.exists()


def test_catching_up_drains_where_nobody_does(
    log_dir: Path, journal_dir: Path, event: MakeEvent, logged: Logged
) -> None:
    assert catch_up(journal_dir, log_dir)
    journal = Journal(journal_dir, "events")
    journal.append([event("a")])

    assert catch_up(journal_dir, log_dir)

    assert logged("events") == ["a"]
    journal.close()


def test_catching_up_waits_for_the_drain_that_runs_and_gives_up_in_the_end(
    log_dir: Path, journal_dir: Path, event: MakeEvent
) -> None:
    journal = Journal(journal_dir, "events")
    journal.append([event("a")])

    with Drain(journal_dir, log_dir) as drain:
        assert not catch_up(journal_dir, log_dir, seconds=0.1)
        drain.once()
        assert catch_up(journal_dir, log_dir, seconds=0.1)
    journal.close()


def test_a_reader_of_files_without_the_person_goes_on_and_one_of_theirs_is_told(
    log_dir: Path, event: MakeEvent, now: datetime
) -> None:
    table = appended(log_dir, [event("b")], [event("b")])
    before_they_came = open_log(log_dir).events()
    table.append(to_table("events", [event("a", user="gone")]), {"journal": 3})
    with_them = open_log(log_dir).events()

    compact(log_dir, "events", now=now)
    erase(log_dir, "events", "gone", before=now)

    assert before_they_came.id.to_pyarrow().to_pylist() == ["b", "b"]
    with pytest.raises(duckdb.IOException, match="No files found"):
        with_them.id.to_pyarrow()


def test_what_was_taken_after_an_erasure_stays_whatever_time_its_sender_gave(
    log_dir: Path, exposure: Callable[..., Exposure], now: datetime, logged: Logged
) -> None:
    after, before = now + timedelta(seconds=1), now - timedelta(seconds=1)
    rows = [
        exposure("sent later", at=now - timedelta(days=2), received_at=after),
        exposure("clock ahead", at=now + timedelta(minutes=4), received_at=before),
    ]
    LogTable(log_dir, "exposures").append(to_table("exposures", rows), {"j": 1})

    erase(log_dir, "exposures", "u1", before=now)

    assert logged("exposures") == ["sent later"]
