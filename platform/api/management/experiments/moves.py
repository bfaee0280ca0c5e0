"""The moves of an experiment. Each answers with the experiment as it is then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import decode, decode_any
from api.door import Door
from api.management.experiments import bodies
from api.management.experiments.drafting import NewRamp, exact, moment, ramp_of
from api.management.experiments.showing import EXPERIMENTS
from api.management.fields import Moment, Reference, Why, says
from api.management.kinds import actor_of
from api.management.operations import operation
from api.permissions import Needs
from experiments import models, moves
from people.roles import Role
from serving.lifecycle import routed


class Moving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A move, and why."""

    why: Why = ""


class Shipping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who won, and why that is so."""

    winner: Annotated[Reference, says("The variant that won, by its key.")]
    rationale: Annotated[
        str, msgspec.Meta(min_length=1, max_length=4000, description="Why it is shipped.")
    ]


class Archiving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was decided: of a stopped experiment both, of any other neither."""

    decision: Annotated[
        Literal["roll_back", "inconclusive"] | None, says("What to do. To ship, ship it.")
    ] = None
    rationale: Annotated[str, msgspec.Meta(max_length=4000, description="Why.")] = ""


class Traffic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many of the layer's users it is to take."""

    traffic: Annotated[
        float, msgspec.Meta(ge=0.01, le=1, description="The share of the layer's users.")
    ]
    why: Why = ""


class Ramping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ramp to begin, in the place of any other."""

    ramp: Annotated[NewRamp, says("Its steps; no share is below the present one.")]
    why: Why = ""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the clock is to start and to stop it, in the place of what was set."""

    starts_at: Annotated[
        Moment | None, says("Of a draft alone; null or left out: the clock does not start it.")
    ] = None
    ends_at: Annotated[Moment | None, says("Null: the clock does not stop it.")]
    why: Why = ""


class MoveView(Door):
    """A move by its function, with the fields of its body."""

    needs = Needs(write=Role.EXPERIMENTER)
    does: ClassVar[Callable[..., Any]]

    def move(self, request: Request, key: str, **given: Any) -> Response:
        def change(row: models.Experiment) -> None:
            routed(type(self).does, row, now=timezone.now(), actor=actor_of(request), **given)

        return EXPERIMENTS.changed(request, key, change, required=False)


class StartView(MoveView):
    does = staticmethod(moves.start)

    @operation(
        "move",
        "start_experiment",
        "Start a draft",
        "It claims users of its layers, and its first phase opens. Refused with 409 and all that "
        "is missing while the checklist does not hold.",
        takes=Moving,
        answers=bodies.Experiment,
    )
    def post(self, request: Request, key: str) -> Response:
        return self.move(request, key, why=reason(request))


class PauseView(MoveView):
    does = staticmethod(moves.pause)

    @operation(
        "move",
        "pause_experiment",
        "Pause a running experiment",
        "The kill switch: from the next request on everybody gets the placement's default. It "
        "keeps its users for when it is resumed.",
        takes=Moving,
        answers=bodies.Experiment,
    )
    def post(self, request: Request, key: str) -> Response:
        return self.move(request, key, why=reason(request))


class ResumeView(MoveView):
    does = staticmethod(moves.resume)

    @operation(
        "move",
        "resume_experiment",
        "Resume a paused experiment",
        "The same users meet the same variants as before the pause.",
        takes=Moving,
        answers=bodies.Experiment,
    )
    def post(self, request: Request, key: str) -> Response:
        return self.move(request, key, why=reason(request))


class StopView(MoveView):
    does = staticmethod(moves.stop)

    @operation(
        "move",
        "stop_experiment",
        "Stop an experiment",
        "The phase ends, and its users go back to the layers. There is no way back.",
        takes=Moving,
        answers=bodies.Experiment,
    )
    def post(self, request: Request, key: str) -> Response:
        return self.move(request, key, why=reason(request))


class ShipView(MoveView):
    does = staticmethod(moves.ship)

    @operation(
        "move",
        "ship_experiment",
        "Ship the winner",
        "The winner's recommender becomes the placement's default, for everybody. Only of a "
        "stopped experiment.",
        takes=Shipping,
        answers=bodies.Experiment,
    )
    def post(self, request: Request, key: str) -> Response:
        asked = decode(request, Shipping)
        return self.move(request, key, winner=asked.winner, rationale=asked.rationale)


class ArchiveView(MoveView):
    does = staticmethod(moves.archive)

    @operation(
        "move",
        "archive_experiment",
        "Put an experiment away",
        "A draft, or one that was shipped, goes as it is; one that was stopped takes a decision "
        "and its rationale with it.",
        takes=Archiving,
        answers=bodies.Experiment,
    )
    def post(self, request: Request, key: str) -> Response:
        asked = decode_any(request, Archiving)
        return self.move(request, key, decision=asked.decision, rationale=asked.rationale)


class TrafficView(MoveView):
    does = staticmethod(moves.change_traffic)

    @operation(
        "move",
        "change_traffic",
        "Take more or fewer users",
        "Raising adds users and lowering only removes some: nobody changes their variant. A share "
        "that the layer has not free is refused.",
        takes=Traffic,
        answers=bodies.Experiment,
    )
    def post(self, request: Request, key: str) -> Response:
        asked = decode(request, Traffic)
        return self.move(request, key, traffic=exact(asked.traffic), why=asked.why)


class RampView(MoveView):
    does = staticmethod(moves.set_ramp)

    @operation(
        "move",
        "set_ramp",
        "Let traffic grow by itself",
        "Begins a ramp at its first step, in the place of any other, for an experiment that is "
        "running or paused. What its last step comes to is claimed at once. A draft has its ramp "
        "in itself.",
        takes=Ramping,
        answers=bodies.Experiment,
    )
    def post(self, request: Request, key: str) -> Response:
        asked = decode(request, Ramping)
        return self.move(request, key, ramp=ramp_of(asked.ramp), why=asked.why)


class RampAdvanceView(MoveView):
    does = staticmethod(moves.advance_now)

    @operation(
        "move",
        "advance_ramp",
        "Take a ramp's next step now",
        "Whatever it still waits for.",
        takes=Moving,
        answers=bodies.Experiment,
    )
    def post(self, request: Request, key: str) -> Response:
        return self.move(request, key, why=reason(request))


class RampCancelView(MoveView):
    does = staticmethod(moves.cancel_ramp)

    @operation(
        "move",
        "cancel_ramp",
        "Leave traffic as it is",
        "The ramp ends, and the share stays.",
        takes=Moving,
        answers=bodies.Experiment,
    )
    def post(self, request: Request, key: str) -> Response:
        return self.move(request, key, why=reason(request))


class ScheduleView(MoveView):
    does = staticmethod(moves.reschedule)

    @operation(
        "move",
        "reschedule_experiment",
        "Set when it starts and ends",
        "Of a draft both, of an experiment under way the end.",
        takes=Schedule,
        answers=bodies.Experiment,
    )
    def post(self, request: Request, key: str) -> Response:
        asked = decode(request, Schedule)
        return self.move(
            request,
            key,
            starts_at=moment(asked.starts_at, "starts_at"),
            ends_at=moment(asked.ends_at, "ends_at"),
            why=asked.why,
        )


def reason(request: Request) -> str:
    """Why a move is made; it needs no body."""
    return decode_any(request, Moving).why
