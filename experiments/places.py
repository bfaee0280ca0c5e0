"""Layers and placements: where experiments meet users, and which exclude one another."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from experiments import kept_layers
from experiments.checks import check_key, check_name
from experiments.exceptions import Invalid, NotAllowed, Taken
from experiments.models import Experiment, Layer, Placement
from people import trail
from people.actors import Actor

if TYPE_CHECKING:
    from recommenders.models import Recommender


def create_layer(
    *, key: str, name: str, now: datetime, actor: Actor, unit: str = Layer.Unit.USER
) -> Layer:
    """Raises Invalid, naming the field."""
    check_key(key, field="key")
    check_name(name)
    if unit not in Layer.Unit.values:
        raise Invalid(f"Give one of {', '.join(Layer.Unit.values)}.", field="unit")
    try:
        with transaction.atomic():
            layer = Layer.objects.create(key=key, name=name.strip(), unit=unit)
            _record(layer, "create", now=now, actor=actor, after={"name": layer.name, "unit": unit})
    except IntegrityError:
        raise Taken(f"There is a layer “{key}” already.", field="key") from None
    return layer


def create_placement(
    *,
    key: str,
    name: str,
    default_recommender: Recommender,
    now: datetime,
    actor: Actor,
    layer: Layer | None = None,
) -> Placement:
    """A placement in a layer, by default in one of its own, so that its experiments exclude one
    another and no others. Raises Invalid, naming the field.
    """
    check_key(key, field="key")
    check_name(name)
    if Placement.objects.filter(key=key).exists():
        raise Taken(f"There is a placement “{key}” already.", field="key")
    if layer is None and Layer.objects.filter(key=key).exists():
        raise Taken(
            f"There is a layer “{key}” already, and a placement gets one of its own of that key. "
            "Choose another key, or name that layer.",
            field="key",
        )
    try:
        with transaction.atomic():
            if layer is not None:
                kept_layers.keep((layer, "layer"))
            placement = Placement.objects.create(
                key=key,
                name=name.strip(),
                layer=layer or Layer.objects.create(key=key, name=name.strip()),
                default_recommender=default_recommender,
            )
            _record(placement, "create", now=now, actor=actor, after=_described(placement))
    except IntegrityError:
        raise Taken(f"There is a placement or a layer “{key}” already.", field="key") from None
    return placement


def change_placement(
    placement: Placement,
    *,
    now: datetime,
    actor: Actor,
    name: str | None = None,
    default_recommender: Recommender | None = None,
) -> Placement:
    """Another name, or another recommender for whoever is in no experiment. Raises Invalid."""
    with transaction.atomic():
        row = Placement.objects.select_for_update().get(pk=placement.pk)
        before = _described(row)
        if name is not None:
            check_name(name)
            row.name = name.strip()
        if default_recommender is not None:
            row.default_recommender = default_recommender
        row.save()
        _record(row, "change", now=now, actor=actor, before=before, after=_described(row))
    return row


def delete_layer(layer: Layer, *, now: datetime, actor: Actor) -> None:
    """Raises NotAllowed while a placement, a holdout or an experiment is in it, or where it is gone
    already.
    """
    with transaction.atomic():
        row = Layer.objects.select_for_update().filter(pk=layer.pk).first()
        if row is None:
            raise NotAllowed(f"{layer} is deleted already.")
        if users := _users(row):
            raise NotAllowed(f"{row} is used by {', '.join(users)}.")
        _record(row, "delete", now=now, actor=actor, before={"name": row.name})
        row.delete()


def _users(layer: Layer) -> list[str]:
    """What is in it; an experiment on one of its placements goes without saying."""
    inside = Experiment.objects.filter(Q(layer=layer) | Q(memberships__layer=layer))
    elsewhere = inside.exclude(placement__layer=layer).order_by("key").distinct()
    return [
        *(f"placement {placement.key}" for placement in layer.placements.all()),
        *(f"holdout {holdout.key}" for holdout in layer.holdouts.all()),
        *(f"experiment {experiment.key}" for experiment in elsewhere),
    ]


def _described(placement: Placement) -> dict[str, Any]:
    return {
        "name": placement.name,
        "layer": placement.layer.key,
        "default_recommender": placement.default_recommender.key,
    }


def _record(
    row: Layer | Placement,
    verb: str,
    *,
    now: datetime,
    actor: Actor,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    kind = type(row).__name__.lower()
    trail.record(at=now, actor=actor, verb=verb, kind=kind, key=row.key, before=before, after=after)
