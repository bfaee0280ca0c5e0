"""Reads of experiments."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec
from django.db.models import OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from experiments import exclusions, metric_definitions
from experiments.assignment import BUCKETS, Range, ranges
from experiments.metrics import PhaseSpec, Scorecard, ScorecardSpec
from experiments.metrics.exploring import KeptSamples, unpack
from experiments.models import (
    Experiment,
    Layer,
    Membership,
    Phase,
    Snapshot,
    SnapshotSamples,
    Variant,
)
from experiments.ramps import Facts, facts_of


def running() -> QuerySet[Experiment]:
    """Running experiments with all that a plan or an analysis reads of them."""
    return (
        Experiment.objects.filter(status=Experiment.Status.RUNNING)
        .select_related("placement", "layer")
        .prefetch_related(
            "variants__recommender__live__recommender",
            "phases",
            "memberships__layer",
            "overrides__variant",
        )
        .order_by("id")
    )


def analysable() -> list[Experiment]:
    """Experiments that run, and those that ended: their last analysis may be due."""
    started = Experiment.objects.exclude(started_at=None)
    return list(started.prefetch_related("variants", "phases").order_by("id"))


def listed() -> QuerySet[Experiment]:
    """All experiments, newest first, each with `snapshot_id`, `state`, `users` and `lift` of its
    newest snapshot, None before there is one.
    """
    newest = Snapshot.objects.filter(experiment=OuterRef("pk")).order_by("-id")
    return (
        Experiment.objects.select_related("placement")
        .prefetch_related("variants__recommender__live__recommender")
        .annotate(
            snapshot_id=Subquery(newest.values("pk")[:1]),
            **{name: Subquery(newest.values(name)[:1]) for name in ("state", "users", "lift")},
        )
    )


def taken_slots(layer: Layer) -> list[Range]:
    """The layer's buckets that experiments under way hold."""
    return _taken(Q(layer=layer)).get(layer.pk, [])


def free_share(layer: Layer) -> Decimal:
    """The share of the layer's users that no experiment under way holds, 0 to 1."""
    return _left(taken_slots(layer))


def free_shares() -> dict[int, Decimal]:
    """Of every layer, by its row, as `free_share`; in as many queries as for one."""
    taken = _taken(Q())
    layers = Layer.objects.values_list("pk", flat=True)
    return {pk: _left(taken.get(pk, [])) for pk in layers}


def _taken(which: Q) -> dict[int, list[Range]]:
    under_way = Experiment.objects.filter(status__in=Experiment.HOLDING)
    own = under_way.filter(which).values_list("layer_id", "reserved")
    further = Membership.objects.filter(which, experiment__in=under_way)
    taken: dict[int, list[Range]] = {}
    for layer, held in (*own, *further.values_list("layer_id", "slots")):
        taken.setdefault(layer, []).extend((low, high) for low, high in held)
    return taken


def _left(taken: list[Range]) -> Decimal:
    return Decimal(BUCKETS - ranges.size(taken)) / BUCKETS


def latest_snapshot(experiment: Experiment) -> Snapshot | None:
    """The newest snapshot, or None before the first analysis. Its scorecard stays text, which
    `scorecard_of` reads several times as fast as a JSONField does.
    """
    newest = experiment.snapshots.defer("scorecard")
    return newest.annotate(written=Cast("scorecard", TextField())).first()


def scorecard_of(snapshot: Snapshot) -> Scorecard:
    """The scorecard as it was computed."""
    written: str | None = getattr(snapshot, "written", None)
    if written is None:
        return msgspec.convert(snapshot.scorecard, Scorecard)
    return msgspec.json.decode(written, type=Scorecard)


def spec_of(snapshot: Snapshot) -> ScorecardSpec:
    """What was analysed."""
    return msgspec.convert(snapshot.settings, ScorecardSpec)


def samples_of(snapshot: Snapshot) -> KeptSamples | None:
    """The samples it was computed from; None where they are not kept, or in another form."""
    row = SnapshotSamples.objects.filter(snapshot=snapshot).first()
    return unpack(bytes(row.body)) if row else None


def has_samples(snapshot: Snapshot) -> bool:
    return SnapshotSamples.objects.filter(snapshot=snapshot).exists()


def due_to_start(now: datetime) -> QuerySet[Experiment]:
    """Drafts whose start has come, the earliest first."""
    drafts = Experiment.objects.filter(status=Experiment.Status.DRAFT, starts_at__lte=now)
    return drafts.order_by("starts_at", "id")


def due_to_stop(now: datetime) -> QuerySet[Experiment]:
    """Experiments under way whose end has come, the earliest first."""
    under_way = Experiment.objects.filter(status__in=Experiment.HOLDING, ends_at__lte=now)
    return under_way.order_by("ends_at", "id")


def climbing() -> QuerySet[Experiment]:
    """Running experiments whose ramp is under way."""
    running = Experiment.objects.filter(status=Experiment.Status.RUNNING)
    return running.filter(ramp__state="climbing").order_by("id")


def ramp_facts(experiment: Experiment, *, since: datetime) -> Facts | None:
    """What the newest look says to a ramp whose step began at `since`; None before the first.

    Who came between that and the next look counts as having come before: a step is held for too
    many users rather than too few.
    """
    newest = latest_snapshot(experiment)
    if newest is None:
        return None
    before = 0
    if experiment.started_at is None or experiment.started_at < since:
        first = experiment.snapshots.filter(as_of__gte=since).order_by("as_of").first()
        before = _users(first) if first else 0
    return facts_of(
        scorecard_of(newest),
        log_until=newest.log_until,
        users_before=before,
        gone=_gone(experiment),
    )


def _users(snapshot: Snapshot) -> int:
    return sum(arm.users for arm in scorecard_of(snapshot).arms)


def _gone(experiment: Experiment) -> list[str]:
    """The variants that take no users in the phase under way."""
    phase = experiment.phases.last()
    variants = list(experiment.variants.values_list("key", flat=True))
    return [key for key in variants if phase and not _expected(phase, key)]


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
        distributions=True,
    )


def _phase_spec(phase: Phase, variants: list[Variant]) -> PhaseSpec:
    weights = tuple(_expected(phase, variant.key) for variant in variants)
    return PhaseSpec(number=phase.number, started_at=phase.started_at, weights=weights)


def _expected(phase: Phase, variant: str) -> float:
    """The buckets of a variant in a phase: none before it came and after it was killed."""
    return 0.0 if variant in phase.killed else float(ranges.size(phase.ranges.get(variant, [])))
