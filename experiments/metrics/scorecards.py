"""One phase of an experiment, from the log to a scorecard."""

from dataclasses import dataclass

from ibis import _
from ibis.expr.types import Table

from experiments.metrics import arms as arm
from experiments.metrics.comparing import Before, comparisons, lifts
from experiments.metrics.definitions import METRICS
from experiments.metrics.exclusions import fingerprint
from experiments.metrics.health import sample_ratio, users_in_two_variants, users_left_out
from experiments.metrics.judging import is_healthy, verdict
from experiments.metrics.periods import Grid, grid
from experiments.metrics.results import (
    Arm,
    Check,
    ExposurePoint,
    LeftOut,
    MetricResult,
    Scorecard,
    SetAside,
)
from experiments.metrics.rows import members, phase_exposures, user_periods
from experiments.metrics.samples import Moments, moments
from experiments.metrics.spec import ScorecardSpec


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Everything read from the log: sums over users, and who and what was left out.

    `first_seen`, `crossed` and, for each rule, `left_out` count users by the variant they saw
    first, in the order of the spec. Who is left out by a rule is in neither of the others.
    """

    moments: Moments
    first_seen: tuple[int, ...]
    crossed: tuple[int, ...]
    left_out: tuple[tuple[int, ...], ...]
    exposures_forced: int


def scorecard(
    exposures: Table, events: Table, spec: ScorecardSpec, *, previous: Scorecard | None = None
) -> Scorecard:
    """Analyse one phase as of a time.

    `exposures` and `events` are the log's tables (see rows). `previous` is the scorecard of an
    earlier look at the same phase: the sequential p shown is the smallest over the looks. It is
    left aside when it is of another phase, later than as_of, or was made with other settings. An
    empty log is a scorecard without users that is collecting.
    """
    cut = grid(spec.started_at, spec.as_of)
    return assemble(count_log(exposures, events, spec, cut), spec, cut, previous=previous)


def count_log(exposures: Table, events: Table, spec: ScorecardSpec, cut: Grid) -> Counted:
    """Run the queries: everything after this is arithmetic on small arrays."""
    with members(exposures, events, spec).cache() as everyone:  # two queries need them
        rows = user_periods(exposures, events, spec, cut, everyone=everyone)
        sums = moments(rows, spec.variants, cut.periods)
        found = everyone.group_by("variant", "rule").aggregate(
            users=_.count(), crossed=_.crossed.sum()
        )
        seen = {(row["variant"], row["rule"]): row for row in found.to_pyarrow().to_pylist()}

    def count(rule: int | None, column: str) -> tuple[int, ...]:
        return tuple(seen.get((v, rule), {}).get(column, 0) for v in spec.variants)

    forced = (
        phase_exposures(exposures, spec).filter(_.reason != "split", _.variant.notnull()).count()
    )
    return Counted(
        moments=sums,
        first_seen=count(None, "users"),
        crossed=count(None, "crossed"),
        left_out=tuple(count(place, "users") for place in range(len(spec.exclusions))),
        exposures_forced=int(forced.to_pyarrow().as_py()),
    )


def assemble(
    counted: Counted, spec: ScorecardSpec, cut: Grid, *, previous: Scorecard | None = None
) -> Scorecard:
    """The scorecard of what was counted. Pure arithmetic."""
    checks = _checks(counted, spec)
    results = tuple(
        _metric(key, counted.moments, spec, healthy=is_healthy(checks), previous=previous)
        for key in spec.metrics
    )
    primary = METRICS[spec.primary]
    sample = counted.moments.sample(primary)
    values = arm.arm_values(sample, spec.confidence)
    main = next(result for result in results if result.primary)
    return Scorecard(
        experiment=spec.experiment,
        phase=spec.phase,
        started_at=spec.started_at,
        as_of=spec.as_of,
        period_seconds=cut.seconds,
        control=spec.control,
        primary=spec.primary,
        confidence=spec.confidence,
        tuning=spec.tuning,
        correction="holm" if len(spec.treatments) > 1 else "none",
        arms=_arms(counted.moments, spec),
        set_aside=SetAside(
            exposures_forced=counted.exposures_forced,
            users_in_two_variants=sum(counted.crossed),
            left_out=_left_out(counted, spec),
        ),
        health=checks,
        metrics=results,
        series={primary.key: arm.series(values, spec.variants, cut.ends)},
        lifts={primary.key: lifts(spec, sample, cut.ends)},
        exposures=_exposure_points(counted.moments, spec, cut),
        verdict=verdict(primary.key, primary.direction, main.comparisons, checks),
    )


def _left_out(counted: Counted, spec: ScorecardSpec) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(rule=rule.words, fingerprint=fingerprint(rule), users=sum(users))
        for rule, users in zip(spec.exclusions, counted.left_out, strict=True)
    )


def _checks(counted: Counted, spec: ScorecardSpec) -> tuple[Check, ...]:
    analysed = [int(n) for n in counted.moments.users[:, -1]]
    gone = [sum(of_rules) for of_rules in zip(*counted.left_out, strict=True)] or [0] * len(
        analysed
    )
    all_seen = [seen + left for seen, left in zip(counted.first_seen, gone, strict=True)]
    return (
        sample_ratio(spec, analysed),
        users_in_two_variants(spec, counted.first_seen, counted.crossed),
        users_left_out(spec, all_seen, gone),
    )


def _metric(
    key: str, sums: Moments, spec: ScorecardSpec, *, healthy: bool, previous: Scorecard | None
) -> MetricResult:
    metric = METRICS[key]
    sample = sums.sample(metric)
    return MetricResult(
        metric=key,
        name=metric.name,
        kind=metric.kind,
        direction=metric.direction,
        format=metric.format,
        primary=key == spec.primary,
        values=arm.latest(arm.arm_values(sample, spec.confidence), spec.variants),
        comparisons=comparisons(
            spec, metric, sample, healthy=healthy, before=_before(previous, spec, key)
        ),
    )


def _before(previous: Scorecard | None, spec: ScorecardSpec, key: str) -> Before:
    """The running minima an earlier look hands on."""
    if previous is None or previous.as_of > spec.as_of or not _same_test(previous, spec):
        return {}
    earlier = (result for result in previous.metrics if result.metric == key)
    return {c.variant: c.running for result in earlier for c in result.comparisons}


def _same_test(previous: Scorecard, spec: ScorecardSpec) -> bool:
    names = ("experiment", "phase", "control", "confidence", "tuning")
    rules = tuple(left.fingerprint for left in previous.set_aside.left_out)
    return rules == tuple(map(fingerprint, spec.exclusions)) and all(
        getattr(previous, name) == getattr(spec, name) for name in names
    )


def _arms(sums: Moments, spec: ScorecardSpec) -> tuple[Arm, ...]:
    return tuple(
        Arm(
            variant=variant,
            weight=spec.shares[i],
            users=int(sums.users[i, -1]),
            impressions=int(sums.total("impressions")[i, -1]),
            clicks=int(sums.total("clicks")[i, -1]),
        )
        for i, variant in enumerate(spec.variants)
    )


def _exposure_points(sums: Moments, spec: ScorecardSpec, cut: Grid) -> tuple[ExposurePoint, ...]:
    return tuple(
        ExposurePoint(
            as_of=end,
            variant=variant,
            new_users=int(sums.users[i, k] - (sums.users[i, k - 1] if k else 0)),
            users=int(sums.users[i, k]),
        )
        for i, variant in enumerate(spec.variants)
        for k, end in enumerate(cut.ends)
    )
