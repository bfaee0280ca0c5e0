"""Kill -9 at random while events come in, and look at the log all along.

The short form (test_durability) writes journals; the long form (benchmarks/torture.py) sends events
to web workers over HTTP. Ids are `<writer>-<batch>-<n>`, BATCH of them to a batch. A batch is all
of one user, and some users are erased on the way.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from events.drain import Drain
from events.journal_files import journals
from events.readers import open_log
from tests.events.torture_care import ask, is_done, look_after
from tests.events.torture_care import requests as requested

ROOT = Path(__file__).parents[2]
BATCH = 5
USERS = 7
FEWEST_VERSIONS = 15
ERASED = ("u0", "u1", "u2")
DRAIN = """
import sys, threading, pathlib
from events.drain import Drain
with Drain(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), interval=0.05) as drain:
    drain.run(threading.Event())
"""
CARE = Path(__file__).with_name("torture_care.py")

Start = Callable[[int], "subprocess.Popen[bytes]"]


@dataclass(kw_only=True)
class Outcome:
    """What happened, and in `wrong` what must not: nothing is in there after a good run."""

    acknowledged: int = 0
    in_log: int = 0
    reads: int = 0
    versions: int = 0
    erased: int = 0
    second_drains_refused: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class Reader(threading.Thread):
    """Reads the log again and again, and notes what no read may show: an id twice, a part of a
    batch, or the absence of what an earlier read showed, but for users who are erased.

    Where an erasure deletes the files of the version it reads, it opens the log again.
    """

    def __init__(self, log_dir: Path) -> None:
        super().__init__(daemon=True)
        self.reads = 0
        self.versions = 0
        self.wrong: list[str] = []
        self._log_dir = log_dir
        self._stop_asked = threading.Event()
        self._seen = pa.array([], pa.string())

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                self.look()
            except Exception as error:
                self.wrong.append(f"read {self.reads}: {error!r}")
            self._stop_asked.wait(0.02)

    def stop(self) -> None:
        self._stop_asked.set()
        self.join(30)

    def look(self) -> None:
        ids = self._ids()
        self.reads += 1
        twice = [id_ for id_, times in _counted(ids) if times > 1]
        batches = _counted(pc.replace_substring_regex(ids, r"-\d+$", ""))
        parts = [batch for batch, events in batches if events != BATCH]
        gone = self._seen.filter(pc.invert(pc.is_in(self._seen, value_set=ids))).to_pylist()
        gone = [id_ for id_ in gone if user_of(id_) not in ERASED]
        found = (("twice", twice), ("in part", parts), ("gone", gone))
        self.wrong += [f"read {self.reads}: {what}: {some[:3]}" for what, some in found if some]
        self._seen = ids

    def _ids(self) -> pa.Array:
        for _ in range(2):
            with suppress(duckdb.IOException):
                return self._ids_of_newest()
        return self._ids_of_newest()

    def _ids_of_newest(self) -> pa.Array:
        log = open_log(self._log_dir)
        try:
            ids = log.events().id.to_pyarrow().combine_chunks()
            self.versions = log.versions["events"]
            return ids
        finally:
            log.close()


def user_of(id_: str) -> str:
    """Whose event it is: all of a batch are of one user."""
    return f"u{int(id_.split('-')[-2]) % USERS}"


def note(ids: Sequence[str], *, sent: datetime, taken: datetime) -> bytes:
    """A writer's lines about a batch that was acknowledged: first sent, and taken, between when."""
    return "".join(f"{id_} {sent.isoformat()} {taken.isoformat()}\n" for id_ in ids).encode()


def _counted(values: pa.Array) -> list[tuple[str, int]]:
    counts = pc.value_counts(values)
    return list(zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True))


