"""Recommenders and scorecards written down by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

from msgspec.structs import replace

from experiments.metrics import METRICS, PhaseSpec, ScorecardSpec, Tracked
from experiments.metrics.results import (
    Arm,
    ArmValue,
    Check,
    CheckFigure,
    ComparisonResult,
    DecisionState,
    ExposurePoint,
    Floor,
    Headline,
    Method,
    MetricResult,
    PhaseResult,
    Reading,
    Scale,
    Scorecard,
    SeriesPoint,
    SetAside,
    VariantComparison,
    Verdict,
)
from experiments.models import Experiment, Snapshot
from experiments.snapshots import store_snapshot
from recommenders.models import ModelVersion, Recommender

START = datetime(2026, 11, 10, 8, tzinfo=UTC)
AS_OF = START + timedelta(days=2)


def make_recommender(key: str, *, trained: bool = True) -> Recommender:
    recommender = Recommender.objects.create(key=key, algorithm="item_knn", config={})
    if trained:
        recommender.live = ModelVersion.objects.create(
            recommender=recommender,
            number=1,
            folder=f"{key}/1",
            checksum="abcdef0123456789" * 4,
            size_bytes=4_200_000,
            data_from=START - timedelta(days=30),
            data_until=START,
            interactions=91_624,
            users=943,
            items=1682,
            metrics={"ndcg@10": 0.231, "hit_rate@10": 0.62},
        )
        recommender.save()
    return recommender


def comparison(
    variant: str = "item-knn",
    *,
    effect: float = 0.089,
    low: float | None = 0.044,
    high: float | None = 0.137,
    p: float = 0.00001,
    adjusted: float | None = None,
    reading: Reading = "better",
    floor: Floor | None = None,
) -> VariantComparison:
    """A comparison whose fixed interval is half as long, and whose absolute one a tenth."""

    def result(method: Method, scale: Scale) -> ComparisonResult:
        by = 0.1 if scale == "absolute" else 1.0
        narrow = 0.5 if method == "fixed" else 1.0
        ends = [
            None if end is None else (effect + (end - effect) * narrow) * by for end in (low, high)
        ]
        return ComparisonResult(
            method=method,
            scale=scale,
            effect=effect * by,
            low=ends[0],
            high=ends[1],
            p_value=p,
            std_error=0.01,
            df=None,
            reason=None,
        )

    return VariantComparison(
        variant=variant,
        results=tuple(
            result(method, scale) for method in get_args(Method) for scale in get_args(Scale)
        ),
        judged=None,
        p_value=p,
        adjusted_p_value=p if adjusted is None else adjusted,
        floor=floor or PAST_FLOOR,
        reading=reading,
        deciding=tuple(result("sequential", scale) for scale in get_args(Scale)),
    )


PAST_FLOOR = Floor(
    reached=True,
    variant="popular",
    users=5000,
    users_needed=100,
    precision=400.0,
    precision_needed=25.0,
)
BELOW_FLOOR = Floor(
    reached=False,
    variant="item-knn",
    users=71,
    users_needed=100,
    precision=12.0,
    precision_needed=25.0,
)


def arm_value(variant: str, value: float) -> ArmValue:
    return ArmValue(
        variant=variant,
        users=5000,
        value=value,
        low=value * 0.96,
        high=value * 1.04,
        std_error=value * 0.02,
        reason=None,
    )


def metric(
    key: str = "ctr",
    *comparisons: VariantComparison,
    name: str = "CTR",
    style: str = "percent",
    primary: bool = True,
    control: float = 0.0551,
) -> MetricResult:
    found = comparisons or (comparison(),)
    return MetricResult(
        metric=key,
        name=name,
        kind="ratio" if key == "ctr" else "mean",
        direction="increase",
        format=style,
        primary=primary,
        role="goal" if primary else "secondary",
        values=(
            arm_value("popular", control),
            *(arm_value(c.variant, control * (1 + (c.results[0].effect or 0.0))) for c in found),
        ),
        comparisons=found,
        counts="clicks / impressions" if key == "ctr" else "",
    )


def ratio_check(*, healthy: bool | None = True, p: float | None = 0.374) -> Check:
    return Check(
        name="sample_ratio",
        healthy=healthy,
        p_value=p,
        reason=None,
        detail="Users arrived in the arms in the ratio of the weights."
        if healthy
        else "Arms are out of ratio, so nothing is judged: "
        "popular has 5,400 users where 5,000 were expected.",
        figures=(CheckFigure(variant="popular", observed=5000, expected=5000.0),),
    )


RULES: dict[DecisionState, str] = {
    "ship": "goal_better",
    "roll_back": "goal_worse",
    "keep_running": "nothing_shown",
    "inconclusive": "nothing_shown",
    "collecting": "goal_collecting",
    "unhealthy": "health_failed",
    "taken_out": "arm_taken_out",
}


def scorecard(
    *comparisons: VariantComparison,
    state: DecisionState = "ship",
    rule: str | None = None,
    about: int = 0,
    health: tuple[Check, ...] = (),
    extra: tuple[MetricResult, ...] = (),
    experiment: str = "learned-ranking",
) -> Scorecard:
    """Two looks, a day apart, at comparisons on CTR; `about` is the one the decision names."""
    found = comparisons or (comparison(),)
    variants = ("popular", *(c.variant for c in found))
    named = found[about]
    lift = named.decided("relative")
    checks = health or (ratio_check(),)
    main = metric("ctr", *found)
    decision = Verdict(
        state=state,
        variant=named.variant,
        rule=rule or RULES[state],
        because="Goal CTR decides",
        metrics=("ctr",),
        headline=Headline(
            metric="ctr",
            name="CTR",
            effect=lift.effect,
            low=lift.low,
            high=lift.high,
            p_value=named.adjusted_p_value,
            floor=named.floor,
        ),
    )
    times = (START + timedelta(days=1), AS_OF)
    return Scorecard(
        experiment=experiment,
        phase=1,
        started_at=START,
        as_of=AS_OF,
        period_seconds=86400,
        control="popular",
        primary="ctr",
        confidence=0.95,
        tuning=5000.0,
        method="sequential",
        correction="holm" if len(found) > 1 else "none",
        training_data="own_arm",
        arms=tuple(
            Arm(variant=v, weight=1 / len(variants), users=5000, impressions=50000, clicks=2755)
            for v in variants
        ),
        set_aside=SetAside(exposures_forced=0, users_in_two_variants=0),
        health=checks,
        metrics=(main, *extra),
        series={
            "ctr": tuple(
                SeriesPoint(
                    as_of=at, variant=v.variant, users=5000, value=v.value, low=v.low, high=v.high
                )
                for v in main.values
                for at in times
            )
        },
        lifts={},
        exposures=tuple(
            ExposurePoint(as_of=at, variant=v, new_users=100 * (n + 1), users=200)
            for n, v in enumerate(variants)
            for at in times
        ),
        decision=decision,
        decisions=(decision,),
    )


def snapshot_of(experiment: Experiment, card: Scorecard | None = None) -> Snapshot:
    card = card or scorecard(experiment=experiment.key)
    return store_snapshot(
        experiment,
        card,
        spec=ScorecardSpec(
            experiment=experiment.key,
            control="popular",
            variants=("popular", "item-knn"),
            phases=(PhaseSpec(number=1, started_at=START, weights=(1.0, 1.0)),),
            as_of=AS_OF,
            metrics=(Tracked(metric=METRICS["ctr"], role="goal"),),
            tuning=5000.0,
        ),
        previous=None,
        log_versions={"exposures": 1, "events": 1},
        log_until=None,
        code_version="test",
    )


def phased_by(card: Scorecard, *weights: tuple[float, ...]) -> Scorecard:
    """The scorecard over a phase of each weights."""
    phases = tuple(
        PhaseResult(number=n + 1, started_at=START, weights=each, users=(100,) * len(each))
        for n, each in enumerate(weights)
    )
    return replace(card, phases=phases, phase=len(phases))
