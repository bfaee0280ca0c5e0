"""Recommendation algorithms behind one contract: create, fit, update, recommend, save, load.

Pure: nothing here knows Django, and only `conv_ctr.network` and `implicit_training`, met
while training, know TensorFlow and `implicit`.
"""

from recommenders.algorithms.base import Algorithm, Progress
from recommenders.algorithms.config import Config, Field, Value
from recommenders.algorithms.proposal import Proposal
from recommenders.algorithms.reasons import Contribution, Reason
from recommenders.algorithms.registry import (
    Description,
    broken,
    create,
    describe,
    load,
    names,
    settings,
)

__all__ = [
    "Algorithm",
    "Config",
    "Contribution",
    "Description",
    "Field",
    "Progress",
    "Proposal",
    "Reason",
    "Value",
    "broken",
    "create",
    "describe",
    "load",
    "names",
    "settings",
]
