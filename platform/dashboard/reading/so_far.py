"""What each metric came to so far on a placement, and when a guardrail is shown safe. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dashboard import formats
from experiments.metrics.forecasts import Baseline, Measured, Outlook, Terms, safe_by, words
from experiments.metrics.forecasts.forecast import Planned
from experiments.metrics.numbers import number


@dataclass(frozen=True, kw_only=True)
class SoFar:
    """A line beside a metric of the form."""

    key: str
    text: str


def so_far(
    baseline: Baseline,
    keys: Iterable[str],
    terms: Terms,
    margins: Mapping[str, float],
    *,
    method: Planned,
) -> tuple[SoFar, ...]:
    """A line for each of the metrics; `margins` are those of guardrails. One that the count does
    not know says so.
    """
    known = {measured.metric.key: measured for measured in baseline.measured}

    def lines() -> Iterator[SoFar]:
        for key in keys:
            if key not in known:
                yield SoFar(key=key, text=_("Newer than the last count"))
                continue
            said = [_value(baseline, known[key])]
            if key in margins:
                found = safe_by(baseline, key, terms, margin=margins[key], method=method)
                said.append(_safe(found))
            yield SoFar(key=key, text=". ".join(said))

    return tuple(lines())


def _value(baseline: Baseline, measured: Measured) -> str:
    metric = measured.metric
    value = number(measured.sample.mean)
    if value is None:
        return _("No value so far")
    shown = formats.value(value, metric.currency or metric.format)
    span = words.span(baseline.days)
    return _("%(value)s over %(span)s") % {"span": span, "value": shown}


def _safe(found: Outlook) -> str:
    """Of a change that is none, which is found safe in so many of ten experiments."""
    if found.reason is not None:
        return words.reason_words(found.reason).rstrip(".")
    if found.days is not None:
        return _("Safe on day %(day)s at the earliest") % {"day": formats.number(found.days)}
    users = formats.number(found.users)
    if found.days_reason == "unreachable_users":
        return _("Safe with %(users)s users, which do not come within a year") % {"users": users}
    return _("Safe with %(users)s users at the earliest") % {"users": users}
