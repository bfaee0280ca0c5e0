"""An experiment with much on it: twelve metrics, several arms, a log that was analysed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache

from benchmarks.measures import made_experiment
from experiments import selectors
from experiments.checks import VariantSpec
from experiments.measurement import Guarded, Measurement
from experiments.metrics import Analysed, ScorecardSpec
from experiments.models import Experiment, Snapshot
from experiments.snapshots import store_snapshot
from tests.acting import create_experiment, create_placement, start_experiment
from tests.dashboard.factories import START, make_recommender

ARMS = ("popular", "item-knn", "conv-ctr", "ease")
GOALS = ("ctr", "clicks_per_user")
SECONDARIES = (
    *("clicked", "slate_ctr", "conversion", "revenue_per_user", "average_order_value"),
    *("add_to_cart_rate", "unattributed_clicks"),
)
GUARDED = ("impressions_per_user", "fallback_rate", "slow_slates")


def much(*, arms: int = 4, lookback_days: int = 14, segments: tuple[str, ...] = ("platform",)) -> (
    Experiment
):  # fmt: skip
    """Running, and not analysed yet."""
    recommenders = [make_recommender(key) for key in ARMS[:arms]]
    return start_experiment(
        create_experiment(
            name="Much on it",
            placement=create_placement(
                key="shelf", name="Shelf", default_recommender=recommenders[0]
            ),
            variants=[VariantSpec(recommender=r, weight=Decimal(1) / arms) for r in recommenders],
            measurement=Measurement(
                goals=GOALS,
                secondaries=SECONDARIES,
                guardrails=tuple(Guarded(metric=key, margin=0.05) for key in GUARDED),
                segments=segments,
                lookback_days=lookback_days,
            ),
            traffic=Decimal("0.4"),
        ),
        now=START,
    )


@cache
def _made(spec: ScorecardSpec, users: int) -> Analysed:
    """Once for all tests: the same log comes to the same."""
    return made_experiment.analyse(spec, users)


def analysed(experiment: Experiment, *, users: int, days: int) -> Snapshot:
    """A snapshot of it after so many days, with its samples."""
    spec = selectors.scorecard_spec(experiment, as_of=START + timedelta(days=days))
    found = _made(spec, users)
    return store_snapshot(
        experiment,
        found.scorecard,
        spec=spec,
        previous=None,
        log_versions={"exposures": 1, "events": 1},
        log_until=None,
        code_version="made",
        samples=found.samples,
    )
