"""An experiment, from the log to a scorecard."""

from datetime import datetime

from ibis.expr.types import Table

from experiments.metrics import arms as arm
from experiments.metrics.comparing import lifts
from experiments.metrics.counting import Counted, count_log
from experiments.metrics.definitions import Metric
from experiments.metrics.describing import Catalogue
from experiments.metrics.exclusions import fingerprint
from experiments.metrics.health import (
    pre_period_balance,
    sample_ratio,
    users_in_two_variants,
    users_left_out,
)
from experiments.metrics.judging import is_healthy, verdict
from experiments.metrics.periods import Grid, grid
from experiments.metrics.reading import (
    Before,
    Read,
    comparisons,
    corrected,
    metric_result,
    read,
)
from experiments.metrics.results import (
    Arm,
    Check,
    ExposurePoint,
    LeftOut,
    LiftPoint,
    PhaseResult,
    Scorecard,
    SeriesPoint,
    SetAside,
    VariantComparison,
)
from experiments.metrics.samples import samples
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.terms import Factor, Term, term


def scorecard(
    exposures: Table,
    events: Table,
    spec: ScorecardSpec,
    *,
    previous: Scorecard | None = None,
    catalogue: Catalogue | None = None,
) -> Scorecard:
    """Analyse an experiment as of a time.

    `exposures` and `events` are tables of one engine of Ibis (see shape for their columns).
    `previous` is the scorecard of an earlier look at the same phases: the sequential p shown is the
    smallest over the looks. It is left aside when it is of other phases, later than as_of, or was
    made with other settings, and of a metric that is defined otherwise now. `catalogue` is for the
    figures of slates, where the spec asks for them. An empty log is a
    scorecard without users that is collecting. Raises MissingColumn.
    """
    cut = grid(spec.started_at, spec.as_of)
    counted = count_log(exposures, events, spec, catalogue)
    return assemble(counted, spec, cut, previous=previous)


def assemble(
    counted: Counted, spec: ScorecardSpec, cut: Grid, *, previous: Scorecard | None = None
) -> Scorecard:
    """The scorecard of what was counted. Pure arithmetic."""
    checks = _checks(counted, spec)
    healthy = is_healthy(checks)
    reads = [
        read(spec, t, counted, healthy=healthy, before=_before(previous, spec, t.metric))
        for t in spec.metrics
    ]
    compared = _compared(spec, reads, healthy=healthy)
    main = next(r for r in reads if r.tracked.metric.key == spec.primary)
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
        correction="holm" if len(spec.goals) * len(spec.treatments) > 1 else "none",
        arms=_arms(counted, spec),
        set_aside=_set_aside(counted, spec),
        health=checks,
        metrics=tuple(
            metric_result(spec, r, counted, compared[r.tracked.metric.key]) for r in reads
        ),
        series=_series(spec, reads, cut.ends),
        lifts=_lifts(spec, reads, cut.ends),
        exposures=_exposure_points(counted, spec, cut),
        verdict=verdict(
            spec.primary,
            main.tracked.metric.direction,
            compared[spec.primary],
            checks,
            cuped=spec.cuped,
        ),
        phases=_phases(counted, spec),
        lookback_days=spec.lookback_days,
        cuped=spec.cuped,
        described=counted.described,
    )


def _compared(
    spec: ScorecardSpec, reads: list[Read], *, healthy: bool
) -> dict[str, tuple[VariantComparison, ...]]:
    p_values = corrected(spec, reads)
    return {
        (key := r.tracked.metric.key): comparisons(
            spec, r, [p_values[key, i] for i in range(len(spec.treatments))], healthy=healthy
        )
        for r in reads
    }


def _set_aside(counted: Counted, spec: ScorecardSpec) -> SetAside:
    return SetAside(
        exposures_forced=counted.who.exposures_forced,
        users_in_two_variants=sum(counted.who.crossed),
        left_out=tuple(
            LeftOut(rule=rule.words, fingerprint=fingerprint(rule), users=sum(users))
            for rule, users in zip(spec.exclusions, counted.who.left_out, strict=True)
        ),
    )


def _checks(counted: Counted, spec: ScorecardSpec) -> tuple[Check, ...]:
    nobody = [0] * len(spec.variants)
    gone = [sum(of_rules) for of_rules in zip(*counted.who.left_out, strict=True)] or nobody
    all_seen = [seen + left for seen, left in zip(counted.who.first_seen, gone, strict=True)]
    primary = spec.goals[0].metric
    own = samples(counted.moments, primary, counted.columns, cuped=spec.lookback > 0)
    balance = pre_period_balance(spec, primary.name, own)
    return (
        sample_ratio(spec, counted.users),
        users_in_two_variants(spec, counted.who.first_seen, counted.who.crossed),
        users_left_out(spec, all_seen, gone),
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
    names = ("experiment", "control", "confidence", "tuning", "cuped", "lookback_days")
    rules = tuple(left.fingerprint for left in previous.set_aside.left_out)
    same_rules = rules == tuple(map(fingerprint, spec.exclusions))
    phases = [phase.number for phase in previous.phases]
    return (
        same_rules
        and phases == [phase.number for phase in spec.phases]
        and all(getattr(previous, name) == getattr(spec, name) for name in names)
    )


def _arms(counted: Counted, spec: ScorecardSpec) -> tuple[Arm, ...]:
    volume = {metric.key: counted.columns.of(metric)[0] for metric in counted.volume}

    def total(key: str, variant: int) -> int:
        if key not in volume:
            return 0
        sums = counted.moments.of(term(None, Factor(volume[key].place)))
        return int(sums[:, variant, -1].sum())

    return tuple(
        Arm(
            variant=variant,
            weight=spec.phase.shares[i],
            users=sum(users[i] for users in counted.users),
            impressions=total("impressions_per_user", i),
            clicks=total("clicks_per_user", i),
        )
        for i, variant in enumerate(spec.variants)
    )


def _phases(counted: Counted, spec: ScorecardSpec) -> tuple[PhaseResult, ...]:
    return tuple(
        PhaseResult(
            number=phase.number, started_at=phase.started_at, weights=phase.shares, users=users
        )
        for phase, users in zip(spec.phases, counted.users, strict=True)
    )


def _series(
    spec: ScorecardSpec, reads: list[Read], ends: tuple[datetime, ...]
) -> dict[str, tuple[SeriesPoint, ...]]:
    if not spec.series:
        return {}
    return {
        r.tracked.metric.key: arm.series(
            arm.arm_values(r.samples.pooled, spec.confidence), spec.variants, ends
        )
        for r in reads
        if r.tracked.role == "goal"
    }


def _lifts(
    spec: ScorecardSpec, reads: list[Read], ends: tuple[datetime, ...]
) -> dict[str, tuple[LiftPoint, ...]]:
    if not spec.series:
        return {}
    return {
        r.tracked.metric.key: lifts(spec, r.tracked.metric, r.samples, ends)
        for r in reads
        if r.tracked.role == "goal"
    }


def _exposure_points(counted: Counted, spec: ScorecardSpec, cut: Grid) -> tuple[ExposurePoint, ...]:
    if not spec.series:
        return ()
    users = counted.moments.of(Term(None)).sum(axis=0)
    return tuple(
        ExposurePoint(
            as_of=end,
            variant=variant,
            new_users=int(users[i, k] - (users[i, k - 1] if k else 0)),
            users=int(users[i, k]),
        )
        for i, variant in enumerate(spec.variants)
        for k, end in enumerate(cut.ends)
    )
