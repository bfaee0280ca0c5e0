"""The multinomial martingale: exact value, error over all looks, power, phases."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from experiments.stats import Reason, SampleError, SettingsError, check_srm, check_srm_phases
from experiments.stats.srm import log_evidence
from tests.experiments.stats.binomial import at_least, at_most

WORLDS = 2_000


def test_it_is_the_dirichlet_multinomial_over_the_multinomial() -> None:
    # Written out for [5000, 4400] at 50:50: Dirichlet(5000, 5000) against .5 ^ 9400.
    marginal = math.lgamma(10_000) - math.lgamma(19_400)
    marginal += math.lgamma(10_000) - math.lgamma(5_000)
    marginal += math.lgamma(9_400) - math.lgamma(5_000)
    evidence = math.exp(marginal - 9_400 * math.log(0.5))
    assert evidence == pytest.approx(7_699.823, rel=1e-6)
    result: Any = check_srm([5_000, 4_400], [1, 1], method="sequential")
    assert result.p_value == pytest.approx(1 / evidence, rel=1e-8)
    assert result.healthy is False


def test_the_evidence_has_mean_one_when_users_arrive_as_they_should() -> None:
    # Exactly so: summed over every outcome of 40 users in three arms, a bet at fair odds.
    weights = np.array([0.5, 0.3, 0.2])
    a, b = np.meshgrid(np.arange(41), np.arange(41))
    users = np.stack([a, b, 40 - a - b], axis=-1)[a + b <= 40]
    chance = stats.multinomial(40, weights).pmf(users)
    evidence = np.exp(log_evidence(users.astype(float), weights))
    assert (chance * evidence).sum() == pytest.approx(1.0, rel=1e-9)


def peeked(rng: np.random.Generator, share: float, method: Any) -> tuple[Any, Any]:
    """p at 200 looks of 100 users each, two arms meant to be 80:20."""
    treated = rng.binomial(100, share, (WORLDS, 200)).cumsum(axis=1)
    everyone = 100 * np.arange(1, 201)
    users = np.stack([everyone - treated, treated], axis=-1)
    return check_srm(users, [0.8, 0.2], method).p_value, everyone


def test_rule_7_two_hundred_looks_raise_no_more_alarms_than_one() -> None:
    p, _ = peeked(np.random.default_rng(31), 0.2, "sequential")
    assert (p.min(axis=1) < 0.05).sum() <= at_most(0.05, WORLDS)
    assert (p.min(axis=1) < 0.001).sum() <= at_most(0.001, WORLDS)


def test_the_chi_square_does_not_survive_two_hundred_looks() -> None:
    p, _ = peeked(np.random.default_rng(31), 0.2, "chi2")
    assert (p.min(axis=1) < 0.05).sum() > 0.25 * WORLDS
    assert (p.min(axis=1) < 0.001).sum() > at_most(0.001, WORLDS)


def test_three_weeks_of_looks_every_ten_minutes_alarm_one_sound_split_in_thirty() -> None:
    # Of the chi-square, which is why a scorecard says so; at each look it is one in a thousand.
    rng = np.random.default_rng(33)
    treated = rng.binomial(30, 0.5, (1_000, 3_024)).cumsum(axis=1)
    users = np.stack([30 * np.arange(1, 3_025) - treated, treated], axis=-1)
    once, ever = (check_srm(users, [1, 1], method).p_value for method in ("chi2", "sequential"))
    alarms: Any = np.asarray(once) < 0.001
    assert at_least(1 / 30, 1_000) <= alarms.any(axis=1).sum() <= at_most(1 / 30, 1_000)
    assert alarms[:, -1].sum() <= at_most(0.001, 1_000)
    assert (np.asarray(ever) < 0.001).any(axis=1).sum() <= at_most(0.001, 1_000)


def test_a_broken_split_is_found_while_it_runs() -> None:
    # 22% instead of 20%: every world is found within 20,000 users, half of them by 14,000.
    p, everyone = peeked(np.random.default_rng(32), 0.22, "sequential")
    found = p < 0.001
    assert found.any(axis=1).mean() > 0.99
    assert np.median(everyone[found.argmax(axis=1)]) <= 14_000


def test_it_answers_from_the_first_user_on() -> None:
    assert check_srm([1, 0], [1, 1], "sequential").p_value == 1.0
    assert check_srm([60, 0], [0.01, 0.99], "sequential").healthy is False
    assert check_srm([379, 0], [1, 1], "sequential").healthy is True
    assert check_srm([380, 0], [1, 1], "sequential").healthy is False
    nobody: Any = check_srm([0, 0], [1, 1], "sequential")
    assert np.isnan(nobody.p_value)
    assert (nobody.healthy, nobody.reason) == (None, Reason.TOO_FEW_USERS)


def test_evidence_of_phases_multiplies_and_chi_squares_add() -> None:
    observed: Any = [[900, 130], [520, 610]]
    weights: Any = [[0.9, 0.1], [0.5, 0.5]]
    one, two = (check_srm(*each, "sequential") for each in zip(observed, weights, strict=True))
    both: Any = check_srm_phases(observed, weights, "sequential")
    assert both.p_value == pytest.approx(one.p_value * two.p_value, rel=1e-12)
    distances = [
        stats.chisquare(users, sum(users) * np.array(shares)).statistic
        for users, shares in zip(observed, weights, strict=True)
    ]
    summed: Any = check_srm_phases(observed, weights)
    assert summed.p_value == pytest.approx(special.chdtrc(2, sum(distances)), rel=1e-12)


def test_pooling_phases_of_different_ratios_would_raise_a_false_alarm() -> None:
    observed: Any = [[9_000, 1_000], [5_000, 5_000]]
    for method in ("chi2", "sequential"):
        sound = check_srm_phases(observed, [[9, 1], [1, 1]], method)
        pooled = check_srm([14_000, 6_000], [1, 1], method)
        assert (sound.healthy, pooled.healthy) == (True, False)


def test_phases_may_differ_in_arms_and_a_phase_of_few_users_is_set_aside() -> None:
    alone: Any = check_srm([600, 300, 350], [2, 1, 1])
    both: Any = check_srm_phases([[600, 300, 350], [3, 1]], [[2, 1, 1], [1, 1]])
    assert both.p_value == pytest.approx(alone.p_value, rel=1e-12)
    neither: Any = check_srm_phases([[3, 1]], [[1, 1]])
    assert neither.reason is Reason.TOO_FEW_USERS


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: check_srm([5, 5], [1, 1], "g"), "method"),  # type: ignore[arg-type]
        (lambda: check_srm_phases([], []), "expected_weights"),
        (lambda: check_srm_phases([[5, 5]], [[1, 1], [1, 1]]), "expected_weights"),
        (lambda: check_srm_phases([[5, 5], [[5, 5]]], [[1, 1], [1, 1]]), "observed"),  # type: ignore[list-item]
    ],
)
def test_impossible_requests_are_refused_by_name(call: Any, field: str) -> None:
    with pytest.raises((SampleError, SettingsError)) as refused:
        call()
    assert refused.value.field == field
