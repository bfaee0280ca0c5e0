"""Who is in which arm, and why. Pure: nothing is looked up per user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.assignment.assignments import Assignment, Reason, Standing
from experiments.assignment.person import Person
from experiments.assignment.plan import Plan, PlannedVariant
from experiments.assignment.router import Experiment, Place, router_of

Attributes = Mapping[str, Any]


def assign(
    plan: Plan, user: str, attributes: Attributes | None = None, *, device: str | None = None
) -> tuple[Assignment, ...]:
    """The assignment of `user` on every placement of the plan, in the plan's order."""
    router = router_of(plan)
    person = Person(router, user, attributes, device)
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
    return _on(router.places[placement], Person(router, user, attributes, device))


def standings(
    plan: Plan, user: str, attributes: Attributes | None = None, *, device: str | None = None
) -> tuple[Standing, ...]:
    """Where `user` stands towards every experiment of the plan, in the plan's order."""
    router = router_of(plan)
    person = Person(router, user, attributes, device)
    return tuple(
        _towards(experiment, router.places[experiment.planned.placement], person)
        for experiment in router.experiments
    )


def _on(place: Place, person: Person) -> Assignment:
    for experiment in place.overriding:
        if variant := experiment.overrides.get(person.user):
            return _in(experiment, variant, person.arm_bucket(experiment), Reason.OVERRIDE)
    layer = place.layer
    if layer is None:
        return _outside(place, Reason.NO_EXPERIMENT)
    if person.held_out_of(layer):
        return _outside(place, Reason.HOLDOUT)
    owner = layer.owners.of(person.bucket_of(layer))
    if owner is None:
        return _outside(place, Reason.OUTSIDE_TRAFFIC)
    if owner not in place.experiments:
        return _outside(place, Reason.OTHER_EXPERIMENT)
    return _judged(place, place.experiments[owner], person)


def _judged(place: Place, experiment: Experiment, person: Person) -> Assignment:
    """Of a user whose bucket of the placement's layer is the experiment's."""
    if reason := _kept_out(experiment, person):
        return _outside(place, reason)
    if experiment.targets and not experiment.targets(person.attributes):
        return _outside(place, Reason.NOT_TARGETED)
    bucket = person.arm_bucket(experiment)
    variant = experiment.arms.of(bucket)
    if variant is None or variant.killed:
        return _outside(place, Reason.ARM_KILLED)
    return _in(experiment, variant, bucket, Reason.SPLIT)


def _kept_out(experiment: Experiment, person: Person) -> Reason | None:
    """Why the user is not in the experiment, before there is any talk of arms; or None."""
    layers, key = experiment.layers, experiment.planned.key
    if any(person.held_out_of(layer) for layer in layers):
        return Reason.HOLDOUT
    owners = {layer.owners.of(person.bucket_of(layer)) for layer in layers}
    if owners != {key}:
        return Reason.OTHER_EXPERIMENT if owners - {key, None} else Reason.OUTSIDE_TRAFFIC
    return None


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
        bucket=person.arm_bucket(experiment),
        layer_buckets={layer.key: person.bucket_of(layer) for layer in experiment.layers},
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


def _outside(place: Place, reason: Reason) -> Assignment:
    return Assignment(
        placement=place.key,
        experiment=None,
        phase=None,
        variant=None,
        recommender=place.default_recommender,
        bucket=None,
        reason=reason,
    )
