"""A figure as the JSON-able values that Plotly draws. Pure.

Plain dictionaries: `plotly.graph_objects` looks at every value again, which took a third of the
time of an experiment's page. The tests let it look at every figure instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Figure = dict[str, Any]
Trace = dict[str, Any]
Layout = dict[str, Any]


def figure(traces: Iterable[Trace], layout: Layout) -> Figure:
    return {"data": list(traces), "layout": layout}


def scatter(**values: Any) -> Trace:
    return {"type": "scatter", **values}


def bars(**values: Any) -> Trace:
    return {"type": "bar", **values}
