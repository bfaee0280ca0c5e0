"""Words that several parts of a page share. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import formats
from dashboard.formats import Unit
from experiments.metrics import Metric
from experiments.metrics.results import Headline, MetricResult, Scale, Scorecard

KINDS = {
    "proportion": "share of users",
    "mean": "mean over users",
    "ratio": "ratio of sums over users",
    "retention": "share of users who came back",
}

REASONS = {
    "collecting": "Too few users yet.",
    "too_few_users": "Too few users yet.",
    "not_in_phase": "It took no users in this phase.",
    "zero_variance": "All users of an arm have the same value.",
    "beyond_precision": "Too many users to compute a posterior with enough digits.",
    "zero_denominator": "Nothing to divide by in an arm.",
    "control_mean_near_zero": "The control is too close to zero, so the upper end is open.",
    "no_catalogue": "Needs the items that could be served: import_items, or --items of analyse.",
}

GUARDED = {
    "safe": "Safe",
    "harm_shown": "Harm shown",
    "safety_not_yet_shown": "Not yet shown safe",
    "unchanged": "Unchanged",
    "collecting": "Collecting",
    "no_answer": "No answer",
}

INTERVALS = {
    "sequential": "always-valid interval,",
    "fixed": "interval for one look,",
    "bayesian": "credible interval,",
}


def interval_name(scorecard: Scorecard) -> str:
    """What kind of interval decides, to be followed by its ends."""
    name = INTERVALS[scorecard.method]
    comparison = scorecard.metric(scorecard.decision.headline.metric).comparisons[0]
    corrected = comparison.confidence > scorecard.confidence
    return f"{name.rstrip(',')}, corrected for several comparisons," if corrected else name


def within_sentence(name: str) -> str:
    """A metric's name in the middle of a sentence: `CTR`, `clicks per user`."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def about(headline: Headline) -> str:
    """The name of a headline's metric within a sentence."""
    return within_sentence(headline.name)


def moves(headline: Headline) -> str:
    """`lifts CTR by 8.9%`."""
    verb = "lifts" if (headline.effect or 0) > 0 else "lowers"
    return f"{verb} {about(headline)} by {size(headline.effect)}"


def size(effect: float | None) -> str:
    """An effect without its sign."""
    return formats.signed(effect, "percent").lstrip(f"+{formats.MINUS}")


def clear_of_zero(headline: Headline) -> bool:
    return (headline.low is not None and headline.low > 0) or (
        headline.high is not None and headline.high < 0
    )


def kind_line(metric: MetricResult) -> str:
    """The half line under a metric's name that says how it is formed."""
    return metric.counts if metric.kind == "ratio" and metric.counts else KINDS[metric.kind]


def style(metric: MetricResult | Metric) -> str:
    """How a value of a metric is written: `percent`, `number`, or the letters of a currency."""
    return metric.currency or metric.format


def unit(metric: MetricResult, scale: Scale) -> Unit:
    """How an effect on a metric is written on that scale."""
    if scale == "relative":
        return "percent"
    return "points" if metric.format == "percent" else "number"


def reason_words(reason: str | None) -> str:
    """A typed reason as a sentence; one not known here is shown as it is, never hidden."""
    if reason is None:
        return ""
    return REASONS.get(reason, reason.replace("_", " ").capitalize() + ".")


def listed(names: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, end = names
    return f"{', '.join(most)} {last} {end}" if most else end


def counted(count: int) -> str:
    """Small counts as words: `two`, `three`; others as digits."""
    words = ("no", "one", "two", "three", "four", "five", "six")
    return words[count] if count < len(words) else f"{count:,}"
