"""Bodies of the management doors."""

from __future__ import annotations

import msgspec

from api.examples.doors import AT
from api.management.audit import AuditEntry
from api.management.experiments import bodies
from api.management.experiments.drafting import ExperimentChange, NewExperiment, NewRamp, NewVariant
from api.management.experiments.drafts import Checklist, Line
from api.management.experiments.move_bodies import (
    Archiving,
    Ramping,
    Schedule,
    Shipping,
    Traffic,
)
from api.management.experiments.overrides import Override
from api.management.experiments.variants import Preview, Previewing, Rearranging, Variants
from api.management.fields import Moving
from api.management.holdouts import Holdout, HoldoutChange, NewHoldout
from api.management.items import ItemsBatch
from api.management.keys import ApiKey, KeyChange, MadeKey, NewKey
from api.management.layers import Layer, NewLayer
from api.management.metrics import DefinedMetric
from api.management.people import Person, PersonChange
from api.management.placement_rules import PlacementRules, RulesChange
from api.management.placements import NewPlacement, Placement, PlacementChange
from api.management.recommenders.bodies import (
    ModelVersion,
    NewRecommender,
    Promoting,
    Recommender,
    RecommenderChange,
    Training,
)
from api.management.users import Standings
from experiments.assignment import Pin, Reason, Standing
from experiments.measurement import Guarded, Measurement
from experiments.metrics import Metric
from experiments.metrics.measures import Events
from recommenders.gate import GateVerdict
from recommenders.provenance import CleanedRows, ExperimentShare, Provenance
from recommenders.services import Catalogued, ItemRow
from recommenders.training_settings import TrainingSettings

_MEASURED = Measurement(
    goals=("ctr",), guardrails=(Guarded(metric="slow_slates"),), planned_users=20_000
)
_ARMS = [
    NewVariant(recommender="popular", weight=0.5),
    NewVariant(recommender="item-knn", weight=0.5),
]
_VARIANTS = [
    bodies.Variant(key="popular", recommender="popular", weight=0.5, killed=False),
    bodies.Variant(key="item-knn", recommender="item-knn", weight=0.5, killed=False),
]
_STEPS = [
    bodies.RampStep(share=0.5, hours=24, users=5_000),
    bodies.RampStep(share=1.0, hours=72, users=10_000),
]
_SPEND = Metric(
    key="spend",
    name="Spend per user",
    kind="mean",
    numerator=Events(type="purchase", aggregation="sum"),
    format="money",
    currency="EUR",
    winsorise=0.99,
)
_KEY = ApiKey(
    id=3,
    name="Shop",
    kind="server",
    role="experimenter",
    origins=[],
    per_minute=None,
    secret=None,
    begins_with="wn_Vt3kQ",
    created_at=AT,
    revoked_at=None,
)
_EXPERIMENT = bodies.Experiment(
    key="home-ctr",
    name="Home CTR",
    hypothesis="Neighbours know better than the crowd.",
    status="running",
    moves=["pause", "stop"],
    placement="home",
    layer="home",
    traffic=0.2,
    layers=[],
    variants=_VARIANTS,
    condition={"country": {"$in": ["NL", "BE"]}},
    measurement=_MEASURED,
    ramp=None,
    phases=[
        bodies.Phase(
            number=1,
            shares={"popular": 0.5, "item-knn": 0.5},
            killed=[],
            why="The experiment started.",
            started_at=AT,
            ended_at=None,
        )
    ],
    decision=None,
    created_at=AT,
    starts_at=None,
    ends_at=None,
    started_at=AT,
    stopped_at=None,
    version=2,
)

