"""An experiment, from the log to a scorecard."""

from dataclasses import dataclass

import numpy as np
from ibis.expr.types import Table

from experiments.metrics import volumes
from experiments.metrics.absent_arms import users_in_absent_arms
from experiments.metrics.catalogue import Catalogue
from experiments.metrics.counting import Counted, count_log
from experiments.metrics.decisions import decisions
from experiments.metrics.definitions import Metric
from experiments.metrics.exclusions import fingerprint
from experiments.metrics.exploring.kept import KeptSamples, kept_of
from experiments.metrics.health import (
    pre_period_balance,
    users_in_two_variants,
    users_left_out,
)
from experiments.metrics.judging import is_healthy
from experiments.metrics.metric_results import metric_result
from experiments.metrics.overlaps import overlap_check, overlaps, shown
from experiments.metrics.periods import Grid, grid
from experiments.metrics.ratio_check import sample_ratio
from experiments.metrics.reading import Before, Read, compared, read, wanted_of
from experiments.metrics.results import Check, Overlap, Scorecard
from experiments.metrics.samples import samples
from experiments.metrics.spec import ScorecardSpec, Tracked
from experiments.metrics.terms import Term


@dataclass(frozen=True, kw_only=True)
class Analysed:
    """A scorecard, and the samples it was made of."""

    scorecard: Scorecard
    samples: KeptSamples


def analysed(
    exposures: Table,
    events: Table,
    spec: ScorecardSpec,
    *,
    previous: Scorecard | None = None,
    catalogue: Catalogue | None = None,
) -> Analysed:
    """Analyse an experiment as of a time.

    `exposures` and `events` are tables of one engine of Ibis (see shape for their columns).
    `previous` is the scorecard of an earlier look, at the same phases or the first of them: the
    sequential p shown is the smallest over the looks. It is left aside when it is of other phases,
    later than as_of, or was
    made with other settings, and of a metric that is defined otherwise now. `catalogue` is for the
    figures of slates, where the spec asks for them. An empty log is a
    scorecard without users that is collecting. Raises MissingColumn.
    """
    cut = grid(spec.started_at, spec.as_of)
    counted = count_log(exposures, events, spec, catalogue)
    return Analysed(
        scorecard=assemble(counted, spec, cut, previous=previous), samples=kept_of(spec, counted)
    )


def scorecard(
    exposures: Table,
    events: Table,
    spec: ScorecardSpec,
    *,
    previous: Scorecard | None = None,
    catalogue: Catalogue | None = None,
) -> Scorecard:
    """The scorecard of `analysed` alone."""
    return analysed(exposures, events, spec, previous=previous, catalogue=catalogue).scorecard


def assemble(
    counted: Counted, spec: ScorecardSpec, cut: Grid, *, previous: Scorecard | None = None
) -> Scorecard:
    """The scorecard of what was counted. Pure arithmetic."""
    others = overlaps(spec, counted.shared or (), counted.users)
    checks = _checks(counted, spec, others)
    healthy = is_healthy(checks)
    reads = [
        _read(spec, t, counted, healthy=healthy, before=_before(previous, spec, t.metric))
        for t in spec.metrics
    ]
    found = compared(spec, reads, healthy=healthy)
    metrics = tuple(metric_result(spec, r, counted, found[r.tracked.metric.key]) for r in reads)
    whole, each = decisions(spec, metrics, checks)
    return Scorecard(
        experiment=spec.experiment,
        phase=spec.phase.number,
        started_at=spec.started_at,
        as_of=spec.as_of,
        period_seconds=cut.seconds,
        control=spec.control,
        primary=spec.primary,
        confidence=spec.confidence,
        tuning=spec.tuning,
        method=spec.method,
        correction=spec.corrected,
        training_data=spec.training_data,
        arms=volumes.arms(counted, spec),
        set_aside=volumes.set_aside(counted, spec),
        health=checks,
        metrics=metrics,
        series=volumes.series(spec, reads, cut.ends),
        phase_series=volumes.phase_series(spec, reads, cut.ends),
        lifts=volumes.lifts(spec, reads, cut.ends),
        exposures=volumes.exposure_points(counted, spec, cut),
        decision=whole,
        decisions=each,
        phases=volumes.phases(counted, spec),
        lookback_days=spec.lookback_days,
        cuped=spec.cuped,
        described=counted.described,
        breakdown=counted.breakdown,
        overlaps=shown(others),
    )


def _read(
    spec: ScorecardSpec, tracked: Tracked, counted: Counted, *, healthy: bool, before: Before
) -> Read:
    found = samples(counted.moments, tracked.metric, counted.columns, cuped=spec.lookback > 0)
    return read(
        spec,
        tracked,
        found,
        healthy=healthy,
        before=before,
        wanted=wanted_of(spec, found),
        redrawn=counted.redrawn,
    )


def _checks(
    counted: Counted, spec: ScorecardSpec, others: tuple[Overlap, ...]
) -> tuple[Check, ...]:
    who = counted.who
    shape = (len(spec.phases), len(spec.variants))
    gone = np.asarray(who.left_out, dtype=np.int64).reshape(-1, *shape).sum(axis=0)
    all_seen = np.asarray(who.first_seen) + gone
    absent = users_in_absent_arms(spec, who.first_seen, who.absent)
    primary = spec.goals[0].metric
    own = samples(counted.moments, primary, counted.columns, cuped=spec.lookback > 0)
    balance = pre_period_balance(spec, primary.name, own)
    return (
        sample_ratio(spec, counted.moments.of(Term(None))),
        *((absent,) if absent else ()),
        users_in_two_variants(spec, who.first_seen, who.crossed),
        users_left_out(spec, all_seen.tolist(), gone.tolist()),
        *(() if counted.shared is None else (overlap_check(others, sum(map(sum, counted.users))),)),
        *((balance,) if balance else ()),
    )


def _before(previous: Scorecard | None, spec: ScorecardSpec, metric: Metric) -> Before:
    """What an earlier look hands on."""
    if previous is None or previous.as_of > spec.as_of or not _same_test(previous, spec):
        return {}
    earlier = (r for r in previous.metrics if r.metric == metric.key)
    return {
        c.variant: c for r in earlier if r.fingerprint == metric.fingerprint for c in r.comparisons
    }


def _same_test(previous: Scorecard, spec: ScorecardSpec) -> bool:
    names = ("experiment", "control", "method", "confidence", "tuning", "cuped", "lookback_days")
    rules = tuple(left.fingerprint for left in previous.set_aside.left_out)
    same_rules = rules == tuple(map(fingerprint, spec.exclusions))
    phases = [phase.number for phase in previous.phases]
    return (
        same_rules
        and phases == [phase.number for phase in spec.phases][: len(phases)]
        and all(getattr(previous, name) == getattr(spec, name) for name in names)
    )
