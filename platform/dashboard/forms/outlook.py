"""What of a half-filled experiment form a forecast needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from django.http import QueryDict
from django.utils.translation import gettext as _

from dashboard.forms.measurement import CORRECTIONS
from experiments import metric_definitions
from experiments.checks import MOST_VARIANTS
from experiments.measurement import CONFIDENCE, E_BH_NEEDS_SEQUENTIAL
from experiments.metrics import Metric
from experiments.metrics.forecasts import Terms
from experiments.metrics.results import Method
from experiments.models import Placement


@dataclass(frozen=True, kw_only=True)
class OutlookAsked:
    """A whole question; `lift` is a fraction, and `planned_users` what the form plans with now.

    `shown` are the metrics that the form has a row for, and `margins` those of its guardrails.
    """

    placement: Placement
    metric: Metric
    terms: Terms
    lift: float
    method: Method
    planned_users: int | None
    shown: tuple[str, ...]
    margins: Mapping[str, float]


def asked(data: QueryDict) -> OutlookAsked | str:
    """The question, or what to do first in one sentence."""
    placement = placement_of(data)
    metrics = metric_definitions.metrics()
    metric = metrics.get(data.get("primary_metric", ""))
    if placement is None:
        return _("Choose a placement, and this says how long an experiment there takes.")
    if metric is None:
        return _("Choose the metric that decides, and this says how long it takes.")
    method, terms = method_of(data), terms_of(data, metrics)
    if method is None:
        return _("Choose a method, and this says how long it takes.")
    if isinstance(terms, str):
        return terms
    lift = share(data, "outlook-lift")
    if lift is None or not -1 < lift <= 10 or lift == 0:
        return _("Give a change of at most 1,000%; for a fall, one above \N{MINUS SIGN}100%.")
    planned = data.get("planned_users", "")
    return OutlookAsked(
        placement=placement,
        metric=metric,
        terms=terms,
        lift=lift,
        method=method,
        planned_users=int(planned) if planned.isdecimal() else None,
        shown=tuple(key for key in metrics if f"margin_{key}" in data),
        margins=margins_of(data, metrics),
    )


def terms_of(data: QueryDict, metrics: Mapping[str, Metric]) -> Terms | str:
    """What is planned, or what to do first in one sentence."""
    traffic, confidence = share(data, "traffic"), share(data, "confidence")
    weights, correction = weights_of(data), data.get("correction", "")
    least, most = CONFIDENCE
    if traffic is None or not 0 < traffic <= 1:
        return _("Give a share of traffic from 1 to 100%, and this says how long it takes.")
    if len(weights) < 2:
        return _("Give two variants a weight, and this says how long it takes to tell them apart.")
    if confidence is None or not least <= confidence <= most:
        said = _("Give a confidence from %(least)s to %(most)s, and this says how long it takes.")
        return said % {"least": f"{least:.0%}", "most": f"{most:.1%}"}
    if correction not in dict(CORRECTIONS):
        return _("Choose a correction, and this says how long it takes.")
    if correction == "e_bh" and data.get("method") != "sequential":
        return E_BH_NEEDS_SEQUENTIAL
    uncorrected = correction == "none" or data.get("method") == "bayesian"
    return Terms(
        weights=weights,
        traffic=traffic,
        confidence=confidence,
        comparisons=1 if uncorrected else goals_of(data, metrics) * (len(weights) - 1),
    )


def method_of(data: Mapping[str, str]) -> Method | None:
    """The method that is chosen, where one is."""
    return next((method for method in get_args(Method) if method == data.get("method")), None)


def goals_of(data: Mapping[str, str], metrics: Mapping[str, Metric]) -> int:
    """How many goals there are: the primary one, and those that have that role as well."""
    others = (key for key in metrics if key != data.get("primary_metric"))
    return 1 + sum(data.get(f"role_{key}") == "goal" for key in others)


def margins_of(data: Mapping[str, str], metrics: Mapping[str, Metric]) -> dict[str, float]:
    """The margins of the guardrails that are chosen, as fractions; of those that can be held."""
    chosen = [
        key
        for key in metrics
        if key != data.get("primary_metric") and data.get(f"role_{key}") == "guardrail"
    ]
    typed = {key: share(data, f"margin_{key}") for key in chosen}
    return {key: margin for key, margin in typed.items() if margin is not None and 0 < margin < 1}


def placement_of(data: Mapping[str, str]) -> Placement | None:
    """The placement that is chosen, where one is."""
    key = data.get("placement", "")
    return Placement.objects.filter(pk=key).first() if key.isdecimal() else None


def share(data: Mapping[str, str], name: str) -> float | None:
    """A figure typed in percent, as a fraction; None for what is no figure."""
    try:
        return float(data.get(name, "")) / 100
    except ValueError:
        return None


def weights_of(data: Mapping[str, str]) -> tuple[float, ...]:
    """The weights above 0 that are typed, in their order."""
    names = (f"variants-{place}-weight" for place in range(MOST_VARIANTS))
    typed = (share(data, name) for name in names)
    return tuple(weight for weight in typed if weight is not None and 0 < weight <= 1)