LISTED: tuple[object, ...] = (
    _EXPERIMENT,
    Placement(key="home", name="Home", layer="home", default_recommender="popular"),
    PlacementRules(
        pins=[Pin(item="50", position=1)], bury_items=["181"], bury_categories=["Outlet"]
    ),
    Layer(key="home", name="Home", unit="user", placements=["home"], free=0.8),
    Holdout(key="everyone", name="Q4", layer=None, share=0.05, created_at=AT, ended_at=None),
    DefinedMetric(
        key="spend", built_in=False, archived_at=None, used_by=["home-ctr"], definition=_SPEND
    ),
    Recommender(
        key="item-knn",
        algorithm="item_knn",
        config={"neighbours": 50},
        live="item-knn@1",
        training=TrainingSettings(window_days=90, lowest_rating=1.0, highest_rating=5.0),
        created_at=AT,
    ),
    ModelVersion(
        name="item-knn@1",
        number=1,
        checksum="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        size_bytes=1_048_576,
        data_from=AT,
        data_until=AT,
        interactions=100_000,
        users=943,
        items=1_682,
        metrics={"ndcg@10": 0.21},
        stage="live",
        gate=GateVerdict(
            against="item-knn@0",
            measure="ndcg@10",
            users=412,
            bound=0.05,
            passed=True,
            live=0.21,
            candidate=0.22,
            loss=0.011,
            needed=30,
        ),
        learned_from=Provenance(
            window_days=90,
            experiments=(
                ExperimentShare(
                    experiment="home-ctr",
                    policy="own_arm",
                    variants=("item-knn",),
                    volumes={"item-knn": 1_200, "popular": 1_150},
                    cap=1_150,
                ),
            ),
            cleaned=CleanedRows(rows=100_020, dropped={"duplicate": 12, "absurd_rate": 8}),
        ),
        created_at=AT,
    ),
    Training(
        id=12,
        status="running",
        progress=0.4,
        message="Counting neighbours.",
        error=None,
        version=None,
        created_at=AT,
        finished_at=None,
    ),
    ItemRow(item="50", title="Star Wars (1977)", categories=("Action",), attributes={"year": 1977}),
    _KEY,
    Person(name="ada", role="analyst", active=True),
    AuditEntry(
        id=88,
        at=AT,
        by="key Shop",
        verb="pause",
        kind="experiment",
        key="home-ctr",
        before={"status": "running"},
        after={"status": "paused"},
        why="Odd figures.",
    ),
    Override(user="qa-1", variant="item-knn"),
)

BODIES: tuple[object, ...] = (
    *LISTED,
    NewExperiment(
        name="Home CTR",
        placement="home",
        variants=_ARMS,
        measurement=_MEASURED,
        hypothesis="Neighbours know better than the crowd.",
        traffic=0.2,
        condition={"country": {"$in": ["NL", "BE"]}},
    ),
    ExperimentChange(traffic=0.5, condition=None),
    Checklist(
        ready=False,
        lines=[
            Line(ok=True, must=True, text="popular answers with popular@1."),
            Line(ok=False, must=True, text="item-knn has no trained model yet: train it first."),
        ],
    ),
    Moving(why="Odd figures."),
    Shipping(winner="item-knn", rationale="CTR is up by 4% and no guardrail is hurt."),
    Archiving(decision="inconclusive", rationale="No difference after four weeks."),
    Traffic(traffic=0.5, why="Healthy for a week."),
    Schedule(ends_at=AT.replace(year=2099), why="Before the holidays."),
    Ramping(ramp=NewRamp(steps=_STEPS), why="A new model: slowly."),
    Rearranging(weights={"popular": 0.2, "item-knn": 0.8}, why="More of the new one."),
    Previewing(weights={"popular": 0.2, "item-knn": 0.8}),
    Preview(phase=2, moved=0.3, shares={"popular": 0.2, "item-knn": 0.8}),
    Variants(data=_VARIANTS),
    RulesChange(pins=[Pin(item="50", position=1)], why="The sale starts."),
    NewPlacement(key="cart", name="Cart", default_recommender="popular"),
    PlacementChange(default_recommender="item-knn"),
    NewLayer(key="checkout", name="Checkout", unit="device"),
    NewHoldout(key="everyone", name="Q4", share=0.05),
    HoldoutChange(share=0.1),
    _SPEND,
    NewRecommender(key="item-knn", algorithm="item_knn", config={"neighbours": 50}),
    Promoting(despite_gate=True, why="The catalogue is another since the relaunch."),
    RecommenderChange(training=TrainingSettings(window_days=90), why="Tastes change by season."),
    ItemsBatch(items=[ItemRow(item="50", title="Star Wars (1977)", categories=("Action",))]),
    Catalogued(added=1, updated=0),
    NewKey(name="Shop", kind="server", role="experimenter"),
    KeyChange(origins=["https://shop.example"], per_minute=600),
    MadeKey(**msgspec.structs.asdict(_KEY) | {"secret": "wn_Vt3kQ…"}),
    PersonChange(role="experimenter"),
    Standings(
        user="u1",
        plan_version=12,
        experiments=[
            Standing(
                experiment="home-ctr",
                placement="home",
                phase=1,
                variant="item-knn",
                bucket=4711,
                layer_buckets={"home": 1234},
                reason=Reason.SPLIT,
            )
        ],
    ),
)
