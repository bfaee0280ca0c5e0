import os
import resource
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from events import journal_files
from events.exceptions import JournalFull, JournalUnavailable, RecordTooLarge
from events.frames import MAX_PAYLOAD, pack
from events.journal import Journal
from events.journal_files import Damage, journals, locked_if_dead, read
from events.records import Event, decode

MakeEvent = Callable[..., Event]


@pytest.fixture
def journal(journal_dir: Path) -> Iterator[Journal]:
    journal = Journal(journal_dir, "events")
    yield journal
    journal.close()


def ids(path: Path, offset: int = 0) -> list[str]:
    chunk = read(path, offset)
    return [record.key for frame in chunk.frames for record in decode("events", frame.payload)]


def test_what_is_appended_is_read_back_in_order(journal: Journal, event: MakeEvent) -> None:
    journal.append([event("a"), event("b")])
    journal.append([event("c")], durable=False)
    [path] = journals(journal.folder, "events")
    chunk = read(path, 0)
    assert [decode("events", frame.payload) for frame in chunk.frames] == [
        [event("a"), event("b")],
        [event("c")],
    ]
    assert (chunk.offset, chunk.tail, chunk.damage) == (path.stat().st_size, 0, ())
    assert ids(path, chunk.frames[0].end) == ["c"]


def test_an_empty_batch_creates_no_file(journal: Journal) -> None:
    journal.append([])
    assert journals(journal.folder) == []


