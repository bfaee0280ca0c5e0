"""Exposures of callers that assign without /route: checked against the plan, then on disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import msgspec
import redis

from events import runtime
from events.counters import counters
from events.exceptions import InvalidField
from events.ingest import Receipt, Rejection
from events.pointers import pointer
from events.recent import RecentIds
from events.records import Exposure
from events.validation import NO_TIME, checked_time
from experiments.assignment import Assignment, Plan, assign_on
from serving import plans
from serving.attributes import as_logged
from serving.exceptions import Invalid
from serving.reported import ReportedExposure, decode, exposed

SERVED_BY = "caller"
MAX_BATCH = 1000


def accept(batch: Sequence[msgspec.Raw], *, now: datetime) -> Receipt:
    """Take a batch of JSON texts; those accepted are on disk when this returns.

    Each is judged by itself, under the newest plan. Raises a JournalError where nothing was taken:
    then repeat the batch with the same request ids.
    """
    plan = plans.holder.refreshed()
    valid, rejected = _validate(batch, plan, now)
    fresh = _fresh(valid)
    runtime.exposures_journal().append(fresh)
    _recent(runtime.valkey()).remember([exposure.request_id for exposure in fresh])
    receipt = Receipt(accepted=len(fresh), duplicates=len(valid) - len(fresh), rejected=rejected)
    counters.add("exposures_written", receipt.accepted)
    counters.add("exposures_duplicate", receipt.duplicates)
    counters.add("exposures_rejected", len(rejected))
    return receipt


@cache
def _recent(client: redis.Redis) -> RecentIds:
    return RecentIds(client, prefix="winnow:exposure:")


def _validate(
    batch: Sequence[msgspec.Raw], plan: Plan, now: datetime
) -> tuple[list[Exposure], list[Rejection]]:
    valid: list[Exposure] = []
    rejected: list[Rejection] = []
    for index, raw in enumerate(batch):
        try:
            valid.append(_exposure(decode(raw), plan, now))
        except Invalid as error:
            rejected.append(_rejection(index, error))
    return valid, rejected


def _rejection(index: int, error: Invalid) -> Rejection:
    return Rejection(
        index=index,
        field=error.pointer.removeprefix("/"),
        pointer=pointer("exposures", index) + error.pointer,
        error=error.message,
    )


def _fresh(exposures: Sequence[Exposure]) -> list[Exposure]:
    first = {exposure.request_id: exposure for exposure in reversed(exposures)}
    known = _recent(runtime.valkey()).known(list(first))
    return [e for e in exposures if e is first[e.request_id] and e.request_id not in known]


def _exposure(reported: ReportedExposure, plan: Plan, now: datetime) -> Exposure:
    assignment = _planned(reported, plan)
    return Exposure(
        request_id=reported.request_id,
        user=reported.user,
        experiment=assignment.experiment,
        phase=assignment.phase,
        variant=assignment.variant,
        placement=assignment.placement,
        recommender=assignment.recommender,
        model_version=reported.model_version,
        plan_version=plan.version,
        items=tuple(exposed(item) for item in reported.items),
        reason=assignment.reason.value,
        served_by=SERVED_BY,
        fallback=None,
        latency_ms=reported.latency_ms,
        attributes=as_logged(reported.attributes),
        at=_shown_at(reported, now),
        received_at=now,
    )


def _shown_at(reported: ReportedExposure, now: datetime) -> datetime:
    try:
        return now if reported.at is None else checked_time(reported.at.astimezone(UTC), now)
    except (InvalidField, OverflowError) as error:
        text = error.error if isinstance(error, InvalidField) else NO_TIME
        raise Invalid(f"{text[0].upper()}{text[1:]}.", pointer="/at") from None


def _planned(reported: ReportedExposure, plan: Plan) -> Assignment:
    """The plan's assignment. Raises Invalid where the exposure says another."""
    under = f"Plan {plan.version}"
    experiment = next((e for e in plan.experiments if e.key == reported.experiment), None)
    if experiment is None:
        raise Invalid(_not_running(reported.experiment, plan), pointer="/experiment")
    given = assign_on(
        plan, reported.user, experiment.placement, reported.attributes, device=reported.device
    )
    if given.experiment != experiment.key:
        raise Invalid(
            f"{under} gives this user no variant of {experiment.key}: {given.reason.value}.",
            pointer="/user",
        )
    if reported.phase not in (None, given.phase):
        raise Invalid(f"{under} has {experiment.key} in phase {given.phase}.", pointer="/phase")
    if reported.variant != given.variant:
        raise Invalid(f"{under} gives this user the variant “{given.variant}”.", pointer="/variant")
    return given


def _not_running(key: str, plan: Plan) -> str:
    running = ", ".join(experiment.key for experiment in plan.experiments) or "none"
    return f"There is no running experiment “{key}”. Running: {running}."
