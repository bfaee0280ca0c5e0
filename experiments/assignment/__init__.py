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
from experiments.assignment.slate_rules import Pin, SlateRules

__all__ = [
    "BUCKETS",
    "EMPTY",
    "Assignment",
    "Pin",
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
    "SlateRules",
    "Standing",
    "Unit",
    "assign",
    "assign_on",
    "bucket",
    "bucket_many",
    "standings",
]
