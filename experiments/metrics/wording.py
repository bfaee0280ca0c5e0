"""A definition in one plain sentence."""

from experiments.metrics.definitions import Metric
from experiments.metrics.measures import Events, Measure, Window


def sentence(metric: Metric) -> str:
    """What is counted, when, and which way is good."""
    parts = [f"{_compared(metric)}, {window_words(metric.window)}.", _capped(metric)]
    better = "More" if metric.direction == "increase" else "Less"
    return " ".join([*filter(None, parts), f"{better} is better."])


def formula(metric: Metric) -> str:
    """What is divided by what."""
    if metric.kind in ("proportion", "retention"):
        return f"users with any {metric.numerator.words} ÷ users"
    if metric.denominator is None:
        return f"{_total(metric.numerator)} ÷ number of users"
    return f"{_total(metric.numerator)} ÷ {_total(metric.denominator)}"


def window_words(window: Window | None) -> str:
    """`from first exposure on`, `in the first 7 days after first exposure`."""
    if window is None:
        return "from first exposure on"
    if not window.from_days:
        days = "day" if window.until_days == 1 else f"{window.until_days:g} days"
        return f"in the first {days} after first exposure"
    return f"from {window.from_days:g} to {window.until_days:g} days after first exposure"


def _compared(metric: Metric) -> str:
    what = metric.numerator
    if metric.kind == "proportion":
        return f"The share of users with any {what.words}"
    if metric.kind == "retention":
        return f"The share of users who came back: with any {what.words}"
    if metric.denominator is None:
        return f"The {_total(what)} per user"
    return f"The {_total(what)} divided by the {_total(metric.denominator)}, each over all users"


def _total(measure: Measure) -> str:
    adds = isinstance(measure, Events) and measure.aggregation == "sum"
    return f"{'sum' if adds else 'number'} of {measure.words}"


def _capped(metric: Metric) -> str:
    if metric.winsorise is None:
        return ""
    return f"Users' totals are cut off at percentile {metric.winsorise * 100:g}."
