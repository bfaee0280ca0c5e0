"""Words that several parts of a page share. Pure."""

from __future__ import annotations

from dashboard.formats import Unit
from experiments.metrics.results import MetricResult, Scale, Verdict

KINDS = {
    "proportion": "share of users",
    "mean": "mean over users",
    "ratio": "ratio of sums over users",
    "retention": "share of users who came back",
}

REASONS = {
    "collecting": "Too few users yet.",
    "control_mean_near_zero": "The control is too close to zero, so the upper end is open.",
}


def within_sentence(name: str) -> str:
    """A metric's name in the middle of a sentence: `CTR`, `clicks per user`."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def about(verdict: Verdict) -> str:
    """The name of a verdict's metric within a sentence."""
    return within_sentence(verdict.name or verdict.metric)


def kind_line(metric: MetricResult) -> str:
    """The half line under a metric's name that says how it is formed."""
    return metric.counts if metric.kind == "ratio" and metric.counts else KINDS[metric.kind]


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


def counted(count: int) -> str:
    """Small counts as words: `two`, `three`; others as digits."""
    words = ("no", "one", "two", "three", "four", "five", "six")
    return words[count] if count < len(words) else f"{count:,}"
