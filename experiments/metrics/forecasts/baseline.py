"""What users of a placement did before an experiment: a sample per metric, and how they came."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec

from experiments.metrics.definitions import Metric
from experiments.metrics.exceptions import UnknownMetric
from experiments.metrics.samples import Plain
from experiments.stats import (
    CupedRatioSample,
    CupedSample,
    MeanSample,
    ProportionSample,
    RatioSample,
)

Cuped = CupedSample | CupedRatioSample
Sums = dict[str, float | dict[str, float]]
"""A sample's fields by name, as plain numbers: what JSON can hold."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A metric over users whose window has passed. `cuped_sums` are None without a pre-period."""

    metric: Metric
    sums: Sums
    cuped_sums: Sums | None = None

    @property
    def sample(self) -> Plain:
        """The sample a plan starts from."""
        kinds: dict[str, Any] = {"mean": MeanSample, "ratio": RatioSample}
        made: Plain = kinds.get(self.metric.kind, ProportionSample)(**self.sums)
        return made

    @property
    def cuped(self) -> Cuped | None:
        """The same users with their pre-period."""
        if self.cuped_sums is None:
            return None
        ratio = self.metric.kind == "ratio"
        kind, part = (CupedRatioSample, RatioSample) if ratio else (CupedSample, MeanSample)
        fields: dict[str, Any] = {
            name: part(**value) if isinstance(value, dict) else value
            for name, value in self.cuped_sums.items()
        }
        return kind(**fields)


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """Users first exposed on `placement` (None: anywhere) in [since, until], as of `until`.

    new_users        by day since `since`, a user on the day of first exposure; whole days only
    lookback_days    of the pre-period asked for, and `lookback_covered` how many of them the log
                     holds before `since`
    """

    placement: str | None
    since: datetime
    until: datetime
    users: int
    new_users: tuple[int, ...]
    lookback_days: float
    lookback_covered: float
    measured: tuple[Measured, ...]

    @property
    def days(self) -> float:
        """How long the first of them were watched."""
        return (self.until - self.since).total_seconds() / 86_400

    def of(self, key: str) -> Measured:
        """The metric of that key. Raises UnknownMetric, which lists those there are."""
        by_key = {m.metric.key: m for m in self.measured}
        if key not in by_key:
            raise UnknownMetric(key, tuple(by_key))
        return by_key[key]


def sums_of(sample: Plain | Cuped) -> Sums:
    """The fields of a sample of numbers."""
    found: Sums = _plain(asdict(sample))
    return found


def _plain(fields: dict[str, Any]) -> Any:
    return {k: _plain(v) if isinstance(v, dict) else float(v) for k, v in fields.items()}
