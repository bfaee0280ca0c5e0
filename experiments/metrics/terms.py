"""What a metric's samples are made of: sums over users of products of their totals."""

from typing import NamedTuple

from experiments.metrics.columns import Column, Columns
from experiments.metrics.definitions import Metric
from experiments.metrics.measures import Window


class Factor(NamedTuple):
    """A user's total of a column, in the experiment or before it; or whether it is above zero."""

    place: int
    pre: bool = False
    positive: bool = False

    @property
    def column(self) -> str:
        return f"{'p' if self.pre else 'c'}{self.place}"


class Term(NamedTuple):
    """A sum over the users whose window has passed, of a product of factors: of none, of ones."""

    window: Window | None
    factors: tuple[Factor, ...] = ()


def term(window: Window | None, *factors: Factor) -> Term:
    """The sum of the product, whatever the order of the factors."""
    yes_or_no = len(factors) == 2 and factors[0] == factors[1] and factors[0].positive
    return Term(window, tuple(sorted(factors[:1] if yes_or_no else factors)))


def factors_of(metric: Metric, columns: Columns, *, pre: bool = False) -> tuple[Factor, ...]:
    """What of a user the metric is about: one factor, or of a ratio two."""
    yes_or_no = metric.kind in ("proportion", "retention")
    return tuple(Factor(c.place, pre=pre, positive=yes_or_no) for c in columns.of(metric))


def terms_of(metric: Metric, columns: Columns, *, cuped: bool) -> set[Term]:
    """All that the metric's samples take."""
    factors = factors_of(metric, columns)
    factors += factors_of(metric, columns, pre=True) if cuped else ()
    products = {term(metric.window, a, b) for a in factors for b in factors}
    return {Term(metric.window), *products, *(term(metric.window, a) for a in factors)}


def scale_of(wanted: Term, columns: tuple[Column, ...]) -> float:
    """What one is in the units of the sum."""
    whole = 1.0
    for factor in wanted.factors:
        whole *= 1 if factor.positive else columns[factor.place].scale
    return whole
