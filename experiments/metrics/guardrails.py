"""Is a guardrail safe, harmed, or neither shown yet? docs/explanation/statistics/guardrails.md.

Two one-sided tests. Safety is non-inferiority: the effect is above -margin, shown by the method the
experiment was launched with. Harm is an effect on the bad side of zero, always shown by the
sequential test, so that it may be acted upon at any look.
"""

from dataclasses import replace
from typing import Literal

from experiments.metrics.definitions import Direction
from experiments.stats import Settings

GuardrailState = Literal[
    "safe", "harm_shown", "safety_not_yet_shown", "unchanged", "collecting", "no_answer"
]


def safety_settings(settings: Settings, direction: Direction, margin: float) -> Settings:
    """The test that the bad side's loss is smaller than `margin`, a relative one on that scale.

    `margin` is of settings.scale, `direction` the good one. Raises SettingsError for the margin.
    """
    good: Literal["greater", "less"] = "greater" if direction == "increase" else "less"
    return replace(settings, alternative=good, margin=margin)


def harm_settings(settings: Settings, direction: Direction) -> Settings:
    """The test that there is an effect on the bad side of zero, valid at every look."""
    bad: Literal["greater", "less"] = "less" if direction == "increase" else "greater"
    return replace(settings, method="sequential", alternative=bad, margin=0.0)


def guardrail_state(
    *,
    safety_p_value: float | None,
    harm_p_value: float | None,
    effect: float | None,
    difference: float | None,
    direction: Direction,
    margin: float,
    alpha: float,
    floor_reached: bool,
    unchanged: bool,
) -> GuardrailState:
    """One word for a guardrail.

    `effect` is this look's, on the scale of `margin`, and `difference` absolute; the p-values are
    those of the look that counts, None where none could be judged, as of a safety by one look
    before the planned users have come. A p of an earlier look counts only while the effect still
    lies on the side it spoke for. A loss that is shown, and shown to be smaller than the margin, is
    safe: that much was allowed when the margin was set. `floor_reached` is of every arm; harm may
    be shown below it (see judging.reached_if_alike). `unchanged`: of a metric that shall fall,
    every user of both arms, and enough of them, has one and the same value, such as no error at
    all. Of one that shall rise, as when nobody bought anything, that is no sign of safety: perhaps
    nothing is sent.
    """
    if unchanged:
        return "unchanged"
    good = 1 if direction == "increase" else -1
    if floor_reached and _shown(safety_p_value, effect, alpha) and good * (effect or 0.0) > -margin:
        return "safe"
    if _shown(harm_p_value, difference, alpha) and good * (difference or 0.0) < 0:
        return "harm_shown"
    if not floor_reached:
        return "collecting"
    return "no_answer" if effect is None or harm_p_value is None else "safety_not_yet_shown"


def _shown(p_value: float | None, effect: float | None, alpha: float) -> bool:
    return p_value is not None and effect is not None and p_value < alpha
