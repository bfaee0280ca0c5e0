from experiments.assignment.assign import Assignment, Reason, assign, assign_on
from experiments.assignment.hashing import BUCKETS, bucket
from experiments.assignment.hashing_many import bucket_many
from experiments.assignment.plan import (
    EMPTY,
    Plan,
    PlannedExperiment,
    PlannedKey,
    PlannedPlacement,
    PlannedRecommender,
    PlannedVariant,
    Range,
)

__all__ = [
    "BUCKETS",
    "EMPTY",
    "Assignment",
    "Plan",
    "PlannedExperiment",
    "PlannedKey",
    "PlannedPlacement",
    "PlannedRecommender",
    "PlannedVariant",
    "Range",
    "Reason",
    "assign",
    "assign_on",
    "bucket",
    "bucket_many",
]
