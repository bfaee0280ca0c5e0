"""What a ramp does now: go on, hold, or take the experiment back. Pure; docs/explanation/ramps.md.

Nothing is done below the floor (rule 6 of docs/explanation/statistics.md): a broken split takes 100
users in every arm, going on takes the first goal past its floor in every arm, and a guardrail's
harm is only ever shown past its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from experiments.ramps.facts import Facts
from experiments.ramps.steps import Ramp

STALE = timedelta(minutes=30)
"""Three of the longest pauses between two looks."""


@dataclass(frozen=True)
class Advance:
    """The next step may begin; after the last one the ramp is done."""

    why: str


@dataclass(frozen=True)
class Hold:
    """The share stays. `why` stays the same for as long as the reason does."""

    why: str


@dataclass(frozen=True)
class RollBack:
    """Nobody is to meet the experiment until people have looked."""

    why: str


Decision: TypeAlias = Advance | Hold | RollBack


def decide(ramp: Ramp, facts: Facts | None, now: datetime) -> Decision:
    """Of a climbing ramp, by the newest look at its experiment; None before the first."""
    since = ramp.since
    if since is None:
        raise ValueError("A ramp that has not begun has nothing to decide.")
    if facts is None or facts.as_of <= since:
        return Hold("It was not analysed since the step began.")
    return _danger(facts) or _wait(ramp, facts, since, now) or _advance(ramp, facts)


def _danger(facts: Facts) -> Decision | None:
    if facts.broken:
        said = " ".join(facts.broken)
        if facts.counted:
            return RollBack(said)
        return Hold("Health failed, but some arm has fewer than 100 users, too few to act on.")
    if not facts.harmed:
        return None
    said = f"Harm is shown on {_and(facts.harmed)}"
    if facts.shared:
        return Hold(f"{said}, but the arms learn from each other's clicks: people decide.")
    return RollBack(f"{said}.")


def _wait(ramp: Ramp, facts: Facts, since: datetime, now: datetime) -> Hold | None:
    """The first of the reasons to wait that holds."""
    step = ramp.step
    reasons = {
        f"The step is to be held for {step.hours:g} hours.": (
            now - since < timedelta(hours=step.hours)
        ),
        "The log holds nothing yet of the time since the step began.": facts.until <= since,
        "The newest look at the log is older than 30 minutes.": now - facts.until > STALE,
        f"The step is to be met by {step.users:,} new users.": facts.users < step.users,
        f"Too few users to tell: {_and(facts.unknown)}.": bool(facts.unknown),
        f"Health failed: {_and(facts.failing)}.": bool(facts.failing),
        "The first goal is below the floor, where nothing is judged.": not facts.floor_reached,
        f"{_and(facts.watched)} got worse, which is only watched: people decide.": bool(
            facts.watched
        ),
    }
    return next((Hold(why) for why, holds in reasons.items() if holds), None)


def _advance(ramp: Ramp, facts: Facts) -> Advance:
    held = f"Held for {ramp.step.hours:g} hours and met by {facts.users:,} new users"
    return Advance(f"{held}; the split is healthy and no guardrail shows harm.")


def _and(words: tuple[str, ...]) -> str:
    *others, last = words or ("",)
    return f"{', '.join(others)} and {last}" if others else last
