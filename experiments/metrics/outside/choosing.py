"""Metrics by key: built in, one's own, and retention on any day."""

import re
from collections.abc import Sequence

from experiments.metrics.builtin import METRICS, retention
from experiments.metrics.definitions import Metric
from experiments.metrics.exceptions import InvalidSpec, UnknownMetric
from experiments.metrics.outside.exceptions import InvalidRequest
from experiments.metrics.outside.request import Request
from experiments.metrics.spec import Tracked

RETENTION = re.compile(r"retention_day_([1-9]\d{0,2})")
ANY_RETENTION = "retention_day_N"


def tracked(request: Request) -> tuple[Tracked, ...]:
    """The metrics in the order asked for, then goals and guardrails named besides.

    Raises InvalidRequest, which names the field.
    """
    known = METRICS | _own(request.own)
    if not request.metrics:
        raise InvalidRequest("metrics", f"names no metric. Known: {', '.join(known)}")
    goals = request.goals or request.metrics[:1]
    asked = {"metrics": request.metrics, "goals": goals, "guardrails": tuple(request.guardrails)}
    found = {key: _named(field, key, known) for field, keys in asked.items() for key in keys}
    return tuple(_in_role(metric, goals, request.guardrails) for metric in found.values())


def _own(metrics: Sequence[Metric]) -> dict[str, Metric]:
    own = {metric.key: metric for metric in metrics}
    if len(own) < len(metrics):
        raise InvalidRequest("own", "defines one key twice")
    if taken := sorted(key for key in own if key in METRICS or RETENTION.fullmatch(key)):
        raise InvalidRequest("own", f"{', '.join(taken)} is built in: choose another key")
    return own


def _named(field: str, key: str, known: dict[str, Metric]) -> Metric:
    if key in known:
        return known[key]
    if day := RETENTION.fullmatch(key):
        return retention(int(day[1]))
    every = (*(k for k in known if not RETENTION.fullmatch(k)), ANY_RETENTION)
    raise InvalidRequest(field, str(UnknownMetric(key, every)).removesuffix("."))


def _in_role(metric: Metric, goals: Sequence[str], guardrails: dict[str, float]) -> Tracked:
    margin = guardrails.get(metric.key)
    if margin is not None and metric.key in goals:
        raise InvalidRequest("guardrails", f"{metric.key} is a goal: it cannot be both")
    try:
        if margin is not None:
            return Tracked(metric=metric, role="guardrail", margin=margin)
        return Tracked(metric=metric, role="goal" if metric.key in goals else "secondary")
    except InvalidSpec as error:
        raise InvalidRequest("guardrails", str(error).removesuffix(".")) from error
