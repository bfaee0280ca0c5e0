"""Building, publishing and holding the plan.

A plan is built from the database in one function, stored under its version, mirrored to disk so
that a process can start and route with the database down, and announced in Valkey by its version
alone.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

import msgspec
from django.conf import settings
from django.db import DatabaseError, transaction

from events import runtime
from events.best_effort import BestEffort
from experiments import selectors
from experiments.assignment import (
    EMPTY,
    Plan,
    PlannedExperiment,
    PlannedKey,
    PlannedPlacement,
    PlannedRecommender,
    PlannedVariant,
)
from experiments.models import Experiment, Placement
from recommenders.models import Recommender
from serving.models import ApiKey, PublishedPlan

logger = logging.getLogger(__name__)

VERSION_KEY = "winnow:plan"
CHECK_SECONDS = 2.0

announcements = BestEffort("plan_announcements")


def publish() -> None:
    """Builds and publishes the plan once the transaction under way, if any, has committed."""
    transaction.on_commit(_publish_now)


def build(version: int) -> Plan:
    """The plan that the database describes now."""
    return Plan(
        version=version,
        placements={
            placement.key: PlannedPlacement(
                key=placement.key, default_recommender=placement.default_recommender.key
            )
            for placement in Placement.objects.select_related("default_recommender")
        },
        experiments=tuple(_planned(experiment) for experiment in selectors.running()),
        recommenders={
            recommender.key: _recommender(recommender)
            for recommender in Recommender.objects.select_related("live__recommender")
        },
        keys={
            key.sha256: PlannedKey(name=key.name, sha256=key.sha256)
            for key in ApiKey.objects.filter(revoked_at=None)
        },
    )


def _planned(experiment: Experiment) -> PlannedExperiment:
    phase = list(experiment.phases.all())[-1]
    return PlannedExperiment(
        key=experiment.key,
        placement=experiment.placement.key,
        phase=phase.number,
        seed=experiment.seed,
        layer_seed=experiment.layer.seed,
        slots=tuple((low, high) for low, high in experiment.slots),
        variants=tuple(
            PlannedVariant(
                key=variant.key,
                recommender=variant.recommender.key,
                ranges=tuple((low, high) for low, high in phase.ranges[variant.key]),
            )
            for variant in experiment.variants.all()
        ),
    )


def _recommender(recommender: Recommender) -> PlannedRecommender:
    live = recommender.live
    return PlannedRecommender(
        key=recommender.key,
        version=live.name if live else None,
        folder=live.folder if live else None,
        popular=tuple((item, people) for item, people in live.popular) if live else (),
    )


def _publish_now() -> None:
    with transaction.atomic():
        row = PublishedPlan.objects.create(body={})
        plan = build(row.pk)
        row.body = msgspec.to_builtins(plan)
        row.save(update_fields=["body"])
    _mirror(plan)
    announcements.run(lambda: runtime.valkey().set(VERSION_KEY, plan.version), None)
    holder.hold(plan)


def _mirror(plan: Plan) -> None:
    path: Path = settings.PLAN_MIRROR
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    draft.write_bytes(msgspec.json.encode(plan))
    draft.replace(path)


class Holder:
    """The plan in this process's memory, replaced as a whole when a newer one is announced."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._checked = 0.0
        self._mirror_stamp = 0
        self._lock = threading.Lock()

    def hold(self, plan: Plan) -> None:
        with self._lock:
            if self._plan is None or plan.version > self._plan.version:
                self._plan = plan

    def current(self) -> Plan:
        """The plan to route by. Now and then, and at first, asks whether there is a newer one."""
        if self._plan is None:
            self.hold(_newest())
            self._checked = time.monotonic()
        elif time.monotonic() - self._checked > CHECK_SECONDS:
            return self.refreshed()
        assert self._plan is not None  # noqa: S101  (held above)
        return self._plan

    def refreshed(self) -> Plan:
        """The plan to route by, after asking whether there is a newer one."""
        announced = announcements.run(lambda: runtime.valkey().get(VERSION_KEY), None)
        plan = self.seen(int(announced) if announced else None)
        # Only now: meanwhile other threads ask for themselves rather than go on with an old plan.
        self._checked = time.monotonic()
        return plan

    def seen(self, announced: int | None) -> Plan:
        """The plan to route by, given the version that Valkey announces; None where it says
        nothing.
        """
        plan = self._plan or EMPTY
        if announced is None:
            # Valkey is away or new and empty. The mirror is the quickest other witness.
            self._look_at_mirror()
        elif announced > plan.version:
            self.hold(_newest())
        return self._plan or EMPTY

    def _look_at_mirror(self) -> None:
        try:
            stamp = settings.PLAN_MIRROR.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if stamp != self._mirror_stamp:
            self._mirror_stamp = stamp
            self.hold(_mirrored() or EMPTY)

    def forget(self) -> None:
        """Back to the state of a process just started."""
        self.__init__()  # type: ignore[misc]


def _newest() -> Plan:
    try:
        row = PublishedPlan.objects.order_by("-pk").first()
        if row is not None:
            return msgspec.convert(row.body, Plan)
    except DatabaseError as error:
        logger.warning("The database did not answer (%s); the plan comes from its mirror.", error)
    return _mirrored() or EMPTY


def _mirrored() -> Plan | None:
    try:
        return msgspec.json.decode(settings.PLAN_MIRROR.read_bytes(), type=Plan)
    except FileNotFoundError:
        return None


holder = Holder()
current = holder.current
