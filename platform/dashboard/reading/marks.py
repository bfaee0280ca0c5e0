"""What happened while an experiment ran, to be marked on its charts. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from django.utils.translation import gettext as _

from dashboard import formats
from dashboard.reading.arms import ArmView
from experiments.metrics.results import Scorecard

if TYPE_CHECKING:
    from people.models import AuditEntry
    from recommenders.models import ModelVersion

CLOSE = 0.03
"""Of the time shown: retrains closer than that are one mark."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A rule at a time, with words on top: full, and short for narrow screens."""

    kind: Literal["phase", "retrain", "traffic"]
    at: datetime
    text: str
    short: str


def phase_marks(scorecard: Scorecard) -> tuple[Mark, ...]:
    """Where each phase after the first began."""
    return tuple(
        Mark(
            kind="phase",
            at=phase.started_at,
            text=_("phase %(number)s: %(weights)s")
            % {"number": phase.number, "weights": _weights(phase.weights)},
            short=_("phase %(number)s") % {"number": phase.number},
        )
        for phase in scorecard.phases[1:]
    )


def _weights(weights: Sequence[float]) -> str:
    return " / ".join(formats.number(weight * 100) for weight in weights)


def retrain_marks(
    scorecard: Scorecard,
    arms: Sequence[ArmView],
    versions: Iterable[tuple[datetime, ModelVersion]],
) -> tuple[Mark, ...]:
    """When an arm's recommender got a version while the experiment ran; close ones are one mark."""
    letters: dict[str, list[str]] = defaultdict(list)
    for arm in arms:
        letters[arm.recommender].append(arm.letter)
    near = (scorecard.as_of - scorecard.started_at) * CLOSE
    groups: list[tuple[datetime, list[str]]] = []
    for at, version in sorted(versions, key=lambda pair: pair[0]):
        if not scorecard.started_at < at <= scorecard.as_of:
            continue
        own = letters[version.recommender.key]
        if groups and at - groups[-1][0] <= near:
            groups[-1][1].extend(own)
        else:
            groups.append((at, list(own)))
    return tuple(_retrain(at, found) for at, found in groups if found)


def _retrain(at: datetime, letters: Sequence[str]) -> Mark:
    who = ", ".join(sorted(set(letters)))
    return Mark(kind="retrain", at=at, text=_("%(arms)s retrained") % {"arms": who}, short=who)


def traffic_marks(scorecard: Scorecard, entries: Iterable[AuditEntry]) -> tuple[Mark, ...]:
    """Where a ramp or a person changed how much traffic it takes, and where it paused."""
    held = (e for e in entries if scorecard.started_at < e.at <= scorecard.as_of)
    marks = (_traffic(entry) for entry in sorted(held, key=lambda entry: (entry.at, entry.pk)))
    return tuple(mark for mark in marks if mark is not None)


def _traffic(entry: AuditEntry) -> Mark | None:
    before, after = entry.before or {}, entry.after or {}
    states = {"paused": _("paused"), "running": _("resumed")}
    if before.get("status") != after.get("status"):
        said = states.get(str(after.get("status")))
        return Mark(kind="traffic", at=entry.at, text=said, short=said) if said else None
    old, new = _share(before), _share(after)
    if old == new or None in (old, new):
        return None
    values = {"old": old, "new": formats.share(new)}
    values["old"] = formats.share(old).rstrip("%")
    text = _("ramp %(old)s to %(new)s") if "ramp" in entry.verb else _("traffic %(old)s to %(new)s")
    return Mark(kind="traffic", at=entry.at, text=text % values, short=str(values["new"]))


def _share(state: dict[str, Any]) -> float | None:
    return float(Decimal(state["traffic"])) if "traffic" in state else None
