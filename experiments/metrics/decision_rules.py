"""The rows of the decision table: what each finds in the evidence, or that it does not apply.

Secondary metrics are no part of the evidence; they inform.
"""

from collections.abc import Callable, Iterable, Sequence

from experiments.metrics.evidence import Evidence, Goal, Guard
from experiments.metrics.results import DecisionState

Finding = tuple[DecisionState, str, Sequence[Goal | Guard]]


def arm_taken_out(evidence: Evidence) -> Finding | None:
    since = evidence.gone_since
    if since is None:
        return None
    said = f"{evidence.variant} has taken no users since phase {since}: nothing is left to decide"
    return "taken_out", said, ()


def health_failed(evidence: Evidence) -> Finding | None:
    if not evidence.failed_checks:
        return None
    checks = _and(name.replace("_", " ") for name in evidence.failed_checks)
    return "unhealthy", f"Health comes before results, and this failed: {checks}", ()


def guardrail_harmed(evidence: Evidence) -> Finding | None:
    harmed = [g for g in evidence.required if g.state == "harm_shown"]
    if not harmed or evidence.training_data == "shared":
        return None
    return "roll_back", f"{_named('Guardrail', harmed)} harm", harmed


def goal_collecting(evidence: Evidence) -> Finding | None:
    waiting = evidence.read("collecting")
    if not waiting:
        return None
    return (
        "collecting",
        f"{_goals(waiting)} still below the floor, where nothing is judged",
        waiting,
    )


def learning_shared(evidence: Evidence) -> Finding | None:
    if evidence.training_data != "shared":
        return None
    return (
        _open(evidence),
        "The arms learn from each other's clicks, so the data can show the opposite of the truth; "
        "nothing is decided automatically",
        (),
    )


def one_look_not_due(evidence: Evidence) -> Finding | None:
    if evidence.method == "sequential" or evidence.planned_reached:
        return None
    return "keep_running", "Only a sequential test is judged before the planned users have come", ()


def goals_disagree(evidence: Evidence) -> Finding | None:
    better, worse = evidence.read("better"), evidence.read("worse")
    if not (better and worse):
        return None
    return "inconclusive", f"{_goals(better)} better and {_goals(worse)} worse", (*better, *worse)


def goal_worse(evidence: Evidence) -> Finding | None:
    worse = evidence.read("worse")
    return ("roll_back", f"{_goals(worse)} worse", worse) if worse else None


def guardrail_unsettled(evidence: Evidence) -> Finding | None:
    better = evidence.read("better")
    unsettled = [g for g in evidence.required if g.state in _WORDS]
    if not (better and unsettled):
        return None
    guards = _and(f"guardrail {each.name} {_WORDS[each.state]}" for each in unsettled)
    return _open(evidence), f"{_goals(better)} better, but {guards}", (*better, *unsettled)


def goal_better(evidence: Evidence) -> Finding | None:
    better = evidence.read("better")
    if not better:
        return None
    asked = evidence.required
    guards = "every guardrail is shown safe" if asked else "no guardrail was asked to be shown safe"
    if any(guard.state == "unchanged" for guard in asked):
        guards = f"{guards}, or is unchanged"
    watched = [g for g in evidence.guarded("harm_shown") if not g.required]
    said = f"{_goals(better)} better, and {guards}"
    if watched:
        said = f"{said}; but {_and(g.name for g in watched)}, which is only watched, got worse"
    return "ship", said, (*better, *asked)


def nothing_shown(evidence: Evidence) -> Finding:
    users = "although" if evidence.planned_reached else "and not all of"
    shown = f"No goal is shown better or worse, {users} the planned users have come"
    return _open(evidence), shown, evidence.goals


TABLE: dict[str, Callable[[Evidence], Finding | None]] = {
    row.__name__: row
    for row in (
        arm_taken_out,
        health_failed,
        guardrail_harmed,
        goal_collecting,
        learning_shared,
        one_look_not_due,
        goals_disagree,
        goal_worse,
        guardrail_unsettled,
        goal_better,
        nothing_shown,
    )
}
"""The rules in the order in which they are asked."""

_WORDS = {
    "safety_not_yet_shown": "is not yet shown to be safe",
    "collecting": "is below the floor",
    "no_answer": "has no answer",
}


def _open(evidence: Evidence) -> DecisionState:
    """More data may decide, until there is all that was planned."""
    return "inconclusive" if evidence.planned_reached else "keep_running"


def _goals(goals: Sequence[Goal]) -> str:
    """`Goal CTR (adjusted p .003) is`, to be followed by what it is."""
    names = _and(
        each.name
        if each.adjusted_p_value is None
        else f"{each.name} (adjusted p {_p(each.adjusted_p_value)})"
        for each in goals
    )
    return f"Goal {names} is" if len(goals) == 1 else f"Goals {names} are"


def _named(kind: str, metrics: Sequence[Goal | Guard]) -> str:
    """`Guardrail Revenue shows`, `Guardrails A and B show`."""
    names = _and(each.name for each in metrics)
    return f"{kind} {names} shows" if len(metrics) == 1 else f"{kind}s {names} show"


def _p(p_value: float) -> str:
    """.003, and below .001 just that."""
    return "< .001" if p_value < 0.001 else f"{p_value:.3f}".lstrip("0")


def _and(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
