"""The metrics Winnow can compute, each as data: what is counted per user, and how it is compared.

A metric never names SQL. It names measures, the per-user sums that `rows` counts from the log; a
new metric over existing measures is one entry below, a new measure is one more column in `rows`.
"""

from typing import Literal

import msgspec

from experiments.metrics.exceptions import UnknownMetric
from experiments.metrics.results import Direction, Kind

Measure = Literal["impressions", "clicks"]
Format = Literal["percent", "number"]

MEASURES: tuple[Measure, ...] = ("impressions", "clicks")


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric.

    - `proportion`: the share of users whose `numerator` is above zero;
    - `mean`: the sum of `numerator` per user;
    - `ratio`: the sum of `numerator` over the sum of `denominator`, users being the unit.

    `direction` is the good one. `format` is how a value (not a lift) is written.
    """

    key: str
    name: str
    kind: Kind
    description: str
    direction: Direction
    format: Format
    numerator: Measure
    denominator: Measure | None = None

    def __post_init__(self) -> None:
        if (self.kind == "ratio") != (self.denominator is not None):
            raise ValueError(f"Metric {self.key!r}: a ratio, and only a ratio, has a denominator.")


_BUILT_IN = (
    Metric(
        key="ctr",
        name="CTR",
        kind="ratio",
        description="Clicks per item served. Of one slate each item is clicked at most once.",
        direction="increase",
        format="percent",
        numerator="clicks",
        denominator="impressions",
    ),
    Metric(
        key="clicks_per_user",
        name="Clicks per user",
        kind="mean",
        description="Clicks on served items, per user exposed.",
        direction="increase",
        format="number",
        numerator="clicks",
    ),
    Metric(
        key="impressions_per_user",
        name="Impressions per user",
        kind="mean",
        description="Items served per user exposed. A change here moves CTR by itself.",
        direction="increase",
        format="number",
        numerator="impressions",
    ),
    Metric(
        key="clicked",
        name="Users who clicked",
        kind="proportion",
        description="Share of exposed users with at least one click on a served item.",
        direction="increase",
        format="percent",
        numerator="clicks",
    ),
)

METRICS: dict[str, Metric] = {metric.key: metric for metric in _BUILT_IN}


def metric_named(key: str) -> Metric:
    """The metric of that key. Raises UnknownMetric, which lists the known ones."""
    try:
        return METRICS[key]
    except KeyError:
        raise UnknownMetric(key, tuple(METRICS)) from None
