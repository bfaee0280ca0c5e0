"""Phases: compared within themselves, then averaged; what is left out, and the error rates."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.stats import (
    MeanSample,
    ProportionSample,
    RatioSample,
    Reason,
    SampleError,
    Settings,
    SettingsError,
    compare,
    compare_phases,
)
from experiments.stats.phase_arms import stack
from tests.experiments.stats.users import at_least, at_most, cuped_of

FIXED = Settings(method="fixed")
ABSOLUTE = Settings(method="fixed", scale="absolute")
RAMP = (
    [ProportionSample(90_000, 5_400), ProportionSample(50_000, 2_000)],
    [ProportionSample(10_000, 600), ProportionSample(50_000, 2_000)],
)


@pytest.mark.parametrize("weighting", ["inverse_variance", "users"])
@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_rule_3_pooling_a_ramp_shows_a_loss_that_is_not_there(weighting: Any, method: Any) -> None:
    # 90/10 at a CTR of 6%, then 50/50 at 4%, and no effect in either.
    settings = Settings(method=method)
    pooled: Any = compare(RAMP[0][0] + RAMP[0][1], RAMP[1][0] + RAMP[1][1], settings)
    combined: Any = compare_phases(*RAMP, settings, weighting).combined
    assert pooled.effect == pytest.approx(-0.18, abs=0.005)
    assert pooled.p_value < 1e-10
    assert combined.effect == pytest.approx(0.0, abs=1e-12)
    assert combined.p_value > 0.99
    assert combined.reason is None


@pytest.mark.parametrize("method", ["fixed", "sequential"])
@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("weighting", ["inverse_variance", "users"])
def test_one_phase_is_its_own_comparison(method: Any, scale: Any, weighting: Any) -> None:
    settings = Settings(method=method, scale=scale)
    control, treatment = ProportionSample(9_000, 540), ProportionSample(1_000, 75)
    found = compare_phases([control], [treatment], settings, weighting)
    assert repr(found.combined) == repr(compare(control, treatment, settings))
    assert (found.weights.tolist(), found.left_out.tolist()) == ([1.0], [None])


def test_weights_are_the_precision_both_arms_would_have_without_an_effect() -> None:
    controls = [MeanSample(900, 1_800.0, 9_000.0), MeanSample(500, 1_500.0, 6_000.0)]
    treatments = [MeanSample(100, 230.0, 1_100.0), MeanSample(500, 1_600.0, 7_000.0)]
    found: Any = compare_phases(controls, treatments, ABSOLUTE)
    pairs = list(zip(controls, treatments, strict=True))
    pooled = [(c.n * c.variance + t.n * t.variance) / (c.n + t.n) for c, t in pairs]
    precision = np.array(
        [1 / (s * (1 / c.n + 1 / t.n)) for s, (c, t) in zip(pooled, pairs, strict=True)]
    )
    weights = precision / precision.sum()
    assert found.weights == pytest.approx(weights, rel=1e-12)
    effect = sum(w * (t.mean - c.mean) for w, (c, t) in zip(weights, pairs, strict=True))
    parts = [
        (w**2 * s.variance / s.n, s.n) for w, pair in zip(weights, pairs, strict=True) for s in pair
    ]
    error = sum(part for part, _ in parts)
    df = error**2 / sum(part**2 / (n - 1) for part, n in parts)
    combined = found.combined
    assert combined.effect == pytest.approx(effect, rel=1e-12)
    assert combined.df == pytest.approx(df, rel=1e-12)
    assert combined.p_value == pytest.approx(2 * stats.t.sf(effect / error**0.5, df), rel=1e-10)


def test_by_users_a_phase_weighs_what_its_users_are() -> None:
    found: Any = compare_phases(*RAMP, ABSOLUTE, "users")
    assert found.weights.tolist() == [0.5, 0.5]


def test_the_lift_is_that_of_the_weighted_means_and_shares_the_absolute_p() -> None:
    controls = [ProportionSample(9_000, 540), ProportionSample(5_000, 200)]
    treatments = [ProportionSample(1_000, 72), ProportionSample(5_000, 240)]
    lift: Any = compare_phases(controls, treatments, FIXED)
    difference: Any = compare_phases(controls, treatments, ABSOLUTE)
    assert lift.combined.effect == pytest.approx(0.2, rel=1e-12)  # 20% in both
    assert lift.combined.p_value == difference.combined.p_value


def test_sequentially_a_phase_counts_for_the_users_it_is_worth_at_the_first_ratio() -> None:
    # At equal spread 50/50 tells .25 a user and 90/10 .09: the second phase is worth 2.78 of it.
    controls = [ProportionSample(9_000, 900), ProportionSample(5_000, 500)]
    treatments = [ProportionSample(1_000, 100), ProportionSample(5_000, 500)]
    combined: Any = compare_phases(controls, treatments, Settings(scale="absolute")).combined
    reach = (combined.high - combined.effect) / combined.std_error
    users = 10_000 * (1 + 0.25 / 0.09)
    x = users * (-2 * np.log(0.05) + np.log(1 - 2 * np.log(0.05))) / 5_000
    assert reach == pytest.approx(
        np.sqrt(2 * (x + 1) / x * np.log(np.sqrt(x + 1) / 0.05)), rel=1e-9
    )


@pytest.mark.parametrize(
    ("phase", "reason"),
    [
        ((ProportionSample(1, 1), ProportionSample(500, 60)), Reason.TOO_FEW_USERS),
        ((ProportionSample(99, 40), ProportionSample(500, 60)), Reason.COLLECTING),
        ((ProportionSample(5_000, 12), ProportionSample(5_000, 12)), Reason.COLLECTING),
        ((ProportionSample(500, 0), ProportionSample(500, 0)), Reason.ZERO_VARIANCE),
    ],
)
def test_a_phase_that_cannot_be_weighed_is_left_out_and_said(phase: Any, reason: Any) -> None:
    control, treatment = ProportionSample(9_000, 540), ProportionSample(1_000, 75)
    alone = compare(control, treatment)
    for place, order in enumerate(([phase, (control, treatment)], [(control, treatment), phase])):
        controls, treatments = zip(*order, strict=True)
        found = compare_phases(controls, treatments)
        assert repr(found.combined) == repr(alone)
        assert found.left_out.tolist() == ([reason, None] if place == 0 else [None, reason])
        assert found.weights.tolist() == ([0.0, 1.0] if place == 0 else [1.0, 0.0])


@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_without_a_phase_that_counts_there_is_no_number(scale: Any, alternative: Any) -> None:
    nothing, few = RatioSample(500, 0, 0, 0, 0, 0), RatioSample(60, 30, 60, 90, 300, 70)
    settings = Settings(scale=scale, alternative=alternative)
    found: Any = compare_phases([nothing, few], [nothing, few], settings)
    assert found.left_out.tolist() == [Reason.ZERO_DENOMINATOR, Reason.COLLECTING]
    assert found.combined.reason is Reason.COLLECTING
    names = ("effect", "low", "high", "p_value", "std_error", "df", "e_value")
    assert all(np.isnan(getattr(found.combined, name)) for name in names)


def test_a_rare_outcome_in_the_small_arms_is_below_the_floor_together_too() -> None:
    control, treatment = ProportionSample(9_000, 90), ProportionSample(1_000, 10)
    assert compare_phases([control], [treatment]).combined.reason is Reason.COLLECTING
    three: Any = compare_phases([control] * 3, [treatment] * 3)
    assert three.left_out.tolist() == [None] * 3
    assert three.combined.reason is None


def test_arrays_equal_their_elements_and_adjusted_arms_combine_too() -> None:
    rng = np.random.default_rng(31)
    before = rng.gamma(2.0, 2.0, (2, 2, 3, 400))
    after = before + rng.gamma(2.0, 1.0, (2, 2, 3, 400))
    for settings in (Settings(), Settings(scale="absolute"), FIXED):
        controls, treatments = (
            [cuped_of(after[arm, phase], before[arm, phase]) for phase in range(2)]
            for arm in range(2)
        )
        together: Any = compare_phases(controls, treatments, settings).combined
        for i in range(3):
            one, other = (
                [cuped_of(after[arm, phase, i], before[arm, phase, i]) for phase in range(2)]
                for arm in range(2)
            )
            alone: Any = compare_phases(one, other, settings).combined
            plain: Any = compare_phases([s.post for s in one], [s.post for s in other], settings)
            for name in ("effect", "low", "high", "p_value", "std_error"):
                assert getattr(together, name)[i] == pytest.approx(getattr(alone, name), rel=1e-12)
            assert alone.std_error < 0.6 * plain.combined.std_error


def test_phases_that_do_not_fit_are_refused_by_name() -> None:
    one, many = ProportionSample(10, 5), ProportionSample(np.full(2, 10), np.full(2, 5))
    other = MeanSample(10, 5, 5)
    three = ProportionSample(np.full(3, 10), np.full(3, 5))
    for controls, treatments, field in (
        ([], [], "controls"),
        ([one, one], [one], "treatments"),
        ([one, other], [one, other], "controls"),
        ([one], [other], "treatment"),
        ([many, three], [many, three], "controls"),
    ):
        with pytest.raises(SampleError) as refused:
            compare_phases(controls, treatments)  # type: ignore[arg-type]
        assert refused.value.field == field
    with pytest.raises(SettingsError, match="weighting must be one of inverse_variance, users"):
        compare_phases([one], [one], FIXED, "days")  # type: ignore[arg-type]


WORLDS = 20_000
Arms = tuple[list[ProportionSample], list[ProportionSample]]


def without_effect(rng: np.random.Generator, *phases: tuple[int, int, float]) -> Arms:
    controls, treatments = [], []
    for control, treatment, rate in phases:
        controls.append(ProportionSample(control, rng.binomial(control, rate, WORLDS)))
        treatments.append(ProportionSample(treatment, rng.binomial(treatment, rate, WORLDS)))
    return controls, treatments


@pytest.mark.parametrize("weighting", ["inverse_variance", "users"])
@pytest.mark.parametrize("settings", [FIXED, ABSOLUTE])
def test_rule_3_combined_phases_reject_five_per_cent(weighting: Any, settings: Settings) -> None:
    arms = without_effect(np.random.default_rng(32), (9_000, 1_000, 0.06), (5_000, 5_000, 0.04))
    result: Any = compare_phases(*arms, settings, weighting).combined
    assert at_least(0.05, WORLDS) <= (result.p_value < 0.05).sum() <= at_most(0.05, WORLDS)


def test_weights_from_each_arms_own_variance_would_lean_on_the_effect() -> None:
    arms = without_effect(np.random.default_rng(33), *[(9_000, 1_000, 0.03)] * 6)
    ours: Any = compare_phases(*arms, ABSOLUTE).combined
    assert at_least(0.05, WORLDS) <= (ours.p_value < 0.05).sum() <= at_most(0.052, WORLDS)
    phases = stack(*arms, (WORLDS,)).arms
    weights = 1 / phases.difference_error
    z = ((phases.treatment - phases.control) * weights).sum(0) / np.sqrt(weights.sum(0))
    assert (z < -1.96).sum() > at_most(0.05, WORLDS)  # one tail takes twice its 2.5%
    assert (z > 1.96).sum() < at_least(0.02, WORLDS)


@pytest.mark.parametrize("weighting", ["inverse_variance", "users"])
def test_the_combined_interval_covers_a_true_lift(weighting: Any) -> None:
    rng = np.random.default_rng(34)
    controls, treatments = [], []
    for n_c, n_t, rate in ((9_000, 1_000, 0.06), (5_000, 5_000, 0.04)):
        controls.append(ProportionSample(n_c, rng.binomial(n_c, rate, WORLDS)))
        treatments.append(ProportionSample(n_t, rng.binomial(n_t, rate * 1.3, WORLDS)))
    result: Any = compare_phases(controls, treatments, FIXED, weighting).combined
    missed = ((result.low > 0.3) | (result.high < 0.3)).sum()
    assert at_least(0.05, WORLDS) <= missed <= at_most(0.054, WORLDS)


def arriving(rng: np.random.Generator, users: Any, spread: float) -> MeanSample:
    """An arm looked at whenever it has so many users (last axis), with normal values around 9."""
    added = np.diff(users, prepend=0)
    steps = rng.normal(9.0 * added, spread * np.sqrt(added), (WORLDS // 4, len(users)))
    total = steps.cumsum(axis=1)
    return MeanSample(users, total, total**2 / users + (users - 1) * spread**2)


def test_rule_3_the_sequential_test_survives_a_change_of_ratio_as_counting_users_does_not() -> None:
    # 99/1 and restless, then 50/50 and calm: a later user tells 500 times what an early one did.
    rng = np.random.default_rng(35)
    settings = Settings(scale="absolute", tuning=100_000)
    hundreds = np.unique(np.geomspace(20, 1_000, 80).astype(int))
    early = arriving(rng, 99 * hundreds, 20**0.5), arriving(rng, hundreds, 20**0.5)
    before: Any = compare(*early, settings)
    ever = (before.p_value < 0.05).any(axis=1)

    looks = np.unique(np.geomspace(100, 1e6, 250).astype(int))
    late = arriving(rng, looks, 1.0), arriving(rng, looks, 1.0)
    closed = [last(arm) for arm in early]
    result: Any = compare_phases([closed[0], late[0]], [closed[1], late[1]], settings).combined
    x = (100_000 + 2 * looks) * (-2 * np.log(0.05) + np.log(1 - 2 * np.log(0.05))) / 100_000
    by_users = np.sqrt(2 * (x + 1) / x * np.log(np.sqrt(x + 1) / 0.05))
    naive = ever | (np.abs(result.effect / result.std_error) > by_users).any(axis=1)
    assert (ever | (result.p_value < 0.05).any(axis=1)).sum() <= at_most(0.05, WORLDS // 4)
    assert naive.sum() > at_most(0.05, WORLDS // 4)


def last(arm: Any) -> MeanSample:
    """The arm at its last look, as a column of worlds."""
    return MeanSample(arm.n[-1], arm.total[:, -1:], arm.total_squares[:, -1:])
