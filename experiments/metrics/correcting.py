"""Several goals or treatments: the p each reading uses, and the confidence of its interval."""

import math
from dataclasses import dataclass
from itertools import product

from experiments.metrics.numbers import number
from experiments.metrics.results import JudgedLook
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import e_bh_adjusted, e_bh_confidence, holm, holm_confidence

Place = tuple[str, int]
"""The key of a metric, and which treatment."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a comparison says before any correction.

    `judged` is the look that counts and `now` this one, None where it may not be judged; `p_value`
    is the one to show and `e_value` this look's.
    """

    judged: JudgedLook | None
    now: JudgedLook | None
    p_value: float | None
    e_value: float | None


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """What a reading uses. `adjusted_p_value` is None where there is no answer."""

    judged: JudgedLook | None
    adjusted_p_value: float | None
    confidence: float


def corrected(spec: ScorecardSpec, shown: dict[Place, Shown]) -> dict[Place, Corrected]:
    """Goals are corrected together over goals and treatments; the rest stays as it is."""
    alone = {
        place: Corrected(judged=s.judged, adjusted_p_value=s.p_value, confidence=spec.confidence)
        for place, s in shown.items()
    }
    if spec.corrected == "none":
        return alone
    goals = [g.metric.key for g in spec.goals]
    family = {place: shown[place] for place in product(goals, range(len(spec.treatments)))}
    return alone | _together(spec, family)


def _together(spec: ScorecardSpec, family: dict[Place, Shown]) -> dict[Place, Corrected]:
    """Holm takes the looks that count: with always-valid p it holds over all looks together. e-BH
    takes this look alone: the largest e-value so far is none.
    """
    alpha, by_e = 1 - spec.confidence, spec.corrected == "e_bh"
    if by_e:
        e_values = [_or_nan(s.e_value) for s in family.values()]
        adjusted, confidence = e_bh_adjusted(e_values), e_bh_confidence(e_values, alpha)
    else:
        p_values = [_or_nan(s.p_value) for s in family.values()]
        adjusted, confidence = holm(p_values), holm_confidence(p_values, alpha)
    return {
        place: Corrected(
            judged=s.now if by_e else s.judged,
            adjusted_p_value=number(adjusted[i]),
            confidence=_or_all(confidence[i], alpha, len(family)),
        )
        for i, (place, s) in enumerate(family.items())
    }


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _or_all(confidence: float, alpha: float, size: int) -> float:
    """Without an answer there is no step: the interval, if any, is that of all together."""
    return 1 - alpha / size if math.isnan(confidence) else float(confidence)
