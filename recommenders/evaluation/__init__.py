"""How good a model is on behaviour it has not seen."""

from recommenders.evaluation.bootstrap import Interval, interval
from recommenders.evaluation.clicks import clicks, with_negatives
from recommenders.evaluation.judging import Figures, Judged, judge
from recommenders.evaluation.measures import MEASURES, Measure
from recommenders.evaluation.paired import Difference, NotWorse, compare_paired, not_worse
from recommenders.evaluation.protocols import Protocol
from recommenders.evaluation.summary import STD_ERROR, evaluate

__all__ = [
    "MEASURES",
    "STD_ERROR",
    "Difference",
    "Figures",
    "Interval",
    "Judged",
    "Measure",
    "NotWorse",
    "Protocol",
    "clicks",
    "compare_paired",
    "evaluate",
    "interval",
    "judge",
    "not_worse",
    "with_negatives",
]
