"""Processes are killed at random moments; nothing acknowledged is lost, nothing is doubled."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from events.drain import Drain
from events.journal_files import journals
from events.readers import open_log

ROOT = Path(__file__).parents[2]
WRITER = Path(__file__).parent / "torture_writer.py"
DRAIN = """
import sys, threading, pathlib
from events.drain import Drain
with Drain(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), interval=0.02) as drain:
    drain.run(threading.Event())
"""
VICTIMS = (2, 0, 2, 1, 2, 2, 0, 1, 2)  # the drain most often


def test_kill_9_of_writers_and_drain_loses_and_doubles_nothing(
    journal_dir: Path, log_dir: Path, tmp_path: Path
) -> None:
    acknowledged = tmp_path / "acknowledged"
    start: list[Callable[[int], subprocess.Popen[bytes]]] = [
        lambda n: _python(WRITER, journal_dir, acknowledged, f"first{n}"),
        lambda n: _python(WRITER, journal_dir, acknowledged, f"second{n}"),
        lambda n: _python("-c", DRAIN, journal_dir, log_dir),
    ]
    _kill_at_random(start, random.Random(2))
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
    found = Counter(open_log(log_dir).events().id.to_pyarrow().to_pylist())
    promised = acknowledged.read_text().splitlines()
    assert len(promised) > 100
    assert [id_ for id_ in promised if id_ not in found] == []
    assert [id_ for id_, times in found.items() if times > 1] == []
    assert journals(journal_dir) == []


def _kill_at_random(
    start: list[Callable[[int], subprocess.Popen[bytes]]], rng: random.Random
) -> None:
    """Keep the processes running, and kill -9 one of them now and then."""
    running = [begin(0) for begin in start]
    try:
        for turn, victim in enumerate(VICTIMS, 1):
            time.sleep(rng.uniform(0.3, 0.9))
            _kill(running[victim])
            running[victim] = start[victim](turn)
        time.sleep(0.5)
    finally:
        for process in running:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(10)


def _python(*arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "platform")},
        stdout=subprocess.DEVNULL,
    )
