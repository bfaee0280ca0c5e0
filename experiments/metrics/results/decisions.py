"""What to do about a treatment, and about the experiment."""

from typing import Literal

import msgspec

from experiments.metrics.results.comparisons import Floor

DecisionState = Literal[
    "ship", "roll_back", "keep_running", "inconclusive", "unhealthy", "collecting", "taken_out"
]


class Headline(msgspec.Struct, frozen=True, kw_only=True):
    """The figures to say with a decision: of the metric that decided, or of the first goal.

    Effect and interval are relative, of the deciding method, at the corrected confidence; `p_value`
    is the adjusted one, None of the bayesian method.
    """

    metric: str
    name: str
    effect: float | None
    low: float | None
    high: float | None
    p_value: float | None
    floor: Floor


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about `variant`; of `taken_out` nothing is left to do, it takes no users any more.

    `rule` is the row of the decision table that decided and `because` says it in words; `metrics`
    are the keys of the metrics that decided, none where it was not a metric.
    """

    state: DecisionState
    variant: str
    rule: str
    because: str
    metrics: tuple[str, ...]


class Verdict(Decision, frozen=True, kw_only=True):
    """A decision with the figures to say along with it."""

    headline: Headline
