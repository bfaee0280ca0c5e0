"""The A/A audit: split the same users at random, hundreds of times, and count false positives.

Nobody was treated differently, so every rejection is false, and a sound test rejects about alpha of
the splits. Given the users, splits are independent coin flips: their rejections are exactly
binomial, with the rate at which this test errs on these users.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.random import Generator
from scipy import special

from experiments.stats.arrays import Array, Bools
from experiments.stats.audit_metrics import AuditMetric
from experiments.stats.compare import compare
from experiments.stats.comparison import Comparison
from experiments.stats.exceptions import SampleError, SettingsError
from experiments.stats.reasons import Reason
from experiments.stats.settings import Settings

CONFIDENCE = 0.999
"""Of the verdict. An audit has many metrics: at 95%, one of twenty sound ones would be accused."""

THRESHOLD = 0.001
CONVERSIONS_NEEDED = 1_000
P_BINS = 20
CELLS = 4_000_000
"""Users times splits held at once: 32 MB."""

ONE_LOOK = Settings(method="fixed", scale="absolute")

Verdict = Literal["as_expected", "too_many", "too_few"]


@dataclass(frozen=True, kw_only=True)
class Audited:
    """One metric's record.

    splits, judged     splits made, and those with a comparison that may be judged
    rejections         judged splits with p < alpha, each a false positive
    rate, low, high    rejections / judged, and its exact 99.9% interval (Clopper and Pearson 1934)
    verdict            `too_many` where the interval is above alpha; `too_few` where it is below,
                       which is a fault of the fixed method only: the sequential one spends alpha
                       on all its looks. None without a judged split, for `reason`
    uniformity_p_value Kolmogorov-Smirnov of the p-values against the uniform law
    uniform            that p >= .001; None for `uniformity_reason`
    p_counts           how many of the judged p-values lie in each twentieth of 0 to 1
    """

    key: str
    splits: int
    judged: int
    rejections: int
    rate: float
    low: float
    high: float
    verdict: Verdict | None
    reason: Reason | None
    uniformity_p_value: float
    uniform: bool | None
    uniformity_reason: Reason | None
    p_counts: tuple[int, ...]


def audit(
    metrics: Sequence[AuditMetric],
    *,
    rng: Generator,
    splits: int = 500,
    settings: Settings = ONE_LOOK,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[Audited, ...]:
    """Audit metrics of the same users, in the same order; default settings: one look, absolute.

    Each split sends each user to either arm with chance 1/2, as assignment does. `progress` hears
    how many splits are done. Raises SampleError for metrics of different users, SettingsError for a
    method without p and for a margin, under which no effect is not the null.
    """
    check(metrics, splits, settings)
    columns = np.column_stack([metric.columns for metric in metrics])
    p_values: list[list[Array]] = [[] for _ in metrics]
    reasons: list[list[Any]] = [[] for _ in metrics]
    done = 0
    for treated in split_sums(columns, splits, rng):
        for i, found in enumerate(comparisons(metrics, columns, treated, settings)):
            p_values[i].append(np.asarray(found.p_value))
            reasons[i].append(np.asarray(found.reason, dtype=object))
        done += len(treated)
        progress(done)
    return tuple(
        audited(metric, np.concatenate(p), np.concatenate(reason), settings)
        for metric, p, reason in zip(metrics, p_values, reasons, strict=True)
    )


def check(metrics: Sequence[AuditMetric], splits: int, settings: Settings) -> None:
    if not metrics:
        raise SampleError("metrics", "needs at least one metric")
    if len({len(metric.columns) for metric in metrics}) > 1:
        raise SampleError("metrics", "must all hold the same users")
    if splits < 1:
        raise SettingsError("splits", f"must be at least 1, not {splits!r}")
    if settings.method == "bayesian":
        raise SettingsError("method", "must be `fixed` or `sequential`: an audit counts p-values")
    if settings.margin:
        raise SettingsError("margin", "must be 0: an A/A split has no effect")


def split_sums(columns: Array, splits: int, rng: Generator) -> Iterator[Array]:
    """Per chunk: the treated users and their sums, shape (splits of the chunk, 1 + columns)."""
    users = len(columns)
    counted = np.column_stack([np.ones(users), columns])
    most = min(splits, max(1, CELLS // users))
    coins = np.empty((most, users))  # memory taken anew by each chunk would cost half of the time
    for start in range(0, splits, most):
        size = min(most, splits - start)
        # Whole words of coins per split, so that the chunk size does not change the splits.
        words = rng.integers(0, 2**32, (size, -(-users // 32)), dtype=np.uint32)
        bits = np.unpackbits(words.view(np.uint8), axis=1, count=users)
        np.copyto(coins[:size], bits)
        yield coins[:size] @ counted


def comparisons(
    metrics: Sequence[AuditMetric], columns: Array, treated: Array, settings: Settings
) -> Iterator[Comparison]:
    """Per metric, the treated half of every split against the other half."""
    users, everyone, at = treated[:, 0], columns.sum(axis=0), 0
    for metric in metrics:
        here = slice(at, at := at + metric.columns.shape[1])
        there = treated[:, 1:][:, here]
        control = metric.sample(len(columns) - users, *(everyone[here] - there).T)
        yield compare(control, metric.sample(users, *there.T), settings)


def audited(metric: AuditMetric, p_values: Array, reasons: Any, settings: Settings) -> Audited:
    """Count one metric's splits."""
    judged: Bools = np.asarray(reasons == None, dtype=bool)  # noqa: E711
    p = p_values[judged]
    rejections = int((p < settings.alpha).sum())
    low, high = clopper_pearson(rejections, p.size)
    uniformity, why_not = uniform_p(p, metric.conversions, settings)
    first = next((reason for reason in Reason if reason in set(reasons[~judged])), None)
    return Audited(
        key=metric.key,
        splits=p_values.size,
        judged=p.size,
        rejections=rejections,
        rate=rejections / p.size if p.size else np.nan,
        low=low,
        high=high,
        verdict=verdict(low, high, settings) if p.size else None,
        reason=None if p.size else first,
        uniformity_p_value=uniformity,
        uniform=None if why_not or not p.size else uniformity >= THRESHOLD,
        uniformity_reason=why_not or (None if p.size else first),
        p_counts=tuple(np.histogram(p, bins=P_BINS, range=(0.0, 1.0))[0].tolist()),
    )


def clopper_pearson(count: int, n: int) -> tuple[float, float]:
    """The exact interval of a binomial rate; NaN without a trial."""
    if n == 0:
        return np.nan, np.nan
    tail = (1 - CONFIDENCE) / 2
    low = special.betaincinv(count, n - count + 1, tail) if count else 0.0
    high = special.betaincinv(count + 1, n - count, 1 - tail) if count < n else 1.0
    return float(low), float(high)


def verdict(low: float, high: float, settings: Settings) -> Verdict:
    if low > settings.alpha:
        return "too_many"
    if high < settings.alpha and settings.method == "fixed":
        return "too_few"
    return "as_expected"


def uniform_p(p: Array, conversions: int, settings: Settings) -> tuple[float, Reason | None]:
    """Kolmogorov-Smirnov's p, or why there is none."""
    if settings.method != "fixed":
        return np.nan, Reason.NOT_FIXED_HORIZON
    if conversions < CONVERSIONS_NEEDED:
        return np.nan, Reason.TOO_FEW_CONVERSIONS
    if p.size == 0:
        return np.nan, None
    from scipy import stats  # half a second to import, and only an audit needs it

    return float(stats.kstest(p, "uniform").pvalue), None
