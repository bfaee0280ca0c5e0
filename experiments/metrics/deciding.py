"""What to do about a treatment: a table of rules, of which the first that applies decides.

docs/explanation/statistics/decision.md. Pure: evidence in, a decision with its rule in words out.
"""

from collections.abc import Sequence

import msgspec

from experiments.metrics.decision_rules import TABLE, DecisionState
from experiments.metrics.evidence import Evidence
from experiments.metrics.exceptions import InvalidSpec

FIRST_OF_SEVERAL: tuple[DecisionState, ...] = (
    "unhealthy",
    "ship",
    "keep_running",
    "collecting",
    "inconclusive",
    "roll_back",
)
"""What an experiment with several treatments comes to: the first of these that one of them has."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about `variant`.

    `rule` is the row of the table that decided and `because` says it in words; `metrics` are the
    keys of the metrics that decided, none where it was not a metric.
    """

    state: DecisionState
    variant: str
    rule: str
    because: str
    metrics: tuple[str, ...]


def decide(evidence: Evidence) -> Decision:
    """The first row of TABLE that applies to one treatment; the last always does."""
    rule, (state, because, deciders) = next(
        (rule, found) for rule, row in TABLE.items() if (found := row(evidence)) is not None
    )
    return Decision(
        state=state,
        variant=evidence.variant,
        rule=rule,
        because=because,
        metrics=tuple(each.metric for each in deciders),
    )


def decide_experiment(treatments: Sequence[Evidence]) -> Decision:
    """The decision about the whole experiment: that of the treatment it is about.

    Of several to ship it is the one of the largest effect on its first goal that is better. Rolling
    back takes all treatments; each one's own decision still says which to end early.
    Raises InvalidSpec without a treatment.
    """
    if not treatments:
        raise InvalidSpec("treatments needs at least one treatment to decide about.")
    decisions = {evidence.variant: decide(evidence) for evidence in treatments}
    state = min((d.state for d in decisions.values()), key=FIRST_OF_SEVERAL.index)
    of_state = [each for each in treatments if decisions[each.variant].state == state]
    return decisions[max(of_state, key=_gain).variant]


def _gain(evidence: Evidence) -> float:
    """How large the effect on the first goal that is better is; 0 without one."""
    better = evidence.read("better")
    return abs(better[0].effect or 0.0) if better else 0.0
