"""Who was not split by chance does not count: overridden users, visitors during a pause, and users
of an arm that was killed. From the request to the stored snapshot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from events import runtime
from events.drain import Drain
from events.ingest import accept
from experiments import moves, selectors
from experiments.checks import VariantSpec
from experiments.measurement import Measurement
from experiments.metrics import Scorecard
from experiments.models import Experiment
from experiments.overrides import set_override
from pipelines import analysis
from serving.lifecycle import routed
from serving.routing import RouteRequest, route
from tests.acting import TESTER, create_experiment, create_placement, start_experiment
from tests.installation import NOW, trained

pytestmark = pytest.mark.django_db(transaction=True)

ARMS = ("control", "near", "far")
K = 2
VISITORS = [f"visitor-{n}" for n in range(60)]
OVERRIDDEN = VISITORS[:10]

Counts = dict[str, tuple[int, int, int]]
"""Users, impressions and clicks, by arm."""


@pytest.fixture
def running(tmp_path: Path) -> Experiment:
    """Three arms of one recommender, so that all slates are alike, on everybody."""
    popular = trained("popular", "popularity", tmp_path / "models")
    home = create_placement(key="home", name="Home", default_recommender=popular)
    weights = zip(ARMS, ("0.4", "0.3", "0.3"), strict=True)
    experiment = create_experiment(
        name="Set aside",
        placement=home,
        variants=[VariantSpec(recommender=popular, weight=Decimal(w), key=k) for k, w in weights],
        measurement=Measurement(goals=("ctr",)),
    )
    return start_experiment(experiment, now=NOW)


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def by(minutes: int) -> dict[str, Any]:
    return {"now": at(minutes), "actor": TESTER}


def visit(users: Iterable[str], minutes: int) -> Counter[tuple[str | None, str]]:
    """Each is served a slate and clicks the first item. How many there were of each variant and
    reason.
    """
    seen: Counter[tuple[str | None, str]] = Counter()
    for user in users:
        slate = route(RouteRequest(user=user, placement="home", k=K), now=at(minutes))
        seen[slate.variant, slate.reason] += 1
        click = {
            "id": f"{slate.request_id}-1",
            "type": "click",
            "user": user,
            "item": slate.items[0].item,
            "request_id": slate.request_id,
            "at": at(minutes).isoformat(),
        }
        accept(
            [click],
            now=at(minutes),
            journal=runtime.events_journal(),
            recent=runtime.recent(),
            history=runtime.history(),
        )
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()
    return seen


def card(experiment: Experiment, minutes: int) -> Scorecard:
    snapshot = analysis.analyse_one(experiment.pk, now=at(minutes))
    assert snapshot is not None
    return selectors.scorecard_of(snapshot)


def counted(card: Scorecard) -> Counts:
    return {arm.variant: (arm.users, arm.impressions, arm.clicks) for arm in card.arms}


def once_each(seen: Counter[tuple[str | None, str]]) -> Counts:
    """What is to be counted of visits of which each user made one."""
    return {arm: (n, K * n, n) for arm in ARMS if (n := seen[arm, "split"])}


def test_an_overridden_user_counts_in_no_arm(running: Experiment) -> None:
    for user in OVERRIDDEN:
        routed(set_override, running, user=user, variant="far", **by(0))

    seen = visit(VISITORS, 1)

    assert seen["far", "override"] == len(OVERRIDDEN)
    assert sum(n for (_, reason), n in seen.items() if reason == "split") == 50
    assert counted(card(running, 2)) == once_each(seen)


def test_what_an_overridden_user_does_does_not_add_to_what_they_did_before(
    running: Experiment,
) -> None:
    before = visit(VISITORS, 1)
    for user in OVERRIDDEN:
        routed(set_override, running, user=user, variant="far", **by(2))

    assert visit(OVERRIDDEN, 3) == {("far", "override"): len(OVERRIDDEN)}

    assert counted(card(running, 4)) == once_each(before)


def test_a_visit_during_a_pause_counts_in_no_arm(running: Experiment) -> None:
    before = visit(VISITORS[:40], 1)
    routed(moves.pause, running, **by(2))
    during = visit(VISITORS, 3)  # twenty come for the first time
    assert during == {(None, "no_experiment"): 60}
    assert counted(card(running, 4)) == once_each(before)

    routed(moves.resume, running, **by(5))
    after = visit(VISITORS[40:], 6)

    assert counted(card(running, 7)) == once_each(before + after)


def test_users_of_a_killed_arm_count_as_long_as_they_had_it(running: Experiment) -> None:
    before = visit(VISITORS[:40], 1)
    routed(moves.kill_arm, running, variant="far", **by(2))

    again, after = visit(VISITORS[:40], 3), visit(VISITORS[40:], 4)

    assert again[None, "arm_killed"] == before["far", "split"] > 0
    assert after[None, "arm_killed"] > 0
    assert again["far", "split"] == after["far", "split"] == 0
    # Whoever had an arm in the first phase counts there, with what they did while it lasted.
    assert counted(card(running, 5)) == once_each(before + after)
