"""What to do about a treatment: a table of rules, of which the first that applies decides.

docs/explanation/statistics/decision.md. Pure: evidence in, a decision with its rule in words out.
"""

from collections.abc import Sequence

from experiments.metrics.decision_rules import TABLE
from experiments.metrics.evidence import Evidence
from experiments.metrics.exceptions import InvalidSpec
from experiments.metrics.results import Decision, DecisionState

FIRST_OF_SEVERAL: tuple[DecisionState, ...] = (
    "unhealthy",
    "ship",
    "keep_running",
    "collecting",
    "inconclusive",
    "roll_back",
    "taken_out",
)
"""What an experiment with several treatments comes to: the first of these that one of them has."""


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

    An arm that was taken out is asked only where none is left. Of several to ship, or all to roll
    back, it is the one of the largest gain on its first goal that decided; of others the one whose
    goals have the smallest p. Rolling back takes all treatments; each one's own decision still says
    which to end early. Raises InvalidSpec without a treatment.
    """
    if not treatments:
        raise InvalidSpec("treatments needs at least one treatment to decide about.")
    decisions = {evidence.variant: decide(evidence) for evidence in treatments}
    state = min((d.state for d in decisions.values()), key=FIRST_OF_SEVERAL.index)
    of_state = [each for each in treatments if decisions[each.variant].state == state]
    rank = _gain if state in ("ship", "roll_back") else _nearness
    return decisions[max(of_state, key=rank).variant]


def _gain(evidence: Evidence) -> float:
    """How good the effect is on the first goal that is better, or worse; 0 without one."""
    better, worse = evidence.read("better"), evidence.read("worse")
    if better:
        return abs(better[0].effect or 0.0)
    return -abs(worse[0].effect or 0.0) if worse else 0.0


def _nearness(evidence: Evidence) -> float:
    """How near a decision is: larger for a smaller p."""
    known = [g.adjusted_p_value for g in evidence.goals if g.adjusted_p_value is not None]
    return -min(known, default=1.0)
