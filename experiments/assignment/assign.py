"""Who is in which arm, and why. Pure: nothing is looked up per user."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from experiments.assignment.hashing import bucket
from experiments.assignment.plan import Plan, PlannedExperiment, Range


class Reason(StrEnum):
    SPLIT = "split"
    OUTSIDE_TRAFFIC = "outside_traffic"
    OTHER_EXPERIMENT = "other_experiment"
    NO_EXPERIMENT = "no_experiment"


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Where one user stands under one plan. `variant` and `bucket` are None outside the
    experiment.
    """

    placement: str
    experiment: str | None
    phase: int | None
    variant: str | None
    recommender: str
    bucket: int | None
    reason: Reason


def assign(plan: Plan, user: str) -> tuple[Assignment, ...]:
    """The assignment of `user` on every placement of the plan, in the plan's order."""
    return tuple(assign_on(plan, user, placement) for placement in plan.placements)


def assign_on(plan: Plan, user: str, placement: str) -> Assignment:
    """The assignment of `user` on one placement. Raises KeyError for a placement not in
    the plan.
    """
    default = plan.placements[placement].default_recommender
    here = [experiment for experiment in plan.experiments if experiment.placement == placement]
    for experiment in here:
        if _holds(experiment.slots, bucket(experiment.layer_seed, user)):
            return _split(experiment, user)
    return Assignment(
        placement=placement,
        experiment=None,
        phase=None,
        variant=None,
        recommender=default,
        bucket=None,
        reason=_reason_outside(plan, user, here),
    )


def _split(experiment: PlannedExperiment, user: str) -> Assignment:
    place = bucket(experiment.seed, user)
    variant = next(v for v in experiment.variants if _holds(v.ranges, place))
    return Assignment(
        placement=experiment.placement,
        experiment=experiment.key,
        phase=experiment.phase,
        variant=variant.key,
        recommender=variant.recommender,
        bucket=place,
        reason=Reason.SPLIT,
    )


def _reason_outside(plan: Plan, user: str, here: list[PlannedExperiment]) -> Reason:
    if not here:
        return Reason.NO_EXPERIMENT
    layers = {experiment.layer_seed for experiment in here}
    elsewhere = (e for e in plan.experiments if e.layer_seed in layers)
    taken = any(_holds(e.slots, bucket(e.layer_seed, user)) for e in elsewhere)
    return Reason.OTHER_EXPERIMENT if taken else Reason.OUTSIDE_TRAFFIC


def _holds(ranges: Iterable[Range], place: int) -> bool:
    return any(low <= place < high for low, high in ranges)
