"""Pure functions from a scorecard, an audit or a forecast to a Plotly figure.

Figures name colours by the page's tokens (`var(--arm-b)`); the browser looks them up, so one figure
serves both themes. See docs/adr/0004.
"""

from dashboard.figures.audit import false_positives, p_values
from dashboard.figures.days_to_detect import days_to_detect
from dashboard.figures.exposures import exposures_against_plan
from dashboard.figures.over_time import over_time
from dashboard.figures.positions import ctr_by_position
from dashboard.figures.spread import spread

__all__ = [
    "ctr_by_position",
    "days_to_detect",
    "exposures_against_plan",
    "false_positives",
    "over_time",
    "p_values",
    "spread",
]
