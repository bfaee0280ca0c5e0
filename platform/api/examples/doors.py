"""Bodies of the doors that route and record."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from api import bodies
from events.erasures import Report
from events.ingest import Receipt, Rejection
from experiments.assignment import Assignment, Reason
from experiments.metrics import Scorecard
from experiments.metrics.results import Arm, Floor, Headline, SetAside, Verdict
from serving.routing import Context, RoutedItem, RouteRequest, RouteResponse

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)

_FLOOR = Floor(
    reached=False,
    variant="item-knn",
    users=61,
    users_needed=100,
    precision=18.4,
    precision_needed=25.0,
)
_VERDICT = Verdict(
    state="collecting",
    variant="item-knn",
    rule="floor",
    because="item-knn has 61 of the 100 users that it needs.",
    metrics=("ctr",),
    headline=Headline(
        metric="ctr", name="CTR", effect=None, low=None, high=None, p_value=None, floor=_FLOOR
    ),
)
_SCORECARD = Scorecard(
    experiment="home-ctr",
    phase=1,
    started_at=AT,
    as_of=AT,
    period_seconds=60,
    control="popular",
    primary="ctr",
    confidence=0.95,
    tuning=5000.0,
    method="sequential",
    correction="holm",
    training_data="own_arm",
    arms=(
        Arm(variant="popular", weight=0.5, users=64, impressions=640, clicks=21),
        Arm(variant="item-knn", weight=0.5, users=61, impressions=610, clicks=24),
    ),
    set_aside=SetAside(exposures_forced=0, users_in_two_variants=0),
    health=(),
    metrics=(),
    series={},
    lifts={},
    exposures=(),
    decision=_VERDICT,
    decisions=(_VERDICT,),
)

BODIES: tuple[object, ...] = (
    RouteRequest(
        user="u1",
        placement="home",
        k=2,
        attributes={"country": "NL"},
        exclude=["i3"],
        context=Context(item="i9"),
    ),
    RouteResponse(
        request_id="r1",
        user="u1",
        placement="home",
        experiment="home-ctr",
        phase=1,
        variant="item-knn",
        bucket=4711,
        reason="split",
        recommender="item-knn",
        model_version="item-knn@1",
        plan_version=12,
        served_by="web",
        fallback=None,
        items=[
            RoutedItem(item="50", position=1, score=0.81, why="because of 181"),
            RoutedItem(item="172", position=2, score=0.64, why=None),
        ],
    ),
    bodies.AssignRequest(user="u1", attributes={"country": "NL"}),
    bodies.AssignResponse(
        user="u1",
        plan_version=12,
        assignments=(
            Assignment(
                placement="home",
                experiment="home-ctr",
                phase=1,
                variant="item-knn",
                recommender="item-knn",
                bucket=4711,
                reason=Reason.SPLIT,
            ),
        ),
    ),
    bodies.EventsRequest(
        events=[
            msgspec.Raw(b'{"id":"e1","type":"click","user":"u1","item":"50","request_id":"r1"}'),
        ]
    ),
    bodies.ExposuresRequest(
        exposures=[
            msgspec.Raw(
                b'{"request_id":"r1","user":"u1","experiment":"home-ctr","variant":"item-knn",'
                b'"items":["50","172"]}'
            ),
        ]
    ),
    Receipt(
        accepted=1,
        duplicates=0,
        rejected=[
            Rejection(
                index=1,
                field="type",
                pointer="/events/1/type",
                error="must be text of 1 to 64 characters",
            )
        ],
    ),
    bodies.ErasureRequest(user="u1"),
    bodies.ErasureState(
        id=7,
        status="done",
        requested_at=AT,
        finished_at=AT,
        problem=None,
        report=Report(
            found=True,
            events=31,
            exposures=12,
            old_files=2,
            history=1,
            slates=1,
            waiting=0,
            journals=0,
            models=["item-knn@1"],
        ),
    ),
    bodies.Results(
        snapshot=42,
        created_at=AT,
        log_versions={"events": 7, "exposures": 9},
        code_version="0.1.0",
        decides=True,
        settings=bodies.ResultsSettings(
            scale="relative",
            method="sequential",
            cuped="off",
            segment="everyone",
            correction="holm",
            phase="all",
        ),
        shown=[],
        scorecard=_SCORECARD,
    ),
)
