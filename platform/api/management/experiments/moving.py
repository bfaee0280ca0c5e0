"""What the doors of all moves have in common: a body is decoded, one move made, and the experiment
answered as it is then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import msgspec
from django.utils import timezone
from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import decode, decode_any
from api.door import Door
from api.management.experiments import bodies
from api.management.experiments.move_bodies import ALL_DEFAULTS
from api.management.experiments.showing import EXPERIMENTS
from api.management.fields import Moving
from api.management.kinds import actor_of
from api.management.operations import operation
from api.permissions import Needs
from experiments import models
from people.roles import Role
from serving.lifecycle import routed


class MoveView(Door):
    """A move by its function, which is given the fields of the body and what the address names."""

    needs = Needs(write=Role.EXPERIMENTER)
    does: ClassVar[Callable[..., Any]]
    takes: ClassVar[type[msgspec.Struct]]

    def post(self, request: Request, key: str, **named: str) -> Response:
        read = decode_any if self.takes in ALL_DEFAULTS else decode
        given = named | self.given(read(request, self.takes))

        def change(row: models.Experiment) -> None:
            routed(type(self).does, row, now=timezone.now(), actor=actor_of(request), **given)

        return EXPERIMENTS.changed(request, key, change, required=False)

    def given(self, asked: Any) -> dict[str, Any]:
        """The body as the function wants it."""
        return msgspec.structs.asdict(asked)


V = TypeVar("V", bound=type[MoveView])


def move(
    name: str, summary: str, description: str, *, takes: type[msgspec.Struct] = Moving
) -> Callable[[V], V]:
    """Describes the view of a move, and says what its body is."""
    described = operation(
        "move", name, summary, description, takes=takes, answers=bodies.Experiment
    )

    def decorate(view: V) -> V:
        view.takes = takes
        return extend_schema_view(post=described)(view)

    return decorate
