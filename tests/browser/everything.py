"""An installation that has something to show on every page, written into database and log."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from django.contrib.auth.models import User

from experiments import (
    exclusions,
    holdouts,
    metric_definitions,
    moves,
    overrides,
    reports,
    selectors,
    sketches,
    slate_rules,
)
from experiments.checks import VariantSpec
from experiments.measurement import Measurement
from experiments.metrics.exclusions import EventsPerDay
from experiments.models import Experiment, Placement, Report
from imports.models import ImportJob
from notices import services
from notices.kinds import Kind
from people.actors import Actor
from recommenders import promotions
from recommenders.gate import GateVerdict
from recommenders.models import ModelVersion, Recommender, Training
from recommenders.provenance import CleanedRows, ExperimentShare, Provenance
from serving.keys import create_key
from tests.acting import (
    TESTER,
    create_experiment,
    create_placement,
    start_experiment,
    stop_experiment,
)
from tests.dashboard.factories import (
    AS_OF,
    BELOW_FLOOR,
    START,
    comparison,
    make_recommender,
    ratio_check,
    scorecard,
    snapshot_of,
)
from tests.dashboard.test_audit_page import TOO_MANY, audited, report_of, stored
from tests.dashboard.test_data_page import event, exposure, write
from tests.dashboard.test_metric_form import SPEND
from tests.dashboard.test_reading import guarded

STATES = ("learned-ranking", "unhealthy", "young", "paused", "shipped", "stopped", "draft")
TOKEN = "a-report"


def make_everything(maya: User) -> None:
    """One of each thing; experiments have the keys `STATES`, all else the number 1, and a report
    the token `TOKEN`.
    """
    recommenders = [make_recommender(key) for key in ("popular", "item-knn", "conv-ctr")]
    home = create_placement(key="home", name="Home", default_recommender=recommenders[0])
    _experiments(home, recommenders)
    _report()
    _trainings(recommenders[1])
    _versions(recommenders[1])
    metric_definitions.define(metric=SPEND, now=START, actor=TESTER)
    exclusions.set_limit(EventsPerDay(limit=5000), now=START, actor=TESTER)
    holdouts.create_holdout(
        key="quarter", name="Quarter", share=Decimal("0.05"), now=START, actor=TESTER
    )
    slate_rules.pin(home, item="i1", position=1, now=START, actor=TESTER)
    slate_rules.bury(home, what="category", name="Outlet", now=START, actor=TESTER)
    create_key("shop")
    half = {"name": "Half filled in", "placement": str(home.pk), "traffic": "40"}
    sketches.save(
        None, step="setup", fields=half, page="p1", seen=0, now=START, actor=Actor.of(maya)
    )
    services.add_webhook(
        url="https://hooks.example.com/winnow", kinds=[Kind.STARTED.value], now=START, actor=TESTER
    )
    stored(report_of(audited("ctr"), audited("revenue_per_user", **TOO_MANY)), maya)
    ImportJob.objects.create(
        kind=ImportJob.Kind.EVENTS,
        name="past.csv",
        path="past.csv",
        uploaded=True,
        size_bytes=4_200,
        status=ImportJob.Status.DONE,
        progress=1.0,
        accepted=120,
        rejected=2,
        reasons=[["at", "is no time", 2]],
        examples=[[7, "at", "is no time"]],
        by="maya",
        created_at=START,
        started_at=START,
        finished_at=AS_OF,
    )
    write(exposure("r1"), event("e1"), event("e2", type="purchase", value=12.5))


def _experiments(home: Placement, recommenders: list[Recommender]) -> None:
    made = {key: _draft(key, home, recommenders) for key in STATES}
    overrides.set_override(
        made.pop("draft"), user="qa-1", variant="item-knn", now=START, actor=TESTER
    )
    for experiment in made.values():
        start_experiment(experiment, now=START)
    cards = {
        "unhealthy": scorecard(state="unhealthy", health=(ratio_check(healthy=False, p=0.00001),)),
        "young": scorecard(
            comparison(reading="collecting", floor=BELOW_FLOOR, low=None, high=None),
            state="collecting",
        ),
    }
    usual = scorecard(comparison(), comparison("conv-ctr", effect=-0.02), extra=(guarded("safe"),))
    for key, experiment in made.items():
        snapshot_of(experiment, cards.get(key, usual))
    overrides.set_override(
        made["learned-ranking"], user="qa-1", variant="item-knn", now=START, actor=TESTER
    )
    moves.pause(made["paused"], now=AS_OF, actor=TESTER)
    for key in ("shipped", "stopped"):
        stop_experiment(made[key], now=AS_OF)
    moves.ship(made["shipped"], winner="item-knn", rationale="CTR rose.", now=AS_OF, actor=TESTER)


def _report() -> None:
    """Of the first experiment, as it decides."""
    experiment = Experiment.objects.get(key=STATES[0])
    newest = selectors.latest_snapshot(experiment)
    assert newest is not None
    reports.make(
        experiment,
        snapshot=str(newest.pk),
        asked={},
        without_login=False,
        now=AS_OF,
        actor=TESTER,
    )
    Report.objects.update(token=TOKEN)


def _draft(key: str, home: Placement, recommenders: list[Recommender]) -> Experiment:
    weights = (Decimal("0.34"), Decimal("0.33"), Decimal("0.33"))
    return create_experiment(
        name=key.replace("-", " ").capitalize(),
        placement=home,
        variants=[
            VariantSpec(recommender=recommender, weight=weight)
            for recommender, weight in zip(recommenders, weights, strict=True)
        ],
        measurement=Measurement(goals=("ctr",)),
        traffic=Decimal("0.1"),
        hypothesis="Slates that follow what a person looked at earn more clicks.",
    )


def _versions(recommender: Recommender) -> None:
    """Its first version is a candidate that the gate does not let take the place of the second,
    which took that of a third.
    """
    first = recommender.live
    assert first is not None
    verdict = GateVerdict(
        against=f"{recommender.key}@2",
        measure="ndcg@10",
        users=412,
        bound=0.05,
        passed=False,
        live=0.24,
        candidate=0.231,
        loss=0.072,
    )
    learned = Provenance(
        window_days=90,
        experiments=(
            ExperimentShare(
                experiment="running",
                policy="own_arm",
                variants=(recommender.key,),
                volumes={recommender.key: 1_200, "popular": 1_150},
                cap=1_150,
            ),
            ExperimentShare(experiment="paused", policy="shared", variants=(recommender.key,)),
        ),
        cleaned=CleanedRows(rows=91_640, dropped={"duplicate": 16, "absurd_rate": 0}),
    )
    fields = {each.name: getattr(first, each.name) for each in first._meta.concrete_fields}
    for number in (3, 2):
        version = ModelVersion.objects.create(**fields | {"id": None, "number": number})
        promotions.promote(version, now=START, actor=TESTER, why="Fresh.", despite_gate=True)
    first.gate, first.learned_from = map(msgspec.to_builtins, (verdict, learned))
    first.save()


def _trainings(recommender: Recommender) -> None:
    curve = [{"epoch": n, "loss": 1 / n} for n in range(1, 6)]
    for status in (Training.Status.SUCCEEDED, Training.Status.FAILED, Training.Status.RUNNING):
        Training.objects.create(
            recommender=recommender,
            status=status,
            attempts=1,
            progress=0.37 if status == Training.Status.RUNNING else 1.0,
            message="epoch 5 of 12",
            curve=curve,
            error="It needed more than 4 GiB." if status == Training.Status.FAILED else "",
            started_at=START,
            finished_at=None if status == Training.Status.RUNNING else AS_OF,
        )
