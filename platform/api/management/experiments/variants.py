"""The variants of an experiment under way: their weights, new ones, and one that is killed."""

from __future__ import annotations

from typing import Annotated

import msgspec
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import decode
from api.door import Door
from api.management import conditional
from api.management.experiments import bodies
from api.management.experiments.drafting import NewVariant, exact, specs
from api.management.experiments.moving import MoveView, move
from api.management.experiments.showing import EXPERIMENTS, variants_of
from api.management.fields import Share, Why, says
from api.management.kinds import actor_of
from api.management.operations import operation
from api.permissions import Needs
from api.problems import Conflict
from experiments import models, moves
from experiments.assignment import BUCKETS, ranges
from experiments.checks import MOST_VARIANTS
from experiments.exceptions import Invalid
from experiments.moves.arms import rearranged
from people.roles import Role
from serving.lifecycle import routed


class Variants(msgspec.Struct, frozen=True, kw_only=True):
    """The variants of an experiment."""

    data: Annotated[list[bodies.Variant], says("The control first.")]


class Previewing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arms that the next phase could have."""

    weights: Annotated[
        dict[str, Share],
        says("A weight for each variant there is that is not killed; 0 takes it out."),
    ]
    new: Annotated[
        list[NewVariant],
        msgspec.Meta(
            max_length=MOST_VARIANTS,
            description="Further variants. All weights together sum to 1.",
        ),
    ] = []
    anew: Annotated[
        bool, says("Draw everybody's variant again, by a new seed, instead of moving the fewest.")
    ] = False
    why: Why = ""


class Rearranging(Previewing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arms of the next phase, and why."""

    why: Annotated[
        str,
        msgspec.Meta(min_length=1, max_length=4000, description="The reason, for the audit trail."),
    ]


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of variants would come to."""

    phase: Annotated[int, says("The phase that it would open.")]
    moved: Annotated[Share, says("The share of the experiment's users who would change variant.")]
    shares: Annotated[dict[str, float], says("By variant, the share of users in that phase.")]


class VariantsView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation(
        "read",
        "variants",
        "Its variants",
        "As they are now. The ETag is the experiment's.",
        answers=Variants,
    )
    def get(self, request: Request, key: str) -> Response:
        return _answer(request, EXPERIMENTS.find(key))

    @operation(
        "change",
        "change_variants",
        "Change weights, add variants or take some out",
        "Opens the next phase of an experiment that is running or paused, and moves as few users "
        "as the weights allow; ask for a preview first. Estimates are made per phase, so a change "
        "biases nothing; one that would move nobody is refused. Variants of a draft are changed "
        "with the draft.",
        takes=Rearranging,
        answers=Variants,
    )
    def patch(self, request: Request, key: str) -> Response:
        asked = decode(request, Rearranging)
        with transaction.atomic():
            row = EXPERIMENTS.held(request, key)
            routed(
                moves.change_arms,
                row,
                weights={name: exact(weight) for name, weight in asked.weights.items()},
                new=specs(asked.new, "/new"),
                anew=asked.anew,
                why=asked.why,
                now=timezone.now(),
                actor=actor_of(request),
            )
            return _answer(request, EXPERIMENTS.find(key))


class PreviewView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation(
        "move",
        "preview_variants",
        "What a change of variants would come to",
        "Takes what the change takes, with a `why` or without, and changes nothing.",
        takes=Previewing,
        answers=Preview,
    )
    def post(self, request: Request, key: str) -> Response:
        asked = decode(request, Previewing)
        row = EXPERIMENTS.find(key)
        conditional.check(request, EXPERIMENTS.tag(row, None), required=False)
        return Response(_preview(row, asked))


@move(
    "kill_variant",
    "Kill a variant",
    "From the next request on its users get the placement's default; they leave the experiment and "
    "are given to no other variant. The control cannot be killed, nor the last variant beside it.",
)
class KillView(MoveView):
    does = staticmethod(moves.kill_arm)

    def post(self, request: Request, key: str, **named: str) -> Response:
        try:
            return super().post(request, key, **named)
        except Invalid as error:
            known = EXPERIMENTS.find(key).variants.filter(key=named["variant"]).exists()
            raise Conflict(error.message) if known else NotFound(error.message) from None


def _answer(request: Request, row: models.Experiment) -> Response:
    shown = Variants(data=variants_of(row))
    return conditional.answer(request, shown, tag=EXPERIMENTS.tag(row, shown))


def _preview(row: models.Experiment, asked: Previewing) -> Preview:
    weights = {name: exact(weight) for name, weight in asked.weights.items()}
    change = rearranged(row, weights, new=specs(asked.new, "/new"), anew=asked.anew)
    return Preview(
        phase=row.phases.count() + 1,
        moved=change.moved,
        shares={key: ranges.size(held) / BUCKETS for key, held in change.ranges.items()},
    )
