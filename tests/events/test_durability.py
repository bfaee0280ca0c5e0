"""Processes are killed at random moments; nothing acknowledged is lost, nothing is doubled."""

import random
from collections.abc import Callable
from pathlib import Path

from events.delta import LogTable
from events.records import Event
from events.schema import to_table
from tests.events.torture import BATCH, Reader, Start, python, torture

WRITER = Path(__file__).parent / "torture_writer.py"


def test_kill_9_of_writers_drain_and_care_loses_doubles_and_keeps_nothing_it_should_not(
    journal_dir: Path, log_dir: Path, tmp_path: Path
) -> None:
    """The short form of benchmarks/torture.py, which does this for 60 s over HTTP."""
    notes = tmp_path / "acknowledged"

    def writer(name: str) -> Start:
        return lambda n: python(WRITER, journal_dir, notes, f"{name}{n}")

    outcome = torture(
        journal_dir=journal_dir,
        log_dir=log_dir,
        notes=notes,
        writers={name: writer(name) for name in ("first", "second")},
        seconds=8,
        pause=(0.2, 0.7),
        rng=random.Random(1),
    )
    assert outcome.wrong == []
    assert outcome.acknowledged > 100
    assert outcome.kills["drain"] == outcome.second_drains_refused > 0
    assert outcome.kills["care"] > 0
    assert outcome.erased > 20
    assert outcome.reads > 10
    assert outcome.versions > 10


def test_the_tortures_reader_sees_what_no_read_may_show(
    log_dir: Path, event: Callable[..., Event]
) -> None:
    reader = Reader(log_dir)
    table = LogTable(log_dir, "events")
    whole = [event(f"w-1-{n}") for n in range(BATCH)]
    table.append(to_table("events", whole), {"x": 1})
    reader.look()
    assert reader.wrong == []
    table.append(to_table("events", whole[:1]), {"x": 2})
    reader.look()
    assert reader.wrong == ["read 2: twice: ['w-1-0']", "read 2: in part: ['w-1']"]
    reader = Reader(log_dir)
    table.append(to_table("events", [event("w-3-0")]), {"x": 3})
    reader.look()
    table._table.delete("id = 'w-3-0'")
    reader.look()
    assert reader.wrong[-1] == "read 2: gone: ['w-3-0']"
