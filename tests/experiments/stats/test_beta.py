"""Two Betas: the quadrature against 30-digit arithmetic, a closed form, and its own inverse."""

from typing import Any

import numpy as np
import pytest
from scipy import special

from experiments.stats.beta import Beta, at_most, difference_quantiles, ratio_quantiles, root


def beta(a: Any, b: Any) -> Beta:
    return Beta(a=np.asarray(a, dtype=float), b=np.asarray(b, dtype=float))


def array(value: Any) -> Any:
    return np.asarray(value, dtype=float)


@pytest.mark.parametrize(
    ("t", "c", "slope", "shift", "expected"),
    [
        # mpmath 1.4.1 at 30 digits: quad(beta density of C * betainc(T, slope c + shift)).
        ((70, 9932), (47, 9955), 1, 0, 0.01588719851579503),
        ((70, 9932), (47, 9955), 0.8, 0, 0.0004011234711354591),
        ((2, 900), (5, 800), 1, 0, 0.9154548227921478),
        ((2, 900), (5, 800), 1.3, 0, 0.9559965113611295),
        ((2, 900), (5, 800), 3, 0, 0.9969703212655274),
        ((900, 2), (905, 3), 1, -0.01, 0.00016846939003804337),
        ((30, 200), (300, 2000), 1, -0.01, 0.3460489985087966),
        ((30, 200), (300, 2000), 1.3, 0, 0.942866004165006),
        ((3, 5), (4, 2), 1, 0, 0.8787878787878788),
        ((3, 5), (4, 2), 1, 0.02, 0.8932797811456668),
        ((3, 5), (4, 2), 0.8, 0, 0.7686206060606061),
        ((2, 2), (2, 2), 1, 0, 0.5),
        ((2, 2), (2, 2), 1, 0.02, 0.5239842399872),
        ((2, 2), (2, 2), 0.8, 0, 0.37120000000000003),
        ((1000, 4), (50, 2), 1, 0, 0.02090793346083029),
        ((1000, 4), (50, 2), 1, 0.02, 0.346358043951751),
    ],
)
def test_it_is_the_integral_to_a_billionth(
    t: Any, c: Any, slope: float, shift: float, expected: float
) -> None:
    found = at_most(beta(*t), beta(*c), array(slope), array(shift))
    assert found == pytest.approx(expected, abs=1e-12)


def closed_form(t: tuple[int, int], c: tuple[int, int]) -> float:
    """P(T > C) as a finite sum over T's successes (derived by integrating by parts, a integer)."""
    i = np.arange(t[0])
    logs = special.betaln(c[0] + i, c[1] + t[1]) - special.betaln(1 + i, t[1])
    return float(np.exp(logs - np.log(t[1] + i) - special.betaln(*c)).sum())


@pytest.mark.parametrize("t", [(1, 1), (2, 900), (300, 40), (1_500, 98_500)])
@pytest.mark.parametrize("c", [(1, 1), (3, 700), (280, 45), (1_450, 98_550)])
def test_the_chance_to_be_larger_matches_the_closed_form(t: Any, c: Any) -> None:
    found = 1 - at_most(beta(*t), beta(*c), array(1), array(0))
    assert found == pytest.approx(closed_form(t, c), abs=1e-9)


def test_a_very_narrow_and_a_very_wide_variable_are_integrated_too() -> None:
    narrow, wide = beta(1e7, 1e9), beta(50, 5_000)
    at_narrow_mean = special.betainc(50, 5_000, 1e7 / (1e7 + 1e9))
    found = at_most(wide, narrow, array(1), array(0))
    assert found == pytest.approx(at_narrow_mean, abs=1e-6)
    assert at_most(narrow, wide, array(1), array(0)) == pytest.approx(1 - found, abs=1e-12)


def test_a_hundred_million_users_cost_no_digits() -> None:
    # Equal arms: the chance is a half by symmetry, whatever the logarithms lose.
    same = beta(1e6, 1e8)
    assert at_most(same, same, array(1), array(0)) == pytest.approx(0.5, abs=1e-11)


def test_quantiles_are_where_the_probability_is_the_level() -> None:
    rng = np.random.default_rng(5)
    t = beta(rng.uniform(2, 400, 300), rng.uniform(2, 4_000, 300))
    c = beta(rng.uniform(2, 400, 300), rng.uniform(2, 4_000, 300))
    level, one, zero = rng.uniform(0.001, 0.999, 300), np.ones(300), np.zeros(300)
    difference = at_most(t, c, one, difference_quantiles(t, c, (level,))[0])
    ratio = at_most(t, c, ratio_quantiles(t, c, (level,))[0], zero)
    assert np.abs(difference - level).max() < 1e-11
    assert np.abs(ratio - level).max() < 1e-11


def normal_law(asked: list[int]) -> Any:
    def law(at: Any) -> Any:
        asked.append(np.size(at))
        return special.ndtr(at)

    return law


def test_a_quantile_is_found_in_few_steps_where_a_law_is_nearly_normal() -> None:
    asked: list[int] = []
    level = np.array([0.025, 0.5, 0.975])
    found = root(normal_law(asked), level, (np.full(3, -12.0), np.full(3, 13.0)))
    assert found == pytest.approx(special.ndtri(level), abs=1e-13)
    assert len(asked) <= 6


def test_a_quantile_is_found_where_a_law_is_a_step_and_where_it_is_not_there() -> None:
    at_a_third = root(
        lambda at: np.where(at < 1 / 3, 0.0, 1.0), array([0.5]), (array([0]), array([1]))
    )
    nowhere = root(lambda at: np.full(1, np.nan), array([0.5]), (array([0]), array([1])))
    assert at_a_third == pytest.approx(1 / 3, abs=1e-15)
    assert np.isnan(nowhere).all()


@pytest.mark.parametrize("level", [0.0005, 0.025, 0.5, 0.9995])
def test_quantiles_of_lopsided_laws_are_where_the_probability_is_the_level(level: float) -> None:
    t, c = (
        beta([1.2, 2, 1e7, 50], [1e6, 3, 1e9, 5e3]),
        beta([2.7, 9e5, 50, 1e7], [1e3, 3, 5e3, 1e9]),
    )
    one, zero = np.ones(4), np.zeros(4)
    difference = at_most(t, c, one, difference_quantiles(t, c, (level,))[0])
    ratio = at_most(t, c, ratio_quantiles(t, c, (level,))[0], zero)
    assert np.abs(difference - level).max() < 1e-11
    assert np.abs(ratio - level).max() < 1e-11
