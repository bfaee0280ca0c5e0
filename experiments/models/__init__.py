"""Where recommendations are shown, what is compared there, and what was found."""

from experiments.models.definitions import ExclusionRule, MetricDefinition
from experiments.models.findings import Audit, PlacementBaseline, Snapshot
from experiments.models.traffic import KEY, Experiment, Layer, Phase, Placement, Variant, new_seed

__all__ = [
    "KEY",
    "Audit",
    "ExclusionRule",
    "Experiment",
    "Layer",
    "MetricDefinition",
    "Phase",
    "Placement",
    "PlacementBaseline",
    "Snapshot",
    "Variant",
    "new_seed",
]
