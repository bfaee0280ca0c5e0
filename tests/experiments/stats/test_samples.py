"""Samples: what they hold, what they refuse, and that disjoint users add to the whole."""

from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from experiments.stats import MeanSample, ProportionSample, RatioSample, SampleError

Array: TypeAlias = NDArray[np.float64]

CLICKS = np.array([0.0, 1.0, 3.0, 0.0, 2.0, 1.0])
SEEN = np.array([4.0, 5.0, 9.0, 2.0, 8.0, 7.0])


def mean_of(values: Array) -> MeanSample:
    return MeanSample(len(values), values.sum(), (values**2).sum())


def ratio_of(top: Array, bottom: Array) -> RatioSample:
    return RatioSample(
        len(top), top.sum(), (top**2).sum(), bottom.sum(), (bottom**2).sum(), (top * bottom).sum()
    )


def test_a_proportion_has_the_variance_of_a_bernoulli_variable() -> None:
    sample = ProportionSample(200, 30)
    assert sample.mean == 0.15
    assert sample.variance == pytest.approx(0.15 * 0.85, rel=1e-15)
    assert sample.std_error == pytest.approx((0.15 * 0.85 / 200) ** 0.5, rel=1e-15)


def test_a_mean_has_the_unbiased_sample_variance() -> None:
    sample = mean_of(CLICKS)
    assert sample.mean == pytest.approx(CLICKS.mean(), rel=1e-15)
    assert sample.variance == pytest.approx(CLICKS.var(ddof=1), rel=1e-14)


def test_a_ratio_has_the_delta_method_variance_of_its_two_totals() -> None:
    sample = ratio_of(CLICKS, SEEN)
    ratio = CLICKS.sum() / SEEN.sum()
    covariance = np.cov(CLICKS, SEEN, ddof=1)
    expanded = covariance[0, 0] - 2 * ratio * covariance[0, 1] + ratio**2 * covariance[1, 1]
    assert sample.mean == ratio
    assert sample.variance == pytest.approx(expanded / SEEN.mean() ** 2, rel=1e-13)


def test_disjoint_users_add_to_the_whole() -> None:
    assert ProportionSample(60, 7) + ProportionSample(40, 5) == ProportionSample(100, 12)
    assert mean_of(CLICKS[:2]) + mean_of(CLICKS[2:]) == mean_of(CLICKS)
    halves = ratio_of(CLICKS[:3], SEEN[:3]) + ratio_of(CLICKS[3:], SEEN[3:])
    assert halves == ratio_of(CLICKS, SEEN)


def test_arrays_add_element_by_element() -> None:
    both: Any = ProportionSample(np.array([10, 20]), np.array([1, 2])) + ProportionSample(5, 1)
    assert both.n.tolist() == [15.0, 25.0]
    assert both.successes.tolist() == [2.0, 3.0]


def test_samples_of_two_kinds_do_not_add() -> None:
    with pytest.raises(TypeError):
        ProportionSample(10, 1) + MeanSample(10, 1, 1)  # type: ignore[operator]


def test_no_users_have_no_mean_and_one_user_has_no_variance() -> None:
    empty, single = ProportionSample(0, 0), MeanSample(1, 4.0, 16.0)
    assert np.isnan(empty.mean)
    assert np.isnan(empty.variance)
    assert single.mean == 4.0
    assert np.isnan(single.variance)


def test_equal_values_have_no_variance_whatever_the_rounding() -> None:
    value, n = 0.1, 1_000_000
    assert MeanSample(n, value * n * (1 + 3e-16), value**2 * n).variance == 0.0


def test_numbers_of_other_libraries_come_in_as_plain_numbers() -> None:
    sample = MeanSample(np.int64(4), Decimal("2.5"), np.float64(2.25))  # type: ignore[arg-type]
    assert sample == MeanSample(4, 2.5, 2.25)
    assert [type(value) for value in vars(sample).values()] == [float, float, float]


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: ProportionSample(-1, 0), "n"),
        (lambda: ProportionSample(10**400, 1), "n"),
        (lambda: ProportionSample(10, 10**400), "successes"),
        (lambda: MeanSample([10**400], [1], [1]), "n"),  # type: ignore[arg-type]
        (lambda: ProportionSample(10, 11), "successes"),
        (lambda: ProportionSample(10, -1), "successes"),
        (lambda: ProportionSample(np.array([10, 10]), np.array([3, 12])), "successes"),
        (lambda: ProportionSample(float("nan"), 0), "n"),
        (
            lambda: ProportionSample(10, "many"),  # type: ignore[arg-type]
            "successes",
        ),
        (lambda: ProportionSample(np.ones(2), np.ones(3)), "n"),
        (lambda: MeanSample(10, 5.0, -1.0), "total_squares"),
        (lambda: MeanSample(4, 10.0, 24.0), "total_squares"),
        (lambda: RatioSample(4, 10.0, 24.0, 8, 20, 1), "numerator_squares"),
        (lambda: RatioSample(4, 8.0, 20.0, 10, 24, 1), "denominator_squares"),
        (lambda: RatioSample(4, 8.0, 20.0, 8, 20, 21), "product"),
    ],
)
def test_sums_no_data_can_have_are_refused_by_name(build: Any, field: str) -> None:
    with pytest.raises(SampleError) as refused:
        build()
    assert refused.value.field == field
    assert str(refused.value).startswith(field)