def python(*arguments: object, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """A Python process of this checkout."""
    path = {"PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"}
    return start([sys.executable, *map(str, arguments)], os.environ | path | dict(env or {}))


def start(command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The command, silent and in a process group of its own."""
    return subprocess.Popen(
        command,
        env=dict(env),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=ROOT,
    )


def torture(
    *,
    journal_dir: Path,
    log_dir: Path,
    notes: Path,
    writers: Mapping[str, Start],
    seconds: float,
    pause: tuple[float, float],
    rng: random.Random,
) -> Outcome:
    """Run writers, drain and the log's care for `seconds` from the first commits on; kill one
    after each random pause, and now and then ask for a user to be erased.

    A writer whose name begins with `web` is a server: one of its workers is killed as often as all
    of it. The other writers append what was acknowledged to `notes`.
    """
    begin: dict[str, Start] = {
        **writers,
        "drain": lambda n: python("-c", DRAIN, journal_dir, log_dir),
        "care": lambda n: python(CARE, log_dir, journal_dir, requests),
    }
    requests = log_dir.with_name("requests")
    requests.mkdir()
    to_erase = [(seconds * (n + 1) / (len(ERASED) + 2), user) for n, user in enumerate(ERASED)]
    outcome = Outcome(kills=dict.fromkeys(begin, 0))
    running = {name: launch(0) for name, launch in begin.items()}
    victims = _victims(list(begin), rng)
    reader = Reader(log_dir)
    reader.start()
    try:
        _wait_until(lambda: reader.versions > 0)  # so that the time is one of work, not of starts
        begun = time.monotonic()
        while _goes_on(reader, time.monotonic() - begun, seconds):
            time.sleep(rng.uniform(*pause))
            if to_erase and time.monotonic() > begun + to_erase[0][0]:
                ask(requests, to_erase.pop(0)[1])
            name = next(victims)
            outcome.kills[name] += 1
            _strike(name, running, begin, rng, outcome)
    finally:
        for process in running.values():
            kill_group(process)
        reader.stop()
    _settle(journal_dir, log_dir, requests, reader)
    _judge(outcome, journal_dir, log_dir, notes, requests)
    outcome.reads, outcome.wrong = reader.reads, reader.wrong + outcome.wrong
    return outcome


def _goes_on(reader: Reader, worked: float, seconds: float) -> bool:
    """For `seconds`, and on a busy machine for up to 5 times as long, until there is enough to
    judge by."""
    return worked < seconds or (reader.versions <= FEWEST_VERSIONS and worked < 5 * seconds)


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "waited 60 s for a first commit"
        time.sleep(0.05)


def _victims(names: Sequence[str], rng: random.Random) -> Iterator[str]:
    """In random order without end, everyone once before anyone is struck again."""
    while True:
        yield from rng.sample(names, k=len(names))


def _strike(
    name: str,
    running: dict[str, subprocess.Popen[bytes]],
    begin: Mapping[str, Start],
    rng: random.Random,
    outcome: Outcome,
) -> None:
    turn = outcome.kills[name]
    workers = psutil.Process(running[name].pid).children() if name.startswith("web") else []
    if workers and rng.random() < 0.5:
        rng.choice(workers).kill()  # the server starts another
        return
    kill_group(running[name])
    running[name] = begin[name](turn)
    if name == "drain":
        running[name] = _the_one_that_drains(running[name], begin[name](turn), outcome)


def _the_one_that_drains(
    one: subprocess.Popen[bytes], other: subprocess.Popen[bytes], outcome: Outcome
) -> subprocess.Popen[bytes]:
    """Of two drains started at once, the one that got the lock; the other has given up."""
    for _ in range(400):
        if one.poll() is not None or other.poll() is not None:
            break
        time.sleep(0.05)
    if (one.poll() is None) == (other.poll() is None):
        outcome.wrong.append("two drains were started: both run, or neither")
    outcome.second_drains_refused += 1
    stays, gone = (one, other) if one.poll() is None else (other, one)
    kill_group(gone)
    return stays


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the process and to what it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def _settle(journal_dir: Path, log_dir: Path, requests: Path, reader: Reader) -> None:
    """Let drain and care do, undisturbed, what is left to do."""
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
    reader.look()
    look_after(log_dir, journal_dir, requests)
    reader.look()


def _judge(outcome: Outcome, journal_dir: Path, log_dir: Path, notes: Path, requests: Path) -> None:
    befores = requested(requests)
    log = open_log(log_dir)
    found = Counter(log.events().id.to_pyarrow().to_pylist())
    promised = [_Promise.of(line) for line in notes.read_text().splitlines()]
    outcome.acknowledged = len(promised)
    outcome.in_log = found.total()
    outcome.versions = log.versions["events"]
    outcome.erased = sum(promise.is_to_go(befores) for promise in promised)
    wrong = {
        "lost": [p.id for p in promised if p.id not in found and p.is_to_stay(befores)],
        "twice": [id_ for id_, times in found.items() if times > 1],
        "still there": [p.id for p in promised if p.id in found and p.is_to_go(befores)],
        "journals left": [path.name for path in journals(journal_dir)],
        "requests open": [user for user in ERASED if not is_done(requests, user)],
        "files with an erased user": _files_with(log_dir, requests),
    }
    for what, some in wrong.items():
        outcome.wrong += [f"{what}: {len(some)}, such as {some[:3]}"] if some else []


@dataclass(frozen=True, kw_only=True)
class _Promise:
    """An event that was acknowledged. Winnow took it down between `sent` and `taken`."""

    id: str
    sent: datetime
    taken: datetime

    @classmethod
    def of(cls, line: str) -> _Promise:
        id_, *times = line.split()
        sent, taken = map(datetime.fromisoformat, times)
        return cls(id=id_, sent=sent, taken=taken)

    def is_to_go(self, befores: Mapping[str, datetime]) -> bool:
        before = befores.get(user_of(self.id))
        return before is not None and self.taken <= before

    def is_to_stay(self, befores: Mapping[str, datetime]) -> bool:
        before = befores.get(user_of(self.id))
        return before is None or self.sent > before


def _files_with(log_dir: Path, requests: Path) -> list[str]:
    """Of all files below the log's tables, of whatever version or none, those with a row of an
    erased user from before they asked; and files not written to their end that lay there when the
    last of them was done.
    """
    befores = requested(requests)
    done = max(path.stat().st_mtime for path in requests.glob("*.done"))
    paths = [path for path in log_dir.glob("*/day=*/*") if _has_erased(path, befores, done)]
    return [path.name for path in paths]


def _has_erased(path: Path, befores: Mapping[str, datetime], done: float) -> bool:
    try:
        rows = pq.ParquetFile(path).read(["user", "received_at"]).to_pylist()
    except pa.ArrowInvalid:
        return path.stat().st_mtime < done
    early = datetime.min.replace(tzinfo=UTC)
    return any(row["received_at"] <= befores.get(row["user"], early) for row in rows)
