"""An A/A audit: false positives against what was agreed, and how p-values lie. Pure."""

from __future__ import annotations

from typing import Any

from dashboard import formats
from dashboard.figures.drawing import Figure, Layout, Trace, bars, figure, scatter
from dashboard.figures.style import HEIGHT, axis, bare
from experiments.metrics.auditing import AuditedMetric, AuditReport

ROW = 44  # pixels: a line of text above each bar
ABOVE = 0.3  # of a row, from the bar to its text
ROOM = 1.08
DASHED = {"color": "var(--ink-3)", "width": 1.5, "dash": "4px,3px"}


def false_positives(report: AuditReport) -> Figure | None:
    """Per judged metric the share of splits called significant, with its exact interval, against
    alpha; None where none was judged.
    """
    shown = [metric for metric in report.metrics if metric.rate is not None]
    if not shown:
        return None
    rows = list(range(len(shown) - 1, -1, -1))
    highest = max(*(metric.high or 0.0 for metric in shown), 2 * report.alpha)
    return figure(
        [_bar(metric, row) for metric, row in zip(shown, rows, strict=True)],
        Layout(
            **bare(height=ROW * len(shown) + 64, left=16, right=16),
            hovermode="closest",
            xaxis=axis(
                range=[0, min(highest * ROOM, 1.0)], showgrid=False, tickformat=".0~%", nticks=6
            ),
            yaxis=axis(range=[-0.7, len(shown) - 0.1], showgrid=False, showticklabels=False)
            | {"showline": False},
            shapes=[_agreed(report.alpha)],
            annotations=[
                note
                for metric, row in zip(shown, rows, strict=True)
                for note in _words(metric, row)
            ],
        ),
    )


def _bar(metric: AuditedMetric, row: int) -> Trace:
    odd = metric.verdict != "as_expected"
    colour = "var(--warn)" if odd else "var(--flat)"
    rate, low, high = metric.rate or 0.0, metric.low or 0.0, metric.high or 0.0
    return scatter(
        x=[rate],
        y=[row],
        mode="markers",
        marker={
            "color": "var(--warn)" if odd else "var(--ink-2)",
            "size": 9,
            "symbol": "diamond" if odd else "circle",
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - rate],
            "arrayminus": [rate - low],
            "color": colour,
            "thickness": 2,
            "width": 5,
        },
        name=metric.name,
        text=[f"{metric.rejections:,} of {metric.judged:,} splits"],
        hovertemplate="%{text}",
    )


def _agreed(alpha: float) -> dict[str, Any]:
    ends = {"x0": alpha, "x1": alpha, "yref": "paper", "y0": 0, "y1": 1}
    return {"type": "line", "line": DASHED} | ends


def _words(metric: AuditedMetric, row: int) -> list[dict[str, Any]]:
    ends = f"{formats.number((metric.low or 0) * 100, 1)} to {formats.percent(metric.high, 1)}"
    return [
        _note(0, row, "left", metric.name, "var(--ink)"),
        _note(1, row, "right", f"{formats.percent(metric.rate, 1)} ({ends})", "var(--ink-3)"),
    ]


def _note(x: int, row: int, side: str, text: str, colour: str) -> dict[str, Any]:
    return {
        "xref": "paper",
        "x": x,
        "xanchor": side,
        "y": row + ABOVE,
        "yanchor": "middle",
        "text": text,
        "showarrow": False,
        "bgcolor": "var(--surface)",  # alpha's line runs behind the words
        "font": {"color": colour, "size": 12},
    }


def p_values(metric: AuditedMetric) -> Figure | None:
    """How many p-values lie in each part of 0 to 1, and how many would if they were uniform."""
    if not metric.judged:
        return None
    parts = len(metric.p_counts)
    even = metric.judged / parts
    edges = [(n / parts, (n + 1) / parts) for n in range(parts)]
    return figure(
        [
            bars(
                x=[(low + high) / 2 for low, high in edges],
                y=list(metric.p_counts),
                width=[0.9 / parts] * parts,
                marker={"color": "var(--flat)"},
                text=[
                    f"{count:,} with p from {low:.2f} to {high:.2f}"
                    for count, (low, high) in zip(metric.p_counts, edges, strict=True)
                ],
                textposition="none",
                hovertemplate="%{text}<extra></extra>",
            )
        ],
        Layout(
            **bare(height=HEIGHT, left=48, right=16),
            hovermode="closest",
            bargap=0,
            xaxis=axis(range=[0, 1], showgrid=False, tickformat="~g", nticks=6),
            yaxis=axis(range=[0, max(*metric.p_counts, even) * 1.15], nticks=5, tickformat=",d"),
            shapes=[
                {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": even, "y1": even}
                | {"line": DASHED}
            ],
        ),
    )
