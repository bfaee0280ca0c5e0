"""Metrics: what is counted from the log, and the scorecard made of it.

See docs/explanation/scorecard.md.
No framework here: tables in, a frozen scorecard out.
"""

from experiments.metrics.definitions import METRICS, Metric
from experiments.metrics.exceptions import InvalidSpec, MetricsError, UnknownMetric
from experiments.metrics.results import Scorecard, decode, encode
from experiments.metrics.scorecards import scorecard
from experiments.metrics.spec import ScorecardSpec

__all__ = [
    "METRICS",
    "InvalidSpec",
    "Metric",
    "MetricsError",
    "Scorecard",
    "ScorecardSpec",
    "UnknownMetric",
    "decode",
    "encode",
    "scorecard",
]
