"""Reads that a list page makes. Their number does not grow with what is listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from experiments.metrics.results import Arm, Verdict
from experiments.models import Experiment, Placement, Snapshot
from recommenders.models import ModelVersion, Promotion, Recommender, Training


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What a list shows of an experiment's latest scorecard."""

    decision: Verdict
    users: int


def glances(experiments: Iterable[Experiment]) -> dict[int, Glance]:
    """By experiment, the decision of its newest snapshot, where it has one. Expects what
    `selectors.listed` says of it.

    Only decision and arms leave the database: a whole scorecard holds every day of every arm.
    """
    newest = [experiment.snapshot_id for experiment in experiments]  # type: ignore[attr-defined]
    rows: Any = Snapshot.objects.filter(pk__in=newest).values_list(
        "experiment_id", F("scorecard__decision"), F("scorecard__arms")
    )
    return {key: _glance(decision, arms) for key, decision, arms in rows}


def _glance(decision: object, arms: object) -> Glance:
    counted = msgspec.convert(arms, tuple[Arm, ...])
    return Glance(
        decision=msgspec.convert(decision, Verdict), users=sum(arm.users for arm in counted)
    )


def experiment_of(key: str) -> QuerySet[Experiment]:
    """One experiment with all that its page shows of it."""
    return (
        Experiment.objects.filter(key=key)
        .select_related("layer", "placement__default_recommender")
        .prefetch_related(
            "variants__recommender__live__recommender", "phases", "memberships__layer"
        )
    )


def under_way() -> list[Experiment]:
    """Every experiment that holds users of a layer, with all that says which."""
    held = Experiment.objects.filter(status__in=Experiment.HOLDING)
    return list(held.prefetch_related("memberships").order_by("id"))


def versions_when_stopped(experiment: Experiment) -> dict[int, ModelVersion]:
    """By recommender, the version that was live when the experiment stopped: the last one that had
    gone live by then.
    """
    done = Promotion.objects.filter(
        recommender__variants__experiment=experiment, at__lte=experiment.stopped_at
    ).select_related("version__recommender")
    return {one.recommender_id: one.version for one in done.order_by("at", "pk")}


def recommenders_listed() -> QuerySet[Recommender]:
    """Every recommender with its live version, running experiments and newest training."""
    newest = Training.objects.filter(recommender=OuterRef("pk")).order_by("-id")
    return Recommender.objects.select_related("live__recommender").annotate(
        running=Count(
            "variants__experiment",
            filter=Q(variants__experiment__status=Experiment.Status.RUNNING),
            distinct=True,
        ),
        training_status=Subquery(newest.values("status")[:1]),
        training_progress=Subquery(newest.values("progress")[:1]),
    )


@dataclass(frozen=True, kw_only=True)
class Uses:
    """Where a recommender is served now: placements by default, and experiments under way."""

    placements: list[Placement]
    experiments: list[Experiment]


def uses_of(recommender: Recommender) -> Uses:
    """In two reads."""
    serving = Experiment.objects.filter(
        variants__recommender=recommender, status__in=Experiment.HOLDING
    )
    return Uses(
        placements=list(Placement.objects.filter(default_recommender=recommender).order_by("key")),
        experiments=list(serving.distinct().order_by("key")),
    )
