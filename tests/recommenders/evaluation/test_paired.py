import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize, stats

from recommenders.evaluation.paired import FEWEST_USERS, Difference, compare_paired, not_worse
from recommenders.exceptions import EvaluationError

USERS = 40
RNG = np.random.default_rng(3)
LIVE = RNG.beta(1, 3, USERS)
CANDIDATE = np.clip(LIVE + RNG.normal(0.03, 0.1, USERS), 0, 1)


def test_the_paired_test_is_students_on_the_differences() -> None:
    found = compare_paired(LIVE, CANDIDATE, confidence=0.9)
    expected = stats.ttest_rel(CANDIDATE, LIVE)
    around = expected.confidence_interval(0.9)

    assert found.n == USERS
    assert found.difference == pytest.approx((CANDIDATE - LIVE).mean())
    assert (found.mean_a, found.mean_b) == pytest.approx((LIVE.mean(), CANDIDATE.mean()))
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx((around.low, around.high))


def test_users_without_a_figure_on_either_side_are_left_out() -> None:
    a, b = np.append(LIVE, [np.nan, 0.5]), np.append(CANDIDATE, [0.5, np.nan])
    assert compare_paired(a, b) == compare_paired(LIVE, CANDIDATE)
    assert not_worse(b, a) == not_worse(CANDIDATE, LIVE)


def test_what_cannot_be_judged_has_a_reason_and_no_number() -> None:
    few = FEWEST_USERS - 1
    assert compare_paired(LIVE[:few], CANDIDATE[:few]).reason == "too_few_users"
    assert compare_paired(LIVE, LIVE) == Difference(
        n=USERS, mean_a=LIVE.mean(), mean_b=LIVE.mean(), difference=0.0, reason="no_spread"
    )
    for verdict, reason in [
        (not_worse(CANDIDATE[:few], LIVE[:few]), "too_few_users"),
        (not_worse(CANDIDATE, np.zeros(USERS)), "live_near_zero"),
        (not_worse(CANDIDATE, np.eye(1, USERS)[0]), "live_near_zero"),  # one hit of 40
        (not_worse([], []), "too_few_users"),
    ]:
        assert (verdict.passed, verdict.loss, verdict.p_value) == (False, None, None)
        assert verdict.reason == reason


def test_arrays_that_are_not_of_the_same_users_are_refused() -> None:
    with pytest.raises(EvaluationError, match="one per user"):
        compare_paired(LIVE, CANDIDATE[1:])
    with pytest.raises(EvaluationError, match=r"bound is -0\.1"):
        not_worse(CANDIDATE, LIVE, bound=-0.1)


def test_non_inferiority_is_the_one_sided_test_against_a_share_of_live() -> None:
    verdict = not_worse(CANDIDATE, LIVE, bound=0.2)
    expected = stats.ttest_1samp(CANDIDATE - 0.8 * LIVE, 0.0, alternative="greater")

    assert verdict.p_value == pytest.approx(expected.pvalue)
    assert (verdict.live, verdict.candidate) == pytest.approx((LIVE.mean(), CANDIDATE.mean()))


def test_the_loss_left_open_is_where_the_test_turns() -> None:
    worse = CANDIDATE * 0.8  # so that the limit lies inside 0..1

    def undecided(bound: float) -> float:
        tested = stats.ttest_1samp(worse - (1 - bound) * LIVE, 0.0, alternative="greater")
        return float(tested.pvalue) - 0.05

    turned = optimize.brentq(undecided, 0.0, 0.9)
    assert not_worse(worse, LIVE, bound=0.5).loss == pytest.approx(turned)


@given(st.integers(0, 10_000), st.sampled_from([0.01, 0.05, 0.2, 0.5]))
def test_the_loss_and_the_p_value_never_disagree(seed: int, bound: float) -> None:
    rng = np.random.default_rng(seed)
    live = rng.beta(1, 3, 50)
    verdict = not_worse(np.clip(live + rng.normal(0, 0.2, 50), 0, 1), live, bound=bound)
    assert verdict.loss is not None
    assert verdict.p_value is not None
    assert verdict.passed == (verdict.loss <= bound) == (verdict.p_value <= 0.05)


def test_the_same_model_is_not_worse_than_itself() -> None:
    verdict = not_worse(LIVE, LIVE, bound=0.01)
    assert verdict.passed
    assert verdict.loss == pytest.approx(0.0, abs=1e-7)


def sparse(rng: np.random.Generator, users: int, rate: float) -> NDArray[np.float64]:
    """What nDCG@10 looks like: mostly nothing, else one of the discounts of ten places."""
    discounts = 1 / np.log2(np.arange(2, 12))
    return np.where(rng.random(users) < rate, rng.choice(discounts, users), 0.0)


def both(rng: np.random.Generator, users: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two models that are as good as each other, and agree on some users."""
    shared, alone = sparse(rng, users, 0.2), [sparse(rng, users, 0.2) for _ in range(2)]
    agree = rng.random(users) < 0.6
    return np.where(agree, shared, alone[0]), np.where(agree, shared, alone[1])


WORLDS = 2_000
MOST = 0.05 + 3 * np.sqrt(0.05 * 0.95 / WORLDS)


@pytest.mark.parametrize(("users", "least"), [(30, 0.015), (100, 0.035), (500, 0.035)])
def test_the_paired_test_holds_its_level(users: int, least: float) -> None:
    rng = np.random.default_rng(users)
    p_values = [compare_paired(*both(rng, users)).p_value for _ in range(WORLDS)]
    # Where few users differ at all the test rejects more rarely than it may.
    assert least <= np.mean([p is not None and p <= 0.05 for p in p_values]) <= MOST


@pytest.mark.parametrize("users", [100, 500])
def test_a_candidate_worse_by_the_bound_passes_at_most_as_often_as_said(users: int) -> None:
    rng = np.random.default_rng(users)
    worlds = (both(rng, users) for _ in range(WORLDS))
    passed = [not_worse(0.8 * one, other, bound=0.2).passed for one, other in worlds]
    assert 0.02 <= np.mean(passed) <= MOST
