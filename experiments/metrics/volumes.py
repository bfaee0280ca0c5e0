"""What a scorecard shows around its comparisons: sizes, charts, and who was set aside."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from experiments.metrics import arms as arm
from experiments.metrics.comparing import lifts as lifts_of
from experiments.metrics.counting import Counted
from experiments.metrics.exclusions import fingerprint
from experiments.metrics.periods import Grid
from experiments.metrics.reading import Read
from experiments.metrics.results import (
    Arm,
    ExposurePoint,
    LeftOut,
    LiftPoint,
    PhaseResult,
    PhaseSeries,
    SeriesPoint,
    SetAside,
)
from experiments.metrics.samples import Plain
from experiments.metrics.spec import PhaseSpec, ScorecardSpec
from experiments.metrics.terms import Factor, Term, term


def set_aside(counted: Counted, spec: ScorecardSpec) -> SetAside:
    return SetAside(
        exposures_forced=counted.who.exposures_forced,
        users_in_two_variants=sum(map(sum, counted.who.crossed)),
        users_in_absent_arms=sum(map(sum, counted.who.absent)),
        left_out=tuple(
            LeftOut(rule=rule.words, fingerprint=fingerprint(rule), users=sum(map(sum, users)))
            for rule, users in zip(spec.exclusions, counted.who.left_out, strict=True)
        ),
    )


def arms(counted: Counted, spec: ScorecardSpec) -> tuple[Arm, ...]:
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


def phases(counted: Counted, spec: ScorecardSpec) -> tuple[PhaseResult, ...]:
    return tuple(
        PhaseResult(
            number=phase.number, started_at=phase.started_at, weights=phase.shares, users=users
        )
        for phase, users in zip(spec.phases, counted.users, strict=True)
    )


def series(
    spec: ScorecardSpec, reads: list[Read], ends: tuple[datetime, ...]
) -> dict[str, tuple[SeriesPoint, ...]]:
    if not spec.series:
        return {}
    every = dict(enumerate(ends))
    return {r.tracked.metric.key: _points(spec, r, r.samples.pooled, every) for r in reads}


def phase_series(
    spec: ScorecardSpec, reads: list[Read], ends: tuple[datetime, ...]
) -> dict[str, tuple[PhaseSeries, ...]]:
    """Phase by phase, where there are several: together their ratios would show in the lines."""
    if not spec.series or len(spec.phases) == 1:
        return {}
    return {
        r.tracked.metric.key: tuple(
            PhaseSeries(phase=phase.number, points=_points(spec, r, sample, _of(spec, phase, ends)))
            for phase, sample in zip(spec.phases, r.samples.plain, strict=True)
        )
        for r in reads
    }


def _points(
    spec: ScorecardSpec, found: Read, sample: Plain, ends: Mapping[int, datetime]
) -> tuple[SeriesPoint, ...]:
    periods = arm.of_periods(sample, windowed=found.tracked.metric.window is not None)
    values = arm.arm_values(sample, spec.confidence)
    return arm.series(values, periods, spec.variants, ends)


def _of(spec: ScorecardSpec, phase: PhaseSpec, ends: tuple[datetime, ...]) -> dict[int, datetime]:
    """The periods that the phase is in: to the one in which it ended."""
    until = spec.until(phase)
    starts = (phase.started_at, *ends)
    return {
        k: end
        for k, (start, end) in enumerate(zip(starts, ends, strict=False))
        if end > phase.started_at and start < until
    }


def lifts(
    spec: ScorecardSpec, reads: list[Read], ends: tuple[datetime, ...]
) -> dict[str, tuple[LiftPoint, ...]]:
    if not spec.series:
        return {}
    return {r.tracked.metric.key: lifts_of(spec, r.tracked.metric, r.samples, ends) for r in reads}


def exposure_points(counted: Counted, spec: ScorecardSpec, cut: Grid) -> tuple[ExposurePoint, ...]:
    if not spec.series:
        return ()
    of_phases = counted.moments.of(Term(None))
    new = np.diff(of_phases, axis=2, prepend=0)
    planned = np.einsum("pk,pv->vk", new.sum(axis=1), [phase.shares for phase in spec.phases])
    users, arrived = of_phases.sum(axis=0), new.sum(axis=0)
    return tuple(
        ExposurePoint(
            as_of=end,
            variant=variant,
            new_users=int(arrived[i, k]),
            users=int(users[i, k]),
            planned=float(planned[i, k]),
        )
        for i, variant in enumerate(spec.variants)
        for k, end in enumerate(cut.ends)
    )
