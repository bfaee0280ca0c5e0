"""The distinct columns of a user's row that a set of metrics needs: each is counted once."""

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.metrics.definitions import Metric
from experiments.metrics.measures import Events, Measure, Window

MILLIONTHS = 1_000_000
"""Values are added as whole millionths: a sum of floats depends on the order of its parts, and the
same log has to give the same scorecard.
"""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A measure in a window, capped or not. `name` is its total after first exposure, `pre` the
    same measure's total over the pre-period.
    """

    place: int
    measure: Measure
    window: Window | None
    winsorise: float | None

    @property
    def name(self) -> str:
        return f"c{self.place}"

    @property
    def pre(self) -> str:
        return f"p{self.place}"

    @property
    def of_values(self) -> bool:
        """Whether it adds values, and not ones."""
        return isinstance(self.measure, Events) and self.measure.aggregation == "sum"

    @property
    def scale(self) -> int:
        """What one is in the units of the column."""
        return MILLIONTHS if self.of_values else 1


class Columns:
    """The columns of some metrics, in a fixed order."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        wanted = [
            (m, metric.window, metric.winsorise) for metric in metrics for m in metric.measures
        ]
        self._places = {key: place for place, key in enumerate(dict.fromkeys(wanted))}
        self.all = tuple(
            Column(place=place, measure=measure, window=window, winsorise=winsorise)
            for (measure, window, winsorise), place in self._places.items()
        )
        self.windows = tuple(dict.fromkeys(c.window for c in self.all if c.window is not None))

    def of(self, metric: Metric) -> tuple[Column, ...]:
        """The metric's: one, or of a ratio numerator and denominator."""
        keys = ((m, metric.window, metric.winsorise) for m in metric.measures)
        return tuple(self.all[self._places[key]] for key in keys)

    def mature(self, window: Window | None) -> str | None:
        """The column that says whether a user's window has passed; None where there is none."""
        return None if window is None else f"mature_{self.windows.index(window)}"
