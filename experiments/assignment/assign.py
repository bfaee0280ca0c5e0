"""Who is in which arm, and why. Pure: nothing is looked up per user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.assignment.assignments import Assignment, Reason, Standing
from experiments.assignment.person import HELD_OUT, Person
from experiments.assignment.plan import Plan, PlannedVariant
from experiments.assignment.router import Experiment, Place, router_of

Attributes = Mapping[str, Any]


def assign(
    plan: Plan, user: str, attributes: Attributes | None = None, *, device: str | None = None
) -> tuple[Assignment, ...]:
    """The assignment of `user` on every placement of the plan, in the plan's order."""
    router = router_of(plan)
    person = Person(router, user, attributes, device, everywhere=True)
    return tuple(_on(place, person) for place in router.places.values())


def assign_on(
    plan: Plan,
    user: str,
    placement: str,
    attributes: Attributes | None = None,
    *,
    device: str | None = None,
) -> Assignment:
    """The assignment of `user` on one placement. Raises KeyError for a placement not in
    the plan.
    """
    router = router_of(plan)
    person = Person(router, user, attributes, device, everywhere=False)
    return _on(router.places[placement], person)


def standings(
    plan: Plan, user: str, attributes: Attributes | None = None, *, device: str | None = None
) -> tuple[Standing, ...]:
    """Where `user` stands towards every experiment of the plan, in the plan's order."""
    router = router_of(plan)
    person = Person(router, user, attributes, device, everywhere=True)
    return tuple(
        _towards(experiment, router.places[experiment.planned.placement], person)
        for experiment in router.experiments
    )


def _on(place: Place, person: Person) -> Assignment:
    if override := place.overrides.get(person.user):
        return _in(*override, person.bucket(override[0].seed), Reason.OVERRIDE)
    if place.layer is None:
        return place.outside[Reason.NO_EXPERIMENT]
    owner = person.owner(place.layer)
    if experiment := place.experiments.get(owner):  # type: ignore[call-overload]
        return _judged(place, experiment, person)
    return place.outside[_why_not(owner)]


def _judged(place: Place, experiment: Experiment, person: Person) -> Assignment:
    """Of a user whose bucket of the placement's layer is the experiment's."""
    if len(experiment.layers) > 1 and (reason := _kept_out(experiment, person)):
        return place.outside[reason]
    if experiment.targets and not experiment.targets(person.attributes):
        return place.outside[Reason.NOT_TARGETED]
    bucket = person.bucket(experiment.seed)
    variant = experiment.arms.of(bucket)
    if variant is None or variant.killed:
        return place.outside[Reason.ARM_KILLED]
    return _in(experiment, variant, bucket, Reason.SPLIT)


def _kept_out(experiment: Experiment, person: Person) -> Reason | None:
    """Why the user is not behind all gates of the experiment, or None."""
    owners = {person.owner(layer) for layer in experiment.layers} - {experiment.planned.key}
    reasons = {_why_not(owner) for owner in owners}
    return next((reason for reason in Reason if reason in reasons), None)


def _why_not(owner: object) -> Reason:
    if owner is HELD_OUT:
        return Reason.HOLDOUT
    return Reason.OUTSIDE_TRAFFIC if owner is None else Reason.OTHER_EXPERIMENT


def _towards(experiment: Experiment, place: Place, person: Person) -> Standing:
    given = _on(place, person)
    planned = experiment.planned
    inside = given.experiment == planned.key
    if inside:
        reason = given.reason
    elif given.reason is Reason.OVERRIDE:
        reason = Reason.OTHER_EXPERIMENT
    else:
        reason = _kept_out(experiment, person) or given.reason
    return Standing(
        experiment=planned.key,
        placement=planned.placement,
        phase=planned.phase,
        variant=given.variant if inside else None,
        bucket=person.bucket(experiment.seed),
        layer_buckets={layer.key: person.bucket(layer.seed) for layer in experiment.layers},
        reason=reason,
    )


def _in(experiment: Experiment, variant: PlannedVariant, bucket: int, reason: Reason) -> Assignment:
    return Assignment(
        placement=experiment.planned.placement,
        experiment=experiment.planned.key,
        phase=experiment.planned.phase,
        variant=variant.key,
        recommender=variant.recommender,
        bucket=bucket,
        reason=reason,
    )
