"""Frozen reports: making and revoking them, and who may read one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from django.conf import settings
from django.db import transaction

from experiments import selectors
from experiments.exceptions import Invalid, NotAllowed
from experiments.metrics.exploring import KeptSamples, pack, unpack, usual
from experiments.metrics.exploring.asking import asked_of, query_of
from experiments.models import Experiment, Report, Snapshot
from people import trail
from people.actors import Actor

NO_SNAPSHOT = (
    "There is no such snapshot. Where the experiment was analysed by now, load its page again."
)
CHARTED = ("chart", "by")
"""What an address asks of the charts."""


class ReportArm(msgspec.Struct, frozen=True, kw_only=True):
    """An arm as it was; `version` is None where no model was live."""

    letter: str
    key: str
    recommender: str
    version: str | None
    share: float


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What the experiment was when the report was made."""

    name: str
    hypothesis: str
    status: str
    placement: str
    arms: tuple[ReportArm, ...]
    stopped_at: datetime | None
    decision: str
    winner: str | None
    rationale: str
    decided_by: str
    decided_at: datetime | None


def make(
    experiment: Experiment,
    *,
    snapshot: str,
    asked: Mapping[str, str],
    without_login: bool,
    now: datetime,
    actor: Actor,
) -> Report:
    """Freezes the snapshot of that number, as `asked` shows it.

    Raises Invalid where there is none, or where it kept no samples for other settings than those
    that decide, and NotAllowed `without_login` where the installation does not allow that.
    """
    if without_login and not settings.OPEN_REPORTS:
        raise NotAllowed(
            "Reports without a login are not allowed here: an admin sets WINNOW_OPEN_REPORTS."
        )
    with transaction.atomic():
        row = experiment.snapshots.filter(pk=snapshot).first() if snapshot.isdecimal() else None
        if row is None:
            raise Invalid(NO_SNAPSHOT, field="snapshot")
        report = _frozen(experiment, row, asked)
        report.without_login = without_login
        report.made_at, report.made_by, report.made_by_name = now, actor.user, actor.name
        report.save()
        _tell(report, "make report", now=now, actor=actor)
    return report


def revoke(report: Report, *, now: datetime, actor: Actor) -> None:
    """Nobody reads it from now on. A second time changes nothing."""
    with transaction.atomic():
        row = Report.objects.select_for_update().get(pk=report.pk)
        if row.revoked_at is None:
            row.revoked_at = now
            row.save(update_fields=["revoked_at"])
            _tell(row, "revoke report", now=now, actor=actor)


def readable(token: str, *, signed_in: bool) -> Report | None:
    """The report at that address; None where there is none, or not for this reader."""
    found = Report.objects.filter(token=token, revoked_at=None).select_related("experiment").first()
    open_to_all = found is not None and found.without_login and settings.OPEN_REPORTS
    return found if signed_in or open_to_all else None


def standing(experiment: Experiment) -> list[Report]:
    """Those that can be read, the newest first, without what they hold."""
    rows = Report.objects.filter(experiment=experiment, revoked_at=None)
    return list(rows.defer("scorecard", "spec", "samples", "about"))


def about_of(report: Report) -> About:
    return msgspec.convert(report.about, About)


def samples_of(report: Report) -> KeptSamples | None:
    return unpack(bytes(report.samples)) if report.samples else None


def _frozen(experiment: Experiment, row: Snapshot, asked: Mapping[str, str]) -> Report:
    card, kept = selectors.scorecard_of(row), selectors.samples_of(row)
    looked = asked_of(asked, card, kept=kept is not None)
    if looked.dropped:
        raise Invalid(
            "A newer analysis came meanwhile, or these settings are not to be had. Load the page "
            "again, and make the report of what it shows.",
            field="snapshot",
        )
    charted = {name: asked[name] for name in CHARTED if name in asked}
    exploring = looked.choice != usual(card)
    return Report(
        experiment=experiment,
        snapshot=row.pk,
        as_of=row.as_of,
        asked=dict(parse_qsl(query_of(looked, card))) | charted,
        about=msgspec.to_builtins(_about(experiment)),
        scorecard=row.scorecard,
        spec=row.settings,
        samples=pack(kept) if kept is not None and exploring else None,
    )


def _about(experiment: Experiment) -> About:
    variants = experiment.variants.select_related("recommender__live__recommender")
    return About(
        name=experiment.name,
        hypothesis=experiment.hypothesis,
        status=experiment.status,
        placement=experiment.placement.key,
        arms=tuple(
            ReportArm(
                letter=one.letter,
                key=one.key,
                recommender=one.recommender.key,
                version=str(one.recommender.live) if one.recommender.live else None,
                share=float(one.weight),
            )
            for one in variants
        ),
        stopped_at=experiment.stopped_at,
        decision=experiment.decision,
        winner=experiment.winner.key if experiment.winner else None,
        rationale=experiment.rationale,
        decided_by=experiment.decided_by,
        decided_at=experiment.decided_at,
    )


def _tell(report: Report, verb: str, *, now: datetime, actor: Actor) -> None:
    """By its number: who reads the trail is not given the address."""
    told: dict[str, Any] = {"report": report.pk, "snapshot": report.snapshot}
    told["without_login"] = report.without_login
    made = verb == "make report"
    trail.record(
        at=now,
        actor=actor,
        verb=verb,
        kind="experiment",
        key=report.experiment.key,
        before=None if made else told,
        after=told if made else None,
    )
