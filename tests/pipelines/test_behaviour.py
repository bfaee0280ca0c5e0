"""What an arm's model learns from, counted by hand in a small log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path

import msgspec
import pytest

from events.delta import LogTable
from events.readers import Log, open_log
from events.records import Event, Exposure
from events.schema import to_table
from experiments.learning import LearningRule
from pipelines import behaviour
from recommenders.provenance import ExperimentShare
from tests.events.conftest import EVENT, EXPOSURE

START = datetime(2026, 11, 10, tzinfo=UTC)
OWN = LearningRule(experiment="e", policy="own_arm", own=("a",), arms=("a", "b"))


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def shown(user: str, variant: str | None, hour: float, experiment: str | None = "e") -> Exposure:
    return msgspec.structs.replace(
        EXPOSURE,
        request_id=f"{experiment}-{user}-{hour:g}",
        user=user,
        experiment=experiment,
        variant=variant,
        at=at(hour),
    )


def did(
    user: str, item: str, hour: float, *, slate: str | None = None, type: str = "click"
) -> Event:
    return msgspec.structs.replace(
        EVENT, id=f"{user}-{item}", user=user, item=item, type=type, request_id=slate, at=at(hour)
    )


def log_of(folder: Path, exposures: list[Exposure], events: list[Event]) -> Log:
    LogTable(folder, "exposures").append(to_table("exposures", exposures), {"x": 1})
    LogTable(folder, "events").append(to_table("events", events), {"x": 1})
    return open_log(folder)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Two users in arm a, one in b, each of whom was there before, and one who is in no arm."""
    return log_of(
        tmp_path,
        [shown("u", "a", 1), shown("v", "a", 1), shown("w", "b", 1), shown("x", None, 1, None)],
        [
            did("u", "before", 0),
            did("w", "before", 0),
            did("x", "outside", 2),
            did("u", "one", 2),
            did("u", "two", 3, slate="e-u-1"),
            did("v", "three", 2),
            did("v", "four", 2.5),
            did("w", "five", 2),
            did("w", "six", 3),
            did("w", "seven", 4),
        ],
    )


def learned(log: Log, *rules: LearningRule) -> set[tuple[str, str]]:
    frame, _ = behaviour.read(log, rules)
    return set(zip(frame["user"], frame["item"], strict=True))


FREE = {("u", "before"), ("w", "before"), ("x", "outside")}
"""What belongs to no arm."""
OF_A = {("u", "one"), ("u", "two"), ("v", "three"), ("v", "four")}
OF_B = {("w", "five"), ("w", "six"), ("w", "seven")}


def test_without_an_experiment_all_behaviour_is_learned_from(log: Log) -> None:
    assert learned(log) == FREE | OF_A | OF_B


def test_an_arm_learns_from_its_own_up_to_the_smallest_arms_volume(log: Log) -> None:
    frame, (share,) = behaviour.read(log, [OWN])

    first, last = sorted("uv", key=lambda user: md5(f"{user}/e".encode()).hexdigest())  # noqa: S324
    own = {"u": ["one", "two"], "v": ["three", "four"]}
    kept = {(first, item) for item in own[first]} | {(last, own[last][0])}
    assert set(zip(frame["user"], frame["item"], strict=True)) == FREE | kept
    assert share == ExperimentShare(
        experiment="e", policy="own_arm", variants=("a",), volumes={"a": 4, "b": 3}, cap=3
    )
    assert (share.of_others, share.over_cap) == (3, 1)


def test_the_smallest_arm_keeps_all_of_its_own(log: Log) -> None:
    rule = LearningRule(experiment="e", policy="own_arm", own=("b",), arms=("a", "b"))

    assert learned(log, rule) == FREE | OF_B


def test_a_killed_arm_bounds_nobody(log: Log) -> None:
    rule = LearningRule(experiment="e", policy="own_arm", own=("a",), arms=("a",))

    assert learned(log, rule) == FREE | OF_A


def test_an_arm_without_behaviour_lets_no_other_learn_from_the_experiment(log: Log) -> None:
    rule = LearningRule(experiment="e", policy="own_arm", own=("a",), arms=("a", "b", "c"))

    assert learned(log, rule) == FREE


def test_arms_of_one_recommender_are_all_its_own(log: Log) -> None:
    rule = LearningRule(experiment="e", policy="own_arm", own=("a", "b"), arms=("a", "b"))
    frame, (share,) = behaviour.read(log, [rule])

    assert len(frame) == len(FREE) + 3 + 3
    assert (share.of_others, share.over_cap) == (0, 1)


def test_shared_leaves_nothing_out_and_says_whose_arms_learned_from_one_another(log: Log) -> None:
    rule = LearningRule(experiment="e", policy="shared", own=("a",), arms=("a", "b"))
    frame, (share,) = behaviour.read(log, [rule])

    assert len(frame) == 10
    assert share == ExperimentShare(experiment="e", policy="shared", variants=("a",))


def test_an_experiment_that_shares_takes_no_right_from_one_that_does_not(log: Log) -> None:
    shares = LearningRule(experiment="f", policy="shared", own=("a",), arms=("a", "b"))

    assert learned(log, OWN, shares) == learned(log, OWN)


def test_the_slate_that_an_event_names_says_whose_it_is(tmp_path: Path) -> None:
    """A click may be stamped before the slate by a clock that is slow, or come after another."""
    log = log_of(
        tmp_path,
        [shown("u", "a", 1), shown("u", "b", 5), shown("w", "b", 1)],
        [
            did("u", "slow clock", 0.5, slate="e-u-1"),
            did("u", "late click", 6, slate="e-u-1"),
            did("u", "own way", 6),
            did("u", "of no slate known", 4, slate="gone"),
            did("w", "one", 2),
            did("w", "two", 2),
        ],
    )

    _, (share,) = behaviour.read(log, [OWN])

    assert share.volumes == {"a": 3, "b": 3}
    assert learned(log, OWN) == {
        ("u", "slow clock"),
        ("u", "late click"),
        ("u", "of no slate known"),
    }


def test_only_what_says_something_of_an_item_is_read(tmp_path: Path) -> None:
    nothing = msgspec.structs.replace(did("u", "no item", 1), item=None)
    log = log_of(
        tmp_path, [], [did("u", "seen", 1, type="impression"), nothing, did("u", "liked", 2)]
    )

    assert learned(log) == {("u", "liked")}


def test_the_window_ends_what_is_read(log: Log) -> None:
    frame, (share,) = behaviour.read(log, [OWN], since=at(2.5))

    assert share.volumes == {"a": 2, "b": 2}
    assert set(frame["item"]) == {"two", "four"}
