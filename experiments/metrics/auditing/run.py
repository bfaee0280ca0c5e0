"""Run an audit: read the rows once, then split them for one metric after another."""

from collections.abc import Callable
from contextlib import ExitStack

import numpy as np
from ibis.expr.types import Table

from experiments.metrics.auditing.report import (
    AuditedMetric,
    AuditReport,
    Skipped,
    record,
    unjudged,
)
from experiments.metrics.auditing.rows import AuditRows
from experiments.metrics.auditing.spec import AuditSpec
from experiments.metrics.definitions import Metric
from experiments.metrics.exceptions import TooFewUsers
from experiments.metrics.one_arm import as_experiment
from experiments.metrics.shape import shaped
from experiments.stats import USERS_NEEDED, Settings, audit

NEEDED = 2 * USERS_NEEDED
READING = 0.2
"""The share of the progress that stands for reading the log."""

Progress = Callable[[float, str], None]
"""Hears how much is done, 0 to 1, and what is being done."""


def run_audit(
    exposures: Table,
    events: Table,
    spec: AuditSpec,
    *,
    skipped: tuple[Skipped, ...] = (),
    progress: Progress = lambda done, what: None,
) -> AuditReport:
    """Audit a log. `skipped` is handed on to the report. Raises MissingColumn, and TooFewUsers
    where not one split could be judged.

    Metrics are taken one by one, so that the rows of one alone are in memory; each begins with the
    seed, so metrics of the same users see the same splits.
    """
    progress(0.0, "Reading the log.")
    with ExitStack() as stack:
        rows = AuditRows(exposures, events, spec, stack)
        if rows.users < NEEDED:
            raise TooFewUsers(rows.users, NEEDED, spec.since, spec.until)
        return AuditReport(
            since=spec.since,
            until=spec.until,
            method=spec.method,
            splits=spec.splits,
            seed=spec.seed,
            lookback_days=spec.lookback_days,
            alpha=round(Settings().alpha, 9),
            users=rows.users,
            drawn=rows.drawn,
            left_out=rows.left_out,
            metrics=tuple(
                _audited(rows, spec, place, progress) for place in range(len(spec.metrics))
            ),
            skipped=skipped,
        )


def computable(
    exposures: Table, events: Table, spec: AuditSpec
) -> tuple[tuple[Metric, ...], tuple[Skipped, ...]]:
    """Of the spec's metrics those that the log has the columns for, and the others."""
    card = spec.as_scorecard
    log = shaped(as_experiment(exposures, None, card), events, card)
    fine, skipped = [], []
    for metric in spec.metrics:
        needs = frozenset[tuple[str, str]]().union(*(m.needs for m in metric.measures))
        if missing := sorted(needs - log.columns):
            skipped.append(Skipped(metric=metric.key, table=missing[0][0], column=missing[0][1]))
        else:
            fine.append(metric)
    return tuple(fine), tuple(skipped)


def _audited(rows: AuditRows, spec: AuditSpec, place: int, progress: Progress) -> AuditedMetric:
    metric, each = spec.metrics[place], (1 - READING) / len(spec.metrics)
    taken = rows.of(metric)
    users = 0 if taken is None else len(taken.columns)

    def tell(splits: int) -> None:
        done = READING + each * (place + splits / spec.splits)
        progress(done, f"Splitting {users:,} users for {metric.name}.")

    tell(0)
    if taken is None or users < 2 * metric.minimum_users:
        return record(metric, taken, unjudged(metric, spec.splits))
    settings = Settings(method=spec.method, scale="absolute", tuning=float(users))
    rng = np.random.default_rng(spec.seed)
    [found] = audit([taken], rng=rng, splits=spec.splits, settings=settings, progress=tell)
    return record(metric, taken, found)
