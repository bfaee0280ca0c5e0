"""Rows of experiments as callers see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from django.db.models import QuerySet

from api.management.experiments import bodies
from api.management.kinds import Kind
from experiments import lifecycle, models, ramps
from experiments.assignment import BUCKETS, ranges


def rows() -> QuerySet[models.Experiment]:
    """With all that `show` reads."""
    return models.Experiment.objects.select_related(
        "placement", "layer", "winner"
    ).prefetch_related("variants__recommender", "memberships__layer", "phases")


def show(found: Sequence[models.Experiment]) -> list[bodies.Experiment]:
    return [_one(row) for row in found]


def tag(row: models.Experiment, shown: object) -> str:
    """By its number too: a draft that was deleted may have had the key before."""
    return f'"{row.pk}-{row.version}"'


EXPERIMENTS = Kind(word="experiment", rows=rows, show=show, tag=tag)


def _one(row: models.Experiment) -> bodies.Experiment:
    phases = list(row.phases.all())
    return bodies.Experiment(
        key=row.key,
        name=row.name,
        hypothesis=row.hypothesis,
        status=cast(bodies.Status, row.status),
        moves=list(lifecycle.moves_of(row.status)),
        placement=row.placement.key,
        layer=row.layer.key,
        traffic=float(row.traffic),
        layers=[
            bodies.LayerShare(layer=one.layer.key, share=float(one.share))
            for one in row.memberships.all()
        ],
        variants=variants_of(row),
        condition=row.condition,
        measurement=row.measured,
        ramp=_ramp(row),
        phases=[_phase(phase) for phase in phases],
        decision=_decision(row),
        created_at=row.created_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        started_at=row.started_at,
        stopped_at=row.stopped_at,
        version=row.version,
    )


def variants_of(row: models.Experiment) -> list[bodies.Variant]:
    """Its arms as they are now."""
    phases = list(row.phases.all())
    killed = phases[-1].killed if phases else []
    return [
        bodies.Variant(
            key=variant.key,
            recommender=variant.recommender.key,
            weight=float(variant.weight),
            killed=variant.key in killed,
        )
        for variant in row.variants.all()
    ]


def _phase(phase: models.Phase) -> bodies.Phase:
    return bodies.Phase(
        number=phase.number,
        shares={key: ranges.size(held) / BUCKETS for key, held in phase.ranges.items()},
        killed=list(phase.killed),
        why=phase.why,
        started_at=phase.started_at,
        ended_at=phase.ended_at,
    )


def _ramp(row: models.Experiment) -> bodies.Ramp | None:
    ramp = ramps.ramp_of(row)
    if ramp is None:
        return None
    return bodies.Ramp(
        steps=[
            bodies.RampStep(share=float(step.share), hours=step.hours, users=step.users)
            for step in ramp.steps
        ],
        state=ramp.state,
        at=ramp.at,
        since=ramp.since,
        why=ramp.why,
    )


def _decision(row: models.Experiment) -> bodies.Decision | None:
    if not row.decision or row.decided_at is None:
        return None
    return bodies.Decision(
        decision=cast(bodies.Outcome, row.decision),
        rationale=row.rationale,
        winner=row.winner.key if row.winner else None,
        by=row.decided_by,
        at=row.decided_at,
    )
