"""The tables of one analysis: people, rows per (user, period), totals per user.

Each is read once and kept as a temporary table of the engine, for as long as the stack is open.
"""

from contextlib import ExitStack
from functools import cached_property

import ibis
from ibis.expr.types import Table
from msgspec.structs import replace

from experiments.metrics.belonging import completed
from experiments.metrics.builtin import METRICS
from experiments.metrics.columns import Columns
from experiments.metrics.definitions import Metric
from experiments.metrics.engine import numbered
from experiments.metrics.exclusions import EventsPerDay, SlatesPerDay
from experiments.metrics.people import Folded, of_experiment, of_phase, people
from experiments.metrics.periods import grid
from experiments.metrics.rules import least, marked
from experiments.metrics.shape import shaped
from experiments.metrics.slates import without_repeats
from experiments.metrics.sources import is_served, links_of, served_value, sources
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.totals import (
    added,
    kind_of,
    over_periods,
    sums,
    sums_by_period,
    user_periods,
    user_totals,
)

VOLUME = (METRICS["impressions_per_user"], METRICS["clicks_per_user"])
"""Counted always, where the log has the columns: they are the size of an arm."""


def without_caps(spec: ScorecardSpec) -> tuple[Metric, ...]:
    """The metrics with a cap once more without, where the spec asks what the cap did."""
    if not spec.distributions:
        return ()
    capped = (t.metric for t in spec.metrics if t.metric.winsorise is not None)
    return tuple(replace(metric, winsorise=None) for metric in capped)


class Analysis:
    """Tables are those that the functions of their names describe. Raises MissingColumn."""

    def __init__(
        self, exposures: Table, events: Table, spec: ScorecardSpec, stack: ExitStack
    ) -> None:
        log = shaped(exposures, events, spec)
        for tracked in spec.metrics:
            for measure in tracked.metric.measures:
                log.require(measure.needs, tracked.metric.key)
        self.spec, self._stack = spec, stack
        self.cut = grid(spec.started_at, spec.as_of)
        self.volume = tuple(m for m in VOLUME if m.numerator.needs <= log.columns)
        own = (tracked.metric for tracked in spec.metrics)
        self.metrics: tuple[Metric, ...] = tuple(
            dict.fromkeys((*own, *self.volume, *without_caps(spec)))
        )
        self.columns = Columns(self.metrics)
        self.log = without_repeats(log, spec, stack)

    @cached_property
    def everyone(self) -> Table:
        kept = self._kept(people(self.log, self.spec, self._folded))
        return completed(numbered(kept), self.spec)

    @cached_property
    def left_out(self) -> Table:
        """Rows: uid, rule. Where a pass has counted slates or events, few can be above a limit."""
        marks = marked(self.log, self.spec, slates=self._many_slates, events=self._many_events)
        if marks is None:
            return self.everyone.filter(ibis.literal(False)).select("uid", rule=ibis.null("int64"))
        return self._kept(self.everyone.join(marks, "user").select("uid", "rule"))

    @cached_property
    def links(self) -> Table | None:
        """`links_of` everybody whose facts are summed."""
        members = self.counting if self.spec.series else self._listed
        return links_of(self.log, members, self.spec, self.columns.all, self._stack)

    @cached_property
    def rows(self) -> Table:
        """`user_periods` of those who count."""
        found = sources(self.log, self.counting, self.spec, self.columns.all, self.links)
        by_period = [sums_by_period(source, self.spec, self.cut) for source in found]
        return self._kept(user_periods(self.counting, by_period, self.spec, self.columns, self.cut))

    @cached_property
    def totals(self) -> Table:
        """`user_totals` of those who count."""
        if not self.spec.series:
            return self._counting(self._all_totals)
        by_user = over_periods(self.rows, self.spec, self.columns)
        return self._kept(user_totals(self.counting, [by_user], self.spec, self.columns))

    @cached_property
    def _all_totals(self) -> Table:
        """Of those whom rules leave out too: in the same pass events are counted for the rules."""
        left = [c for c in self.columns.all if c.name not in self._folded]
        found = sources(self.log, self._listed, self.spec, left, self.links)
        summed = [sums(source, self.spec) for source in found]
        return self._kept(user_totals(self._listed, summed, self.spec, self.columns))

    @property
    def counting(self) -> Table:
        """Of `everyone` those who count."""
        return self._counting(self._listed)

    @property
    def _listed(self) -> Table:
        return self.everyone.filter(self.everyone.arm.notnull())

    def _counting(self, table: Table) -> Table:
        """Those in one variant whom no rule leaves out."""
        return table.filter(~table.crossed).anti_join(self.left_out, "uid")

    @property
    def _many_slates(self) -> Table | None:
        limit = least(self.spec, SlatesPerDay)
        if limit is None or not self.log.all_own:  # others may have served slates too
            return None
        return self._kept(self.everyone.filter(self.everyone.slates > limit).select("user"))

    @property
    def _many_events(self) -> Table | None:
        limit = least(self.spec, EventsPerDay)
        if limit is None or self.spec.series or "limited" not in self._all_totals.columns:
            return None
        many = self._all_totals.filter(self._all_totals.limited > limit)
        return self._kept(self.everyone.semi_join(many, "uid").select("user"))

    @cached_property
    def _folded(self) -> Folded:
        """Sums over slates that need no second pass: no window, pre-period, phases nor chart."""
        spec = self.spec
        if spec.series or spec.lookback or len(spec.phases) > 1:
            return {}
        seen = of_experiment(self.log, spec)
        ours = of_phase(seen, self.log, spec.phase.number)
        return {
            c.name: added(seen, served_value(seen, c.measure), ours).cast(kind_of(c))
            for c in self.columns.all
            if is_served(c) and c.window is None
        }

    def _kept(self, table: Table) -> Table:
        return self._stack.enter_context(table.cache())
