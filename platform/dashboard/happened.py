"""What an address asks of charts, and what happened to an experiment that they mark."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from dashboard.reading.below import Asked, Happened
from dashboard.reading.chart_view import chart_view
from experiments.models import Experiment
from experiments.moves import keep
from people import trail
from recommenders.models import ModelVersion, Promotion

NOT_KEPT = ("status", "ahead", "snapshot", "tab")
"""What the page tells its own live part, and nobody else."""
MOST = 200
"""Of each kind: a chart with more marks says nothing."""
TRAFFIC = ("advance ramp", "set ramp", "change traffic", "pause", "resume", "roll back ramp")
TOLD = (*TRAFFIC, keep.VERB)
"""Entries that the results show."""


def asked(request: HttpRequest) -> Asked:
    given = ((name, str(value)) for name, value in request.GET.items())
    kept = {name: value for name, value in given if name not in NOT_KEPT}
    return Asked(view=chart_view(kept), kept=kept)


def happened(experiment: Experiment, until: datetime | None = None) -> Happened:
    """In two queries; up to a time, where one is given."""
    entries = trail.entries(kind="experiment", key=experiment.key).filter(verb__in=TOLD)
    if until is not None:
        entries = entries.filter(at__lte=until)
    return Happened(versions=_versions(experiment, until), entries=list(entries[:MOST]))


def _versions(
    experiment: Experiment, until: datetime | None
) -> list[tuple[datetime, ModelVersion]]:
    """Versions of the arms' recommenders that went live since the start, the newest first."""
    done = Promotion.objects.filter(
        recommender__variants__experiment=experiment, at__gt=experiment.started_at
    ).select_related("version__recommender")
    if until is not None:
        done = done.filter(at__lte=until)
    newest = done.distinct().order_by("-at", "-pk")[:MOST]
    return [(one.at, one.version) for one in newest]
