"""The doors of experiments themselves: list, make, read, make a draft otherwise, delete it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import msgspec
from django.db.models import Q
from django.utils import timezone
from msgspec import UNSET, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode
from api.door import Door
from api.management import conditional
from api.management.experiments import bodies
from api.management.experiments.drafting import (
    ExperimentChange,
    NewExperiment,
    changed,
    draft_of,
    measured,
    placed,
)
from api.management.experiments.showing import EXPERIMENTS, rows
from api.management.fields import Reference, says
from api.management.kinds import actor_of
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.permissions import Needs
from api.problems import Conflict
from experiments import checklist, drafts, models, moves
from experiments.exceptions import Invalid
from experiments.lifecycle import article
from people.roles import Role

ELSEWHERE = (
    "Its traffic, variants, ramp and schedule have doors of their own; all else stays as launched."
)

Sort = Literal["-created_at", "created_at", "name", "-name", "key", "-key"]


class ExperimentsListed(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which experiments, and in what order."""

    status: Annotated[bodies.Status | UnsetType, says("Only those of this status.")] = UNSET
    placement: Annotated[Reference | UnsetType, says("Only those on this placement.")] = UNSET
    layer: Annotated[Reference | UnsetType, says("Only those that take part in this layer.")] = (
        UNSET
    )
    name: Annotated[str | UnsetType, says("Only those whose name or key contains it.")] = UNSET
    sort: Annotated[Sort, says("By what; a minus: the last first.")] = "-created_at"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the checklist."""

    ok: Annotated[bool, says("Whether it holds.")]
    must: Annotated[bool, says("Whether it keeps the experiment from starting.")]
    text: Annotated[str, says("What holds, or what to do.")]


class Checklist(msgspec.Struct, frozen=True, kw_only=True):
    """What must hold before an experiment starts."""

    ready: Annotated[bool, says("Whether it could start now.")]
    lines: Annotated[list[Line], says("Every check, those that hold too.")]


class ExperimentsView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation(
        "list",
        "experiments",
        "All experiments",
        "The newest first, or as `sort` says. Filters add up: an experiment meets all of them.",
        query=ExperimentsListed,
        answers=Page[bodies.Experiment],
    )
    def get(self, request: Request) -> Response:
        asked = convert_query(request, ExperimentsListed)
        return EXPERIMENTS.listed(request, asked, rows().filter(_which(asked)), sort=asked.sort)

    @operation(
        "create",
        "create_experiment",
        "Make a draft",
        "Nobody meets it before it is started. What could never be started is refused, naming the "
        "field.",
        takes=NewExperiment,
        answers=bodies.Experiment,
    )
    def post(self, request: Request) -> Response:
        draft = draft_of(decode(request, NewExperiment))
        with _placed():
            row = drafts.create_experiment(draft, now=timezone.now(), actor=actor_of(request))
        return EXPERIMENTS.created(request, row, at=f"/api/v1/experiments/{row.key}")


class ExperimentView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation(
        "read",
        "experiment",
        "One experiment",
        "With its variants, phases and what its status allows. Its ETag changes with each change.",
        answers=bodies.Experiment,
    )
    def get(self, request: Request, key: str) -> Response:
        return EXPERIMENTS.read(request, key)

    @operation(
        "change",
        "change_experiment",
        "Change a draft, or the words of any experiment",
        "What is given replaces what was, whole; what is left out stays. Once it has started, only "
        "name and hypothesis are changed here: traffic and variants have doors of their own, and "
        "all else stays as launched (409), because a change would bias the result.",
        takes=ExperimentChange,
        answers=bodies.Experiment,
    )
    def patch(self, request: Request, key: str) -> Response:
        given = decode(request, ExperimentChange)

        def change(row: models.Experiment) -> None:
            now, actor = timezone.now(), actor_of(request)
            if row.status == models.Experiment.Status.DRAFT:
                drafts.change_draft(row, changed(row, given), now=now, actor=actor)
                return
            if (field := measured(given)) is not None:
                raise Conflict(
                    f"{article(row.status)} experiment keeps its {field} here. {ELSEWHERE}",
                    pointer=f"/{field}",
                )
            draft = changed(row, given)
            moves.describe(row, name=draft.name, hypothesis=draft.hypothesis, now=now, actor=actor)

        with _placed():
            return EXPERIMENTS.changed(request, key, change)

    @operation(
        "remove",
        "delete_experiment",
        "Delete a draft",
        "Nothing is left of it but the audit trail. Once it has started it is kept (409): archive "
        "it instead.",
    )
    def delete(self, request: Request, key: str) -> Response:
        def remove(row: models.Experiment) -> None:
            drafts.delete_draft(row, now=timezone.now(), actor=actor_of(request))

        return EXPERIMENTS.removed(request, key, remove)


class ChecklistView(Door):
    needs = Needs()

    @operation(
        "read",
        "checklist",
        "What must hold before it starts",
        "Each check in words. A start is refused while one that is a `must` does not hold.",
        answers=Checklist,
    )
    def get(self, request: Request, key: str) -> Response:
        found = checklist.launch_checklist(EXPERIMENTS.find(key), now=timezone.now())
        lines = [Line(ok=one.ok, must=one.must, text=one.text) for one in found]
        ready = all(line.ok or not line.must for line in lines)
        return conditional.answer(request, Checklist(ready=ready, lines=lines))


def _which(asked: ExperimentsListed) -> Q:
    which = Q()
    if asked.status is not UNSET:
        which &= Q(status=asked.status)
    if asked.placement is not UNSET:
        which &= Q(placement__key=asked.placement)
    if asked.layer is not UNSET:
        further = models.Membership.objects.filter(layer__key=asked.layer)
        which &= Q(layer__key=asked.layer) | Q(pk__in=further.values("experiment"))
    if asked.name is not UNSET:
        which &= Q(name__icontains=asked.name) | Q(key__icontains=asked.name)
    return which


@contextmanager
def _placed() -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        raise placed(error) from None
