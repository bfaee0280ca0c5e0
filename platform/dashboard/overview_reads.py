"""What the overview reads, in as many queries for a hundred experiments as for one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Max, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Coalesce

from dashboard.experiment_list import ATTENTION
from dashboard.reading.machines import RECENT
from dashboard.reading.pulse_tiles import Minute
from experiments import selectors
from experiments.metrics.results import (
    Described,
    ExposurePoint,
    LiftPoint,
    Scorecard,
    SeriesPoint,
)
from experiments.models import Experiment, Placement, Snapshot
from people.models import AuditEntry
from recommenders.models import Training
from serving.models import Pulse

DRAFTS = 3
TOLD = ("miss start", "roll back ramp")


class Light(Scorecard, frozen=True, kw_only=True):
    """A scorecard without what only charts draw: its JSON holds that under other names."""

    series: dict[str, tuple[SeriesPoint, ...]] = msgspec.field(name=" 1", default_factory=dict)
    lifts: dict[str, tuple[LiftPoint, ...]] = msgspec.field(name=" 2", default_factory=dict)
    exposures: tuple[ExposurePoint, ...] = msgspec.field(name=" 3", default=())
    described: tuple[Described, ...] = msgspec.field(name=" 4", default=())


@dataclass(frozen=True, kw_only=True)
class Look:
    """The newest scorecard of an experiment, and the first look in a row that said the same."""

    card: Scorecard
    since: datetime


def under_way() -> list[Experiment]:
    """Running and paused experiments with all that a card shows, what needs people most first."""
    found = selectors.listed().filter(status__in=Experiment.HOLDING)
    return list(
        found.select_related("placement__default_recommender")
        .annotate(attention=ATTENTION)
        .order_by("attention", "-id")
    )


def looks(experiments: Iterable[Experiment]) -> dict[int, Look]:
    """By experiment, where it was analysed. Expects what `selectors.listed` says of it."""
    own = Snapshot.objects.filter(experiment=OuterRef("experiment"))
    otherwise = own.exclude(state=OuterRef("state")).order_by("-id").values("pk")[:1]
    since = own.filter(pk__gt=Coalesce(OuterRef("otherwise"), 0)).order_by("pk").values("as_of")
    newest = [experiment.snapshot_id for experiment in experiments]  # type: ignore[attr-defined]
    rows: Any = (
        Snapshot.objects.filter(pk__in=newest)
        .annotate(otherwise=Subquery(otherwise), since=Subquery(since[:1]))
        .values_list("experiment_id", Cast("scorecard", TextField()), "since")
    )
    return {
        key: Look(card=msgspec.json.decode(body, type=Light), since=at) for key, body, at in rows
    }


def day_of_pulses() -> list[Minute]:
    """All that are kept, newest first."""
    return [Minute(*row) for row in Pulse.objects.values_list(*Minute._fields)]


def recent_pulses(now: datetime) -> list[Pulse]:
    """Those of the last minutes, newest first."""
    return list(Pulse.objects.filter(at__gte=now - RECENT))


def stopped() -> QuerySet[Experiment]:
    """Experiments that wait for a decision, the last to stop first."""
    found = Experiment.objects.filter(status=Experiment.Status.STOPPED)
    return found.order_by("-stopped_at", "-id")


def drafts() -> QuerySet[Experiment]:
    """The newest drafts."""
    found = selectors.listed().filter(status=Experiment.Status.DRAFT)
    return found.order_by("-id")[:DRAFTS]


def late(now: datetime) -> list[Experiment]:
    """What the clock should have started or stopped by `now`."""
    return [*selectors.due_to_start(now), *selectors.due_to_stop(now)]


def told() -> dict[str, AuditEntry]:
    """By experiment, the last thing that was done to it, where that is one that people are to
    see: a start that was missed, or a ramp that took it back.
    """
    waiting = (Experiment.Status.DRAFT, Experiment.Status.PAUSED)
    keys = Experiment.objects.filter(status__in=waiting).values("key")
    of_experiments = AuditEntry.objects.filter(kind="experiment", key__in=keys)
    last = of_experiments.order_by("key").values("key").annotate(last=Max("pk")).values("last")
    return {entry.key: entry for entry in AuditEntry.objects.filter(pk__in=last, verb__in=TOLD)}


def failed_trainings() -> list[Training]:
    """The newest training of each recommender, where it failed."""
    newest = Training.objects.filter(recommender=OuterRef("recommender")).order_by("-id")
    failed = Training.objects.filter(
        status=Training.Status.FAILED, pk=Subquery(newest.values("pk")[:1])
    )
    return list(failed.select_related("recommender").order_by("-id"))


def untrained_defaults() -> list[Placement]:
    """Placements whose default cannot answer."""
    found = Placement.objects.filter(default_recommender__live=None)
    return list(found.select_related("default_recommender"))
