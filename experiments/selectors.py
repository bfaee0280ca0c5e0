"""Reads of experiments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec
from django.db.models import OuterRef, QuerySet, Subquery

from experiments import exclusions, metric_definitions
from experiments.assignment import BUCKETS, Range, ranges
from experiments.metrics import PhaseSpec, Scorecard, ScorecardSpec
from experiments.models import Experiment, Layer, Phase, Snapshot, Variant


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of a checklist: whether it holds, and in words what does or what to do."""

    ok: bool
    text: str


def running() -> QuerySet[Experiment]:
    """Running experiments with all that a plan or an analysis reads of them."""
    return (
        Experiment.objects.filter(status=Experiment.Status.RUNNING)
        .select_related("placement", "layer")
        .prefetch_related("variants__recommender__live__recommender", "phases")
        .order_by("id")
    )


def analysable() -> list[Experiment]:
    """Experiments that run, and those that were stopped: their last analysis may be due."""
    started = Experiment.objects.exclude(status=Experiment.Status.DRAFT)
    return list(started.prefetch_related("variants", "phases").order_by("id"))


def listed() -> QuerySet[Experiment]:
    """All experiments, newest first, each with `snapshot_id`: its newest snapshot's, or None."""
    newest = Snapshot.objects.filter(experiment=OuterRef("pk")).order_by("-id").values("pk")[:1]
    return (
        Experiment.objects.select_related("placement")
        .prefetch_related("variants__recommender__live__recommender")
        .annotate(snapshot_id=Subquery(newest))
    )


def taken_slots(layer: Layer) -> list[Range]:
    """The layer's buckets that running experiments hold."""
    held = Experiment.objects.filter(layer=layer, status=Experiment.Status.RUNNING)
    return [(low, high) for slots in held.values_list("slots", flat=True) for low, high in slots]


def free_share(layer: Layer) -> Decimal:
    """The share of the layer's users that no running experiment holds, 0 to 1."""
    return Decimal(BUCKETS - ranges.size(taken_slots(layer))) / BUCKETS


def launch_checklist(experiment: Experiment) -> list[Check]:
    """What must hold before an experiment starts."""
    checks = [
        Check(ok=True, text=f"{variant.recommender.key} answers with {variant.recommender.live}.")
        if variant.recommender.live
        else Check(
            ok=False,
            text=f"{variant.recommender.key} has no trained model yet: train it first.",
        )
        for variant in experiment.variants.select_related("recommender__live__recommender")
    ]
    free = free_share(experiment.layer)
    return [*checks, _traffic_check(experiment, free)]


def _traffic_check(experiment: Experiment, free: Decimal) -> Check:
    if experiment.traffic <= free:
        return Check(ok=True, text=f"Layer {experiment.layer} has {free:.0%} of its users free.")
    return Check(
        ok=False,
        text=(
            f"Layer {experiment.layer} has {free:.0%} of its users free and this experiment wants "
            f"{experiment.traffic:.0%}: lower its traffic or stop another experiment."
        ),
    )


def latest_snapshot(experiment: Experiment) -> Snapshot | None:
    """The newest snapshot, or None before the first analysis."""
    return experiment.snapshots.first()


def scorecard_of(snapshot: Snapshot) -> Scorecard:
    """The scorecard as it was computed."""
    return msgspec.convert(snapshot.scorecard, Scorecard)


def scorecard_spec(experiment: Experiment, *, as_of: datetime) -> ScorecardSpec:
    """What to analyse of the experiment. Raises ValueError for one that was never started."""
    phases, variants = list(experiment.phases.all()), list(experiment.variants.all())
    if not phases:
        raise ValueError(f"{experiment.key} was never started")
    measured = experiment.measured
    return ScorecardSpec(
        experiment=experiment.key,
        control=variants[0].key,
        variants=tuple(variant.key for variant in variants),
        phases=tuple(_phase_spec(phase, variants) for phase in phases),
        as_of=min(as_of, phases[-1].ended_at or as_of),
        metrics=measured.tracked(metric_definitions.named(measured.needed)),
        tuning=float(measured.planned_users),
        method=measured.method,
        confidence=measured.confidence,
        correction=measured.correction,
        training_data=measured.training_data,
        exclusions=exclusions.in_force(),
        lookback_days=measured.lookback_days,
        cuped=measured.cuped,
        segments=measured.segments,
        series=True,
        described=True,
    )


def _phase_spec(phase: Phase, variants: list[Variant]) -> PhaseSpec:
    weights = tuple(float(ranges.size(phase.ranges[variant.key])) for variant in variants)
    return PhaseSpec(number=phase.number, started_at=phase.started_at, weights=weights)
