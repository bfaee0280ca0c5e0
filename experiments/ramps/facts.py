"""What a ramp goes by, read from a scorecard. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from experiments.metrics.results import Check, MetricResult, Scorecard
from experiments.stats import USERS_NEEDED

DECIDING = ("sample_ratio", "users_in_two_variants")
"""The checks that say that the split itself is broken."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the newest look says. `as_of` is its time, and `until` the time up to which it saw all
    that had happened: the log may lag behind.

    `users` are those who met the experiment for the first time since the step began. `broken` are
    what the failed checks of the split say, `failing` the names of other failed checks and
    `unknown` of checks of the split that have too little to go by. `harmed` are the names of
    guardrails with harm shown, `watched` of those that nobody chose. `counted` says that every arm
    has the users of the floor, `floor_reached` that the first goal is past it.
    `shared` is the training of arms by each other's clicks, of which nothing is decided.
    """

    as_of: datetime
    until: datetime
    users: int
    broken: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    harmed: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    counted: bool = True
    floor_reached: bool = True
    shared: bool = False


def facts_of(
    card: Scorecard, *, log_until: datetime | None, users_before: int, gone: Collection[str] = ()
) -> Facts:
    """`users_before` had come when the step began; `gone` are variants that take no users."""
    living = [arm for arm in card.arms if arm.variant not in gone]
    return Facts(
        as_of=card.as_of,
        until=card.as_of if log_until is None else min(log_until, card.as_of),
        users=max(sum(arm.users for arm in card.arms) - users_before, 0),
        broken=tuple(check.detail for check in _of_split(card) if check.healthy is False),
        failing=tuple(_said(c) for c in card.failed_checks if c.name not in DECIDING),
        unknown=tuple(_said(check) for check in _of_split(card) if check.healthy is None),
        harmed=_harmed(card, gone, required=True),
        watched=_harmed(card, gone, required=False),
        counted=all(arm.users >= USERS_NEEDED for arm in living),
        floor_reached=_past_floor(card.metric(card.primary), gone),
        shared=card.training_data == "shared",
    )


def _of_split(card: Scorecard) -> list[Check]:
    return [check for check in card.health if check.name in DECIDING]


def _said(check: Check) -> str:
    return check.name.replace("_", " ")


def _harmed(card: Scorecard, gone: Collection[str], *, required: bool) -> tuple[str, ...]:
    return tuple(
        f"{metric.name} of {found.variant}"
        for metric in card.metrics
        if metric.role == "guardrail" and metric.required == required
        for found in metric.comparisons
        if found.variant not in gone
        and found.guardrail is not None
        and found.guardrail.state == "harm_shown"
    )


def _past_floor(metric: MetricResult, gone: Collection[str]) -> bool:
    """Of the treatments that still take users: one that was killed young would never get there."""
    living = [found for found in metric.comparisons if found.variant not in gone]
    return bool(living) and all(found.floor.reached for found in living)
