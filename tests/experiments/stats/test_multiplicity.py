"""Several hypotheses: Holm, e-BH, the intervals that match, and their error rates together."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.stats import (
    ProportionSample,
    SampleError,
    Settings,
    SettingsError,
    at_confidence,
    compare,
    e_bh,
    e_bh_adjusted,
    e_bh_confidence,
    holm,
    holm_confidence,
)
from experiments.stats.critical import Sequential, running_minimum
from tests.experiments.stats.users import at_most

NAN = float("nan")


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06], rel=1e-14)
    assert holm([0.5, 0.6]).tolist() == [1.0, 1.0]
    assert holm([0.03]).tolist() == [0.03]
    assert holm([]).tolist() == []


def test_holm_is_the_adjustment_of_statsmodels() -> None:
    # statsmodels 0.15: multipletests([.003, .02, .011, .2, .011, .04], method="holm")[1]
    expected = [0.018, 0.06, 0.055, 0.2, 0.055, 0.08]
    assert holm([0.003, 0.02, 0.011, 0.2, 0.011, 0.04]) == pytest.approx(expected, rel=1e-12)


def test_a_hypothesis_without_an_answer_counts_and_stays_without_one() -> None:
    assert holm([0.02, NAN]) == pytest.approx([0.04, NAN], nan_ok=True)
    assert e_bh([30.0, NAN], 0.05).tolist() == [False, False]
    assert e_bh([40.0, NAN], 0.05).tolist() == [True, False]
    assert np.isnan(holm_confidence([0.02, NAN], 0.05)[1])
    assert np.isnan(e_bh_confidence([40.0, NAN], 0.05)[1])


def test_families_lie_on_the_last_axis() -> None:
    p = np.array([[0.01, 0.04, 0.03], [0.5, NAN, 0.001]])
    assert holm(p) == pytest.approx(np.stack([holm(row) for row in p]), nan_ok=True)
    e = np.array([[70.0, 25.0, 1.0], [3.0, NAN, 59.0]])
    assert e_bh(e, 0.05).tolist() == [e_bh(row, 0.05).tolist() for row in e]


@settings(max_examples=200)
@given(
    e=st.lists(st.floats(0, 500) | st.just(NAN), min_size=1, max_size=8),
    alpha=st.floats(0.001, 0.4),
)
def test_an_adjusted_e_value_is_the_level_from_which_on_e_bh_rejects(
    e: list[float], alpha: float
) -> None:
    adjusted = e_bh_adjusted(e)
    away = np.abs(adjusted - alpha) > 1e-9  # at the level itself rounding decides
    assert ((adjusted < alpha) == e_bh(e, alpha))[away].all()
    assert np.isnan(adjusted).tolist() == np.isnan(e).tolist()


def test_e_bh_rejects_the_largest_k_that_pay_for_each_other() -> None:
    # K = 4 at .05: the largest needs 80 alone, two need 40, three 26.7, four 20.
    assert e_bh([79.0, 39.0, 1.0, 0.0], 0.05).tolist() == [False] * 4
    assert e_bh([81.0, 39.0, 1.0, 0.0], 0.05).tolist() == [True, False, False, False]
    assert e_bh([41.0, 1.0, 40.0, 0.0], 0.05).tolist() == [True, False, True, False]
    assert e_bh([20.0, 21.0, 22.0, 23.0], 0.05).tolist() == [True] * 4
    assert e_bh([0.0, 0.0], 0.05).tolist() == [False, False]


def test_the_interval_of_holm_excludes_the_null_where_holm_rejects() -> None:
    rng = np.random.default_rng(41)
    z = rng.standard_normal((20_000, 4)) + np.array([0.0, 1.5, 2.5, 3.5])
    p = 2 * stats.norm.sf(np.abs(z))
    confidence = holm_confidence(p, 0.05)
    reach = stats.norm.isf((1 - confidence) / 2)
    rejected = holm(p) < 0.05
    assert 0.1 < rejected.mean() < 0.9
    assert ((np.abs(z) > reach) == rejected).all()
    assert (confidence >= 0.95 - 1e-12).all()
    assert (confidence[~rejected] == 1 - 0.05 / 4).all()


def test_the_interval_of_e_bh_excludes_the_null_where_it_rejects() -> None:
    rng = np.random.default_rng(42)
    limits = Sequential(users=np.array(9_000.0), alpha=0.05, alternative="two-sided", tuning=5000)
    z = rng.standard_normal((5_000, 4)) + np.array([0.0, 2.5, 3.5, 4.5])
    e = limits.e_value(z)
    rejected, confidence = e_bh(e, 0.05), e_bh_confidence(e, 0.05)
    assert 0.1 < rejected.mean() < 0.9
    assert ((limits.p_value(z) <= 1 - confidence) == rejected).all()
    assert (confidence >= 0.95 - 1e-12).all()


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_at_another_confidence_the_interval_agrees_with_the_p_that_was_corrected(
    alternative: Any,
) -> None:
    settings = Settings(scale="absolute", alternative=alternative)
    control, treatment = ProportionSample(5_000, 500), ProportionSample(5_000, 610)
    treatment = control if alternative == "less" else treatment
    control = ProportionSample(5_000, 610) if alternative == "less" else control
    p: Any = compare(control, treatment, settings).p_value
    for confidence, excludes in ((1 - p * 1.001, True), (1 - p * 0.999, False)):
        result: Any = compare(control, treatment, at_confidence(settings, confidence))
        assert (result.low > 0 or result.high < 0) == excludes
        assert result.p_value == pytest.approx(p, rel=1e-9)


def test_two_sided_p_is_the_inverse_of_e_and_one_sided_p_bounds_it() -> None:
    z = np.array([-4.0, -1.0, 0.0, 0.5, 2.0, 3.0, 6.0])
    two, up, down = (
        Sequential(users=np.array(8_000.0), alpha=0.05, alternative=side, tuning=5000)
        for side in ("two-sided", "greater", "less")
    )
    assert two.p_value(z) == pytest.approx(np.minimum(1, 1 / two.e_value(z)), rel=1e-12)
    assert (np.minimum(1, 1 / up.e_value(z)) <= up.p_value(z)).all()
    assert down.e_value(-z) == pytest.approx(up.e_value(z), rel=1e-12)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_an_e_value_is_the_mixture_of_likelihood_ratios_and_one_on_average(
    alternative: Any,
) -> None:
    limits = Sequential(users=np.array(3_000.0), alpha=0.05, alternative=alternative, tuning=5000)
    root = float(np.sqrt(limits.x))
    # Effects in units of 1 / sqrt(users), mixed over a normal, or half normal, of spread root.
    effects = np.linspace(-12 * root, 12 * root, 200_001)
    prior = stats.norm.pdf(effects, scale=root)
    if alternative == "greater":
        prior = np.where(effects > 0, 2 * prior, 0.0)
    for z in (-1.0, 0.3, 2.0, 3.5):
        mixed = np.trapezoid(prior * np.exp(effects * z - effects**2 / 2), effects)
        assert float(limits.e_value(np.array(z))) == pytest.approx(mixed, rel=1e-3)
    grid = np.linspace(-30, 30, 600_001)
    mean = np.trapezoid(stats.norm.pdf(grid) * limits.e_value(grid), grid)
    assert mean == pytest.approx(1.0, abs=1e-6)


def test_a_fixed_comparison_has_no_e_value() -> None:
    arms = ProportionSample(5_000, 500), ProportionSample(5_000, 610)
    assert np.isnan(compare(*arms, Settings(method="fixed")).e_value)
    sequential: Any = compare(*arms)
    assert sequential.e_value == pytest.approx(1 / sequential.p_value, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "field"),
    [
        (lambda: holm(0.5), SampleError, "p_values"),  # type: ignore[arg-type]
        (lambda: holm([0.5, 1.5]), SampleError, "p_values"),
        (lambda: holm([-0.1]), SampleError, "p_values"),
        (lambda: holm(["x"]), SampleError, "p_values"),  # type: ignore[list-item]
        (lambda: e_bh([-1.0], 0.05), SampleError, "e_values"),
        (lambda: e_bh([1.0], 0.0), SettingsError, "alpha"),
        (lambda: e_bh_confidence([1.0], 1.0), SettingsError, "alpha"),
        (lambda: holm_confidence([0.1], 0.5), SettingsError, "alpha"),
        (lambda: at_confidence(Settings(), 1.0), SettingsError, "confidence"),
    ],
)
def test_input_out_of_range_is_refused_by_name(call: Any, error: Any, field: str) -> None:
    with pytest.raises(error) as refused:
        call()
    assert refused.value.field == field


WORLDS, HYPOTHESES, LOOKS = 2_000, 8, 60


def dependent_looks(rng: np.random.Generator, lift: list[float]) -> Any:
    """Treatments compared with one control from 200 users an arm on: (world, arm, look)."""
    sizes = np.unique(np.geomspace(200, 10_000, LOOKS).astype(int))
    steps = np.diff(sizes, prepend=0)
    control = rng.binomial(steps, 0.3, (WORLDS, 1, len(sizes))).cumsum(-1)
    rates = 0.3 * (1 + np.array(lift))[:, None]
    treatment = rng.binomial(steps, rates, (WORLDS, len(lift), len(sizes))).cumsum(-1)
    return compare(
        ProportionSample(sizes, control), ProportionSample(sizes, treatment), Settings(tuning=8_000)
    )


def test_holm_keeps_the_family_wise_error_over_all_looks_with_a_shared_control() -> None:
    rng = np.random.default_rng(43)
    result = dependent_looks(rng, [0.0] * 6 + [0.1] * 2)
    shown: Any = running_minimum(result.p_value)[..., -1]
    false: Any = holm(shown)[:, :6] < 0.05
    assert false.any(axis=1).sum() <= at_most(0.05, WORLDS)
    assert (holm(shown)[:, 6:] < 0.05).mean() > 0.5
    assert (shown[:, :6] < 0.05).any(axis=1).sum() > at_most(0.05, WORLDS)  # uncorrected


def test_e_bh_keeps_the_false_discovery_rate_when_it_stops_at_its_first_find() -> None:
    rng = np.random.default_rng(44)
    result = dependent_looks(rng, [0.0] * 6 + [0.1] * 2)
    rejected = e_bh(np.swapaxes(result.e_value, 1, 2), 0.05)  # (world, look, arm)
    found: Any = rejected.any(axis=2)
    stop = np.where(found.any(axis=1), found.argmax(axis=1), found.shape[1] - 1)
    at_stop = rejected[np.arange(WORLDS), stop]
    share = at_stop[:, :6].sum(axis=1) / np.maximum(at_stop.sum(axis=1), 1)
    assert share.mean() <= at_most(0.05, WORLDS) / WORLDS
    assert at_stop[:, 6:].any(axis=1).mean() > 0.5


def test_intervals_of_holm_hold_together_far_better_than_those_of_its_steps() -> None:
    rng = np.random.default_rng(45)
    errors = rng.standard_normal((50_000, 5))
    z = errors + 4.0
    p = 2 * stats.norm.sf(np.abs(z))
    reach = stats.norm.isf((1 - holm_confidence(p, 0.05)) / 2)
    steps = 5 - p.argsort(axis=1).argsort(axis=1)
    missed: Any = (np.abs(errors) > reach).any(axis=1)
    by_step = (np.abs(errors) > stats.norm.isf(0.05 / steps / 2)).any(axis=1)
    assert missed.sum() <= at_most(0.068, 50_000)
    assert by_step.sum() > at_most(0.12, 50_000)
