"""The rules a judgement needs, as a checklist with their figures. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from dashboard import formats
from dashboard.reading import words
from experiments.metrics.decisions import planned_users
from experiments.metrics.results import Check, Floor, MetricResult, Scorecard


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of the checklist. `ok` None: it cannot be said yet."""

    ok: bool | None
    text: str
    figure: str = ""


def rules(scorecard: Scorecard) -> tuple[Rule, ...]:
    """The rules a judgement needs, each with its figure, of the variant the decision names."""
    goals = [metric for metric in scorecard.metrics if metric.role == "goal"]
    guards = [m for m in scorecard.metrics if m.role == "guardrail" and _matters(m, scorecard)]
    return (
        *(_health_rule(check, scorecard) for check in scorecard.health),
        _floor_rule(goals, scorecard.decision.variant),
        *(_goal_rule(goal, scorecard, alone=len(goals) == 1) for goal in goals),
        *(_guardrail_rule(guard, scorecard) for guard in guards),
        _planned_rule(scorecard),
    )


def _health_rule(check: Check, scorecard: Scorecard) -> Rule:
    text = {
        "sample_ratio": _("Arms in the planned ratio"),
        "users_in_absent_arms": _("No users in absent arms"),
        "users_in_two_variants": _("Each user in one variant"),
        "users_left_out": _("Users left out"),
        "other_experiments": _("Independent of other experiments"),
    }.get(check.name, check.name.replace("_", " ").capitalize())
    known = [p for p in (check.p_value, check.sequential_p_value) if p is not None]
    figure = formats.equals_p(min(known)) if known else ""
    if check.name == "users_in_two_variants" and check.healthy is not None:
        figure = _("%(users)s in two") % {"users": f"{scorecard.set_aside.users_in_two_variants:,}"}
    elif check.name == "users_in_absent_arms" and check.healthy is not None:
        figure = words.plural(scorecard.set_aside.users_in_absent_arms, "user")
    return Rule(ok=check.healthy, text=text, figure=figure)


def _floor_rule(goals: list[MetricResult], variant: str) -> Rule:
    floor = _lowest_floor(goals, variant)
    return Rule(
        ok=True if floor.reached else None,
        text=_("Every arm past the floor"),
        figure=_("%(users)s users each") % {"users": f"{floor.users_needed:,}"},
    )


def _lowest_floor(goals: list[MetricResult], variant: str) -> Floor:
    floors = [goal.comparison(variant).floor for goal in goals]
    return next((floor for floor in floors if not floor.reached), floors[0])


def _goal_rule(goal: MetricResult, scorecard: Scorecard, *, alone: bool) -> Rule:
    found = goal.comparison(scorecard.decision.variant)
    name = _("Goal") if alone else words.capital(goal.name)
    shown = _("not yet")
    if found.floor.reached and found.adjusted_p_value is not None:
        shown = formats.equals_p(found.adjusted_p_value)
    elif found.floor.reached and (chance := found.decided("absolute").chance_to_win) is not None:
        shown = _("%(chance)s chance to win") % {"chance": formats.share(chance)}
    return Rule(
        ok=True if found.reading in ("better", "worse") else None,
        text=_("%(goal)s told from zero") % {"goal": name},
        figure=shown,
    )


def _matters(guard: MetricResult, scorecard: Scorecard) -> bool:
    """A guardrail that nobody asked to be shown safe is a rule only where it shows harm."""
    found = guard.comparison(scorecard.decision.variant).guardrail
    return guard.required or (found is not None and found.state == "harm_shown")


def _guardrail_rule(guard: MetricResult, scorecard: Scorecard) -> Rule:
    found = guard.comparison(scorecard.decision.variant).guardrail
    state = found.state if found else "no_answer"
    ok = {"safe": True, "unchanged": True, "harm_shown": False}.get(state)
    return Rule(
        ok=ok,
        text=f"{words.capital(guard.name)} {words.GUARDED[state].lower()}",
        figure=_("margin %(margin)s") % {"margin": formats.share(found.margin)} if found else "",
    )


def _planned_rule(scorecard: Scorecard) -> Rule:
    variants = [arm.variant for arm in scorecard.arms]
    come = planned_users(scorecard.metrics, variants.index(scorecard.decision.variant) - 1)
    return Rule(
        ok=True if come >= scorecard.tuning else None,
        text=_("Planned users have come"),
        figure=_("%(part)s of %(whole)s")
        % {"part": f"{come:,}", "whole": f"{scorecard.tuning:,.0f}"},
    )
