"""What the API's bodies look like, beyond those that serving defines."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from events.erasures import Report
from experiments.assignment import Assignment
from experiments.metrics import Scorecard
from experiments.metrics.exploring.shown import Shown
from experiments.metrics.results import Method, Scale
from experiments.metrics.spec import Correction
from serving.attributes import Attributes
from serving.routing import Id

_REPORTED = msgspec.Meta(extra_json_schema={"$ref": "#/components/schemas/ReportedExposure"})


class AssignRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose assignments are asked for. `attributes` and `device` are those of a RouteRequest."""

    user: Id
    attributes: Attributes = {}
    device: Id | None = None


class AssignResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Where the user stands on every placement. Asking shows nobody anything, so nothing is
    recorded.
    """

    user: str
    plan_version: int
    assignments: tuple[Assignment, ...]


class EventsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A batch of 1 to 1,000 events. Each is judged by itself, so one bad event spoils no other."""

    events: list[msgspec.Raw]


class ExposuresRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A batch of 1 to 1,000 exposures, each a ReportedExposure, and each judged by itself."""

    exposures: list[Annotated[msgspec.Raw, _REPORTED]]


class ErasureRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to be forgotten."""

    user: Id


class ErasureState(msgspec.Struct, frozen=True, kw_only=True):
    """How far an erasure is. While it is not `done`, `problem` may say why, and `report` what was
    found; afterwards `report` says what went and what remains.
    """

    id: int
    status: Literal["waiting", "done"]
    requested_at: datetime
    finished_at: datetime | None
    problem: str | None
    report: Report | None


class ResultsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How it was looked at, each as the query string says it."""

    scale: Scale
    method: Method
    cuped: Literal["on", "off"]
    segment: str
    correction: Correction
    phase: str


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """The latest snapshot of an experiment: the numbers of its page, by the settings asked for.
    `shown` are those of its table, exactly; `scorecard` is all there is.
    """

    snapshot: int
    created_at: datetime
    log_versions: dict[str, int]
    code_version: str
    decides: bool
    settings: ResultsSettings
    shown: list[Shown]
    scorecard: Scorecard


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457. `errors` names the fields by JSON pointer."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []
