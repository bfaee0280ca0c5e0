"""Where one user stands towards every experiment."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode_text
from api.door import Door
from api.management import conditional
from api.management.fields import says
from api.management.operations import operation
from api.permissions import Needs
from api.problems import InvalidBody
from experiments.assignment import Standing, standings
from serving import plans
from serving.attributes import Attributes
from serving.routing import Id

LONGEST_USER = 256


class AssignmentsAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What else is known of the user."""

    attributes: Annotated[
        str | UnsetType,
        says('The attributes of `/route`, as JSON: `{"country": "NL"}`. Conditions are on them.'),
    ] = UNSET
    device: Annotated[Id | UnsetType, says("The device of `/route`.")] = UNSET


class Standings(msgspec.Struct, frozen=True, kw_only=True):
    """Where a user stands towards each experiment that runs."""

    user: Annotated[str, says("The user who was asked about.")]
    plan_version: Annotated[int, says("The plan by which that is so.")]
    experiments: Annotated[list[Standing], says("One for each experiment that runs.")]


class AssignmentsView(Door):
    needs = Needs()

    @operation(
        "read",
        "user_assignments",
        "Every experiment a user is in, and why",
        "Says of each experiment that runs which variant the user gets, their bucket of its "
        "variants and of its layers, and the reason. Shows nobody anything, and records nothing.",
        query=AssignmentsAsked,
        answers=Standings,
        refusals=(400,),
        database=False,
    )
    def get(self, request: Request, user: str) -> Response:
        asked = convert_query(request, AssignmentsAsked)
        if not 1 <= len(user) <= LONGEST_USER or "\0" in user:
            raise InvalidBody(f"user must have 1 to {LONGEST_USER} characters.", pointer="/user")
        attributes = {}
        if asked.attributes is not UNSET:
            attributes = decode_text(asked.attributes, Attributes, "attributes")
        device = None if asked.device is UNSET else asked.device
        plan = plans.holder.refreshed()
        shown = Standings(
            user=user,
            plan_version=plan.version,
            experiments=list(standings(plan, user, attributes, device=device)),
        )
        return conditional.answer(request, shown)
