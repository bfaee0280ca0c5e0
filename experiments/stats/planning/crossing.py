"""How likely a sequential test has rejected by its last look: a recursion over the looks.

In the limit of many users the test's z at n of them is (B(n) + d n) / sqrt(n), B being a Brownian
motion and d its drift. Looks are discrete, so the density of B on the paths that have not rejected
yet can be carried from look to look (Armitage, McPherson and Rowe 1969, "Repeated Significance
Tests on Accumulating Data", JRSS A 132), here by Gauss-Legendre quadrature. It is done once,
without drift: a drift only weighs a path that ends at s by exp(D s - D^2/2) (Girsanov), D being
the z expected there.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from experiments.stats.arrays import Array
from experiments.stats.critical import Sequential, mixture_variance
from experiments.stats.settings import Alternative

NODES = 200
FAR = 12.0
"""Where a one-sided test's paths are cut off on the side that never rejects, in standard errors."""


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """The rejection boundary of a test that looks `looks` times, the first `skipped` not judged.

    `ratio` is the users at the last look over the tuning. rho^2 is that of `alpha`, and the level
    tested at is `level`, as when a p-value is corrected for several hypotheses.
    """

    looks: int
    skipped: int
    ratio: float
    alpha: float
    level: float
    two_sided: bool

    def times(self) -> Array:
        """The judged looks, as shares of the last."""
        return np.arange(self.skipped + 1, self.looks + 1) / self.looks

    def reach(self) -> Array:
        """How far B may go at each judged look, in standard errors of the last look."""
        sides = 1 if self.two_sided else 2
        rho_held = mixture_variance(sides * self.level, mixture_variance(sides * self.alpha, 1.0))
        alternative: Alternative = "two-sided" if self.two_sided else "greater"
        times = self.times()
        test = Sequential(
            users=times * self.ratio, alpha=self.level, alternative=alternative, tuning=rho_held
        )
        return np.asarray(test.critical() * np.sqrt(times))


@dataclass(frozen=True, kw_only=True)
class Unrejected:
    """Where B ends on the paths that never rejected, without drift: places and their weights."""

    place: Array
    weight: Array

    def crossing(self, drift: Array) -> Array:
        """Probability of having rejected, `drift` being the expected z at the last look."""
        shift = drift[..., None]
        kept = (self.weight * np.exp(shift * self.place - shift**2 / 2)).sum(axis=-1)
        return np.asarray(np.clip(1 - kept, 0.0, 1.0))


@lru_cache(maxsize=256)
def unrejected(boundary: Boundary) -> Unrejected:
    """Carry the density from look to look, dropping what has crossed."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    place, mass, before = np.zeros(1), np.ones(1), 0.0
    for time, reach in zip(boundary.times(), boundary.reach(), strict=True):
        low = -reach if boundary.two_sided else -FAR
        here = (reach - low) / 2 * nodes + (reach + low) / 2
        step = time - before
        moved = np.exp(-((here[:, None] - place) ** 2) / (2 * step)) / np.sqrt(2 * np.pi * step)
        mass = moved @ mass * weights * (reach - low) / 2
        place, before = here, time
    return Unrejected(place=place, weight=mass)
