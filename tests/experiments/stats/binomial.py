"""Bounds for counts of worlds: a correct method leaves them less than once in a million."""

from scipy import stats

CHANCE = 5e-7


def at_most(rate: float, worlds: int) -> int:
    """The count that is exceeded less than once in 2 million when each world counts at `rate`."""
    return int(stats.binom.isf(CHANCE, worlds, rate))


def at_least(rate: float, worlds: int) -> int:
    """The count that is fallen short of as rarely."""
    return int(stats.binom.ppf(CHANCE, worlds, rate))
