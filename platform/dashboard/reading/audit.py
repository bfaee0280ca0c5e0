"""An A/A audit as its page says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard import figures, formats
from experiments.metrics import Metric
from experiments.metrics.auditing import AuditedMetric, AuditReport, words


@dataclass(frozen=True, kw_only=True)
class Row:
    """A metric's line. `sentence` is empty where the verdict says all. `changed`: the metric is
    defined otherwise now, or there no longer.
    """

    metric: AuditedMetric
    word: str
    tone: str
    icon: str
    sentence: str
    uniformity: str
    interval: str
    changed: bool


@dataclass(frozen=True, kw_only=True)
class AuditView:
    """A report with its charts; `asked` is the metric whose p-values are shown."""

    report: AuditReport
    headline: str
    tone: str
    rows: list[Row]
    left_out: int
    rates: dict[str, Any] | None
    rates_height: int
    asked: AuditedMetric | None
    p_values: dict[str, Any] | None
    choices: list[AuditedMetric]


def audit_view(report: AuditReport, known: Mapping[str, Metric], *, asked: str = "") -> AuditView:
    """All that the page shows of a report. `known` are the metrics as they are defined now."""
    choices = [metric for metric in report.metrics if metric.uniform is not None]
    shown = _asked(choices, asked)
    rates = figures.false_positives(report)
    histogram = figures.p_values(shown) if shown else None
    return AuditView(
        report=report,
        headline=words.headline(report),
        tone=_tone(report),
        rows=[_row(metric, report, known) for metric in report.metrics],
        left_out=sum(left.users for left in report.left_out),
        rates=rates,
        rates_height=0 if rates is None else rates["layout"]["height"],
        asked=shown,
        p_values=histogram,
        choices=choices,
    )


def _asked(choices: list[AuditedMetric], key: str) -> AuditedMetric | None:
    """The metric asked for; else the first that is not uniform; else the first."""
    named = [metric for metric in choices if metric.metric == key]
    odd = [metric for metric in choices if not metric.uniform]
    return next(iter([*named, *odd, *choices]), None)


def _tone(report: AuditReport) -> str:
    if any(words.is_odd(metric) for metric in report.metrics):
        return "warn"
    return "better" if any(metric.verdict for metric in report.metrics) else ""


def _row(metric: AuditedMetric, report: AuditReport, known: Mapping[str, Metric]) -> Row:
    tone, icon = ("warn", "warn") if words.is_odd(metric) else ("", "check")
    if metric.verdict is None:
        tone, icon = "", "collecting"
    now = known.get(metric.metric)
    return Row(
        metric=metric,
        word=words.word(metric),
        tone=tone,
        icon=icon,
        sentence="" if _says_all(metric, report) else words.sentence(metric, report),
        uniformity=words.uniformity(metric),
        interval=_interval(metric),
        changed=now is None or now.fingerprint != metric.fingerprint,
    )


def _says_all(metric: AuditedMetric, report: AuditReport) -> bool:
    sound = metric.verdict == "as_expected" and not words.is_odd(metric)
    return sound and metric.judged == metric.splits and report.method == "fixed"


def _interval(metric: AuditedMetric) -> str:
    if metric.low is None or metric.high is None:
        return formats.DASH
    return f"{formats.number(metric.low * 100, 1)} to {formats.percent(metric.high, 1)}"
