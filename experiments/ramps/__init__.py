"""A ramp: traffic that grows in steps, and what it does by itself at each. Pure."""

from experiments.ramps.deciding import Advance, Decision, Hold, RollBack, decide
from experiments.ramps.facts import Facts, facts_of
from experiments.ramps.steps import (
    MOST_STEPS,
    Ramp,
    Step,
    begun,
    check,
    dropped,
    kept,
    ramp_of,
    restarted,
)

__all__ = [
    "MOST_STEPS",
    "Advance",
    "Decision",
    "Facts",
    "Hold",
    "Ramp",
    "RollBack",
    "Step",
    "begun",
    "check",
    "decide",
    "dropped",
    "facts_of",
    "kept",
    "ramp_of",
    "restarted",
]
