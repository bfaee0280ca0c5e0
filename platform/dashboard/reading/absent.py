"""Why a part of the page has nothing to show, and what to set before a next start. Pure."""

from __future__ import annotations

from django.utils.translation import gettext as _

from experiments.metrics.results import MetricResult, Scorecard


def no_segments(metric: MetricResult) -> str:
    """Why the metric is not cut by an attribute; empty where it is."""
    if metric.segments:
        return ""
    return _(
        "No attribute was named before this experiment started. To see where an effect is, name "
        "attributes such as country or device under Segments, in the step Measurement, before the "
        "next start, and send them with each request to /route."
    )


def no_pre_period(scorecard: Scorecard) -> str:
    """What to set for CUPED, which has nothing to adjust by; empty where there are days before."""
    if scorecard.lookback_days:
        return ""
    return _(
        "CUPED is not shown: no days before the first exposure are counted. Give Days before, in "
        "the step Measurement, before the next start."
    )


def no_adjustments(scorecard: Scorecard, metric: MetricResult) -> str:
    """Why no comparison of the metric stands beside the one that decides."""
    capped = any(cap is not None for cap in metric.caps)
    if capped or scorecard.lookback_days:
        return _("No variant has enough users yet to be compared.")
    return _("Nothing is cut off: the definition of %(metric)s sets no cap.") % {
        "metric": metric.name
    }
