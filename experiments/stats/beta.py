"""Two independent Beta variables: the law of their difference and of their ratio, by quadrature.

Everything rests on one integral, P(T <= slope C + shift), taken over C by Gauss-Legendre in the
angle asin(sqrt(share)), in which a Beta density is smooth up to its ends and its width hardly
depends on the share. Probabilities are right to 1e-12 for whole parameters and for those above 25,
to 1e-8 for fractional ones from 2 on, and to 1e-6 for fractional ones between 1 and 2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from experiments.stats.arrays import Array

NODES, WEIGHTS = np.polynomial.legendre.leggauss(48)
TAIL = 1e-15
"""Probability that may be left out at each end of a variable's range."""
CLOSE, ROUNDING = 1e-13, 1e-16
"""How far from its level the probability at a quantile may be, of the smaller tail, and at all."""
EPSILON = 4 * float(np.finfo(float).eps)
SOON, MOST_STEPS = 12, 140
"""Steps of a search before every other one halves, and those in which halving alone is done."""


@dataclass(frozen=True, kw_only=True)
class Beta:
    """Beta(a, b), elementwise over arrays of one shape. a and b above 0."""

    a: Array
    b: Array

    @property
    def mean(self) -> Array:
        return self.a / (self.a + self.b)

    @property
    def variance(self) -> Array:
        return self.mean * (1 - self.mean) / (self.a + self.b + 1)

    def below(self, share: Array) -> Array:
        """P(X <= share), for any real share."""
        return np.asarray(special.betainc(self.a, self.b, np.clip(share, 0.0, 1.0)))

    def above(self, share: Array) -> Array:
        """P(X > share)."""
        return np.asarray(special.betaincc(self.a, self.b, np.clip(share, 0.0, 1.0)))

    @property
    def ends(self) -> tuple[Array, Array]:
        """The shares below and above which there is next to nothing."""
        low = special.betaincinv(self.a, self.b, TAIL)
        return np.asarray(low), np.asarray(special.betainccinv(self.a, self.b, TAIL))


def at_most(t: Beta, c: Beta, slope: Array, shift: Array) -> Array:
    """P(T <= slope C + shift), slope > 0, elementwise.

    Where the line lies below all of T it adds nothing, and where above, all: only the stretch
    between is integrated. So it may be as short as T is narrow.
    """
    return between(t, c, slope, shift, limits(t, c))


def limits(t: Beta, c: Beta) -> tuple[Array, ...]:
    """What `at_most` needs of both whatever the line: the ends of T and of C, and the integral of
    C's density between its own.
    """
    bottom, top = c.ends
    return *t.ends, bottom, top, quadrature(c, bottom, top, None, top, bottom)


def between(t: Beta, c: Beta, slope: Array, shift: Array, known: tuple[Array, ...]) -> Array:
    """`at_most`, given the limits of both."""
    low_t, high_t, bottom, top, whole = known
    low = np.clip((low_t - shift) / slope, bottom, top)
    high = np.clip((high_t - shift) / slope, bottom, top)
    part = quadrature(c, low, high, t, slope, shift)
    return np.clip(part / whole + c.above(high), 0.0, 1.0)


def quadrature(
    c: Beta, low: Array, high: Array, t: Beta | None, slope: Array, shift: Array
) -> Array:
    """The integral of C's density, up to a factor, times P(T <= slope C + shift) if T is given."""
    first, last = np.arcsin(np.sqrt(low)), np.arcsin(np.sqrt(high))
    half = (last - first) / 2
    angle = (first + half)[..., None] + half[..., None] * NODES
    share = np.sin(angle) ** 2
    # Relative to the density at the mean: differences of large logarithms would cost 8 digits.
    a, b, mean = c.a[..., None], c.b[..., None], c.mean[..., None]
    log = (a - 0.5) * np.log1p((share - mean) / mean)
    log += (b - 0.5) * np.log1p((mean - share) / (1 - mean))
    density = np.exp(log)
    if t is not None:
        law = Beta(a=t.a[..., None], b=t.b[..., None])
        density = density * law.below(slope[..., None] * share + shift[..., None])
    return np.asarray((density @ WEIGHTS) * half)


def difference_quantiles(t: Beta, c: Beta, levels: Sequence[float | Array]) -> tuple[Array, ...]:
    """The q with P(T - C <= q) = level, for each of the levels."""

    def line(q: Array) -> tuple[Array, Array]:
        return np.ones_like(q), q

    (low_t, high_t), (low_c, high_c) = t.ends, c.ends
    return _quantiles(t, c, levels, line, (low_t - high_c, high_t - low_c))


def ratio_quantiles(t: Beta, c: Beta, levels: Sequence[float | Array]) -> tuple[Array, ...]:
    """The q with P(T / C <= q) = level, for each of the levels."""

    def line(q: Array) -> tuple[Array, Array]:
        return np.exp(q), np.zeros_like(q)

    (low_t, high_t), (low_c, high_c) = np.log(t.ends), np.log(c.ends)
    found = _quantiles(t, c, levels, line, (low_t - high_c, high_t - low_c))
    return tuple(np.exp(q) for q in found)


def _quantiles(
    t: Beta,
    c: Beta,
    levels: Sequence[float | Array],
    line: Callable[[Array], tuple[Array, Array]],
    bracket: tuple[Array, Array],
) -> tuple[Array, ...]:
    """The q at which P(T <= slope C + shift) is each level, slope and shift being the `line` of q:
    all levels at once, since one step of the search takes as long for many as for few.
    """
    shape = (len(levels), *t.a.shape)
    wanted = np.stack([np.broadcast_to(level, t.a.shape) for level in levels])
    ta, tb, ca, cb, *known = (
        np.broadcast_to(one, shape) for one in (t.a, t.b, c.a, c.b, *limits(t, c))
    )
    both = Beta(a=ta, b=tb), Beta(a=ca, b=cb)
    low, high = (np.broadcast_to(end, shape) for end in bracket)
    return tuple(root(lambda q: between(*both, *line(q), tuple(known)), wanted, (low, high)))


def root(law: Callable[[Array], Array], level: Array, bracket: tuple[Array, Array]) -> Array:
    """Where a distribution function is at its level, 0 < level < 1, elementwise.

    By secants on the scale of normal quantiles, on which such a law is nearly a straight line. A
    step that leaves the bracket halves it, as does every other one once it takes long. NaN where
    the law is.
    """
    low, high = bracket
    wanted = special.ndtri(level)
    allowed = CLOSE * np.minimum(level, 1 - level) + ROUNDING
    before, excess_before = low, np.full(np.shape(low), -np.inf)
    at = (low + high) / 2
    for step in range(MOST_STEPS):
        found = law(at)
        excess = special.ndtri(found) - wanted
        low, high = np.where(excess < 0, at, low), np.where(excess > 0, at, high)
        close = np.abs(found - level) <= allowed
        if (close | (high - low <= EPSILON * np.abs(at)) | np.isnan(excess)).all():
            break
        with np.errstate(all="ignore"):
            onward = at - excess * (at - before) / (excess - excess_before)
        inside = (onward > low) & (onward < high) & ((step < SOON) | (step % 2 == 0))
        before, excess_before = at, excess
        at = np.where(close, at, np.where(inside, onward, (low + high) / 2))
    return np.where(np.isnan(excess), np.nan, at)
