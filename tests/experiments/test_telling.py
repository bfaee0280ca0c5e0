"""What people are told of experiments, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from pytest_django import Settings

from experiments import drafts, moves
from experiments.exceptions import NotAllowed
from experiments.metrics.results import Scorecard
from experiments.models import Experiment, Snapshot
from notices import services
from notices.kinds import Kind
from notices.models import Delivery
from people.actors import Actor
from recommenders.models import Recommender
from tests.dashboard.factories import comparison, ratio_check, scorecard, snapshot_of
from tests.experiments.ramps.test_facts import guarding

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADA = Actor("ada")


@pytest.fixture(autouse=True)
def _everybody_is_told(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://winnow.example"
    services.add_webhook(url="http://localhost/", kinds=Kind.values, now=NOW, actor=ADA)


def told() -> list[tuple[str, dict[str, Any]]]:
    """Since the last time: each notice's type without `experiment.`, and its data."""
    rows = list(Delivery.objects.order_by("id"))
    Delivery.objects.all().delete()
    notices = [msgspec.json.decode(row.payload) for row in rows]
    return [(n["type"].removeprefix("experiment."), n["data"]) for n in notices]


def kinds() -> list[str]:
    return [kind for kind, _ in told()]


def test_a_start_is_told_with_who_why_and_where(draft: Experiment) -> None:
    moves.start(draft, now=NOW, actor=ADA, why="After the sale.")

    assert told() == [
        (
            "started",
            {
                "experiment": {
                    "key": "home-ctr",
                    "name": "Home CTR",
                    "placement": "home",
                    "status": "running",
                    "url": "https://winnow.example/experiments/home-ctr/",
                },
                "by": "ada",
                "why": "After the sale.",
                "traffic": 0.8,
                "summary": "Home CTR was started by ada. After the sale.",
            },
        )
    ]


def test_ends_are_told_whichever_they_are(draft: Experiment) -> None:
    moves.start(draft, now=NOW, actor=ADA)
    told()

    moves.stop(draft, now=NOW, actor=ADA)
    moves.ship(draft, winner="item-knn", rationale="Better.", now=NOW, actor=ADA)
    moves.archive(draft, now=NOW, actor=ADA)

    ends = told()
    assert [(kind, data["summary"]) for kind, data in ends] == [
        ("ended", "Home CTR was stopped by ada."),
        ("ended", "Home CTR was shipped by ada. Better."),
        ("ended", "Home CTR was archived by ada."),
    ]
    assert (ends[1][1]["decision"], ends[1][1]["winner"]) == ("ship", "item-knn")


def test_other_moves_and_drafts_are_not_told(draft: Experiment) -> None:
    moves.describe(draft, name="Other", hypothesis="", now=NOW, actor=ADA)
    moves.archive(draft, now=NOW, actor=ADA)
    assert kinds() == []


def test_a_pause_is_not_told_but_a_roll_back_is(draft: Experiment) -> None:
    ramp = {"steps": [{"share": "0.1"}, {"share": "0.5"}]}
    Experiment.objects.filter(pk=draft.pk).update(ramp=ramp)
    moves.start(draft, now=NOW, actor=ADA)
    moves.pause(draft, now=NOW, actor=ADA)
    moves.resume(draft, now=NOW, actor=ADA)
    told()
    bad = replace(scorecard(health=(ratio_check(healthy=False),)), as_of=NOW.replace(hour=13))
    snapshot_of(draft, bad)
    told()

    moves.climb(draft, now=NOW.replace(hour=13))

    [(kind, data)] = told()
    assert (kind, data["by"], data["experiment"]["status"]) == (
        "ramp_rolled_back",
        "ramp",
        "paused",
    )
    assert data["summary"].startswith("Home CTR was paused by ramp. Arms are out of ratio")


