"""What the audit trail keeps of a thing, in words: arms with their shares, buckets, dates. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard import formats
from dashboard.reading.conditions import condition_words
from dashboard.reading.measured import CORRECTIONS, METHODS, TRAINING
from experiments.assignment import ranges
from experiments.metrics import METRICS, Metric
from experiments.metrics.wording import sentence

NAMES = {
    "variants": gettext_lazy("arms"),
    "slots": gettext_lazy("layer part"),
    "ranges": gettext_lazy("buckets of the arms"),
    "killed": gettext_lazy("killed arms"),
    "condition": gettext_lazy("who takes part"),
    "lookback_days": gettext_lazy("days before"),
    "cuped": gettext_lazy("adjusted by CUPED"),
}
WITHIN = ("measurement", "config")
"""Kept as one thing, and told field by field."""


def fields_of(kept: Mapping[str, Any] | None) -> dict[str, Any]:
    """What an entry keeps, as fields of their own."""
    flat: dict[str, Any] = {}
    for field, value in (kept or {}).items():
        if field == "definition":
            flat |= _definition(value)
        elif field in WITHIN and isinstance(value, Mapping):
            flat |= value
        else:
            flat[field] = value
    return flat


def name_of(field: str) -> str:
    return str(NAMES.get(field, field.replace("_", " ")))


def in_words(field: str, value: Any) -> str:
    """A dash where there is nothing."""
    if value in (None, [], {}, ""):
        return formats.DASH
    return _SAID.get(field, _plain)(value)


def _definition(kept: Mapping[str, Any]) -> dict[str, Any]:
    try:
        metric = msgspec.convert(kept, Metric)
    except msgspec.ValidationError:  # of a time when metrics were defined otherwise
        return dict(kept)
    return {
        "name": metric.name,
        "description": metric.description,
        "counts": sentence(metric),
        "minimum_users": metric.minimum_users,
        "written_as": metric.currency or metric.format,
    }


def _plain(value: Any) -> str:
    match value:
        case bool():
            return _("yes") if value else _("no")
        case str():
            return value
        case int():
            return formats.number(value)
        case float():
            return f"{value:,.15g}"
        case Mapping():
            return ", ".join(f"{name}: {_plain(each)}" for name, each in value.items())
        case [*parts]:
            deep = any(isinstance(part, Mapping | list) for part in parts)
            return ("; " if deep else ", ").join(_plain(part) for part in parts)
        case _:
            return formats.DASH


def _share(value: Any) -> str:
    return formats.share(float(value))


def _arms(arms: Iterable[Mapping[str, str]]) -> str:
    return ", ".join(
        (
            arm["key"]
            if arm["key"] == arm["recommender"]
            else _("%(key)s (of %(recommender)s)") % arm
        )
        + f" {_share(arm['weight'])}"
        for arm in arms
    )


def _buckets(pairs: Iterable[Sequence[int]]) -> str:
    """Half-open ranges as people count: neighbours are one, and the last bucket belongs to it."""
    held = ranges.free(ranges.free((low, high) for low, high in pairs))
    parts = [
        _("%(low)s to %(high)s") % {"low": f"{low:,}", "high": f"{high - 1:,}"}
        for low, high in held
    ]
    return _("buckets %s") % ", ".join(parts) if parts else _("no buckets")


def _ranges(of: Mapping[str, Any]) -> str:
    return "; ".join(f"{arm}: {_buckets(pairs)}" for arm, pairs in of.items())


def _layers(rows: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{row['layer']} {_share(row['share'])}, {_buckets(row['slots'])}" for row in rows
    )


def _guardrails(rows: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(
        _("%(metric)s with a margin of %(margin)s")
        % {"metric": _metric(row["metric"]), "margin": _share(row.get("margin", 0.05))}
        for row in rows
    )


def _metrics(keys: Iterable[str]) -> str:
    return ", ".join(map(_metric, keys))


def _metric(key: str) -> str:
    return METRICS[key].name if key in METRICS else key


def _ramp(ramp: Mapping[str, Any]) -> str:
    steps = _(", then ").join(_step(step) for step in ramp["steps"])
    at = _("step %(step)d") % {"step": ramp.get("at", 0) + 1}
    said = f"{steps}; {ramp.get('state', 'waiting').replace('_', ' ')}, {at}"
    return f"{said}. {ramp['why']}" if ramp.get("why") else said


def _step(step: Mapping[str, Any]) -> str:
    held = _(" and ").join(
        f"{_plain(float(step[unit]))} {unit if step[unit] != 1 else unit[:-1]}"
        for unit in ("hours", "users")
        if step.get(unit)
    )
    share = _share(step["share"])
    return _("%(share)s for %(held)s") % {"share": share, "held": held} if held else share


def _moment(text: Any) -> str:
    try:
        at = timezone.localtime(datetime.fromisoformat(text))
    except (TypeError, ValueError):
        return _plain(text)
    return f"{date_format(at, 'j M Y, H:i')} {timezone.get_current_timezone_name()}"


_SAID: dict[str, Callable[[Any], str]] = {
    "variants": _arms,
    "traffic": _share,
    "share": _share,
    "confidence": _share,
    "slots": _buckets,
    "ranges": _ranges,
    "layers": _layers,
    "condition": condition_words,
    "ramp": _ramp,
    "goals": _metrics,
    "secondaries": _metrics,
    "guardrails": _guardrails,
    "method": lambda method: METHODS.get(method, method),
    "correction": lambda correction: CORRECTIONS.get(correction, correction),
    "training_data": lambda kept: TRAINING.get(kept, kept),
    "starts_at": _moment,
    "ends_at": _moment,
    "ended_at": _moment,
}
