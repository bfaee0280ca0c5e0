"""The moves of an experiment, a verb a module. Each does one thing whole, writes it into the audit
trail within the same transaction, or raises and leaves nothing done.

What changes who sees what must reach routing: `serving.lifecycle.routed` does a move and publishes
the plan with its commit.
"""

from experiments.moves.arms import change_arms, kill_arm
from experiments.moves.close import archive, ship, stop_and_ship
from experiments.moves.describe import describe
from experiments.moves.keep import keep_running
from experiments.moves.pause import pause, resume
from experiments.moves.ramp import advance_now, cancel_ramp, climb, set_ramp
from experiments.moves.schedule import reschedule, start_due, stop_due
from experiments.moves.start import start
from experiments.moves.stop import stop
from experiments.moves.traffic import change_traffic

__all__ = [
    "advance_now",
    "archive",
    "cancel_ramp",
    "change_arms",
    "change_traffic",
    "climb",
    "describe",
    "keep_running",
    "kill_arm",
    "pause",
    "reschedule",
    "resume",
    "set_ramp",
    "ship",
    "start",
    "start_due",
    "stop",
    "stop_and_ship",
    "stop_due",
]
