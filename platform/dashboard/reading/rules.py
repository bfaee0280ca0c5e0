"""The rules a judgement needs, as a checklist with their figures. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard import formats
from experiments.metrics.results import Check, Floor, Scorecard, VariantComparison


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of the checklist. `ok` None: it cannot be said yet."""

    ok: bool | None
    text: str
    figure: str = ""


def rules(scorecard: Scorecard) -> tuple[Rule, ...]:
    """The rules a judgement needs, each with its figure."""
    floor = scorecard.verdict.floor or _lowest_floor(scorecard)
    return (
        *(_health_rule(check, scorecard) for check in scorecard.health),
        Rule(
            ok=True if floor and floor.reached else None,
            text="Every arm past the floor",
            figure=f"{floor.users_needed:,} users each" if floor else "",
        ),
        Rule(
            ok=True if scorecard.verdict.state in ("better", "worse") else None,
            text="Goal told from zero",
            figure=formats.equals_p(goal_p(scorecard))
            if goal_p(scorecard) is not None and floor and floor.reached
            else "not yet",
        ),
    )


def _health_rule(check: Check, scorecard: Scorecard) -> Rule:
    text = {
        "sample_ratio": "Arms in the planned ratio",
        "users_in_two_variants": "Each user in one variant",
    }.get(check.name, check.name.replace("_", " ").capitalize())
    figure = formats.equals_p(check.p_value) if check.p_value is not None else ""
    if check.name == "users_in_two_variants" and check.healthy is not None:
        figure = f"{scorecard.set_aside.users_in_two_variants:,} in two"
    return Rule(ok=check.healthy, text=text, figure=figure)


def _lowest_floor(scorecard: Scorecard) -> Floor | None:
    floors = [c.floor for c in scorecard.metric(scorecard.primary).comparisons]
    return next((floor for floor in floors if not floor.reached), floors[0] if floors else None)


def _goal_comparison(scorecard: Scorecard) -> VariantComparison | None:
    comparisons = scorecard.metric(scorecard.primary).comparisons
    named = [c for c in comparisons if c.variant == scorecard.verdict.variant]
    return next(iter([*named, *comparisons]), None)


def goal_p(scorecard: Scorecard) -> float | None:
    """The p that decided, or would: of the arm the verdict names, else of the first treatment."""
    comparison = _goal_comparison(scorecard)
    return comparison.adjusted_p_value if comparison else None
