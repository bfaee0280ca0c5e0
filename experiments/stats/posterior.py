"""What a posterior of an effect says: its mean and spread, credible interval, chance and loss."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from experiments.stats.arrays import Array
from experiments.stats.beta import Beta, at_most, difference_quantiles, ratio_quantiles
from experiments.stats.intervals import Interval
from experiments.stats.settings import Settings

CHUNK = 20_000
"""Elements integrated at once: bounds memory at some tens of megabytes."""


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Of an effect. `interval` holds its mean, central interval and standard deviation.

    For a one-sided alternative each end leaves all of alpha outside.
    """

    interval: Interval
    chance_to_win: Array
    expected_loss: Array


def normal_posterior(mean: Array, sd: Array, settings: Settings) -> Posterior:
    """All there is to say of an effect that is Normal(mean, sd)."""
    z = mean / sd
    reach = -special.ndtri(tail(settings)) * sd
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return Posterior(
        interval=Interval(effect=mean, low=mean - reach, high=mean + reach, std_error=sd, z=z),
        chance_to_win=np.asarray(special.ndtr(z)),
        expected_loss=np.maximum(sd * density - mean * special.ndtr(-z), 0.0),
    )


def beta_posterior(t: Beta, c: Beta, settings: Settings) -> Posterior:
    """In chunks, because each element is integrated over many points."""
    of = of_ratio if settings.scale == "relative" else of_difference
    flat = [field.reshape(-1) for field in (t.a, t.b, c.a, c.b)]
    found = []
    for start in range(0, max(flat[0].size, 1), CHUNK):
        ta, tb, ca, cb = (field[start : start + CHUNK] for field in flat)
        found.append(of(Beta(a=ta, b=tb), Beta(a=ca, b=cb), tail(settings)))
    columns = [np.concatenate(parts).reshape(t.a.shape) for parts in zip(*found, strict=True)]
    mean, sd, low, high, chance, loss = columns
    # Of the difference, which has a mean also where a lift has none.
    z = (t.mean - c.mean) / np.sqrt(t.variance + c.variance)
    return Posterior(
        interval=Interval(effect=mean, low=low, high=high, std_error=sd, z=z),
        chance_to_win=chance,
        expected_loss=np.maximum(loss, 0.0),
    )


def of_difference(t: Beta, c: Beta, tail: float) -> tuple[Array, ...]:
    """Mean, sd, low, high, chance and loss of T - C.

    The loss is E[(C - T)+] = E[C; T < C] - E[T; T < C]; each is a mean times a chance, under a Beta
    with one success more.
    """
    one, zero = np.ones_like(t.a), np.zeros_like(t.a)
    held = c.mean * at_most(t, Beta(a=c.a + 1, b=c.b), one, zero)
    got = t.mean * at_most(Beta(a=t.a + 1, b=t.b), c, one, zero)
    return (
        t.mean - c.mean,
        np.sqrt(t.variance + c.variance),
        *difference_quantiles(t, c, (tail, 1 - tail)),
        1 - at_most(t, c, one, zero),
        held - got,
    )


def of_ratio(t: Beta, c: Beta, tail: float) -> tuple[Array, ...]:
    """Mean, sd, low, high, chance and loss of T / C - 1.

    The loss is E[(1 - T/C)+] = P(T < C) - E[T/C; T < C], the last under a C of one success less.
    """
    one, zero = np.ones_like(t.a), np.zeros_like(t.a)
    fewer = Beta(a=np.where(c.a > 1, c.a - 1, np.nan), b=c.b)
    ratio = t.mean * inverse_mean(c)
    square = (t.variance + t.mean**2) * inverse_mean(c) * inverse_mean(fewer)
    loses = at_most(t, c, one, zero)
    return (
        ratio - 1,
        np.sqrt(square - ratio**2),
        *(end - 1 for end in ratio_quantiles(t, c, (tail, 1 - tail))),
        1 - loses,
        loses - ratio * at_most(Beta(a=t.a + 1, b=t.b), fewer, one, zero),
    )


def inverse_mean(x: Beta) -> Array:
    """E[1/X], which is infinite up to a = 1."""
    return np.where(x.a > 1, (x.a + x.b - 1) / (x.a - 1), np.inf)


def tail(settings: Settings) -> float:
    """Probability left outside at each end, or at the one end that is bounded."""
    return settings.alpha / 2 if settings.alternative == "two-sided" else settings.alpha
