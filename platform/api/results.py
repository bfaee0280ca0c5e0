"""The numbers of an experiment's page, by the settings that the page has controls for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from drf_spectacular.utils import extend_schema
from msgspec import UNSET, UnsetType
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from api import bodies
from api.decoding import convert_query
from api.door import Door
from api.management.fields import says
from api.management.operations import fields_of
from api.permissions import Needs
from api.problems import InvalidBody
from api.schema import responses
from experiments import selectors
from experiments.metrics.exploring import explore, usual
from experiments.metrics.exploring.asking import FIELDS, insisted, written
from experiments.metrics.exploring.exceptions import CannotExplore
from experiments.metrics.exploring.shown import shown
from experiments.metrics.results import Method, Scale
from experiments.metrics.spec import Correction
from experiments.models import Experiment, Snapshot
from people.roles import Role


class ResultsAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to look at the results; what is not named is as the experiment decides."""

    scale: Annotated[Scale, says("Of the effects in `shown`.")] = "relative"
    method: Annotated[Method | UnsetType, says("Of the statistics.")] = UNSET
    cuped: Annotated[
        Literal["on", "off"] | UnsetType, says("Whether the days before adjust the results.")
    ] = UNSET
    segment: Annotated[
        str | UnsetType,
        says(
            "`everyone`, or users by an attribute at first exposure: `platform=ios`, `platform?` "
            "without it, `platform*` of all rarer values."
        ),
    ] = UNSET
    correction: Annotated[Correction | UnsetType, says("For several comparisons.")] = UNSET
    phase: Annotated[str | UnsetType, says("`all`, combined, or the number of one.")] = UNSET


class ResultsView(Door):
    """The numbers of an experiment's page."""

    needs = Needs(read=Role.VIEWER)

    @extend_schema(
        operation_id="results",
        summary="The latest snapshot of an experiment",
        description="The numbers of its page by the settings of its controls. Any but those that "
        "the experiment decides by are computed from the samples kept with the snapshot.",
        parameters=fields_of(ResultsAsked),
        responses=responses(200, bodies.Results, 400, 404, 503),
    )
    def get(self, request: Request, key: str) -> Response:
        given = msgspec.to_builtins(convert_query(request, ResultsAsked))
        return Response(_answer(_newest(key), given))


def _newest(key: str) -> Snapshot:
    experiment = Experiment.objects.filter(key=key).first()
    if experiment is None:
        raise NotFound(f"There is no experiment “{key}”.")
    snapshot = selectors.latest_snapshot(experiment)
    if snapshot is None:
        raise NotFound(f"“{key}” has not been analysed yet. Start it, and look again in a minute.")
    return snapshot


def _answer(snapshot: Snapshot, given: dict[str, Any]) -> bodies.Results:
    stored = selectors.scorecard_of(snapshot)
    kept = selectors.samples_of(snapshot) if any(name in given for name in FIELDS) else None
    try:
        asked = insisted(given, stored, kept=kept is not None)
    except CannotExplore as error:
        raise InvalidBody(str(error), pointer=f"/{error.field}") from None
    card = explore(stored, selectors.spec_of(snapshot), kept, asked.choice)
    return bodies.Results(
        snapshot=snapshot.pk,
        created_at=snapshot.created_at,
        log_versions=snapshot.log_versions,
        code_version=snapshot.code_version,
        decides=asked.choice == usual(stored),
        settings=msgspec.convert(
            {name: written(stored, asked.choice, name) for name in FIELDS} | {"scale": asked.scale},
            bodies.ResultsSettings,
        ),
        shown=list(shown(card, asked.scale)),
        scorecard=card,
    )
