"""Recommendation algorithms behind one contract: create, fit, recommend, save, load.

Pure: nothing here knows Django, and only `conv_ctr.network`, met while training, knows TensorFlow.
"""

from recommenders.algorithms.base import Algorithm, Progress
from recommenders.algorithms.config import Config, Field
from recommenders.algorithms.reasons import Reason
from recommenders.algorithms.registry import Description, create, describe, load, names

__all__ = [
    "Algorithm",
    "Config",
    "Description",
    "Field",
    "Progress",
    "Reason",
    "create",
    "describe",
    "load",
    "names",
]