def test_a_durable_append_syncs_after_its_write_and_a_loose_one_does_not(
    journal: Journal, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append([event("a")])
    calls: list[str] = []
    write, fsync = os.write, os.fsync

    def noted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            calls.append(name)
            return call(*args)

        return run

    monkeypatch.setattr(os, "write", noted("write", write))
    monkeypatch.setattr(os, "fsync", noted("fsync", fsync))
    journal.append([event("b")])
    journal.append([event("c")], durable=False)
    assert calls == ["write", "fsync", "write"]


def test_threads_that_wait_at_the_same_time_share_an_fsync(
    journal: Journal, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append([event("first")])
    first, release, fsync, count = threading.Event(), threading.Event(), os.fsync, [0]

    def slow_fsync(fd: int) -> None:
        count[0] += 1
        first.set()
        release.wait(5)
        fsync(fd)

    monkeypatch.setattr(os, "fsync", slow_fsync)
    threads = [threading.Thread(target=journal.append, args=([event(f"t{n}")],)) for n in range(9)]
    threads[0].start()
    first.wait(5)
    for thread in threads[1:]:
        thread.start()
    [path] = journals(journal.folder)
    while len(ids(path)) < 10:
        pass  # until all have written and wait for the disk
    assert all(thread.is_alive() for thread in threads)
    release.set()
    for thread in threads:
        thread.join(5)
    assert count[0] == 2  # the first one's, and one for the other eight
    assert sorted(ids(path)) == ["first", *(f"t{n}" for n in range(9))]


def test_it_rotates_by_size_and_a_rotated_file_has_no_writer(
    journal_dir: Path, event: MakeEvent
) -> None:
    journal = Journal(journal_dir, "events", rotate_bytes=1)
    for name in "abc":
        journal.append([event(name)])
    first, second, third = journals(journal_dir)
    assert [ids(path) for path in (first, second, third)] == [["a"], ["b"], ["c"]]
    with locked_if_dead(first) as dead:
        assert dead
    with locked_if_dead(third) as dead:
        assert not dead
    journal.close()
    with locked_if_dead(third) as dead:
        assert dead


def test_it_rotates_by_age(journal_dir: Path, event: MakeEvent) -> None:
    journal = Journal(journal_dir, "events", rotate_seconds=0.0)
    journal.append([event("a")])
    journal.append([event("b")])
    assert len(journals(journal_dir)) == 2
    journal.close()


# Python 3.12 warns of any fork beside threads, such as those of Arrow; this child only appends.
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_writes_a_file_of_its_own(journal: Journal, event: MakeEvent) -> None:
    journal.append([event("parent")])
    with journal._lock:  # as a thread of the parent may hold it at that moment
        child = os.fork()
        if child == 0:
            journal.append([event("child")])
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    journal.append([event("parent again")])
    assert sorted(ids(path) for path in journals(journal.folder)) == [
        ["child"],
        ["parent", "parent again"],
    ]
    dead = []
    for path in journals(journal.folder):
        with locked_if_dead(path) as is_dead:
            dead.append((ids(path)[0], is_dead))
    assert sorted(dead) == [("child", True), ("parent", False)]


def test_a_full_disk_refuses_and_the_next_append_finds_a_sound_file(
    journal: Journal, event: MakeEvent
) -> None:
    journal.append([event("before")])
    [path] = journals(journal.folder)
    size = path.stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, limits[1]))  # 20 bytes of it still fit
    try:
        with pytest.raises(JournalUnavailable, match=r"Cannot write in .*File too large"):
            journal.append([event("lost")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.stat().st_size == size
    journal.append([event("after")])
    assert journals(journal.folder) == [path]
    assert ids(path) == ["before", "after"]


def test_a_failed_fsync_gives_the_file_up(
    journal: Journal, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append([event("before")])
    monkeypatch.setattr(os, "fsync", _no_disk)
    with pytest.raises(
        JournalUnavailable, match=r"fsync of events-.* failed: .*Input/output error"
    ):
        journal.append([event("unsure")])
    monkeypatch.undo()
    journal.append([event("after")])
    assert [ids(path) for path in journals(journal.folder)] == [["before", "unsure"], ["after"]]


def _no_disk(fd: int) -> None:
    raise OSError(5, "Input/output error")


def test_a_folder_that_cannot_be_made_is_a_typed_error(tmp_path: Path, event: MakeEvent) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalUnavailable, match="Cannot write in"):
        Journal(tmp_path / "file" / "journal", "events").append([event()])


def test_the_bound_counts_all_journals_of_the_folder(journal_dir: Path, event: MakeEvent) -> None:
    other = Journal(journal_dir, "exposures")
    other.append([event("other's")])
    used = journal_files.stored_bytes(journal_dir)
    journal = Journal(journal_dir, "events", bound_bytes=used * 2)
    journal.append([event("fits ok")])
    with pytest.raises(JournalFull, match=r"of at most \d+\. See that the drain runs"):
        journal.append([event("too much")])
    assert journal_files.stored_bytes(journal_dir) == used * 2
    other.close()
    journal.close()


def test_an_append_beyond_the_largest_record_is_refused(journal: Journal, event: MakeEvent) -> None:
    with pytest.raises(RecordTooLarge, match="Send fewer"):
        journal.append([event(item="x" * MAX_PAYLOAD)])
    assert journals(journal.folder) == []


def test_a_torn_end_is_left_to_its_writer(journal: Journal, event: MakeEvent) -> None:
    journal.append([event("a")])
    [path] = journals(journal.folder)
    end = path.stat().st_size
    with path.open("ab") as file:
        file.write(pack(b"[]")[:-1])
    chunk = read(path, 0)
    assert (chunk.offset, chunk.tail, chunk.damage) == (end, 13, ())


@pytest.mark.parametrize("read_bytes", [8 * 2**20, 100])
def test_damage_in_the_middle_is_skipped_and_named(
    journal: Journal, event: MakeEvent, read_bytes: int
) -> None:
    for name in "abc":
        journal.append([event(name)])
    [path] = journals(journal.folder)
    first, second, _ = read(path, 0).frames
    data = bytearray(path.read_bytes())
    data[first.end + 4] ^= 255  # the length, so that the record seems to reach far beyond the file
    path.write_bytes(data)
    found: list[str] = []
    damage: list[Damage] = []
    offset = 0
    while offset < len(data):
        chunk = read(path, offset, read_bytes=read_bytes)
        found += [decode("events", frame.payload)[0].key for frame in chunk.frames]
        damage += chunk.damage
        offset = chunk.offset
    assert found == ["a", "c"]
    assert damage == [Damage(start=first.end, end=second.end)]
