"""How the users of each variant are spread over the values of a metric."""

import msgspec

from experiments.metrics.results.comparisons import ComparisonResult

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


class ArmSpread(msgspec.Struct, frozen=True, kw_only=True):
    """The users of one variant who have a value: all whose window has passed, of a ratio those with
    a denominator above 0. `zeros` of them have 0. `quantiles` are at QUANTILES, each the value of
    one of them; with nobody there are none. `counts` are users by bin.
    """

    variant: str
    users: int
    zeros: int
    largest: float | None
    quantiles: tuple[float, ...]
    counts: tuple[int, ...]


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A histogram with the same bins for every variant: bin i is from low + i step up to the next,
    and the last one holds all above too where it is `open`. Values are users' totals before any
    cap, of a ratio one user's numerator over that user's denominator; `whole` says that all of them
    are whole numbers.
    """

    low: float
    step: float
    open: bool
    whole: bool
    arms: tuple[ArmSpread, ...]


class Uncapped(msgspec.Struct, frozen=True, kw_only=True):
    """What comparing a treatment would have said without the cap on users' totals."""

    variant: str
    results: tuple[ComparisonResult, ...]
