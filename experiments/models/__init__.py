"""Where recommendations are shown, what is compared there, and what was found."""

from experiments.models.comparisons import (
    Experiment,
    Membership,
    Override,
    Phase,
    Variant,
)
from experiments.models.definitions import ExclusionRule, MetricDefinition
from experiments.models.findings import Audit, PlacementBaseline, Snapshot
from experiments.models.places import KEY, Holdout, Layer, Placement, new_seed
from experiments.models.reports import Report
from experiments.models.samples import SnapshotSamples
from experiments.models.sketches import Sketch

__all__ = [
    "KEY",
    "Audit",
    "ExclusionRule",
    "Experiment",
    "Holdout",
    "Layer",
    "Membership",
    "MetricDefinition",
    "Override",
    "Phase",
    "Placement",
    "PlacementBaseline",
    "Report",
    "Sketch",
    "Snapshot",
    "SnapshotSamples",
    "Variant",
    "new_seed",
]
