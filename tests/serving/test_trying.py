"""Trying recommenders out: the path of a request, and no trace of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pytest_django import Settings

from events.drain import Drain
from events.readers import open_log
from events.runtime import history
from recommenders.models import Recommender
from recommenders.services import register
from serving.routing import RouteRequest, route
from serving.trying import Trial, Tried, somebody, try_out
from tests.acting import start_experiment
from tests.installation import NOW, home_experiment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def both(tmp_path: Path) -> list[Recommender]:
    """`popular` and `item-knn`, trained on two tastes."""
    start_experiment(home_experiment(tmp_path / "models"), now=NOW)
    return [Recommender.objects.get(key=key) for key in ("popular", "item-knn")]


def shown(tried: Tried) -> list[str]:
    return [slot.item for slot in tried.slate.ranked]


def of(both: list[Recommender], user: str = "", items: tuple[str, ...] = ()) -> Trial:
    return try_out(both, user=user, items=items, k=3)


def test_without_news_of_the_user_it_goes_by_what_training_kept(both: list[Recommender]) -> None:
    trial = of(both, "a1")

    assert (trial.source, trial.history) == ("trained", ["a-item-0", "a-item-1"])
    assert [shown(one) for one in trial.slates] == [
        ["a-item-2", "b-item-0", "a-item-3"],
        ["a-item-2", "a-item-3", "a-item-4"],
    ]
    assert [one.slate.fallback for one in trial.slates] == [None, None]


def test_what_the_user_did_last_comes_first(both: list[Recommender]) -> None:
    history().push([("a1", "b-item-0")])

    trial = of(both, "a1")

    assert (trial.source, list(trial.history)) == ("live", ["b-item-0"])
    assert shown(trial.slates[1]) == ["b-item-1", "b-item-2", "b-item-3"]


def test_typed_items_stand_for_what_nobody_known_did(both: list[Recommender]) -> None:
    trial = of(both, items=("a-item-0",))

    assert (trial.source, list(trial.history)) == ("typed", ["a-item-0"])
    assert shown(trial.slates[1]) == ["a-item-1", "a-item-2", "a-item-3"]
    assert trial.slates[1].slate.ranked[0].why == "Because of a-item-0"


def test_somebody_new_gets_the_fallback_that_a_request_gets(both: list[Recommender]) -> None:
    trial = of(both)

    assert (trial.source, list(trial.history)) == ("none", [])
    assert [one.slate.fallback for one in trial.slates] == [None, "no_candidates"]
    assert shown(trial.slates[1]) == ["a-item-0", "a-item-1", "a-item-2"]


def test_one_that_was_never_trained_says_so(both: list[Recommender]) -> None:
    [tried] = of([register(key="fresh", algorithm="item_knn", config={})], "a1").slates

    assert (tried.slate.fallback, shown(tried)) == ("no_model", [])


def test_a_slate_is_what_the_next_request_gets(both: list[Recommender]) -> None:
    response = route(RouteRequest(user="a1", placement="home", k=3), now=NOW)

    tried = next(
        one for one in of(both, "a1").slates if one.recommender.key == response.recommender
    )

    assert [(i.item, i.score, i.why) for i in response.items] == [
        (slot.item, slot.score, slot.why) for slot in tried.slate.ranked
    ]


def test_no_exposure_is_written(both: list[Recommender], settings: Settings) -> None:
    of(both, "a1")
    of(both, items=("a-item-0",))

    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()

    assert open_log(settings.LOG_DIR).exposures().count().to_pyarrow().as_py() == 0


def test_another_user_is_one_whom_a_model_knows(both: list[Recommender]) -> None:
    known = {f"{taste}{n}" for taste, people in (("a", 10), ("b", 8)) for n in range(people)}

    found = {somebody(both, rng=random.Random(seed)) for seed in range(200)}

    assert found == known
    assert somebody([], rng=random.Random(1)) is None
