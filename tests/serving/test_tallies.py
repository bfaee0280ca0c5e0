"""Counts of several processes: added up, whatever becomes of the processes."""

from __future__ import annotations

import errno
import logging
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from pytest_django import Settings

from events.counters import counters
from serving import count_files, tallies
from serving.count_files import Past, fold, read
from serving.tallies import Tally, totals

COUNT = """
import sys, time
from pathlib import Path
from serving.tallies import Tally
tally = Tally(Path(sys.argv[1]))
for n in range(1, 101):
    tally.write({"served": n, "dropped": 2 * n})
print("counted", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.METRICS_DIR = tmp_path / "metrics"
    return tmp_path / "metrics"


def counting_process(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", COUNT, str(folder)],
        env=os.environ | {"PYTHONPATH": "platform"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "counted\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)


def counted() -> dict[str, int]:
    return {name: n for name, n in totals().items() if name in ("served", "dropped")}


def test_what_this_process_counted_is_in_the_totals(folder: Path) -> None:
    assert totals() == counters.snapshot()


def test_processes_add_up_and_a_killed_one_stays_counted(folder: Path) -> None:
    one, other = counting_process(folder), counting_process(folder)
    counters.add("tallies_test")
    try:
        assert counted() == {"served": 200, "dropped": 400}
        kill(one)
        assert counted() == {"served": 200, "dropped": 400}

        fold(folder)

        assert counted() == {"served": 200, "dropped": 400}
        assert len(list(folder.glob("*.counts"))) == 2  # of the other, and of this process
    finally:
        for process in (one, other):
            process.kill()
            process.communicate()


def test_a_fold_killed_before_it_could_remove_files_counts_none_twice(folder: Path) -> None:
    process = counting_process(folder)
    kill(process)
    [left] = folder.glob("*.counts")
    done = Past(counts={"served": 100, "dropped": 200}, folded=[left.name])
    (folder / "past.json").write_bytes(msgspec.json.encode(done))

    assert counted() == {"served": 100, "dropped": 200}
    fold(folder)
    fold(folder)
    assert counted() == {"served": 100, "dropped": 200}
    assert not left.exists()


def test_a_name_written_half_is_not_read(folder: Path) -> None:
    tally = Tally(folder)
    tally.write({"served": 3})
    with tally.path.open("ab") as file:
        file.write(b"drop")

    assert counted() == {"served": 3}


def test_a_full_disk_is_survived_and_made_up_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    tally = Tally(folder)
    tally.write({"served": 1})
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        tally.write({"served": 2, "dropped": 1})
    assert counted() == {"served": 1}

    tally.write({"served": 2, "dropped": 1})
    assert counted() == {"served": 2, "dropped": 1}


def test_what_this_process_counted_is_kept_when_told(folder: Path) -> None:
    counters.add("tallies_test", 5)

    tallies.keep()

    [kept] = folder.glob("*.counts")
    assert read(kept)["tallies_test"] == counters.snapshot()["tallies_test"]


def damaged(kind: str, sound: bytes) -> bytes:
    return {"empty": b"", "cut": sound[:-5], "zeros": bytes(len(sound)), "noise": NOISE}[kind]


NOISE = random.Random(1).randbytes(256)


@pytest.mark.parametrize("kind", ["empty", "cut", "zeros", "noise"])
def test_a_damaged_sum_is_set_aside_and_said_and_counting_goes_on(
    folder: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir()
    Tally(folder).write({"served": 3})
    spoilt = damaged(kind, msgspec.json.encode(Past(counts={"served": 100})))
    (folder / "past.json").write_bytes(spoilt)

    tallies.keep()

    assert counted() == {"served": 3}
    assert (folder / "past.json.damaged").read_bytes() == spoilt
    [said] = [r for r in caplog.records if "is damaged" in r.message]
    assert said.levelno == logging.ERROR
    fold(folder)
    assert counted() == {"served": 3}


def test_noise_in_the_file_of_a_process_that_is_gone_is_set_aside(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir()
    left = folder / "left.counts"
    left.write_bytes(NOISE)
    Tally(folder).write({"served": 3})

    tallies.keep()

    assert counted() == {"served": 3}
    assert not left.exists()
    assert (folder / "left.counts.damaged").read_bytes() == NOISE
    assert [r.levelno for r in caplog.records if "left.counts is damaged" in r.message] == [40]


def test_counting_never_fails_an_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(folder: Path) -> None:
        raise RuntimeError("what nobody thought of")

    monkeypatch.setattr(tallies, "fold", fails)
    for _ in range(3):
        tallies.keep()
    assert [r.message for r in caplog.records if r.levelno == logging.ERROR] == [
        "What earlier processes counted could not be added up. Counting goes on."
    ]
    assert len(list(folder.glob("*.counts"))) == 1


def test_a_sum_is_on_the_disk_before_what_it_is_the_sum_of_goes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(counting_process(folder))
    [left] = folder.glob("*.counts")
    steps: list[str] = []

    def synced(path: Path) -> None:
        assert left.exists()
        steps.append(path.name)

    monkeypatch.setattr(count_files, "sync_path", synced)
    fold(folder)
    assert steps == ["past.draft", "metrics"]
    assert not left.exists()
    assert counted() == {"served": 100, "dropped": 200}
