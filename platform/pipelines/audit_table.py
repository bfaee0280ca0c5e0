"""An audit's report as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.metrics.auditing import AuditedMetric, AuditReport
from experiments.metrics.auditing.words import headline, percent, sentence, uniformity, word

HEAD = ("metric", "users", "judged", "false", "rate", "99.9% interval", "verdict", "p-values")


def lines(report: AuditReport) -> Iterator[str]:
    """Whom it split, a row per metric, what was skipped, and what to mind."""
    yield _who(report)
    yield from _aligned([HEAD, *(_row(metric) for metric in report.metrics)])
    for left in report.skipped:
        yield f"{left.metric} is left out: {left.table} has no column {left.column}."
    yield headline(report)
    for metric in report.metrics:
        if metric.verdict != "as_expected":
            yield f"{metric.metric}: {sentence(metric, report)}"


def _who(report: AuditReport) -> str:
    drawn = f", of whom {report.drawn:,} were drawn," if report.drawn < report.users else ""
    gone = sum(left.users for left in report.left_out)
    adjusted = f", adjusted by {report.lookback_days:g} days before" if report.lookback_days else ""
    return (
        f"{report.users:,} users{drawn} from {report.since:%Y-%m-%d %H:%M} to "
        f"{report.until:%Y-%m-%d %H:%M} UTC, {gone:,} left out by rule; {report.splits:,} splits, "
        f"{report.method}{adjusted}, seed {report.seed}."
    )


def _row(metric: AuditedMetric) -> Sequence[str]:
    judged = metric.rate is not None
    return (
        metric.metric,
        f"{metric.users:,}",
        f"{metric.judged:,}",
        f"{metric.rejections:,}" if judged else "-",
        percent(metric.rate) if judged else "-",
        f"{percent(metric.low)} to {percent(metric.high)}" if judged else "-",
        word(metric),
        uniformity(metric),
    )


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if 0 < place < 6 else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
