"""Going on although the figures say what to do: nothing changes, and the trail says who decided."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from experiments import selectors
from experiments.exceptions import NotAllowed
from experiments.metrics.results import Verdict
from experiments.models import Experiment
from experiments.moves.row import KIND
from people import trail
from people.actors import Actor
from people.models import AuditEntry

VERB = "keep running"


def keep_running(
    experiment: Experiment, *, now: datetime, actor: Actor, why: str = ""
) -> AuditEntry:
    """Raises NotAllowed for an experiment that does not run, or of which nothing is decided."""
    with transaction.atomic():
        row = Experiment.objects.select_for_update().get(pk=experiment.pk)
        if row.status != Experiment.Status.RUNNING:
            raise NotAllowed("Only an experiment that runs can be kept running.")
        snapshot = selectors.latest_snapshot(row)
        if snapshot is None:
            raise NotAllowed("Nothing was analysed yet, so there is nothing to decide against.")
        decision = selectors.scorecard_of(snapshot).decision
        after = {"figures said": said(decision), "snapshot": snapshot.pk}
        return trail.record(
            at=now, actor=actor, verb=VERB, kind=KIND, key=row.key, before={}, after=after, why=why
        )


def kept(entries: Iterable[AuditEntry], decision: Verdict) -> AuditEntry | None:
    """Of its entries, the newest first, who last decided to go on, where the figures said then what
    they say now.
    """
    last = next((entry for entry in entries if entry.verb == VERB), None)
    return last if last and (last.after or {}).get("figures said") == said(decision) else None


def said(decision: Verdict) -> str:
    """What a decision asks for: `ship item-knn`."""
    return f"{decision.state.replace('_', ' ')} {decision.variant}"
