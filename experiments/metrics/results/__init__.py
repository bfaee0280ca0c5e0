"""What an analysis says about an experiment, as values a snapshot can hold.

Every type is frozen and survives JSON. JSON knows neither NaN nor infinity, so:

- a number that does not exist is `None`, and a `reason` beside it says why;
- of an interval, `low` and `high` both `None` means there is no interval; one end `None` beside a
  number means the interval is open at that end (reason `control_mean_near_zero`).

Times are UTC. Proportions and relative effects are fractions: `0.05` is 5%.
"""

from experiments.metrics.definitions import Direction, Kind
from experiments.metrics.results.arms import Arm, ArmValue, ExposurePoint, PhaseSeries, SeriesPoint
from experiments.metrics.results.breakdown import Breakdown, CategoryRate, PositionRate
from experiments.metrics.results.card import (
    HeterogeneityResult,
    LeftOut,
    MetricResult,
    PhaseResult,
    Scorecard,
    SegmentComparison,
    SegmentResult,
    SetAside,
    decode,
    encode,
)
from experiments.metrics.results.comparisons import (
    ComparisonResult,
    Floor,
    Guardrail,
    JudgedLook,
    LiftPoint,
    Method,
    OneSided,
    Reading,
    Redrawn,
    Scale,
    VariantComparison,
)
from experiments.metrics.results.decisions import Decision, DecisionState, Headline, Verdict
from experiments.metrics.results.descriptive import Described
from experiments.metrics.results.health import Check, CheckFigure, Overlap
from experiments.metrics.results.spread import ArmSpread, Spread, Uncapped

__all__ = [
    "Arm",
    "ArmSpread",
    "ArmValue",
    "Breakdown",
    "CategoryRate",
    "Check",
    "CheckFigure",
    "ComparisonResult",
    "Decision",
    "DecisionState",
    "Described",
    "Direction",
    "ExposurePoint",
    "Floor",
    "Guardrail",
    "Headline",
    "HeterogeneityResult",
    "JudgedLook",
    "Kind",
    "LeftOut",
    "LiftPoint",
    "Method",
    "MetricResult",
    "OneSided",
    "Overlap",
    "PhaseResult",
    "PhaseSeries",
    "PositionRate",
    "Reading",
    "Redrawn",
    "Scale",
    "Scorecard",
    "SegmentComparison",
    "SegmentResult",
    "SeriesPoint",
    "SetAside",
    "Spread",
    "Uncapped",
    "VariantComparison",
    "Verdict",
    "decode",
    "encode",
]
