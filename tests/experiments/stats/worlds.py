"""Simulated experiments, as samples of shape (worlds,) or (worlds, looks); and what a test says."""

from typing import Any, TypeAlias

import numpy as np

from experiments.stats import (
    Comparison,
    MeanSample,
    ProportionSample,
    RatioSample,
    Settings,
    compare,
)

Rng: TypeAlias = np.random.Generator
Pair: TypeAlias = tuple[ProportionSample, ProportionSample]


def shares(rng: Rng, *, n: int, rate: float, worlds: int) -> ProportionSample:
    """`n` users a world, each of whom does it with chance `rate`."""
    return ProportionSample(n, rng.binomial(n, rate, worlds))


def peeked(rng: Rng, *, sizes: Any, share: float, rates: tuple[float, float], worlds: int) -> Pair:
    """Two arms seen whenever `sizes` users have come, `share` of them in the treatment.

    `rates` are those of control and treatment.
    """
    arriving = np.broadcast_to(np.diff(sizes, prepend=0), (worlds, len(sizes)))
    treated = rng.binomial(arriving, share)
    control, treatment = (
        ProportionSample(new.cumsum(axis=1), rng.binomial(new, rate).cumsum(axis=1))
        for new, rate in zip((arriving - treated, treated), rates, strict=True)
    )
    return control, treatment


def means(user_values: Any) -> MeanSample:
    """The sample of one value per user, users on the last axis."""
    return MeanSample(
        user_values.shape[-1], user_values.sum(axis=-1), (user_values**2).sum(axis=-1)
    )


def ratios(top: Any, bottom: Any) -> RatioSample:
    """The sample of two values per user, users on the last axis."""
    sums = (top, top**2, bottom, bottom**2, top * bottom)
    return RatioSample(top.shape[-1], *(each.sum(axis=-1) for each in sums))


def heavy_tailed_ctr(rng: Rng, *, users: int, worlds: int) -> RatioSample:
    """Few users see very much, and people differ in how gladly they click; CTR 5%."""
    seen = np.minimum(np.ceil(5 * rng.pareto(2.2, (worlds, users)) + 1), 2_000)
    clicks = rng.binomial(seen.astype(int), rng.beta(0.5, 9.5, (worlds, users)))
    return ratios(clicks.astype(float), seen)


def rejected(control: Any, treatment: Any, settings: Settings) -> int:
    """How many worlds the test rejects, at a level of 1 - confidence."""
    result: Any = compare(control, treatment, settings)
    return int((result.p_value < settings.alpha).sum())


def ever_rejected(result: Comparison, *, floor: bool, alpha: float = 0.05) -> int:
    """How many worlds are rejected at any look; with `floor`, at one that may be judged."""
    found = np.asarray(result.p_value) < alpha
    if floor:
        found &= result.reason == None  # noqa: E711
    return int(found.any(axis=1).sum())
