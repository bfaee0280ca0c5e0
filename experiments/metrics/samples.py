"""From rows to sufficient statistics per variant at every as-of time, without users x periods.

Days do not add: a user who comes back is the same user, and the square of a sum is not the sum of
squares. A sample as of a time holds each user's total up to then. Expanding every user to every
period would say that, at a cost of users x periods; instead each row of a user says by how much
that user's contribution to each sum grew, e.g. total_after^2 - total_before^2 for the squares.
Those growths add over users and periods, so the engine returns one small table and the running
sums over periods are exact.
"""

import ibis
import numpy as np
from ibis import _
from ibis.expr.types import Table, Value
from numpy.typing import NDArray

from experiments.metrics.definitions import MEASURES, Measure, Metric
from experiments.stats import MeanSample, ProportionSample, RatioSample

Sample = ProportionSample | MeanSample | RatioSample
Floats = NDArray[np.float64]


class Moments:
    """Sums over users, each an array of shape (variants, periods), cumulative over periods."""

    def __init__(self, variants: tuple[str, ...], sums: dict[str, Floats]) -> None:
        self.variants = variants
        self._sums = sums

    @property
    def users(self) -> Floats:
        return self._sums["users"]

    def total(self, measure: Measure) -> Floats:
        """The sum of the users' totals."""
        return self._sums[measure]

    def squares(self, measure: Measure) -> Floats:
        """The sum of the squares of the users' totals."""
        return self._sums[f"{measure}_squares"]

    def positive(self, measure: Measure) -> Floats:
        """How many users have a total above zero."""
        return self._sums[f"{measure}_positive"]

    def product(self, one: Measure, other: Measure) -> Floats:
        """The sum of the products of two of a user's totals."""
        return self._sums[_product_name(one, other)]

    def sample(self, metric: Metric) -> Sample:
        """The metric's sufficient statistics, every field of shape (variants, periods)."""
        top = metric.numerator
        if metric.kind == "proportion":
            return ProportionSample(n=self.users, successes=self.positive(top))
        if metric.denominator is None:
            return MeanSample(n=self.users, total=self.total(top), total_squares=self.squares(top))
        bottom = metric.denominator
        return RatioSample(
            n=self.users,
            numerator=self.total(top),
            numerator_squares=self.squares(top),
            denominator=self.total(bottom),
            denominator_squares=self.squares(bottom),
            product=self.product(top, bottom),
        )


def moments(rows: Table, variants: tuple[str, ...], periods: int) -> Moments:
    """Run the rows (see rows.user_periods): their sums for the variants, in that order."""
    grown = growth(rows).to_pyarrow()
    row = np.asarray([variants.index(v) for v in grown["variant"].to_pylist()], dtype=np.intp)
    column = grown["period"].to_numpy()
    sums = {}
    for name in grown.column_names:
        if name in ("variant", "period"):
            continue
        dense = np.zeros((len(variants), periods))
        dense[row, column] = grown[name].to_numpy()
        sums[name] = dense.cumsum(axis=1)
    return Moments(variants, sums)


def growth(rows: Table) -> Table:
    """One row per (variant, period): by how much each sum over users grew in that period."""
    so_far = ibis.window(group_by="user", order_by="period", rows=(None, 0))
    running = rows.mutate(
        first=ibis.row_number().over(ibis.window(group_by="user", order_by="period")) == 0,
        **{f"{m}_after": rows[m].sum().over(so_far) for m in MEASURES},
    )
    return running.group_by("variant", "period").aggregate(
        users=_.first.sum().cast("float64"),
        **{name: value for m in MEASURES for name, value in _growth_of(running, m).items()},
        **{
            _product_name(one, other): _product_growth(running, one, other)
            for i, one in enumerate(MEASURES)
            for other in MEASURES[i + 1 :]
        },
    )


def _growth_of(running: Table, measure: Measure) -> dict[str, Value]:
    after, before = _after_and_before(running, measure)
    return {
        measure: running[measure].sum(),
        f"{measure}_squares": (after * after - before * before).sum(),
        f"{measure}_positive": ((after > 0) & (before <= 0)).sum().cast("float64"),
    }


def _product_growth(running: Table, one: Measure, other: Measure) -> Value:
    one_after, one_before = _after_and_before(running, one)
    other_after, other_before = _after_and_before(running, other)
    return (one_after * other_after - one_before * other_before).sum()


def _after_and_before(running: Table, measure: Measure) -> tuple[Value, Value]:
    after = running[f"{measure}_after"]
    return after, after - running[measure]


def _product_name(one: str, other: str) -> str:
    return "_x_".join(sorted((one, other)))
