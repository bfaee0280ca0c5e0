"""Does the effect differ between segments: one test over all of them, in words. Pure."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dashboard import formats
from dashboard.reading import words
from experiments.metrics.results import HeterogeneityResult, MetricResult, Scorecard

DECIDE_NOTHING = lazy("Single segments decide nothing: among many, some differ by chance alone.")


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
        return f"{DECIDE_NOTHING} {_('The test is for one look.')}"
    below = formats.p_value(_counts_below(scorecard, metric))
    said = _("There are %(count)s tests, each for one look, so a p below %(below)s counts.")
    return f"{DECIDE_NOTHING} {said % {'count': words.counted(count), 'below': below}}"


def _counts_below(scorecard: Scorecard, metric: MetricResult) -> float:
    """The error that the experiment allows, shared among the tests of the card."""
    return (1 - scorecard.confidence) / max(len(metric.heterogeneity), 1)


def _sentence(found: HeterogeneityResult, shown: int, below: float, *, healthy: bool) -> str:
    if found.p_value is None:
        return (
            _("one test over all segments needs two past the floor; one is.")
            if found.segments
            else _("one test over all segments needs two past the floor; none is.")
        )
    over = _("all segments")
    if found.segments != shown:
        over = _("the %(count)s past the floor") % {"count": found.segments}
    if not healthy:
        says = _("not judged, because the experiment is unhealthy")
    elif found.p_value < below:
        says = _("the effect differs")
    else:
        says = _("no sign that it differs")
    said = _("one test over %(segments)s: %(p)s: %(says)s.")
    return said % {"segments": over, "p": formats.equals_p(found.p_value), "says": says}
