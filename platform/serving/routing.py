"""The hot path: a request becomes an assignment, a slate, an exposure and a response."""

from __future__ import annotations

import time
import uuid
import zlib
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from events import history, runtime
from events.best_effort import BestEffort
from events.ingest import record_exposure
from events.records import ExposedItem, Exposure
from experiments.assignment import Assignment, Pin, Plan, PlannedRecommender, assign_on
from serving import pinning, plans, slates
from serving.attributes import Attributes, as_logged
from serving.engine import NoAnswer, Question, Ranked, engine
from serving.exceptions import UnknownPlacement

lookups = BestEffort("route_lookups")

ServedBy = Literal["web", "worker", "cache"]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class Context(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the request comes from: `item` is the one whose page is shown."""

    item: Id | None = None


class Categories(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of any of which an item must be, and of none of which it may be."""

    only: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=100)] | None = None
    never: Annotated[list[Id], msgspec.Meta(max_length=100)] = msgspec.field(
        default_factory=list, name="except"
    )


class RouteRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to be shown how many items, and where."""

    user: Id
    placement: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    k: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    attributes: Attributes = {}
    device: Id | None = None
    exclude: Annotated[list[Id], msgspec.Meta(max_length=1000)] = []
    categories: Categories = Categories()
    context: Context = Context()
    request_id: Id | None = None


class RoutedItem(msgspec.Struct, frozen=True, kw_only=True):
    item: str
    position: int
    score: float | None
    why: str | None


class RouteResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The slate, and everything about how it came to be."""

    request_id: str
    user: str
    placement: str
    experiment: str | None
    phase: int | None
    variant: str | None
    bucket: int | None
    reason: str
    plan_version: int
    recommender: str
    model_version: str | None
    served_by: ServedBy
    fallback: str | None
    items: list[RoutedItem]


@dataclass(frozen=True, kw_only=True)
class Live:
    """What one Valkey round trip brought. All of it is None while Valkey is away.

    `plan_version` is the reply as it came: whether it names a version is for the plans to say.
    """

    plan_version: object = None
    history: list[str] | None = None
    slate: slates.StoredSlate | None = None


@dataclass(frozen=True, kw_only=True)
class Slate:
    ranked: Sequence[Ranked]
    served_by: ServedBy
    fallback: str | None


def route(request: RouteRequest, *, now: datetime) -> RouteResponse:
    """Serves one slate and records that it was served. Raises UnknownPlacement."""
    started = time.perf_counter()
    plan, assignment, live = _where(request)
    recommender = plan.recommenders[assignment.recommender]
    request_id = request.request_id or str(uuid.uuid4())
    question = _question(request, request_id, live, plan)
    slate = _with_pins(recommender, question, live.slate, _pins(request, plan))
    response = _response(request, request_id, plan, assignment, slate)
    latency_ms = (time.perf_counter() - started) * 1000
    exposure = _exposure(request, response, slate, latency_ms, now)
    record_exposure(exposure, journal=runtime.exposures_journal())
    return response


def _where(request: RouteRequest) -> tuple[Plan, Assignment, Live]:
    """The assignment under the newest plan, and what Valkey knows of the user."""
    plan = plans.current()
    assignment = _assign(plan, request)
    live = fetch_live(request.user, assignment.recommender)
    newest = plans.holder.seen(live.plan_version)
    if newest is not plan:
        assignment = _assign(newest, request)
        live = fetch_live(request.user, assignment.recommender)
    return newest, assignment, live


def _assign(plan: Plan, request: RouteRequest) -> Assignment:
    try:
        return assign_on(
            plan, request.user, request.placement, request.attributes, device=request.device
        )
    except KeyError:
        known = ", ".join(plan.placements) or "none yet"
        raise UnknownPlacement(
            f"There is no placement “{request.placement}”. Known: {known}.", pointer="/placement"
        ) from None


def fetch_live(user: str, recommender: str) -> Live:
    """What Valkey knows of the user, in one round trip."""
    replies = lookups.run(lambda: _ask(user, recommender), None)
    if replies is None:
        return Live()
    version, past, slate = replies
    return Live(
        plan_version=version,
        history=history.decode(past),
        slate=slates.decode(slate),
    )


def _ask(user: str, recommender: str) -> list[Any]:
    pipe = runtime.valkey().pipeline(transaction=False)
    pipe.get(plans.VERSION_KEY)
    history.read_command(pipe, user)
    pipe.get(slates.key(recommender, user))
    return list(pipe.execute())


