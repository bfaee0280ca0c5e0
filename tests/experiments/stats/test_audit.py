"""The A/A audit: sound metrics pass, a known-bad one is caught, no verdict comes with a reason."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.stats import (
    AuditMetric,
    ProportionSample,
    Reason,
    SampleError,
    Settings,
    SettingsError,
    audit,
    compare,
)
from experiments.stats import audit_metrics as of
from experiments.stats.audit import clopper_pearson
from tests.experiments.stats.users import cuped_of, cuped_ratio_of, mean_of, ratio_of

USERS = 6_000
KEYS = ["conversion", "clicks", "ctr", "adjusted clicks", "adjusted ctr"]


def rng(seed: int = 71) -> np.random.Generator:
    return np.random.default_rng(seed)


def world() -> tuple[Any, Any, Any, Any]:
    """Clicks and impressions in two periods: few see very much, people differ in how they click."""
    draws = rng(70)
    taste, habit = draws.beta(0.5, 4.5, USERS), draws.pareto(2.2, USERS)
    periods = []
    for _ in range(2):
        seen = np.minimum(np.ceil(5 * habit + draws.integers(1, 4, USERS)), 2_000)
        periods += [draws.binomial(seen.astype(int), taste).astype(float), seen]
    return periods[0], periods[1], periods[2], periods[3]


def sound() -> list[AuditMetric]:
    before, shown, clicks, seen = world()
    return [
        of.proportion("conversion", clicks > 0),
        of.mean("clicks", clicks),
        of.ratio("ctr", clicks, seen),
        of.mean("adjusted clicks", clicks, pre=before),
        of.ratio("adjusted ctr", clicks, seen, pre=(before, shown)),
    ]


def naive() -> AuditMetric:
    """Impressions as units: the mistake that the delta method is there for."""
    _, _, clicks, seen = world()
    return AuditMetric(
        key="ctr of impressions",
        columns=np.column_stack([seen, clicks]),
        sample=lambda users, shown, clicked: ProportionSample(shown, clicked),
        conversions=int((clicks > 0).sum()),
    )


def test_rule_1_impressions_as_units_are_caught_and_sound_metrics_pass() -> None:
    *good, bad = audit([*sound(), naive()], rng=rng(), splits=600)
    assert [found.key for found in good] == KEYS
    assert [found.verdict for found in good] == ["as_expected"] * 5
    assert [found.uniform for found in good] == [True] * 5
    assert bad.verdict == "too_many"
    assert bad.rate > 0.2
    assert bad.low > 0.05
    assert bad.uniform is False


def test_a_metric_sums_to_the_sample_that_its_users_make() -> None:
    before, shown, clicks, seen = world()

    def summed(metric: AuditMetric) -> Any:
        return metric.sample(USERS, *metric.columns.sum(axis=0))

    assert summed(of.mean("", clicks)) == mean_of(clicks)
    assert summed(of.ratio("", clicks, seen)) == ratio_of(clicks, seen)
    assert summed(of.mean("", clicks, pre=before)) == cuped_of(clicks, before)
    adjusted = of.ratio("", clicks, seen, pre=(before, shown))
    assert summed(adjusted) == cuped_ratio_of(clicks, seen, before, shown)
    did = clicks > 0
    assert summed(of.proportion("", did)) == ProportionSample(USERS, float(did.sum()))


def test_a_split_is_compared_as_its_users_would_be() -> None:
    _, _, clicks, _ = world()
    [found] = audit([of.mean("clicks", clicks)], rng=rng(), splits=40)
    coins = rng()
    p = []
    for _ in range(40):
        words = coins.integers(0, 2**32, -(-USERS // 32), dtype=np.uint32)
        bits = np.unpackbits(words.view(np.uint8), count=USERS) == 1
        arms = mean_of(clicks[~bits]), mean_of(clicks[bits])
        p.append(compare(*arms, Settings(method="fixed", scale="absolute")).p_value)
    assert found.rejections == sum(value < 0.05 for value in p)
    assert found.uniformity_p_value == pytest.approx(stats.kstest(p, "uniform").pvalue, rel=1e-6)
    assert found.p_counts == tuple(sum(n / 20 <= v < (n + 1) / 20 for v in p) for n in range(20))


def test_chunks_change_nothing_and_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = audit(sound(), rng=rng(), splits=50)
    module = import_module("experiments.stats.audit")
    monkeypatch.setattr(module, "CELLS", USERS * 20)
    heard: list[int] = []
    assert audit(sound(), rng=rng(), splits=50, progress=heard.append) == whole
    assert heard == [20, 40, 50]


def test_the_interval_is_clopper_and_pearsons() -> None:
    for count, n in ((0, 40), (3, 40), (25, 500), (40, 40)):
        exact = stats.binomtest(count, n).proportion_ci(0.999, "exact")
        assert clopper_pearson(count, n) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_a_test_that_never_rejects_is_too_few_unless_it_spends_alpha_over_looks() -> None:
    _, _, clicks, _ = world()

    def timid(users: Any, total: Any, squares: Any) -> Any:
        return of.mean("", clicks).sample(users, total, 4 * squares)

    shy = AuditMetric(
        key="timid", columns=np.column_stack([clicks, clicks**2]), sample=timid, conversions=3_000
    )
    [found] = audit([shy], rng=rng(), splits=400)
    assert found.verdict == "too_few"
    [always] = audit([of.mean("clicks", clicks)], rng=rng(), splits=400, settings=Settings())
    assert always.verdict == "as_expected"
    assert always.rate < 0.02
    assert always.uniformity_reason is Reason.NOT_FIXED_HORIZON
    assert always.uniform is None


def test_a_uniformity_test_waits_for_a_thousand_conversions() -> None:
    did = np.zeros(USERS)
    did[:999] = 1
    [few] = audit([of.proportion("rare", did)], rng=rng(), splits=20)
    assert few.uniformity_reason is Reason.TOO_FEW_CONVERSIONS
    assert np.isnan(few.uniformity_p_value)
    did[999] = 1
    [enough] = audit([of.proportion("rare", did)], rng=rng(), splits=20)
    assert enough.uniformity_reason is None
    assert 0 < enough.uniformity_p_value <= 1


def test_rule_12_splits_below_the_floor_are_not_judged() -> None:
    did = np.zeros(USERS)
    did[:30] = 1
    [found] = audit([of.proportion("very rare", did)], rng=rng(), splits=50)
    assert (found.splits, found.judged, found.rejections) == (50, 0, 0)
    assert np.isnan([found.rate, found.low, found.high]).all()
    assert (found.verdict, found.reason) == (None, Reason.COLLECTING)


def test_without_a_judged_split_there_is_no_answer_on_uniformity() -> None:
    did = np.ones(USERS)
    [found] = audit([of.ratio("none", did, np.zeros(USERS))], rng=rng(), splits=50)
    assert (found.uniform, found.uniformity_reason) == (None, Reason.ZERO_DENOMINATOR)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: audit([], rng=rng()), "metrics"),
        (lambda: audit([of.mean("a", [1, 2]), of.mean("b", [1])], rng=rng()), "metrics"),
        (lambda: audit([of.mean("a", [1, 2])], rng=rng(), splits=0), "splits"),
        (
            lambda: audit([of.mean("a", [1])], rng=rng(), settings=Settings(method="bayesian")),
            "method",
        ),
        (
            lambda: audit(
                [of.mean("a", [1])], rng=rng(), settings=Settings(alternative="less", margin=0.1)
            ),
            "margin",
        ),
        (lambda: of.proportion("a", [0, 2]), "values"),
        (lambda: of.ratio("a", [1, 2], [1]), "denominator"),
        (lambda: of.mean("a", [1, 2], pre=[1]), "pre"),
    ],
)
def test_impossible_requests_are_refused_by_name(call: Any, field: str) -> None:
    with pytest.raises((SampleError, SettingsError)) as refused:
        call()
    assert refused.value.field == field
