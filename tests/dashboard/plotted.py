"""Figures as Plotly reads them."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from dashboard.figures.drawing import Figure


def plotted(figure: Figure | None) -> Any:
    """The figure, every name and value of which Plotly has looked at; it raises ValueError for one
    that it would not draw.
    """
    assert figure is not None
    return go.Figure(figure)
