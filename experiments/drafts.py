"""Experiments before they start: made, and made otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from experiments import kept_layers, metric_definitions, ramps
from experiments.assignment import conditions
from experiments.checks import (
    VariantSpec,
    arm_keys,
    check_key,
    check_schedule,
    check_traffic,
    check_variants,
)
from experiments.exceptions import Invalid, NotAllowed
from experiments.lifecycle import article
from experiments.measurement import Measurement, check
from experiments.models import Experiment, Layer, Membership, Override, Placement, Variant
from experiments.moves.row import KIND, described, moving
from experiments.naming import check_hypothesis, check_name, clash, free_key, key_taken
from people import trail
from people.actors import Actor

MOST_LAYERS = 5


@dataclass(frozen=True, kw_only=True)
class LayerShare:
    """A further layer an experiment takes part in, and its share of that one's users, 0.01 to 1."""

    layer: Layer
    share: Decimal = Decimal(1)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """All that is decided of an experiment before it starts. Without a key it gets one from its
    name. `traffic` is its share of the placement's layer, where no ramp says otherwise.
    """

    name: str
    placement: Placement
    variants: Sequence[VariantSpec]
    measurement: Measurement
    key: str | None = None
    hypothesis: str = ""
    traffic: Decimal = Decimal(1)
    layers: Sequence[LayerShare] = ()
    condition: dict[str, Any] | None = None
    ramp: ramps.Ramp | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def create_experiment(
    draft: Draft, *, now: datetime, actor: Actor, seed: str | None = None
) -> Experiment:
    """A draft. Raises Invalid, naming the field, where it could never be started as given.

    `seed` is that of its split, where somebody was shown by it already who would be in which arm.
    """
    _check(draft, now=now)
    key = draft.key or free_key(draft.name)
    if Experiment.objects.filter(key=key).exists():
        raise key_taken(key)
    experiment = Experiment(key=key, created_by=actor.user)
    experiment.seed = seed or experiment.seed
    try:
        with transaction.atomic():
            _write(experiment, draft)
            trail.record(
                at=now,
                actor=actor,
                verb="create",
                kind=KIND,
                key=key,
                after=described(experiment),
            )
    except IntegrityError as error:  # somebody was quicker between the check and here
        raise clash(error, name=draft.name, key=key) from None
    return experiment


def change_draft(
    experiment: Experiment, draft: Draft, *, now: datetime, actor: Actor
) -> Experiment:
    """The draft as given, whole. Raises Invalid, naming the field; NotAllowed once it started."""
    try:
        with moving(experiment, "change", now=now, actor=actor) as row:
            if row.status != Experiment.Status.DRAFT:
                raise NotAllowed(
                    f"{article(row.status)} experiment is no draft any more: arms, traffic, "
                    "name and schedule have changes of their own; all else stays as launched."
                )
            if draft.key not in (None, row.key):
                raise Invalid(f"A key never changes: this one is “{row.key}”.", field="key")
            _check(draft, now=now, but=row)
            seen = list(row.overrides.values_list("user", "variant__key"))
            row.variants.all().delete()
            row.memberships.all().delete()
            _write(row, draft)
            _keep_overrides(row, seen)
    except IntegrityError as error:  # somebody was quicker between the check and here
        raise clash(error, name=draft.name, key=experiment.key) from None
    return row


def delete_draft(experiment: Experiment, *, now: datetime, actor: Actor) -> None:
    """Nothing is left of it but the audit trail. Raises NotAllowed once it started."""
    with transaction.atomic():
        row = Experiment.objects.select_for_update().get(pk=experiment.pk)
        if row.status != Experiment.Status.DRAFT:
            raise NotAllowed(f"{article(row.status)} experiment is kept. Archive it instead.")
        trail.record(
            at=now, actor=actor, verb="delete", kind=KIND, key=row.key, before=described(row)
        )
        row.delete()


def _check(draft: Draft, *, now: datetime, but: Experiment | None = None) -> None:
    check_name(draft.name.strip(), but=but)
    if draft.key is not None:
        check_key(draft.key, field="key")
    check_hypothesis(draft.hypothesis)
    check_variants(draft.variants)
    check_traffic(draft.traffic)
    check_layers(draft.placement, draft.layers)
    if draft.condition is not None:
        conditions.check(draft.condition)
    check(draft.measurement, metric_definitions.metrics())
    if draft.ramp is not None:
        ramps.check(draft.ramp)
    check_schedule(draft.starts_at, draft.ends_at, now=now)


def check_layers(placement: Placement, layers: Sequence[LayerShare]) -> None:
    """Of layers beside the placement's own. Raises Invalid (layers, layers/N/layer, .../share)."""
    if len(layers) > MOST_LAYERS:
        raise Invalid(f"Give at most {MOST_LAYERS} further layers.", field="layers")
    seen = {placement.layer_id}
    for index, one in enumerate(layers):
        if one.layer.pk in seen:
            raise Invalid(
                f"{one.layer} is among its layers already; a placement's own is so by itself.",
                field=f"layers/{index}/layer",
            )
        seen.add(one.layer.pk)
        check_traffic(one.share, field=f"layers/{index}/share")


def _write(experiment: Experiment, draft: Draft) -> None:
    kept_layers.keep(
        (draft.placement.layer, "placement"),
        *((one.layer, f"layers/{index}/layer") for index, one in enumerate(draft.layers)),
    )
    experiment.name = draft.name.strip()
    experiment.hypothesis = draft.hypothesis.strip()
    experiment.placement = draft.placement
    experiment.layer = draft.placement.layer
    experiment.traffic = draft.traffic
    experiment.condition = draft.condition
    experiment.ramp = None if draft.ramp is None else msgspec.to_builtins(draft.ramp)
    experiment.measurement = msgspec.to_builtins(draft.measurement)
    experiment.starts_at, experiment.ends_at = draft.starts_at, draft.ends_at
    experiment.save()
    keys = arm_keys(draft.variants)
    Variant.objects.bulk_create(
        Variant(
            experiment=experiment,
            position=position,
            key=key,
            recommender=variant.recommender,
            weight=variant.weight,
        )
        for position, (key, variant) in enumerate(zip(keys, draft.variants, strict=True))
    )
    Membership.objects.bulk_create(
        Membership(experiment=experiment, layer=one.layer, share=one.share) for one in draft.layers
    )


def _keep_overrides(row: Experiment, seen: Sequence[tuple[str, str]]) -> None:
    """Those to variants that are still there, by their keys."""
    variants = {variant.key: variant for variant in row.variants.all()}
    Override.objects.bulk_create(
        Override(experiment=row, user=user, variant=variants[key])
        for user, key in seen
        if key in variants
    )
