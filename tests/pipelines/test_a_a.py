"""Worlds whose truth is known, from the request to the stored snapshot.

Both arms serve one recommender, and who is in which arm follows from fixed seeds.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pytest_django import Settings as DjangoSettings
from scipy import stats

from events import ingest
from events.journal import Journal
from events.records import Exposure
from experiments import selectors
from experiments.assignment import BUCKETS, bucket_many
from experiments.checks import VariantSpec
from experiments.measurement import Measurement
from experiments.metrics import Scorecard
from experiments.metrics.results import Method, Scale
from experiments.models import Experiment, Layer, Snapshot
from experiments.stats import Settings, compare
from pipelines import analysis
from serving import routing
from tests.acting import create_experiment, create_placement, start_experiment
from tests.installation import NOW, trained
from tests.pipelines.crowd import DAY, DAYS, ITEMS, Crowd, send, totals

pytestmark = pytest.mark.django_db(transaction=True)

CONTROL, TREATMENT = "popular", "popular-arm-2"
SEED = "9f2c41d07be86a35"
REPLICATIONS = 200
FEWEST, MOST = (float(stats.binom.ppf(q, REPLICATIONS, 0.05)) for q in (0.0005, 0.9995))


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    return Crowd()


@pytest.fixture
def running(tmp_path: Path, settings: DjangoSettings) -> Experiment:
    """`popular` against itself, half and half, with the seeds of every run. No slate falls back
    because the machine is busy.
    """
    settings.ROUTE_DEADLINE_MS = 10_000
    past = pd.DataFrame({"user": "regular", "item": [f"item-{n:02}" for n in range(ITEMS)]})
    popular = trained("popular", "popularity", tmp_path / "models", past=past.assign(at=NOW - DAY))
    home = create_placement(key="home", name="Home", default_recommender=popular)
    experiment = create_experiment(
        name="A/A",
        placement=home,
        variants=[VariantSpec(recommender=popular, weight=Decimal("0.5")) for _ in range(2)],
        measurement=Measurement(goals=("ctr",)),
    )
    Layer.objects.update(seed="4be07a1c93d25f68")
    Experiment.objects.update(seed=SEED)
    return start_experiment(experiment, now=NOW)


def analysed() -> Scorecard:
    """The scorecard as the snapshot holds it."""
    analysis.analyse_due(now=NOW + DAYS * DAY)
    return selectors.scorecard_of(Snapshot.objects.get())


def by_arm(sent: pd.DataFrame) -> dict[str, tuple[int, int, int]]:
    """Users, impressions and clicks per variant."""
    arms = sent.groupby("variant").agg({"user": "nunique", "impressions": "sum", "clicks": "sum"})
    return {variant: tuple(row) for variant, *row in arms.itertuples()}


def counted(card: Scorecard) -> dict[str, tuple[int, int, int]]:
    return {arm.variant: (arm.users, arm.impressions, arm.clicks) for arm in card.arms}


def in_control(seed: str, users: list[str]) -> NDArray[np.bool_]:
    return np.asarray(bucket_many(seed, users) < BUCKETS // 2)


def test_two_arms_that_serve_the_same_show_no_difference(running: Experiment, crowd: Crowd) -> None:
    sent = send(crowd, treatment=TREATMENT)

    card = analysed()

    control = set(np.array(crowd.users)[in_control(SEED, crowd.users)])
    assert set(sent.user) == set(crowd.users)
    assert set(sent.user[sent.variant == CONTROL]) == control
    assert set(sent.user[sent.variant == TREATMENT]) == set(crowd.users) - control
    assert counted(card) == by_arm(sent)
    assert [(check.name, check.healthy) for check in card.health] == [
        ("sample_ratio", True),
        ("users_in_two_variants", True),
        ("users_left_out", True),
        ("other_experiments", True),
    ]
    assert (card.set_aside.users_in_two_variants, card.set_aside.exposures_forced) == (0, 0)
    shown = [m for m in card.metrics if m.role != "guardrail"]
    assert [m.metric for m in shown if not holds_zero(card, m.metric)] == []
    states = {m.metric: m.comparisons[0].guardrail.state for m in card.metrics if m not in shown}  # type: ignore[union-attr]
    assert states["fallback_rate"] == states["unattributed_clicks"] == "unchanged"
    assert states["slow_slates"] in ("unchanged", "collecting")
    assert card.decision.rule == "nothing_shown"


def holds_zero(card: Scorecard, metric: str) -> bool:
    [comparison] = card.metric(metric).comparisons
    found = [comparison.result(m, s) for m in get_args(Method) for s in get_args(Scale)]
    return all(
        r.reason is None and r.low is not None and r.high is not None and r.low < 0 < r.high
        for r in found
    )


def test_exposures_that_are_lost_in_one_arm_make_it_unhealthy(
    running: Experiment, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlucky = set(crowd.users[::3])

    def lossy(exposure: Exposure, *, journal: Journal) -> bool:
        lost = exposure.variant == TREATMENT and exposure.user in unlucky
        return not lost and ingest.record_exposure(exposure, journal=journal)

    monkeypatch.setattr(routing, "record_exposure", lossy)
    sent = send(crowd, treatment=TREATMENT)

    card = analysed()

    kept = sent[(sent.variant == CONTROL) | ~sent.user.isin(unlucky)]
    assert counted(card) == by_arm(kept)
    assert [check.healthy for check in card.health] == [False, True, True, True]
    assert card.decision.state == "unhealthy"
    assert [check.name for check in card.failed_checks] == ["sample_ratio"]


def test_clicks_that_are_likelier_in_one_arm_are_found(running: Experiment, crowd: Crowd) -> None:
    sent = send(crowd, treatment=TREATMENT, lift=0.3)

    card = analysed()

    verdict = card.decision
    assert counted(card) == by_arm(sent)
    assert [check.healthy for check in card.health] == [True, True, True, True]
    assert (verdict.state, verdict.metrics, verdict.variant) == ("ship", ("ctr",), TREATMENT)
    assert verdict.headline.low is not None
    assert verdict.headline.high is not None
    assert 0 < verdict.headline.low < 0.3 < verdict.headline.high


def test_over_many_assignments_of_the_same_users_five_percent_are_called(crowd: Crowd) -> None:
    rng = np.random.default_rng(5)
    control = np.stack([in_control(rng.bytes(8).hex(), crowd.users) for _ in range(REPLICATIONS)])

    found = compare(totals(crowd, control), totals(crowd, ~control), Settings(method="fixed"))

    assert FEWEST <= (np.asarray(found.p_value) < 0.05).sum() <= MOST
