"""Metrics: what is counted from the log, and the scorecard made of it.

See docs/explanation/scorecard.md.
No framework here: tables in, a frozen scorecard out.
"""

from experiments.metrics.builtin import GUARDRAILS, METRICS
from experiments.metrics.catalogue import Catalogue
from experiments.metrics.definitions import Metric
from experiments.metrics.exceptions import (
    InvalidMetric,
    InvalidSpec,
    MetricsError,
    MissingColumn,
    UnknownMetric,
)
from experiments.metrics.results import Scorecard, decode, encode
from experiments.metrics.scorecards import Analysed, analysed, scorecard
from experiments.metrics.spec import PhaseSpec, ScorecardSpec, Tracked

__all__ = [
    "GUARDRAILS",
    "METRICS",
    "Analysed",
    "Catalogue",
    "InvalidMetric",
    "InvalidSpec",
    "Metric",
    "MetricsError",
    "MissingColumn",
    "PhaseSpec",
    "Scorecard",
    "ScorecardSpec",
    "Tracked",
    "UnknownMetric",
    "analysed",
    "decode",
    "encode",
    "scorecard",
]
