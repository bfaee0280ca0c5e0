"""An experiment that was assigned elsewhere, from its files to a report."""

from collections.abc import Callable, Sequence
from datetime import datetime

import ibis
import numpy as np
from ibis.expr.types import Table
from msgspec.structs import replace

from experiments.metrics.catalogue import Catalogue
from experiments.metrics.counting import Counted, count_log
from experiments.metrics.exceptions import MissingColumn
from experiments.metrics.files import tables
from experiments.metrics.outside import survey
from experiments.metrics.outside.columns import ours
from experiments.metrics.outside.exceptions import InvalidRequest
from experiments.metrics.outside.finding import find_files
from experiments.metrics.outside.mapping import check_mapping
from experiments.metrics.outside.report import Note, Report
from experiments.metrics.outside.request import Request
from experiments.metrics.outside.specifying import of_experiment, specify
from experiments.metrics.outside.survey import Arm
from experiments.metrics.periods import grid
from experiments.metrics.presence import taking
from experiments.metrics.results import Scorecard
from experiments.metrics.scorecards import assemble
from experiments.metrics.spec import ScorecardSpec

Progress = Callable[[str], None]
"""Told what is being done, in a few words."""


def analyse(request: Request, *, now: datetime, progress: Progress) -> Report:
    """Read the files and compare the variants found in them. Raises InvalidRequest."""
    _require_zones(request)
    exposures, events = (
        find_files(field, getattr(request, field)) for field in ("exposures", "events")
    )
    progress("Looking at the files")
    limits = {"memory": request.memory, "threads": request.threads}
    with tables(exposures, events, **limits) as (served, done):  # type: ignore[arg-type]
        check_mapping(request.columns, {"exposures": served, "events": done})
        served, notes = ours("exposures", served, request.columns, request.attributes)
        done, more = ours("events", done, request.columns)
        card, assumed = _scorecard(served, done, request, now=now, progress=progress)
    return Report(scorecard=card, notes=(*notes, *more, *assumed))


def _scorecard(
    served: Table, done: Table, request: Request, *, now: datetime, progress: Progress
) -> tuple[Scorecard, list[Note]]:
    nameless = survey.incomplete("exposures", served)
    notes = [*nameless, *survey.incomplete("events", done)]
    if any(note.about == "exposures.user" for note in nameless):
        served = served.filter(served.user != "")
    arms = survey.arms(served, since=request.started_at, until=request.as_of)
    mine = of_experiment(arms, request)
    notes += survey.unplaced(arms, mine)
    last = _last(mine, done)
    spec, assumed = specify(mine, request, as_of=request.as_of or last)
    if request.as_of is None and last > now:
        text = f"The last time in the files, {last}, is in the future."
        assumed.append(Note(about="as_of", text=text))
    progress(f"Counting {sum(arm.exposures for arm in mine):,} exposures and what came after")
    inside = _since(_without_empty(served, mine), request, spec)
    counted = _counted(inside, done, spec, request.catalogue)
    if request.tuning is None:
        spec = replace(spec, tuning=_found(counted, spec))
        assumed.append(_no_plan(spec))
    card = assemble(counted, spec, grid(spec.started_at, spec.as_of))
    return card, [*notes, *assumed]


def _last(arms: Sequence[Arm], done: Table) -> datetime:
    """The last time in the files, of exposures alone where nobody has done anything yet."""
    event = survey.last_at(done)
    return max([arm.last for arm in arms] + ([event] if event else []))


def _require_zones(request: Request) -> None:
    for field in ("started_at", "as_of"):
        at = getattr(request, field)
        if at is not None and at.tzinfo is None:
            raise InvalidRequest(field, f"needs a time zone, as in {at.isoformat()}Z")


def _without_empty(served: Table, arms: tuple[Arm, ...]) -> Table:
    """Columns that say nothing of any exposure say it of none."""
    said = {"experiment": arms[0].experiment, "phase": arms[0].phase}
    return served.drop(*(c for c, v in said.items() if v is None and c in served.columns))


def _since(served: Table, request: Request, spec: ScorecardSpec) -> Table:
    """What was served before a start that is given belongs to no experiment."""
    if request.started_at is None:
        return served
    key = served.experiment if "experiment" in served.columns else ibis.literal(spec.experiment)
    begun = served.at >= ibis.literal(request.started_at)
    return served.mutate(experiment=begun.ifelse(key.cast("string"), ibis.null("string")))


def _counted(
    served: Table, done: Table, spec: ScorecardSpec, catalogue: Catalogue | None
) -> Counted:
    try:
        return count_log(served, done, spec, catalogue)
    except MissingColumn as error:
        raise InvalidRequest(
            error.table, f"has no usable column {error.column!r}, which {error.needed_by} needs"
        ) from error


def _found(counted: Counted, spec: ScorecardSpec) -> float:
    """The users of the largest treatment and of the control in its phases, at least one: the test
    needs as many.
    """
    users = np.asarray(counted.users)
    there = taking(spec)[:, 1:]
    both = ((users[:, :1] + users[:, 1:]) * there).sum(axis=0)
    return float(max(both.max(), 1))


def _no_plan(spec: ScorecardSpec) -> Note:
    text = f"No tuning is given: the {spec.tuning:,.0f} users found are taken for the planned ones."
    return Note(about="tuning", text=text)
