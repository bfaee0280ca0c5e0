"""What templates need to write: figures, times and icons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now
from django.utils.translation import get_language

from dashboard import formats
from dashboard.forms.ramp import typed
from dashboard.reading.arms import ArmView
from dashboard.reading.comparison_row import Row
from dashboard.reading.conditions import condition_words
from dashboard.reading.offline import signed as signed_offline
from dashboard.reading.served import Served
from dashboard.reading.table import MetricRows
from dashboard.reading.words import plural as counted
from dashboard.reading.words import within_sentence
from experiments.checklist import Check
from experiments.metric_definitions import metric_named
from experiments.metrics import UnknownMetric
from recommenders.models import ModelVersion, Training

register = template.Library()

for function in (
    formats.number,
    formats.significant,
    formats.percent,
    formats.share,
    formats.value,
    formats.p_value,
    formats.equals_p,
    formats.span,
    formats.size,
    condition_words,
):
    register.filter(function.__name__, function)

MOMENTS = {"day": "j M", "moment": "j M Y, H:i", "clock": "j M, H:i", "second": "j M, H:i:s"}


@register.simple_tag
def moment(
    at: datetime | None, style: Literal["day", "moment", "clock", "second"] = "moment"
) -> str:
    """A time in the reader's zone, which is said where the mouse rests; before their browser has
    told its zone it says UTC, and page.js rewrites it.
    """
    if at is None:
        return formats.DASH
    return _written(at, style, timezone.get_current_timezone_name(), get_language())


@lru_cache(maxsize=4096)
def _written(at: datetime, style: str, zone: str, language: str | None) -> SafeString:
    """In the zone and the language that are current; a page says the same times again and again."""
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" data-style="{}" title="{} {}">{}{}</time>',
        at.isoformat(),
        style,
        date_format(local, "j M Y, H:i:s"),
        zone,
        date_format(local, MOMENTS[style]),
        "" if style == "day" or zone != "UTC" else " UTC",
    )


@register.filter
def age(at: datetime) -> str:
    """How long ago: `3 hours`."""
    return formats.span(max((now() - at).total_seconds(), 0))


@register.filter
def plural(count: int, word: str) -> str:
    return counted(count, word)


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, extra: str = "") -> SafeString:
    """A drawing of templates/icons, hidden from screen readers: words stand beside it."""
    body = mark_safe(render_to_string(f"icons/{name}.svg"))  # noqa: S308  (our own files)
    return format_html(
        '<svg class="icon {}" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{}</svg>',
        extra,
        body,
    )


@register.filter
def letter(position: int) -> str:
    """The letter of the arm at a position."""
    return "ABCDEF"[position]


@register.filter
def metric_name(key: str) -> str:
    """A metric's name within a sentence; a key that is no longer known is shown as it is."""
    try:
        return within_sentence(metric_named(key).name)
    except UnknownMetric:
        return key


@register.filter
def all_ok(checklist: Sequence[Check]) -> bool:
    """Whether nothing is missing that must hold."""
    return all(check.ok for check in checklist if check.must)


@register.filter
def figure_json(figure: dict[str, Any], name: str) -> SafeString:
    """A figure as a data block, which the policy against inline scripts leaves alone."""
    return json_script(figure, f"{name}-figure")


@register.filter
def offline(version: ModelVersion, measure: str) -> str:
    """An offline figure of a version, whatever cut-off its name carries: `.118`."""
    found = next((v for k, v in version.metrics.items() if k.startswith(measure)), None)
    return formats.offline(found)


register.filter("difference", signed_offline)
register.filter("offline_figure", formats.offline)


@register.filter
def plus_minus(half: float | None) -> str:
    """Half the width of an interval behind its figure; nothing where there is none."""
    return "" if half is None else f"±{formats.offline(half)}"


@register.filter
def words(name: str) -> str:
    """A name of the code as words: `l2_items` is `L2 items`, `k_neighbours` is `Neighbours`."""
    return name.removeprefix("k_").replace("_", " ").capitalize()


@register.filter
def setting(value: object) -> object:
    """The value of a setting; of several texts, one after the other."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return ", ".join(value) if isinstance(value, list | tuple) else value


@register.filter
def lowfirst(text: str) -> str:
    """A title within a sentence."""
    return within_sentence(text)


@register.filter
def measure(name: str) -> str:
    """An offline measure as people write it."""
    written = {"ndcg": "nDCG", "map": "MAP", "auc": "AUC", "logloss": "Log loss", "mrr": "MRR"}
    stem, at, cutoff = name.partition("@")
    return f"{written.get(stem, words(stem))}{at}{cutoff}"


@register.filter
def duration(training: Training) -> str:
    """How long a finished training took in its last attempt."""
    if training.started_at is None or training.finished_at is None:
        return formats.DASH
    return formats.span((training.finished_at - training.started_at).total_seconds())


@register.filter
def at(held: Mapping[str, Any], key: str) -> Any:
    """What a mapping holds under a key that is itself a variable; empty without."""
    return held.get(key, "")


@register.filter
def figures_of(served: Served | None, arm: ArmView) -> tuple[tuple[str, str], ...]:
    """The arm's figures with their titles; none where nothing is described."""
    rows = served.rows if served else ()
    return next((row.figures for row in rows if row.arm == arm), ())


@register.filter
def row_of(metric: MetricRows, arm: ArmView) -> Row | None:
    """The metric's comparison of a treatment; none of the control."""
    return next((row for row in metric.rows if row.arm.key == arm.key), None)


@register.filter
def as_json(value: object) -> str:
    """A value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False)


@register.filter
def percent_typed(share: Decimal) -> str:
    """A share as somebody would type it in percent: `40`, `33.33`."""
    return typed(share)
