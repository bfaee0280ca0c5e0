"""What of a half-filled experiment form a forecast needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from experiments import metric_definitions
from experiments.metrics import Metric
from experiments.metrics.forecasts import Terms
from experiments.models import Placement
from experiments.services import MOST_VARIANTS

FIRST_LIFT = "5"


@dataclass(frozen=True, kw_only=True)
class OutlookAsked:
    """A whole question; `lift` is a fraction."""

    placement: Placement
    metric: Metric
    terms: Terms
    lift: float


def asked(data: QueryDict) -> OutlookAsked | str:
    """The question, or what to do first in one sentence."""
    placement = placement_of(data)
    metric = metric_definitions.metrics().get(data.get("primary_metric", ""))
    if placement is None:
        return "Choose a placement, and this says how long an experiment there takes."
    if metric is None:
        return "Choose the metric that decides, and this says how long it takes."
    traffic, lift = share(data, "traffic"), share(data, "outlook-lift")
    if traffic is None or not 0 < traffic <= 1:
        return "Give a share of traffic from 1 to 100%, and this says how long it takes."
    if lift is None or not -1 < lift <= 10 or lift == 0:
        return "Give a change of at most 1,000%; for a fall, one above \N{MINUS SIGN}100%."
    weights = weights_of(data)
    if len(weights) < 2:
        return "Give two variants a weight, and this says how long it takes to tell them apart."
    return OutlookAsked(
        placement=placement,
        metric=metric,
        terms=Terms(weights=weights, traffic=traffic),
        lift=lift,
    )


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
