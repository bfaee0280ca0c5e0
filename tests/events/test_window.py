"""The ids by which the drain drops what comes twice."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from events import window
from events.delta import LogTable
from events.records import Event, Exposure
from events.schema import to_table
from events.window import RecentWindow, load_window

MakeEvent = Callable[..., Event]
SECOND = timedelta(seconds=1)


def names(*numbers: int) -> list[str]:
    return [f"e{number}" for number in numbers]


@pytest.mark.parametrize("seed", range(3))
def test_it_answers_for_each_id_in_the_order_asked(seed: int) -> None:
    rng = random.Random(seed)
    known: set[str] = set()
    recent = RecentWindow(limit=100_000)
    for _ in range(40):
        asked = names(*(rng.randrange(3_000) for _ in range(rng.randrange(1, 200))))
        assert recent.seen(asked) == [id_ in known for id_ in asked]
        new = list(set(asked) - known)
        recent.add(new)
        known.update(new)
    assert len(recent) == len(known)


def test_nothing_is_known_of_nothing() -> None:
    recent = RecentWindow()
    recent.add([])
    assert (len(recent), recent.seen([]), recent.seen(["a"])) == (0, [], [False])


def test_the_oldest_are_forgotten_beyond_its_limit() -> None:
    recent = RecentWindow(limit=16)
    for number in range(100):
        recent.add(names(number))
        assert all(recent.seen(names(*range(max(0, number - 15), number + 1))))
        assert len(recent) <= 18
    assert not any(recent.seen(names(*range(82))))


def test_ids_that_share_half_their_hash_are_told_apart() -> None:
    held = window._Run(
        upper=np.array([1, 5, 5, 5, 9], np.uint64), lower=np.array([0, 3, 1, 2, 7], np.uint64)
    )
    asked = window._Run(
        upper=np.array([1, 5, 5, 5, 9, 9], np.uint64), lower=np.array([1, 1, 2, 4, 7, 8], np.uint64)
    )
    assert held.has(asked).tolist() == [False, True, True, False, True, False]


def test_a_restart_knows_the_ids_of_the_last_days(log_dir: Path, event: MakeEvent) -> None:
    table = LogTable(log_dir, "events")
    assert len(load_window(table, event().at.date())) == 0
    times = {"new": event().at, "old": event().at - timedelta(days=10)}
    table.append(to_table("events", [event(name, at=at) for name, at in times.items()]), {"x": 1})
    assert load_window(table, times["new"].date()).seen(["new", "old"]) == [True, False]


def test_a_restart_forgets_the_oldest_beyond_the_limit_and_then_goes_on_so(
    log_dir: Path, event: MakeEvent
) -> None:
    begin = event().received_at
    order = random.Random(1).sample(range(200), 200)
    rows = [event(f"e{n}", received_at=begin + n * SECOND) for n in order]
    table = LogTable(log_dir, "events")
    for number, start in enumerate(range(0, 200, 50), 1):
        table.append(to_table("events", rows[start : start + 50]), {"x": number})

    recent = load_window(table, begin.date(), limit=80)

    assert all(recent.seen(names(*range(125, 200))))  # 80 but for what times are estimated by
    assert not any(recent.seen(names(*range(105))))
    recent.add(names(*range(200, 240)))
    assert all(recent.seen(names(*range(165, 240))))


@pytest.mark.parametrize("limit", [10, 100])
def test_rows_of_one_moment_are_known_all_the_same(
    limit: int, log_dir: Path, event: MakeEvent
) -> None:
    table = LogTable(log_dir, "events")
    table.append(to_table("events", [event(f"e{n}") for n in range(50)]), {"x": 1})
    recent = load_window(table, event().at.date(), limit=limit)
    assert sum(recent.seen(names(*range(50)))) >= min(limit, 50)


def test_exposures_from_before_they_said_when_they_came_are_known(
    log_dir: Path, exposure: Callable[..., Exposure]
) -> None:
    table = LogTable(log_dir, "exposures")
    rows = [exposure("r1", received_at=None), exposure("r2")]
    table.append(to_table("exposures", rows), {"x": 1})
    assert load_window(table, exposure().at.date()).seen(["r1", "r2", "r3"]) == [True, True, False]
