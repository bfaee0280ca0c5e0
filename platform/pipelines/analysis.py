"""From the log to snapshots."""

from __future__ import annotations

import logging
from collections.abc import Set
from contextlib import closing
from datetime import datetime, timedelta

import msgspec
from django.conf import settings

from events import readers
from experiments import cadence, selectors, snapshots
from experiments.metrics import Analysed, Catalogue, Scorecard, ScorecardSpec, analysed
from experiments.models import Experiment, Snapshot
from recommenders.models import Item

logger = logging.getLogger(__name__)

AT_ONCE = 900  # items in one query: databases bound how many values one may carry
SLACK = timedelta(seconds=5)  # the clock does not tick to the millisecond
SETTLE = timedelta(seconds=10)  # requests under way when an experiment stops are served and written


def analyse_due(*, now: datetime, force: bool = False) -> list[Snapshot]:
    """Analyses every running experiment whose time has come, and each stopped one to its end.

    One that cannot be analysed keeps no other from its turn.
    """
    due = [e for e in selectors.analysable() if force or is_due(e, now=now)]
    if not due:
        return []
    catalogue = _catalogue()
    with closing(readers.open_log(settings.LOG_DIR)) as log:
        return [snapshot for e in due if (snapshot := _try(e, log, catalogue, now=now))]


def analyse_one(experiment_id: int, *, now: datetime) -> Snapshot:
    """A snapshot now, whether it is due or not."""
    experiment = Experiment.objects.get(pk=experiment_id)
    with closing(readers.open_log(settings.LOG_DIR)) as log:
        return analyse(experiment, log, _catalogue(), now=now)


def is_due(experiment: Experiment, *, now: datetime) -> bool:
    """Whether enough has passed since the last snapshot, or the last one misses the end."""
    last = selectors.latest_snapshot(experiment)
    if last is None:
        return True
    pause = cadence.pause(selectors.scorecard_of(last).period_seconds)
    if experiment.stopped_at is not None:
        final = last.log_until is not None and last.log_until >= experiment.stopped_at + SETTLE
        return not final and now >= experiment.stopped_at + SETTLE
    return now - last.as_of >= pause - SLACK


def _try(
    experiment: Experiment, log: readers.Log, catalogue: Catalogue, *, now: datetime
) -> Snapshot | None:
    try:
        return analyse(experiment, log, catalogue, now=now)
    except Exception:
        logger.exception("%s could not be analysed; its page keeps the last snapshot.", experiment)
        return None


def analyse(
    experiment: Experiment, log: readers.Log, catalogue: Catalogue, *, now: datetime
) -> Snapshot:
    """One snapshot of the experiment, from the log as it is pinned."""
    spec = selectors.scorecard_spec(experiment, as_of=now)
    last = selectors.latest_snapshot(experiment)
    found = _count(log, spec, last, catalogue)
    snapshot = snapshots.store_snapshot(
        experiment,
        found.scorecard,
        samples=found.samples,
        spec=spec,
        previous=last,
        log_versions={str(stream): version for stream, version in log.versions.items()},
        log_until=_whole_until(log, now),
        code_version=settings.WINNOW_VERSION,
    )
    users = sum(arm.users for arm in found.scorecard.arms)
    logger.info("%s: snapshot %s, %s users", experiment.key, snapshot.pk, users)
    return snapshot


def recount(snapshot: Snapshot) -> Scorecard:
    """What the snapshot's settings, look before and versions of the log come to, counted anew.

    The same as the snapshot, as long as those versions have not been vacuumed, and but for the
    figures of slates where the catalogue has changed. Raises LogVersionGone.
    """
    spec = msgspec.convert(snapshot.settings, ScorecardSpec)
    with closing(readers.open_log(settings.LOG_DIR, versions=snapshot.log_versions)) as log:
        return _count(log, spec, snapshot.previous, _catalogue()).scorecard


def _count(
    log: readers.Log, spec: ScorecardSpec, last: Snapshot | None, catalogue: Catalogue
) -> Analysed:
    previous = selectors.scorecard_of(last) if last else None
    return analysed(log.exposures(), log.events(), spec, previous=previous, catalogue=catalogue)


def _catalogue() -> Catalogue:
    return Catalogue(size=Item.objects.count(), look=_categories)


def _categories(asked: Set[str]) -> dict[str, frozenset[str]]:
    """Of those items that the catalogue holds."""
    keys, found = sorted(asked), dict[str, frozenset[str]]()
    for start in range(0, len(keys), AT_ONCE):
        held = Item.objects.filter(key__in=keys[start : start + AT_ONCE])
        found |= {key: frozenset(named) for key, named in held.values_list("key", "categories")}
    return found


def _whole_until(log: readers.Log, now: datetime) -> datetime:
    """The time up to which the pinned versions hold everything of this host's journals."""
    fresh = log.freshness(now, journal_dir=settings.JOURNAL_DIR).values()
    return now - timedelta(seconds=max(stream.lag for stream in fresh))
