"""What an audit found, as values that survive JSON: a number that does not exist is None."""

from datetime import datetime

import msgspec
import numpy as np

from experiments.metrics.auditing.spec import AuditMethod
from experiments.metrics.definitions import Kind, Metric
from experiments.metrics.numbers import number, text
from experiments.metrics.results import LeftOut
from experiments.stats import Audited, AuditMetric
from experiments.stats.audit import P_BINS, Verdict
from experiments.stats.reasons import Reason

LARGEST_SHARE = 0.01


class AuditedMetric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric's record; the fields of `experiments.stats.Audited`, and:

    users       whose window has passed: those that were split
    with_any    users with a value other than zero
    top_share   of the metric's total (of a ratio, the numerator's), the part that belongs to the 1%
                of users who have most; None for a yes-or-no metric and for a total that is not
                above 0
    """

    metric: str
    name: str
    kind: Kind
    fingerprint: str
    users: int
    with_any: int
    top_share: float | None
    splits: int
    judged: int
    rejections: int
    rate: float | None
    low: float | None
    high: float | None
    verdict: Verdict | None
    reason: str | None
    uniformity_p_value: float | None
    uniform: bool | None
    uniformity_reason: str | None
    p_counts: tuple[int, ...]


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A metric that the log has not the columns for, and the first one missing."""

    metric: str
    table: str
    column: str


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """An audit. `users` count in the window, `drawn` of them were split; `alpha` is the share of
    splits that a sound test rejects. Metrics are in the order asked for.
    """

    since: datetime
    until: datetime
    method: AuditMethod
    splits: int
    seed: int
    lookback_days: float
    alpha: float
    users: int
    drawn: int
    left_out: tuple[LeftOut, ...]
    metrics: tuple[AuditedMetric, ...]
    skipped: tuple[Skipped, ...] = ()

    def of(self, key: str) -> AuditedMetric | None:
        """The record of the metric with that key."""
        return next((found for found in self.metrics if found.metric == key), None)


def record(metric: Metric, rows: AuditMetric | None, found: Audited) -> AuditedMetric:
    """What the report says of a metric; `rows` is None where no user counts."""
    return AuditedMetric(
        metric=metric.key,
        name=metric.name,
        kind=metric.kind,
        fingerprint=metric.fingerprint,
        users=0 if rows is None else len(rows.columns),
        with_any=0 if rows is None else rows.conversions,
        top_share=None if rows is None else _top_share(metric, rows),
        splits=found.splits,
        judged=found.judged,
        rejections=found.rejections,
        rate=number(found.rate),
        low=number(found.low),
        high=number(found.high),
        verdict=found.verdict,
        reason=text(found.reason),
        uniformity_p_value=number(found.uniformity_p_value),
        uniform=found.uniform,
        uniformity_reason=text(found.uniformity_reason),
        p_counts=found.p_counts,
    )


def unjudged(metric: Metric, splits: int) -> Audited:
    """Splits none of which may be judged: the halves are too small."""
    return Audited(
        key=metric.key,
        splits=splits,
        judged=0,
        rejections=0,
        rate=np.nan,
        low=np.nan,
        high=np.nan,
        verdict=None,
        reason=Reason.COLLECTING,
        uniformity_p_value=np.nan,
        uniform=None,
        uniformity_reason=Reason.COLLECTING,
        p_counts=(0,) * P_BINS,
    )


def _top_share(metric: Metric, rows: AuditMetric) -> float | None:
    totals = np.sort(rows.columns[:, 0])
    yes_or_no = metric.kind in ("proportion", "retention")
    if yes_or_no or totals[0] < 0 or not totals.sum() > 0:
        return None
    most = max(1, round(LARGEST_SHARE * totals.size))
    return float(totals[-most:].sum() / totals.sum())
