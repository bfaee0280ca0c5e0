"""The recursion against a random walk, against closed forms, and its own convergence."""

import numpy as np
import pytest
from scipy import stats

from experiments.stats.critical import Sequential
from experiments.stats.planning import crossing
from experiments.stats.planning.crossing import Boundary, unrejected
from tests.experiments.stats.binomial import at_least, at_most

WALKS = 100_000
DRIFTS = np.array([-1.0, 0.0, 1.5, 3.0, 4.0])


def boundary(**given: object) -> Boundary:
    usual = {"looks": 20, "skipped": 0, "ratio": 1.0, "alpha": 0.05, "level": 0.05}
    return Boundary(**(usual | {"two_sided": True} | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"two_sided": False},
        {"skipped": 7, "ratio": 4.0},
        {"level": 0.05 / 6, "two_sided": False, "ratio": 0.3},
        {"looks": 100, "confidence": 0.99},
    ],
)
def test_it_rejects_as_often_as_a_random_walk(given: dict[str, object]) -> None:
    if given.pop("confidence", None):
        given |= {"alpha": 0.01, "level": 0.01}
    test = boundary(**given)
    steps = np.random.default_rng(31).normal(size=(WALKS, test.looks)) / np.sqrt(test.looks)
    walk = steps.cumsum(axis=1)[:, test.skipped :]
    for drift, chance in zip(DRIFTS, unrejected(test).crossing(DRIFTS), strict=True):
        z = walk + drift * test.times()
        far = np.abs(z) if test.two_sided else z
        crossed = int((far > test.reach()).any(axis=1).sum())
        assert at_least(chance, WALKS) <= crossed <= at_most(chance, WALKS)


@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize("level", [0.05, 0.05 / 6])
def test_its_boundary_is_where_the_tests_p_is_the_level(level: float, two_sided: bool) -> None:
    """An experiment with a tuning of 9,000 that ends at 6,300 users."""
    test = boundary(level=level, two_sided=two_sided, ratio=0.7)
    running = Sequential(
        users=6_300 * test.times(),
        alpha=0.05,
        alternative="two-sided" if two_sided else "greater",
        tuning=9_000,
    )
    z = test.reach() / np.sqrt(test.times())
    assert running.p_value(z) == pytest.approx(np.full(20, level), rel=1e-9)


@pytest.mark.parametrize("two_sided", [True, False])
def test_with_one_look_it_is_the_normal_tail(two_sided: bool) -> None:
    test = boundary(looks=1, two_sided=two_sided)
    upper = stats.norm.sf(test.reach()[0] - DRIFTS)
    lower = stats.norm.cdf(-test.reach()[0] - DRIFTS) if two_sided else 0.0
    assert unrejected(test).crossing(DRIFTS) == pytest.approx(upper + lower, abs=1e-10)


@pytest.mark.parametrize("two_sided", [True, False])
def test_more_looks_have_more_power_and_never_more_than_alpha_without_an_effect(
    two_sided: bool,
) -> None:
    by_looks = [
        unrejected(boundary(looks=looks, two_sided=two_sided)).crossing(DRIFTS[1:])
        for looks in (1, 2, 5, 20, 100)
    ]
    assert (np.diff(by_looks, axis=0) > 0).all()
    assert by_looks[-1][0] < 0.05


@pytest.mark.parametrize("two_sided", [True, False])
def test_finer_quadrature_gives_the_same(two_sided: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    test = boundary(looks=100, two_sided=two_sided)
    coarse = unrejected(test).crossing(DRIFTS)
    monkeypatch.setattr(crossing, "NODES", 400)
    fine = unrejected.__wrapped__(test).crossing(DRIFTS)
    assert coarse == pytest.approx(fine, abs=1e-4 if not two_sided else 1e-9)
