"""Sums over users, per phase and variant, at as_of or at every as-of time.

Days do not add: a user who comes back is the same user, and the square of a sum is not the sum of
squares. A sample as of a time holds each user's total up to then. Expanding every user to every
period would say that, at a cost of users x periods; instead each row of a user says by how much
that user's contribution to each sum grew, e.g. total_after^2 - total_before^2 for the squares.
Those growths add over users and periods, so the engine returns one small table and the running
sums over periods are exact. A metric with a window needs no rows: all of a user's total comes in
when the window has passed.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce

import ibis
import numpy as np
from ibis.expr.types import NumericValue, Table
from numpy.typing import NDArray

from experiments.metrics.caps import Caps
from experiments.metrics.columns import Columns
from experiments.metrics.measures import Window
from experiments.metrics.periods import Grid, period_of
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.terms import Factor, Term, scale_of
from experiments.metrics.totals import kind_of
from experiments.metrics.windows import passed_at

Floats = NDArray[np.float64]
Value = Callable[[Factor], NumericValue]
CELL = ("phase", "arm")


class Moments:
    """`sums[term]` has shape (phases, variants, periods); cumulative over periods."""

    def __init__(self, sums: dict[Term, Floats]) -> None:
        self._sums = sums

    def of(self, wanted: Term) -> Floats:
        return self._sums[wanted]


class Summing:
    """Takes the sums that some terms need from members' totals."""

    def __init__(
        self, spec: ScorecardSpec, columns: Columns, caps: Caps, terms: Iterable[Term]
    ) -> None:
        self.spec, self.columns, self.caps = spec, columns, caps
        self.terms = sorted(terms, key=repr)

    def at_as_of(self, totals: Table) -> Moments:
        """One period."""
        found = totals.group_by(*CELL).aggregate(**self._sums(totals, self.terms))
        return self._read(found.mutate(period=ibis.literal(0)), self.terms, 1)

    def by_segment(self, totals: Table, segments: int) -> list[Moments]:
        """One period for each value of the column `segment`, 0 to `segments` - 1."""
        found = totals.group_by(*CELL, period=totals.segment).aggregate(
            **self._sums(totals, self.terms)
        )
        cells = self._read(found, self.terms, segments, cumulate=False)
        return [
            Moments({t: cells.of(t)[..., i : i + 1] for t in self.terms}) for i in range(segments)
        ]

    def over_time(self, totals: Table, rows: Table, grid: Grid) -> Moments:
        """Every period of the grid; `rows` are `user_periods`."""
        parts: dict[Term, Floats] = {}
        for window in (None, *self.columns.windows):
            terms = [t for t in self.terms if t.window == window]
            if terms:
                grown = (
                    self._growth(totals, rows, terms)
                    if window is None
                    else self._arrivals(totals, terms, window, grid)
                )
                part = self._read(grown, terms, grid.periods)
                parts |= {t: part.of(t) for t in terms}
        return Moments(parts)

    def _growth(self, totals: Table, rows: Table, terms: Sequence[Term]) -> Table:
        used = {f.column for t in terms for f in t.factors if not f.pre}
        before = {f.column for t in terms for f in t.factors if f.pre}
        theirs = totals.select("uid", *CELL, **{f"of_{name}": totals[name] for name in before})
        here = rows.filter(rows.period >= 0).join(theirs, "uid")
        order = ibis.window(group_by="uid", order_by="period")
        so_far = ibis.window(group_by="uid", order_by="period", rows=(None, 0))
        running = here.mutate(
            first=ibis.row_number().over(order) == 0,
            **{f"after_{name}": self._whole(here[name].sum().over(so_far), name) for name in used},
        )

        def after(factor: Factor) -> NumericValue:
            prefix = "of" if factor.pre else "after"
            return self._value(running[f"{prefix}_{factor.column}"], factor)

        def earlier(factor: Factor) -> NumericValue:
            if factor.pre:
                return running.first.ifelse(0, after(factor)).cast(self._kind(factor))
            left = running[f"after_{factor.column}"] - running[factor.column]
            return self._value(self._whole(left, factor.column), factor)

        growths = {f"t{i}": self._grown(running, t, after, earlier) for i, t in enumerate(terms)}
        return running.group_by(*CELL, "period").aggregate(**growths)

    def _grown(self, running: Table, wanted: Term, after: Value, earlier: Value) -> NumericValue:
        if not wanted.factors:
            return running.first.cast("int64").sum().cast("float64")
        return (self._product(wanted, after) - self._product(wanted, earlier)).sum().cast("float64")

    def _arrivals(self, totals: Table, terms: Sequence[Term], window: Window, grid: Grid) -> Table:
        """What comes in with the users whose window passes in a period."""
        there = totals.filter(totals[str(self.columns.mature(window))])
        when = period_of(passed_at(there, window), grid)
        return there.group_by(*CELL, period=when).aggregate(**self._sums(there, terms))

    def _sums(self, totals: Table, terms: Sequence[Term]) -> dict[str, NumericValue]:
        def value(factor: Factor) -> NumericValue:
            return self._value(totals[factor.column], factor)

        return {f"t{i}": self._sum(totals, t, value) for i, t in enumerate(terms)}

    def _sum(self, totals: Table, wanted: Term, value: Value) -> NumericValue:
        if wanted.factors:
            return self._product(wanted, value).sum().cast("float64")
        mature = self.columns.mature(wanted.window)
        return (totals.count() if mature is None else totals[mature].cast("int64").sum()).cast(
            "float64"
        )

    def _product(self, wanted: Term, value: Value) -> NumericValue:
        kinds = {self._kind(factor) for factor in wanted.factors}
        kind = max(kinds, key=len)  # a decimal, where one of them is
        return reduce(lambda a, b: a * b, (value(factor).cast(kind) for factor in wanted.factors))

    def _value(self, total: NumericValue, factor: Factor) -> NumericValue:
        """A user's total as it counts: capped, or whether it is above zero."""
        if factor.positive:
            return (total > 0).cast("float64")
        cap = self.caps.get(factor.column)
        kind = self._kind(factor)
        return total if cap is None else ibis.least(total, ibis.literal(cap).cast(kind))

    def _whole(self, total: NumericValue, column: str) -> NumericValue:
        return total.cast(kind_of(self.columns.all[int(column[1:])]))

    def _kind(self, factor: Factor) -> str:
        return "float64" if factor.positive else kind_of(self.columns.all[factor.place])

    def _read(
        self, found: Table, terms: Sequence[Term], periods: int, *, cumulate: bool = True
    ) -> Moments:
        table = found.to_pyarrow()
        cells = tuple(table[name].to_numpy().astype(np.intp) for name in (*CELL, "period"))
        shape = (len(self.spec.phases), len(self.spec.variants), periods)
        sums = {}
        for i, wanted in enumerate(terms):
            dense = np.zeros(shape)
            dense[cells] = table[f"t{i}"].to_numpy() / scale_of(wanted, self.columns.all)
            sums[wanted] = dense.cumsum(axis=2) if cumulate else dense
        return Moments(sums)
