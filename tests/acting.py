"""What tests do to placements and experiments before they come to their own subject."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from experiments import drafts, moves, places
from experiments.models import Experiment, Placement
from people.actors import Actor
from serving.lifecycle import routed
from serving.models import PublishedPlan

TESTER = Actor("tester")
MADE = datetime(2026, 11, 1, 12, tzinfo=UTC)


def create_placement(**given: Any) -> Placement:
    return places.create_placement(now=MADE, actor=TESTER, **given)


def create_experiment(**given: Any) -> Experiment:
    return drafts.create_experiment(drafts.Draft(**given), now=MADE, actor=TESTER)


def answering(recommender: str) -> str | None:
    """The version that the newest plan routes to."""
    plan: Any = PublishedPlan.objects.latest("pk").body
    version: str | None = plan["recommenders"][recommender]["version"]
    return version


def start_experiment(experiment: Experiment, *, now: datetime) -> Experiment:
    return routed(moves.start, experiment, now=now, actor=TESTER)


def stop_experiment(experiment: Experiment, *, now: datetime) -> Experiment:
    return routed(moves.stop, experiment, now=now, actor=TESTER)
