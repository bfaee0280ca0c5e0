"""Pre-exposure imbalance: Welch's t at one in a thousand, for means and ratios."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.stats import MeanSample, ProportionSample, Reason, SampleError, imbalance
from tests.experiments.stats.binomial import at_most
from tests.experiments.stats.users import mean_of, ratio_of


def test_it_is_welchs_t_of_the_pre_period() -> None:
    rng = np.random.default_rng(51)
    control, treatment = rng.gamma(2.0, size=800), rng.gamma(2.1, size=700)
    result: Any = imbalance(mean_of(control), mean_of(treatment))
    welch = stats.ttest_ind(treatment, control, equal_var=False)
    assert result.p_value == pytest.approx(welch.pvalue, rel=1e-9)
    assert result.difference == pytest.approx(treatment.mean() - control.mean(), rel=1e-12)
    assert (result.healthy, result.reason) == (True, None)


def test_rule_7_arms_that_differed_before_the_start_are_unhealthy_below_one_in_a_thousand() -> None:
    # z = 3.29 is p .001: 1,000 users with variance 1 and means 1 and 1 +- .147.
    def arm(mean: float) -> MeanSample:
        return MeanSample(1_000, 1_000 * mean, 999 + 1_000 * mean**2)

    assert imbalance(arm(1.0), arm(1.146)).healthy is True
    assert imbalance(arm(1.0), arm(1.149)).healthy is False
    assert imbalance(arm(1.0), arm(0.851)).healthy is False


def test_sound_splits_raise_no_more_alarms_than_promised_for_ratios_too() -> None:
    rng, worlds = np.random.default_rng(52), 3_000
    seen = rng.geometric(0.2, (2, worlds, 400)).astype(float)
    clicks = rng.binomial(seen.astype(int), rng.beta(1, 9, seen.shape)).astype(float)
    result: Any = imbalance(ratio_of(clicks[0], seen[0]), ratio_of(clicks[1], seen[1]))
    assert (result.healthy == False).sum() <= at_most(0.0015, worlds)  # noqa: E712


def test_rule_12_a_pre_period_that_cannot_be_judged_says_why() -> None:
    empty: Any = imbalance(MeanSample(500, 0.0, 0.0), MeanSample(500, 0.0, 0.0))
    assert (empty.healthy, empty.reason) == (None, Reason.ZERO_VARIANCE)
    assert np.isnan(empty.p_value)
    rare: Any = imbalance(ProportionSample(500, 3), ProportionSample(500, 30))
    assert (rare.healthy, rare.reason) == (None, Reason.COLLECTING)
    with pytest.raises(SampleError):
        imbalance(ProportionSample(5, 3), MeanSample(5, 3, 3))
