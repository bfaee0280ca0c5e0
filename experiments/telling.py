"""What people are told of experiments: of their moves, and of what a look is the first to find."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from experiments.metrics.results import Check, Decision, Scorecard
from experiments.models import Experiment
from notices.kinds import Kind
from notices.telling import tell
from people.actors import Actor

OF_VERB = {"miss start": Kind.START_MISSED, "roll back ramp": Kind.RAMP_ROLLED_BACK}
DECIDED = ("ship", "roll_back", "inconclusive")
DECISIONS = {
    "ship": "the data says to ship {0}",
    "roll_back": "the data says to roll {0} back",
    "inconclusive": "all planned users have come and nothing is decided about {0}",
}

Data = dict[str, Any]


def of_move(
    row: Experiment, verb: str, *, before: str, now: datetime, actor: Actor, why: str
) -> None:
    """Of a move that changed the status from `before`, or whose verb is told itself."""
    kind = OF_VERB.get(verb) or _of_status(before, row.status)
    if kind is None:
        return
    data = {"by": actor.name, "why": why, **_more(kind, row)}
    data["summary"] = f"{_done(kind, row)} by {actor.name}.{f' {why}' if why else ''}"
    tell(kind, _about(row) | data, at=now)


def of_look(experiment: Experiment, card: Scorecard, last: Scorecard | None) -> None:
    """Of what this look shows and the last did not. What recovers and fails anew is told anew."""
    for kind, data in (
        (Kind.HEALTH_FAILED, _failed(experiment, card, last)),
        (Kind.GUARDRAIL_HIT, _hit(experiment, card, last)),
        (Kind.DECISION_REACHED, _decided(experiment, card, last)),
    ):
        if data:
            tell(kind, _about(experiment) | data, at=card.as_of)


def _of_status(before: str, after: str) -> Kind | None:
    status = Experiment.Status
    if (before, after) == (status.DRAFT, status.RUNNING):
        return Kind.STARTED
    if after in Experiment.ENDED and before not in (after, status.DRAFT):
        return Kind.ENDED
    return None


def _done(kind: Kind, row: Experiment) -> str:
    done = {
        Kind.STARTED: "was started",
        Kind.START_MISSED: "was not started",
        Kind.RAMP_ROLLED_BACK: "was paused",
        Kind.ENDED: f"was {row.status}",
    }
    return f"{row.name} {done[kind]}"


def _more(kind: Kind, row: Experiment) -> Data:
    if kind == Kind.ENDED:
        winner = row.winner.key if row.winner else None
        return {"decision": row.decision or None, "winner": winner}
    return {"traffic": float(row.traffic)}


def _about(experiment: Experiment) -> Data:
    return {
        "experiment": {
            "key": experiment.key,
            "name": experiment.name,
            "placement": experiment.placement.key,
            "status": experiment.status,
            "url": settings.PUBLIC_URL + experiment.get_absolute_url(),
        }
    }


def _failed(experiment: Experiment, card: Scorecard, last: Scorecard | None) -> Data | None:
    known = {check.name for check in last.failed_checks} if last else set()
    new = [check for check in card.failed_checks if check.name not in known]
    if not new:
        return None
    said = " ".join(check.detail for check in new)
    return {"checks": _checks(new), "summary": f"Health of {experiment.name} failed. {said}"}


def _checks(checks: Iterable[Check]) -> list[Data]:
    return [{"name": check.name, "detail": check.detail} for check in checks]


def _hit(experiment: Experiment, card: Scorecard, last: Scorecard | None) -> Data | None:
    known = {_id(hit) for hit in _harmed(last)} if last else set()
    new = [hit for hit in _harmed(card) if _id(hit) not in known]
    if not new:
        return None
    said = ", ".join(
        f"{hit['name']} of {hit['variant']}{'' if hit['required'] else ' (only watched)'}"
        for hit in new
    )
    return {"guardrails": new, "summary": f"{experiment.name} shows harm on {said}."}


def _id(hit: Data) -> tuple[str, str]:
    return hit["metric"], hit["variant"]


def _harmed(card: Scorecard) -> list[Data]:
    return [
        {
            "metric": metric.metric,
            "name": metric.name,
            "variant": found.variant,
            "required": metric.required,
        }
        for metric in card.metrics
        for found in metric.comparisons
        if found.guardrail is not None and found.guardrail.state == "harm_shown"
    ]


def _gist(verdict: Decision) -> tuple[str, ...]:
    """What of a decision is news. Where nothing is decided, it does not matter about which arm."""
    if verdict.state == "inconclusive":
        return (verdict.state,)
    return verdict.state, verdict.variant


def _decided(experiment: Experiment, card: Scorecard, last: Scorecard | None) -> Data | None:
    verdict = card.decision
    if verdict.state not in DECIDED or (last and _gist(last.decision) == _gist(verdict)):
        return None
    line = verdict.headline
    return {
        "decision": verdict.state,
        "variant": verdict.variant,
        "because": verdict.because,
        "metric": line.metric,
        "effect": line.effect,
        "low": line.low,
        "high": line.high,
        "summary": f"{experiment.name}: {DECISIONS[verdict.state].format(verdict.variant)}. "
        f"{verdict.because}.",
    }
