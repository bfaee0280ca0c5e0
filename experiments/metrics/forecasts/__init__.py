"""Before the start: what the log says of a placement, and how long an experiment there will take.

docs/explanation/statistics/planning.md.
"""

from experiments.metrics.forecasts.baseline import Baseline, Measured
from experiments.metrics.forecasts.counting import baseline
from experiments.metrics.forecasts.forecast import Forecast, LiftCurve, Outlook, Terms
from experiments.metrics.forecasts.forecasting import forecast, forecast_around, safe_by
from experiments.metrics.forecasts.placing import last_slate

__all__ = [
    "Baseline",
    "Forecast",
    "LiftCurve",
    "Measured",
    "Outlook",
    "Terms",
    "baseline",
    "forecast",
    "forecast_around",
    "last_slate",
    "safe_by",
]
