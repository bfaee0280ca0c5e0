"""How the users of each arm are spread over a metric's values: shares by bin. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.figures.drawing import Figure, Layout, Trace, figure, scatter
from dashboard.figures.style import HEIGHT, axis, bare, colour
from dashboard.reading.arms import ArmView
from experiments.metrics.results import ArmSpread, Spread


def spread(
    found: Spread,
    titles: Sequence[str],
    arms: Sequence[ArmView],
    *,
    tickformat: str = ",~g",
    without_zeros: bool = False,
) -> Figure | None:
    """A step line per arm over the bins of those `titles`, of all its users or of those who have
    not 0; None while no arm has one.
    """
    held = {arm.variant: _shares(arm, found, without_zeros) for arm in found.arms}
    drawn = [arm for arm in arms if held.get(arm.key)]
    if not drawn:
        return None
    edges = [found.low + found.step * n for n in range(len(titles) + 1)]
    return figure(
        [_line(held[arm.key], arm, edges, titles) for arm in drawn],
        Layout(
            **bare(height=HEIGHT, left=56, right=16),
            hovermode="x unified",
            xaxis=axis(type="linear", showgrid=False, nticks=8, tickformat=tickformat),
            yaxis=axis(
                rangemode="tozero", nticks=5, tickformat=".0~%", showline=False, ticklabelstandoff=6
            ),
        ),
    )


def _shares(arm: ArmSpread, found: Spread, without_zeros: bool) -> list[float]:
    """Per bin, of the arm's users who are drawn; nothing where there are none."""
    counts = list(arm.counts)
    if without_zeros:
        counts[round(-found.low / found.step)] -= arm.zeros
    users = sum(counts)
    return [count / users for count in counts] if users else []


def _line(
    shares: Sequence[float], arm: ArmView, edges: Sequence[float], titles: Sequence[str]
) -> Trace:
    return scatter(
        x=list(edges),
        y=[*shares, shares[-1]],
        mode="lines",
        line={"color": colour(arm.hue), "width": 2, "shape": "hv"},
        name=f"{arm.letter} {arm.key}",
        text=[
            f"{share:.1%}, {title}"
            for share, title in zip([*shares, shares[-1]], [*titles, titles[-1]], strict=True)
        ],
        hovertemplate="%{text}",
    )
