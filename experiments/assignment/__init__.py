from experiments.assignment.assign import assign, assign_on, standings
from experiments.assignment.assignments import Assignment, Reason, Standing
from experiments.assignment.hashing import BUCKETS, bucket
from experiments.assignment.hashing_many import bucket_many
from experiments.assignment.plan import (
    EMPTY,
    Plan,
    PlannedExperiment,
    PlannedGate,
    PlannedHoldout,
    PlannedKey,
    PlannedPlacement,
    PlannedRecommender,
    PlannedVariant,
    Range,
    Unit,
)

__all__ = [
    "BUCKETS",
    "EMPTY",
    "Assignment",
    "Plan",
    "PlannedExperiment",
    "PlannedGate",
    "PlannedHoldout",
    "PlannedKey",
    "PlannedPlacement",
    "PlannedRecommender",
    "PlannedVariant",
    "Range",
    "Reason",
    "Standing",
    "Unit",
    "assign",
    "assign_on",
    "bucket",
    "bucket_many",
    "standings",
]
