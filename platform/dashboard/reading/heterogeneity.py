"""Does the effect differ between segments: one test over all of them, in words. Pure."""

from __future__ import annotations

from dashboard import formats
from dashboard.reading import words
from experiments.metrics.results import HeterogeneityResult, MetricResult, Scorecard

DECIDE_NOTHING = "Single segments decide nothing: among many, some differ by chance alone."


def findings(scorecard: Scorecard, metric: MetricResult, attribute: str) -> tuple[str, ...]:
    """A sentence per treatment on an attribute."""
    below = _counts_below(scorecard, metric)
    shown = sum(segment.attribute == attribute for segment in metric.segments)
    found = [h for h in metric.heterogeneity if h.attribute == attribute]
    said = [_sentence(h, shown, below, healthy=not scorecard.failed_checks) for h in found]
    if len(found) == 1:
        return tuple(words.capital(sentence) for sentence in said)
    return tuple(f"{h.variant}: {sentence}" for h, sentence in zip(found, said, strict=True))


def caveat(scorecard: Scorecard, metric: MetricResult) -> str:
    """What to mind of every test and row of the card."""
    count = len(metric.heterogeneity)
    if count < 2:
        return f"{DECIDE_NOTHING} The test is for one look."
    below = formats.p_value(_counts_below(scorecard, metric))
    several = f"There are {words.counted(count)} tests, each for one look"
    return f"{DECIDE_NOTHING} {several}, so a p below {below} counts."


def _counts_below(scorecard: Scorecard, metric: MetricResult) -> float:
    """The error that the experiment allows, shared among the tests of the card."""
    return (1 - scorecard.confidence) / max(len(metric.heterogeneity), 1)


def _sentence(found: HeterogeneityResult, shown: int, below: float, *, healthy: bool) -> str:
    if found.p_value is None:
        have = "none is" if not found.segments else f"{words.counted(found.segments)} is"
        return f"one test over all segments needs two past the floor; {have}."
    over = "all segments" if found.segments == shown else f"the {found.segments} past the floor"
    if not healthy:
        says = "not judged, because the experiment is unhealthy"
    elif found.p_value < below:
        says = "the effect differs"
    else:
        says = "no sign that it differs"
    return f"one test over {over}: {formats.equals_p(found.p_value)}: {says}."
