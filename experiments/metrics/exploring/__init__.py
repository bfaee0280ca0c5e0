"""Looking at an analysis otherwise than it decides: from the samples kept with it, never the log.

See docs/explanation/exploring.md.
"""

from experiments.metrics.exploring.choices import (
    Choice,
    Cut,
    Offer,
    Refusal,
    cuts_of,
    offered,
    refusals,
    settled,
    usual,
)
from experiments.metrics.exploring.exceptions import CannotExplore
from experiments.metrics.exploring.kept import KeptSamples, kept_of, pack, unpack
from experiments.metrics.exploring.tables import explore, looks_count, recompute

__all__ = [
    "CannotExplore",
    "Choice",
    "Cut",
    "KeptSamples",
    "Offer",
    "Refusal",
    "cuts_of",
    "explore",
    "kept_of",
    "looks_count",
    "offered",
    "pack",
    "recompute",
    "refusals",
    "settled",
    "unpack",
    "usual",
]