def _pins(request: RouteRequest, plan: Plan) -> tuple[Pin, ...]:
    """None where categories are asked for: of which a pinned item is, only the model might know."""
    rules, asked = plan.placements[request.placement].rules, request.categories
    if not rules.pins or asked.only is not None or asked.never:
        return ()
    out = {*request.exclude, request.context.item}
    return pinning.applicable(rules.pins, request.k, (plan.unavailable, out))


def _with_pins(
    recommender: PlannedRecommender,
    question: Question,
    stored: slates.StoredSlate | None,
    pins: Sequence[Pin],
) -> Slate:
    """The pins, and the recommender's slate in the places between them."""
    left = question.k - len(pins)
    if not left:
        return Slate(ranked=pinning.with_pins((), pins), served_by="web", fallback=None)
    exclude = [*question.exclude, *(pin.item for pin in pins)]
    slate = slate_for(recommender, replace(question, k=left, exclude=exclude), stored)
    return replace(slate, ranked=pinning.with_pins(slate.ranked, pins))


def _question(request: RouteRequest, request_id: str, live: Live, plan: Plan) -> Question:
    rules = plan.placements[request.placement].rules
    past = live.history or []
    item = request.context.item
    if item is not None:
        past = [*(seen for seen in past if seen != item), item]
    return Question(
        user=request.user,
        k=request.k,
        history=past or None,
        exclude=request.exclude,
        unavailable=plan.unavailable,
        only=request.categories.only,
        never=request.categories.never,
        buried=rules.bury_items,
        buried_categories=rules.bury_categories,
        draw=zlib.crc32(request_id.encode(errors="surrogatepass")),
    )


def slate_for(
    recommender: PlannedRecommender,
    question: Question,
    stored: slates.StoredSlate | None,
    *,
    within: float | None = None,
) -> Slate:
    """From the model; where it cannot answer, from a worker's slate; else from the
    popular items, all with what is buried last. `within` as in `Engine.ask`.
    """
    try:
        ranked = engine().ask(recommender, question, within=within)
        return Slate(ranked=ranked, served_by="web", fallback=None)
    except NoAnswer as no:
        why = no.why
    if question.only is not None or question.never:  # of which only the model knows the items
        return Slate(ranked=(), served_by="cache", fallback=why)
    unwanted = question.unavailable.union(question.exclude, question.history or ())
    if stored is not None and stored.version == recommender.version:
        ranked = stored.ranked(question.k, unwanted, question.buried)
        if ranked:
            return Slate(ranked=ranked, served_by="worker", fallback=why)
    ranked = _popular(recommender, question.k, unwanted, question.buried)
    return Slate(ranked=ranked, served_by="cache", fallback=why)


def _popular(
    recommender: PlannedRecommender, k: int, out: Set[str], buried: Sequence[str]
) -> list[Ranked]:
    ordered = sorted(recommender.popular, key=lambda one: one[0] in buried)
    kept = [(item, people) for item, people in ordered if item not in out][:k]
    return [
        Ranked(item=item, score=float(people), why=f"{people} people chose it")
        for item, people in kept
    ]


def _response(
    request: RouteRequest, request_id: str, plan: Plan, assignment: Assignment, slate: Slate
) -> RouteResponse:
    recommender = plan.recommenders[assignment.recommender]
    return RouteResponse(
        request_id=request_id,
        user=request.user,
        placement=request.placement,
        experiment=assignment.experiment,
        phase=assignment.phase,
        variant=assignment.variant,
        bucket=assignment.bucket,
        reason=assignment.reason.value,
        plan_version=plan.version,
        recommender=recommender.key,
        model_version=recommender.version,
        served_by=slate.served_by,
        fallback=slate.fallback,
        items=[
            RoutedItem(item=slot.item, position=position, score=slot.score, why=slot.why)
            for position, slot in enumerate(slate.ranked, start=1)
        ],
    )


def _exposure(
    request: RouteRequest,
    response: RouteResponse,
    slate: Slate,
    latency_ms: float,
    now: datetime,
) -> Exposure:
    return Exposure(
        request_id=response.request_id,
        user=response.user,
        experiment=response.experiment,
        phase=response.phase,
        variant=response.variant,
        placement=response.placement,
        recommender=response.recommender,
        model_version=response.model_version,
        plan_version=response.plan_version,
        items=tuple(
            ExposedItem(id=one.item, score=one.score, propensity=one.propensity)
            for one in slate.ranked
        ),
        reason=response.reason,
        served_by=response.served_by,
        fallback=response.fallback,
        latency_ms=latency_ms,
        attributes=as_logged(request.attributes),
        at=now,
        received_at=now,
    )
