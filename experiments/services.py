"""Writes on experiments. Each function does one thing whole, or raises and leaves nothing done.

A running experiment is part of the plan that routing reads: what changes one goes through
`serving.lifecycle`, which also publishes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from experiments import lifecycle, metric_definitions, selectors
from experiments.assignment import ranges
from experiments.exceptions import Invalid, NotAllowed
from experiments.measurement import Measurement, check
from experiments.models import KEY, Experiment, Layer, Phase, Placement, Snapshot, Variant

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from experiments.metrics import Scorecard, ScorecardSpec
    from recommenders.models import Recommender

LONGEST_NAME = 120
LONGEST_KEY = 64
MOST_VARIANTS = 6
FINEST_WEIGHT = Decimal("0.0001")  # one bucket


@dataclass(frozen=True, kw_only=True)
class VariantSpec:
    """An arm to be: `weight` is a share of the experiment's users, 0.0001 to 1."""

    recommender: Recommender
    weight: Decimal
    key: str | None = None


def create_placement(*, key: str, name: str, default_recommender: Recommender) -> Placement:
    """A placement with a layer of its own, so that its experiments exclude one another.

    Raises Invalid, naming the field, where there is a placement or a layer of that key already.
    """
    _check_key(key, field="key")
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(f"Give a name of 1 to {LONGEST_NAME} characters.", field="name")
    if Placement.objects.filter(key=key).exists():
        raise Invalid(f"There is a placement “{key}” already.", field="key")
    try:
        with transaction.atomic():
            layer = Layer.objects.create(key=key)
            return Placement.objects.create(
                key=key, name=name, layer=layer, default_recommender=default_recommender
            )
    except IntegrityError:
        raise Invalid(
            f"There is a layer “{key}” already, and a placement gets one of its own of that key. "
            "Choose another key.",
            field="key",
        ) from None


def create_experiment(
    *,
    name: str,
    placement: Placement,
    variants: Sequence[VariantSpec],
    measurement: Measurement,
    hypothesis: str = "",
    traffic: Decimal = Decimal(1),
    actor: User | None = None,
) -> Experiment:
    """A draft. Raises Invalid, naming the field, where it could never be started as given."""
    name = name.strip()
    _check_name(name)
    _check_variants(variants)
    _check_traffic(traffic)
    check(measurement, metric_definitions.metrics())
    try:
        with transaction.atomic():
            experiment = Experiment.objects.create(
                key=_free_key(name),
                name=name,
                hypothesis=hypothesis.strip(),
                placement=placement,
                layer=placement.layer,
                traffic=traffic,
                measurement=msgspec.to_builtins(measurement),
                created_by=actor,
            )
            Variant.objects.bulk_create(_arms(experiment, variants))
    except IntegrityError:  # somebody took the name between the check and here
        raise _name_taken(name) from None
    return experiment


def start_experiment(experiment: Experiment, *, now: datetime) -> Experiment:
    """Claims users of the layer and opens the first phase. Raises NotAllowed with what
    is missing.
    """
    with transaction.atomic():
        experiment = _locked(experiment)
        experiment.status = lifecycle.after("start", experiment.status)
        missing = [check.text for check in selectors.launch_checklist(experiment) if not check.ok]
        if missing:
            raise NotAllowed(" ".join(missing))
        slots = ranges.claim(experiment.traffic, selectors.taken_slots(experiment.layer))
        experiment.slots = slots or []
        experiment.started_at = now
        experiment.save()
        weights = {variant.key: variant.weight for variant in experiment.variants.all()}
        Phase.objects.create(
            experiment=experiment, number=1, ranges=ranges.split(weights), started_at=now
        )
    return experiment


def stop_experiment(experiment: Experiment, *, now: datetime) -> Experiment:
    """Ends the current phase and gives the users back to the layer."""
    with transaction.atomic():
        experiment = _locked(experiment)
        experiment.status = lifecycle.after("stop", experiment.status)
        experiment.slots = []
        experiment.stopped_at = now
        experiment.save()
        experiment.phases.filter(ended_at=None).update(ended_at=now)
    return experiment


