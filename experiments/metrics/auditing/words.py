"""What an audit says, in words: for pages and terminals alike."""

from collections.abc import Sequence

from experiments.metrics.auditing.report import AuditedMetric, AuditReport
from experiments.stats import USERS_NEEDED
from experiments.stats.audit import CONVERSIONS_NEEDED

HEAVY = 0.1
"""From this share on, the 1% of users who have most are named as the likely cause."""

FINE = "The metric is as expected."

_WORDS = {"as_expected": "As expected", "too_many": "Too many", "too_few": "Too few"}
_NOTHING = {
    "zero_denominator": "What it divides by happened to nobody in these days.",
    "zero_variance": "All users have the same value, so there is nothing to test.",
    "too_few_users": "There are too few users whose window has passed.",
}


def word(metric: AuditedMetric) -> str:
    """The verdict on a metric."""
    return _WORDS[metric.verdict] if metric.verdict else "No answer"


def is_odd(metric: AuditedMetric) -> bool:
    """Whether there is something to mind."""
    return metric.verdict in ("too_many", "too_few") or metric.uniform is False


def headline(report: AuditReport) -> str:
    """The verdict on all of them."""
    answered = [m for m in report.metrics if m.verdict]
    odd = [m.name for m in answered if is_odd(m)]
    if not answered:
        return "No metric could be judged."
    if odd:
        return f"Mind the p-values of {_listed(odd)}."
    rest = len(report.metrics) - len(answered)
    if not rest:
        return f"All {len(answered)} metrics are as expected." if len(answered) > 1 else FINE
    return f"{len(answered)} of {len(report.metrics)} metrics are as expected, the rest not judged."


def sentence(metric: AuditedMetric, report: AuditReport) -> str:
    """What the verdict means, and what to do about it."""
    alpha = percent(report.alpha)
    if metric.verdict is None:
        return _unanswered(metric)
    if metric.verdict == "too_many":
        return (
            f"Do not trust its p-values: of splits without a difference at least "
            f"{percent(metric.low)} are called significant, where {alpha} should be. "
            f"{_cause(metric)}{_chosen(metric)}"
        )
    if metric.verdict == "too_few":
        return (
            f"Its p-values are too large: at most {percent(metric.high)} of splits are called "
            f"significant, where {alpha} should be, and real effects are missed likewise. "
            f"{_cause(metric)}{_chosen(metric)}"
        )
    if report.method == "sequential":
        said = f"At one look it stays below {alpha}, which this method spends on all looks."
    else:
        said = f"As many false positives as the {alpha} that were agreed to."
    if metric.uniform is False:
        said = (
            f"{alpha} are called significant as agreed, but p-values are not uniform: do not read "
            f"them as evidence beyond that. {_cause(metric)}"
        )
    return f"{said}{_chosen(metric)}"


def uniformity(metric: AuditedMetric) -> str:
    """Whether the p-values are uniform, or why that is not asked."""
    if metric.uniform is not None:
        return "Uniform" if metric.uniform else "Not uniform"
    if not metric.judged:
        return "No p-values"
    if metric.uniformity_reason == "not_fixed_horizon":
        return "Asked of the fixed method only"
    return f"Needs {CONVERSIONS_NEEDED:,} users with any; {metric.with_any:,} have"


def percent(share: float | None) -> str:
    """A share with at most two digits behind the point."""
    text = f"{100 * (share or 0.0):.2f}".rstrip("0").rstrip(".")
    return f"{text}%"


def _cause(metric: AuditedMetric) -> str:
    if metric.top_share is not None and metric.top_share >= HEAVY:
        return (
            f"The 1% of users with most hold {percent(round(metric.top_share, 2))} of it: cap it "
            "(winsorise), or see whether they are bots."
        )
    return "See how it is summed per user and who the largest are; decide by another until then."


def _chosen(metric: AuditedMetric) -> str:
    if metric.judged == metric.splits:
        return ""
    return f" Only {metric.judged:,} of {metric.splits:,} splits were past the floor."


def _unanswered(metric: AuditedMetric) -> str:
    if not metric.users:
        return "The window has passed for nobody yet. Take more days."
    if not metric.with_any:
        return "Nobody did it in these days."
    if metric.reason in _NOTHING:
        return _NOTHING[metric.reason]
    owned = ""
    if metric.top_share is not None and metric.top_share >= HEAVY:
        owned = f" The 1% with most hold {percent(round(metric.top_share, 2))} of it."
    return (
        f"{metric.with_any:,} of {metric.users:,} users have any, and no half was past the floor: "
        f"{USERS_NEEDED} users, the metric's own minimum, and a mean five standard errors from "
        f"zero.{owned} Take more days."
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