def test_a_start_that_was_missed_is_told(draft: Experiment) -> None:
    Experiment.objects.filter(pk=draft.pk).update(starts_at=NOW)
    Recommender.objects.filter(key="item-knn").update(live=None)

    moves.start_due(draft, now=NOW)

    [(kind, data)] = told()
    assert kind == "start_missed"
    assert data["summary"] == (
        "Home CTR was not started by schedule. It was to start at 2026-11-24 12:00 UTC and could "
        "not. item-knn has no trained model yet: train it first."
    )


def test_what_was_refused_is_not_told(draft: Experiment) -> None:
    with pytest.raises(NotAllowed):
        moves.stop(draft, now=NOW, actor=ADA)
    drafts.delete_draft(draft, now=NOW, actor=ADA)

    assert kinds() == []


WELL = scorecard(state="collecting")
BROKEN = scorecard(state="collecting", health=(ratio_check(healthy=False),))
HARM = scorecard(state="collecting", extra=(guarding("harm_shown"),))
TWO = scorecard(comparison("ease"), comparison("als"), state="ship")


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([WELL, WELL], [[], []]),
        ([BROKEN], [["health_failed"]]),
        ([WELL, BROKEN, BROKEN], [[], ["health_failed"], []]),
        ([BROKEN, WELL, BROKEN], [["health_failed"], [], ["health_failed"]]),
        ([HARM, HARM, WELL, HARM], [["guardrail_hit"], [], [], ["guardrail_hit"]]),
        (
            [scorecard(state="keep_running"), scorecard(state="ship"), scorecard(state="ship")],
            [[], ["decision_reached"], []],
        ),
        (
            [scorecard(state="ship"), scorecard(state="roll_back")],
            [["decision_reached"], ["decision_reached"]],
        ),
        (
            [scorecard(state="ship"), scorecard(state="keep_running"), scorecard(state="ship")],
            [["decision_reached"], [], ["decision_reached"]],
        ),
        ([scorecard(state="unhealthy")], [[]]),
        (
            [scorecard(state="inconclusive"), scorecard(state="inconclusive")],
            [["decision_reached"], []],
        ),
    ],
)
def test_what_a_look_is_the_first_to_find_is_told_once(
    draft: Experiment, looks: list[Scorecard], expected: list[list[str]]
) -> None:
    heard = []
    for card in looks:
        snapshot_of(draft, card)
        heard.append(kinds())

    assert heard == expected


def test_another_check_and_another_arm_are_news(draft: Experiment) -> None:
    two = replace(ratio_check(healthy=False), name="users_in_two_variants", detail="Two.")
    snapshot_of(draft, BROKEN)
    snapshot_of(draft, replace(HARM, health=BROKEN.health))
    told()

    worse = (guarding("harm_shown"), guarding("harm_shown", variant="ease", required=False))
    snapshot_of(draft, scorecard(state="collecting", health=(*BROKEN.health, two), extra=worse))

    (_, health), (_, guardrail) = told()
    assert health["checks"] == [{"name": "users_in_two_variants", "detail": "Two."}]
    assert health["summary"] == "Health of Home CTR failed. Two."
    assert guardrail["guardrails"] == [
        {"metric": "errors", "name": "Errors", "variant": "ease", "required": False}
    ]
    assert guardrail["summary"] == "Home CTR shows harm on Errors of ease (only watched)."


def test_a_decision_is_told_with_its_figures_and_again_of_another_arm(draft: Experiment) -> None:
    snapshot_of(draft, TWO)
    [(_, data)] = told()
    assert (data["decision"], data["variant"], data["metric"]) == ("ship", "ease", "ctr")
    assert (data["effect"], data["low"], data["high"]) == (0.089, 0.044, 0.137)
    assert data["summary"] == "Home CTR: the data says to ship ease. Goal CTR decides."

    snapshot_of(draft, scorecard(comparison("ease"), comparison("als"), state="ship", about=1))

    assert [data["variant"] for _, data in told()] == ["als"]


def test_two_looks_at_a_time_tell_it_once(draft: Experiment) -> None:
    """Both were handed the same look before."""
    snapshot_of(draft, BROKEN)
    snapshot_of(draft, BROKEN)

    assert Snapshot.objects.filter(previous=None).count() == 2
    assert kinds() == ["health_failed"]