def store_snapshot(
    experiment: Experiment,
    scorecard: Scorecard,
    *,
    spec: ScorecardSpec,
    previous: Snapshot | None,
    log_versions: dict[str, int],
    log_until: datetime | None,
    code_version: str,
) -> Snapshot:
    """Keeps a scorecard with what produced it."""
    return Snapshot.objects.create(
        experiment=experiment,
        phase=scorecard.phase,
        as_of=scorecard.as_of,
        settings=msgspec.to_builtins(spec),
        previous=previous,
        scorecard=msgspec.to_builtins(scorecard),
        log_versions=log_versions,
        log_until=log_until,
        code_version=code_version,
    )


def _locked(experiment: Experiment) -> Experiment:
    return Experiment.objects.select_for_update().get(pk=experiment.pk)


def _check_key(key: str, *, field: str) -> None:
    if not re.fullmatch(KEY.regex, key):
        raise Invalid(f"“{key[:LONGEST_KEY]}” cannot be a key. {KEY.message}", field=field)
    if len(key) > LONGEST_KEY:
        raise Invalid(f"Give a key of at most {LONGEST_KEY} characters.", field=field)


def _check_name(name: str) -> None:
    if not slugify(name) or not slugify(name)[0].isalpha():
        raise Invalid("Give a name that begins with a letter.", field="name")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"Give a name of at most {LONGEST_NAME} characters.", field="name")
    if Experiment.objects.filter(name__iexact=name).exists():
        raise _name_taken(name)


def _name_taken(name: str) -> Invalid:
    return Invalid(f"An experiment named “{name}” exists. Choose another name.", field="name")


def _check_traffic(traffic: Decimal) -> None:
    if not Decimal("0.01") <= traffic <= 1:
        raise Invalid("Give a share of traffic from 1% to 100%.", field="traffic")
    if traffic % FINEST_WEIGHT:
        raise Invalid("Give a share in steps of 0.01%: that is one bucket.", field="traffic")


def _check_variants(variants: Sequence[VariantSpec]) -> None:
    if not 2 <= len(variants) <= MOST_VARIANTS:
        raise Invalid(
            f"An experiment compares 2 to {MOST_VARIANTS} variants; this one has {len(variants)}.",
            field="variants",
        )
    for index, variant in enumerate(variants):
        _check_weight(variant.weight, field=f"variants/{index}/weight")
        if variant.key is not None:
            _check_key(variant.key, field=f"variants/{index}/key")
    total = sum((variant.weight for variant in variants), Decimal(0))
    if total != 1:
        raise Invalid(
            f"The weights sum to {total:.2%}. Change them so that they sum to 100%.",
            field="variants",
        )


def _check_weight(weight: Decimal, *, field: str) -> None:
    if not 0 < weight <= 1:
        raise Invalid("Give a weight above 0% and at most 100%.", field=field)
    if weight % FINEST_WEIGHT:
        raise Invalid("Give a weight in steps of 0.01%: that is one bucket.", field=field)


def _free_key(name: str) -> str:
    stem = re.sub("[-_]+", "-", slugify(name))[:56].strip("-")
    key, n = stem, 1
    while Experiment.objects.filter(key=key).exists():
        n += 1
        key = f"{stem}-{n}"
    return key


def _free_arm_key(stem: str, taken: Sequence[str]) -> str:
    key, n = stem, 1
    while key in taken:
        n += 1
        end = f"-arm-{n}"
        key = stem[: LONGEST_KEY - len(end)].rstrip("-") + end
    return key


def _arms(experiment: Experiment, variants: Sequence[VariantSpec]) -> list[Variant]:
    keys: list[str] = []
    for variant in variants:
        keys.append(_free_arm_key(variant.key or variant.recommender.key, keys))
    return [
        Variant(
            experiment=experiment,
            position=position,
            key=key,
            recommender=variant.recommender,
            weight=variant.weight,
        )
        for position, (key, variant) in enumerate(zip(keys, variants, strict=True))
    ]
