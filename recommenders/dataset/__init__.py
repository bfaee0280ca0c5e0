"""Behaviour as the algorithms read it: ids once, integers everywhere else."""

from recommenders.dataset.core import Dataset
from recommenders.dataset.histories import Histories
from recommenders.dataset.vocabulary import Vocabulary

__all__ = ["Dataset", "Histories", "Vocabulary"]
