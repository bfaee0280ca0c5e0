"""What a ramp does, fact by fact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from experiments.ramps import Advance, Facts, Hold, Ramp, RollBack, Step, decide

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SINCE = NOW - timedelta(hours=24)
STEPS = (
    Step(share=Decimal("0.01"), hours=24, users=1000),
    Step(share=Decimal("0.5"), hours=24, users=1000),
)
RAMP = Ramp(steps=STEPS, state="climbing", since=SINCE)
OUT_OF_RATIO = "popular has 5,400 users where 5,000 were expected."


def facts(**changed: Any) -> Facts:
    """All is well, just now, unless changed."""
    at = NOW - timedelta(minutes=1)
    return Facts(**{"as_of": at, "until": at, "users": 1000, **changed})


def test_a_step_that_was_held_and_met_is_left() -> None:
    assert decide(RAMP, facts(), NOW) == Advance(
        "Held for 24 hours and met by 1,000 new users; the split is healthy and no guardrail shows "
        "harm."
    )


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"as_of": SINCE}, "It was not analysed since the step began."),
        ({"users": 999}, "The step is to be met by 1,000 new users."),
        ({"until": SINCE}, "The log holds nothing yet of the time since the step began."),
        (
            {"until": NOW - timedelta(minutes=31)},
            "The newest look at the log is older than 30 minutes.",
        ),
        ({"unknown": ("sample ratio",)}, "Too few users to tell: sample ratio."),
        ({"failing": ("pre period balance",)}, "Health failed: pre period balance."),
        ({"floor_reached": False}, "The first goal is below the floor, where nothing is judged."),
        (
            {"watched": ("Slow slates of b", "Fallbacks of b")},
            "Slow slates of b and Fallbacks of b got worse, which is only watched: people decide.",
        ),
        (
            {"broken": (OUT_OF_RATIO,), "counted": False},
            "Health failed, but some arm has fewer than 100 users, too few to act on.",
        ),
        (
            {"harmed": ("Revenue of b",), "shared": True},
            "Harm is shown on Revenue of b, but the arms learn from each other's clicks: people "
            "decide.",
        ),
    ],
)
def test_it_holds_while_something_is_missing(changed: dict[str, Any], why: str) -> None:
    assert decide(RAMP, facts(**changed), NOW) == Hold(why)


def test_it_holds_before_the_first_look() -> None:
    assert decide(RAMP, None, NOW) == Hold("It was not analysed since the step began.")


def test_it_holds_while_the_step_is_young() -> None:
    almost = NOW - timedelta(seconds=1)

    assert decide(RAMP, facts(), almost) == Hold("The step is to be held for 24 hours.")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"broken": (OUT_OF_RATIO,)}, OUT_OF_RATIO),
        (
            {"broken": (OUT_OF_RATIO, "12 of 90 users were seen in two variants.")},
            f"{OUT_OF_RATIO} 12 of 90 users were seen in two variants.",
        ),
        ({"harmed": ("Revenue of b",)}, "Harm is shown on Revenue of b."),
        (
            {"harmed": ("Revenue of b", "Returns of c", "Returns of d")},
            "Harm is shown on Revenue of b, Returns of c and Returns of d.",
        ),
    ],
)
@pytest.mark.parametrize(
    "meanwhile",
    [{}, {"users": 0}, {"floor_reached": False}, {"until": NOW - timedelta(hours=9)}],
    ids=["all else well", "few users", "below the goal's floor", "old data"],
)
def test_danger_takes_it_back_whatever_else_it_waits_for(
    changed: dict[str, Any], why: str, meanwhile: dict[str, Any]
) -> None:
    assert decide(RAMP, facts(**changed, **meanwhile), NOW) == RollBack(why)


def test_danger_that_was_seen_before_the_step_began_is_not_held_against_it() -> None:
    before = facts(as_of=SINCE - timedelta(minutes=1), harmed=("Revenue of b",))

    assert decide(RAMP, before, NOW) == Hold("It was not analysed since the step began.")


def test_why_it_holds_does_not_change_with_every_user() -> None:
    assert decide(RAMP, facts(users=3), NOW) == decide(RAMP, facts(users=900), NOW)


def test_a_ramp_that_has_not_begun_decides_nothing() -> None:
    with pytest.raises(ValueError, match="has not begun"):
        decide(Ramp(steps=STEPS), facts(), NOW)
