"""The moves of an experiment. Each answers with the experiment as it is then."""

from __future__ import annotations

from typing import Any

from api.management.experiments.drafting import exact, moment, ramp_of
from api.management.experiments.move_bodies import Archiving, Ramping, Schedule, Shipping, Traffic
from api.management.experiments.moving import MoveView, move
from experiments import moves


@move(
    "start_experiment",
    "Start a draft",
    "It claims users of its layers, and its first phase opens. Refused with 409 and all that "
    "is missing while the checklist does not hold.",
)
class StartView(MoveView):
    does = staticmethod(moves.start)


@move(
    "pause_experiment",
    "Pause a running experiment",
    "The kill switch: from the next request on everybody gets the placement's default. It "
    "keeps its users for when it is resumed.",
)
class PauseView(MoveView):
    does = staticmethod(moves.pause)


@move(
    "resume_experiment",
    "Resume a paused experiment",
    "The same users meet the same variants as before the pause.",
)
class ResumeView(MoveView):
    does = staticmethod(moves.resume)


@move(
    "stop_experiment",
    "Stop an experiment",
    "The phase ends, and its users go back to the layers. There is no way back.",
)
class StopView(MoveView):
    does = staticmethod(moves.stop)


@move(
    "ship_experiment",
    "Ship the winner",
    "The winner's recommender becomes the placement's default, for everybody. Only of a "
    "stopped experiment.",
    takes=Shipping,
)
class ShipView(MoveView):
    does = staticmethod(moves.ship)


@move(
    "archive_experiment",
    "Put an experiment away",
    "A draft, or one that was shipped, goes as it is; one that was stopped takes a decision "
    "and its rationale with it.",
    takes=Archiving,
)
class ArchiveView(MoveView):
    does = staticmethod(moves.archive)


@move(
    "change_traffic",
    "Take more or fewer users",
    "Raising adds users and lowering only removes some: nobody changes their variant. A share "
    "that the layer has not free is refused.",
    takes=Traffic,
)
class TrafficView(MoveView):
    does = staticmethod(moves.change_traffic)

    def given(self, asked: Traffic) -> dict[str, Any]:
        return {"traffic": exact(asked.traffic), "why": asked.why}


@move(
    "set_ramp",
    "Let traffic grow by itself",
    "Begins a ramp at its first step, in the place of any other, for an experiment that is "
    "running or paused. What its last step comes to is claimed at once. A draft has its ramp "
    "in itself.",
    takes=Ramping,
)
class RampView(MoveView):
    does = staticmethod(moves.set_ramp)

    def given(self, asked: Ramping) -> dict[str, Any]:
        return {"ramp": ramp_of(asked.ramp), "why": asked.why}


@move(
    "advance_ramp",
    "Take a ramp's next step now",
    "Whatever it still waits for.",
)
class RampAdvanceView(MoveView):
    does = staticmethod(moves.advance_now)


@move(
    "cancel_ramp",
    "Leave traffic as it is",
    "The ramp ends, and the share stays.",
)
class RampCancelView(MoveView):
    does = staticmethod(moves.cancel_ramp)


@move(
    "reschedule_experiment",
    "Set when it starts and ends",
    "Of a draft both, of an experiment under way the end.",
    takes=Schedule,
)
class ScheduleView(MoveView):
    does = staticmethod(moves.reschedule)

    def given(self, asked: Schedule) -> dict[str, Any]:
        return {
            "starts_at": moment(asked.starts_at, "starts_at"),
            "ends_at": moment(asked.ends_at, "ends_at"),
            "why": asked.why,
        }
