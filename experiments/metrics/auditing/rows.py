"""From the log to one row per user, whichever experiment served them, or none: what is split."""

from contextlib import ExitStack

import ibis
from ibis import _
from ibis.expr.types import Table

from experiments.metrics.analysis import Analysis
from experiments.metrics.auditing.spec import AuditSpec
from experiments.metrics.caps import find_caps
from experiments.metrics.definitions import Metric
from experiments.metrics.exclusions import fingerprint
from experiments.metrics.one_arm import as_experiment, recent
from experiments.metrics.results import LeftOut
from experiments.metrics.user_values import value_of
from experiments.stats import AuditMetric
from experiments.stats import audit_metrics as of
from experiments.stats.arrays import Array


class AuditRows:
    """Everyone's totals, kept as a table of the engine for as long as the stack is open.

    `users` count: they were served something in the window and no rule leaves them out. `drawn` of
    them are in the rows: all, or the `most_users` whose ids have the least MD5. Rows are in the
    order of that hash, which knows nothing but the id. Raises MissingColumn.
    """

    def __init__(self, exposures: Table, events: Table, spec: AuditSpec, stack: ExitStack) -> None:
        card = spec.as_scorecard
        read = (as_experiment(exposures, None, card), recent(events, "events", card))
        self._cuped, self._rules = card.lookback > 0, spec.exclusions
        self._analysis = Analysis(*read, card, stack)
        self._caps = find_caps(self._analysis.totals, card, self._analysis.columns)
        counting = self._analysis.counting.select("uid", "user")
        order = ibis.window(order_by=[counting.user.hexdigest("md5"), counting.user])
        placed = counting.mutate(place=ibis.row_number().over(order)).drop("user")
        drawn = placed.filter(placed.place < spec.most_users)
        self._rows = stack.enter_context(self._analysis.totals.join(drawn, "uid").cache())
        self.users = _count(counting)
        self.drawn = _count(self._rows)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Users of the window whom rules leave out, under the first rule that applies."""
        marks = self._analysis.left_out
        counted = marks.group_by("rule").aggregate(users=_.count()).to_pyarrow().to_pylist()
        found = {cell["rule"]: cell["users"] for cell in counted}
        return tuple(
            LeftOut(rule=rule.words, fingerprint=fingerprint(rule), users=found.get(place, 0))
            for place, rule in enumerate(self._rules)
        )

    def of(self, metric: Metric) -> AuditMetric | None:
        """The metric over the users whose window has passed; None where there are none."""
        yes_or_no = metric.kind in ("proportion", "retention")
        value, *base = self._values(metric, pre=False, yes_or_no=yes_or_no)
        if not value.size:
            return None
        before = self._values(metric, pre=True, yes_or_no=yes_or_no) if self._cuped else []
        if base:
            pre = (before[0], before[1]) if before else None
            return of.ratio(metric.key, value, base[0], pre=pre)
        if before:
            return of.mean(metric.key, value, pre=before[0])
        return (of.proportion if yes_or_no else of.mean)(metric.key, value)

    def _values(self, metric: Metric, *, pre: bool, yes_or_no: bool) -> list[Array]:
        columns = self._analysis.columns
        mature = columns.mature(metric.window)
        rows = self._rows if mature is None else self._rows.filter(self._rows[mature])
        wanted = {
            f"value_{i}": value_of(rows, column, self._caps, pre=pre, yes_or_no=yes_or_no)
            for i, column in enumerate(columns.of(metric))
        }
        taken = rows.select("place", **wanted).order_by("place").to_pyarrow()
        return [taken[name].to_numpy() for name in wanted]


def _count(table: Table) -> int:
    return int(table.count().to_pyarrow().as_py())
