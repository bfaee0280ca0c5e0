"""Kill -9 at random while events come in, and look at the log all along.

The short form (test_durability) writes journals; the long form (benchmarks/torture.py) sends events
to web workers over HTTP. Ids are `<writer>-<batch>-<n>`, BATCH of them to a batch.
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
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.compute as pc

from events.compaction import compact
from events.drain import Drain
from events.journal_files import journals
from events.readers import open_log

ROOT = Path(__file__).parents[2]
BATCH = 5
DRAIN = """
import sys, threading, pathlib
from events.drain import Drain
with Drain(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), interval=0.05) as drain:
    drain.run(threading.Event())
"""
# As if two hours from now: then a file of any age and in any number is due.
COMPACTION = """
import sys, time, pathlib
from datetime import UTC, datetime, timedelta
from events.compaction import compact
while True:
    compact(pathlib.Path(sys.argv[1]), "events", now=datetime.now(UTC) + timedelta(hours=2))
    time.sleep(0.2)
"""

Start = Callable[[int], "subprocess.Popen[bytes]"]


@dataclass(kw_only=True)
class Outcome:
    """What happened, and in `wrong` what must not: nothing is in there after a good run."""

    acknowledged: int = 0
    in_log: int = 0
    reads: int = 0
    versions: int = 0
    second_drains_refused: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class Reader(threading.Thread):
    """Reads the log again and again, and notes what no read may show: an id twice, a part of a
    batch, or the absence of what an earlier read showed.
    """

    def __init__(self, log_dir: Path) -> None:
        super().__init__(daemon=True)
        self.reads = 0
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
        log = open_log(self._log_dir)
        ids = log.events().id.to_pyarrow().combine_chunks()
        log.close()
        self.reads += 1
        twice = [id_ for id_, times in _counted(ids) if times > 1]
        batches = _counted(pc.replace_substring_regex(ids, r"-\d+$", ""))
        parts = [batch for batch, events in batches if events != BATCH]
        gone = self._seen.filter(pc.invert(pc.is_in(self._seen, value_set=ids))).to_pylist()
        found = (("twice", twice), ("in part", parts), ("gone", gone))
        self.wrong += [f"read {self.reads}: {what}: {some[:3]}" for what, some in found if some]
        self._seen = ids


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
    """Run writers, drain and compaction for `seconds`; kill one after each random pause.

    A writer whose name begins with `web` is a server: one of its workers is killed as often as all
    of it. The other writers append what was acknowledged to `notes`.
    """
    begin: dict[str, Start] = {
        **writers,
        "drain": lambda n: python("-c", DRAIN, journal_dir, log_dir),
        "compaction": lambda n: python("-c", COMPACTION, log_dir),
    }
    outcome = Outcome(kills=dict.fromkeys(begin, 0))
    running = {name: launch(0) for name, launch in begin.items()}
    victims = _victims(list(begin), rng)
    reader = Reader(log_dir)
    reader.start()
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            time.sleep(rng.uniform(*pause))
            name = next(victims)
            outcome.kills[name] += 1
            _strike(name, running, begin, rng, outcome)
    finally:
        for process in running.values():
            kill_group(process)
        reader.stop()
    _judge(outcome, journal_dir, log_dir, notes, reader)
    return outcome


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


def _judge(outcome: Outcome, journal_dir: Path, log_dir: Path, notes: Path, reader: Reader) -> None:
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
    reader.look()
    compact(log_dir, "events", now=datetime.now(UTC) + timedelta(hours=2))
    reader.look()
    log = open_log(log_dir)
    found = Counter(log.events().id.to_pyarrow().to_pylist())
    promised = notes.read_text().split()
    outcome.acknowledged = len(promised)
    outcome.in_log = found.total()
    outcome.reads = reader.reads
    outcome.versions = log.versions["events"]
    lost = [id_ for id_ in promised if id_ not in found]
    twice = [id_ for id_, times in found.items() if times > 1]
    left = [path.name for path in journals(journal_dir)]
    outcome.wrong += reader.wrong
    for what, some in (("lost", lost), ("twice", twice), ("journals left", left)):
        outcome.wrong += [f"{what}: {len(some)}, such as {some[:3]}"] if some else []
