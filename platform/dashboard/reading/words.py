"""Words that several parts of a page share. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from dashboard import formats
from dashboard.formats import Unit
from experiments.metrics import Metric
from experiments.metrics.results import Headline, MetricResult, Scale, Scorecard

KINDS = {
    "proportion": _("share of users"),
    "mean": _("mean over users"),
    "ratio": _("ratio of sums over users"),
    "retention": _("share of users who came back"),
}

REASONS = {
    "collecting": _("Too few users yet."),
    "too_few_users": _("Too few users yet."),
    "not_in_phase": _("It took no users in this phase."),
    "zero_variance": _("All users of an arm have the same value."),
    "beyond_precision": _("Too many users to compute a posterior with enough digits."),
    "zero_denominator": _("Nothing to divide by in an arm."),
    "control_mean_near_zero": _("The control is too close to zero, so the upper end is open."),
    "no_catalogue": _("Needs the items that could be served: import_items, or --items of analyse."),
}

GUARDED = {
    "safe": _("Safe"),
    "harm_shown": _("Harm shown"),
    "safety_not_yet_shown": _("Not yet shown safe"),
    "unchanged": _("Unchanged"),
    "collecting": _("Collecting"),
    "no_answer": _("No answer"),
}

INTERVALS = {
    "sequential": _("always-valid interval,"),
    "fixed": _("interval for one look,"),
    "bayesian": _("credible interval,"),
}
CORRECTED = {
    "sequential": _("always-valid interval, corrected for several comparisons,"),
    "fixed": _("interval for one look, corrected for several comparisons,"),
    "bayesian": _("credible interval, corrected for several comparisons,"),
}


def interval_name(scorecard: Scorecard) -> str:
    """What kind of interval decides, to be followed by its ends."""
    comparison = scorecard.metric(scorecard.decision.headline.metric).comparisons[0]
    corrected = comparison.confidence > scorecard.confidence
    return str((CORRECTED if corrected else INTERVALS)[scorecard.method])


COUNTED = {
    "user": ngettext_lazy("%(shown)s user", "%(shown)s users", "n"),
    "day": ngettext_lazy("%(shown)s day", "%(shown)s days", "n"),
    "event": ngettext_lazy("%(shown)s event", "%(shown)s events", "n"),
    "slate": ngettext_lazy("%(shown)s slate", "%(shown)s slates", "n"),
    "recommender": ngettext_lazy("%(shown)s recommender", "%(shown)s recommenders", "n"),
}


def plural(count: int, word: str) -> str:
    """`1 user`, `2,310 users`."""
    return str(COUNTED[word] % {"n": count, "shown": f"{count:,}"})


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
    rises = (headline.effect or 0) > 0
    said = _now("lifts %(metric)s by %(size)s") if rises else _now("lowers %(metric)s by %(size)s")
    return said % {"metric": about(headline), "size": size(headline.effect)}


def size(effect: float | None) -> str:
    """An effect without its sign."""
    return formats.signed(effect, "percent").lstrip(f"+{formats.MINUS}")


def clear_of_zero(headline: Headline) -> bool:
    return (headline.low is not None and headline.low > 0) or (
        headline.high is not None and headline.high < 0
    )


def kind_line(metric: MetricResult) -> str:
    """The half line under a metric's name that says how it is formed."""
    return metric.counts if metric.kind == "ratio" and metric.counts else str(KINDS[metric.kind])


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
    return str(REASONS.get(reason, reason.replace("_", " ").capitalize() + "."))


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return _listed(names, _now("%(first)s and %(last)s"))


def either(names: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return _listed(names, _now("%(first)s or %(last)s"))


def _listed(names: Sequence[str], joined: str) -> str:
    *most, end = names
    return joined % {"first": ", ".join(most), "last": end} if most else end


def counted(count: int) -> str:
    """Small counts as words: `two`, `three`; others as digits."""
    return str(COUNTS[count]) if count < len(COUNTS) else f"{count:,}"


COUNTS = (_("no"), _("one"), _("two"), _("three"), _("four"), _("five"), _("six"))
