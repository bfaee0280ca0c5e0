from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pandas as pd
import pytest
import redis
from pytest_django import Settings

from events.drain import Drain
from events.readers import open_log
from events.runtime import history
from experiments.assignment import bucket
from experiments.models import Experiment
from recommenders.dataset import Vocabulary
from recommenders.services import ItemRow, import_items
from serving import engine, plans, slates
from serving.engine import Ranked
from serving.exceptions import UnknownPlacement
from serving.routing import RouteRequest, RouteResponse, route
from tests.acting import create_placement, start_experiment, stop_experiment
from tests.installation import NOW, home_experiment, trained
from tests.recommenders.endpoint import serving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def running(tmp_path: Path) -> Experiment:
    return start_experiment(home_experiment(tmp_path / "models"), now=NOW)


def ask(user: str, **changes: object) -> RouteResponse:
    given: dict[str, object] = {"user": user, "placement": "home", "k": 3}
    return route(msgspec.convert(given | changes, RouteRequest), now=NOW)


def user_of(experiment: Experiment, variant: str, n: int = 0) -> str:
    """The n-th of the users new1, new2, ... who falls into the variant."""
    low = {"popular": 0, "item-knn": 5000}[variant]
    names = (f"new{i}" for i in range(10_000))
    return [u for u in names if low <= bucket(experiment.seed, u) < low + 5000][n]


def items(response: RouteResponse) -> list[str]:
    return [slot.item for slot in response.items]


def test_a_slate_says_all_about_how_it_came_to_be(running: Experiment) -> None:
    user = user_of(running, "popular")

    response = ask(user, request_id="r1")

    assert response.request_id == "r1"
    assert (response.experiment, response.phase, response.variant) == ("home-ctr", 1, "popular")
    assert response.bucket == bucket(running.seed, user)
    assert response.reason == "split"
    assert (response.recommender, response.model_version) == ("popular", "popular@1")
    assert (response.served_by, response.fallback) == ("web", None)
    assert items(response) == ["a-item-0", "a-item-1", "a-item-2"]
    assert [slot.position for slot in response.items] == [1, 2, 3]
    assert response.items[0].why == "Chosen by 10 people"


def test_a_click_changes_the_next_slate_without_retraining(running: Experiment) -> None:
    user = user_of(running, "item-knn")

    history().push([(user, "b-item-3")])

    assert all(item.startswith("b-item-") for item in items(ask(user)))


def test_the_page_that_is_open_counts_as_the_newest_item(running: Experiment) -> None:
    response = ask(user_of(running, "item-knn"), context={"item": "a-item-5"})

    assert all(item.startswith("a-item-") for item in items(response))
    assert "a-item-5" not in items(response)


def test_excluded_items_are_not_shown(running: Experiment) -> None:
    response = ask(user_of(running, "popular"), exclude=["a-item-0", "b-item-0"])

    assert items(response) == ["a-item-1", "a-item-2", "a-item-3"]


def test_an_unknown_placement_is_refused_with_those_that_are_known(running: Experiment) -> None:
    with pytest.raises(UnknownPlacement, match="no placement “cart”") as refused:
        ask("u1", placement="cart")

    assert refused.value.pointer == "/placement"


def test_every_slate_becomes_one_exposure_with_all_that_analysis_needs(
    running: Experiment, settings: Settings
) -> None:
    user = user_of(running, "popular")
    ask(user, request_id="r1", attributes={"country": "NL", "age": 31, "staff": True})
    ask(user, request_id="r1")

    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()

    [row] = open_log(settings.LOG_DIR).exposures().to_pyarrow().to_pylist()
    assert row["request_id"] == "r1"
    assert (row["experiment"], row["phase"], row["variant"]) == ("home-ctr", 1, "popular")
    assert row["plan_version"] == plans.current().version
    assert [item["id"] for item in row["items"]] == ["a-item-0", "a-item-1", "a-item-2"]
    assert [item["propensity"] for item in row["items"]] == [1.0, 1.0, 1.0]
    assert dict(row["attributes"]) == {"country": "NL", "age": "31", "staff": "true"}
    assert row["at"] == NOW


def test_somebody_new_to_a_neighbour_model_is_shown_what_is_popular(running: Experiment) -> None:
    response = ask(user_of(running, "item-knn"))

    assert (response.served_by, response.fallback) == ("cache", "no_candidates")
    assert items(response) == ["a-item-0", "a-item-1", "a-item-2"]


def test_items_that_were_drawn_are_logged_with_their_probability(
    tmp_path: Path, settings: Settings
) -> None:
    config = {"rungs": ["popularity"], "exploration": 1.0}
    explorer = trained("explorer", "cold_start", tmp_path / "models", config=config)
    create_placement(key="home", name="Home", default_recommender=explorer)
    plans.publish()

    drawn = ask("new1", request_id="r1")
    again = ask("new1", request_id="r1")
    others = {tuple(items(ask("new1", request_id=f"r{n}"))) for n in range(2, 8)}

    assert items(again) == items(drawn)
    assert len(others) > 3
    assert [slot.why for slot in drawn.items] == ["Drawn at random, to learn who likes it"] * 3
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()
    rows = open_log(settings.LOG_DIR).exposures().to_pyarrow().to_pylist()
    assert all(
        [item["propensity"] for item in row["items"]] == [1 / 12, 1 / 11, 1 / 10] for row in rows
    )


@pytest.mark.parametrize(
    ("mode", "fallback"),
    [
        ("good", None),
        ("refuse", "remote_refused"),
        ("silent", "remote_timeout"),
        ("hang_up", "remote_unreachable"),
    ],
)
def test_an_endpoint_that_does_not_answer_as_it_should_is_replaced(
    tmp_path: Path, settings: Settings, mode: str, fallback: str | None
) -> None:
    settings.ROUTE_DEADLINE_MS = 20_000
    with serving() as server:
        config = {"url": server.url, "deadline_ms": 100 if mode == "silent" else 10_000}
        theirs = trained("theirs", "remote", tmp_path / "models", config=config)
        create_placement(key="home", name="Home", default_recommender=theirs)
        plans.publish()
        server.mode, server.answer = mode, None
        if mode == "good":
            server.mode = "told"
            server.answer = {"slates": [[{"item": "b-item-5", "score": 0.5}]]}

        response = ask("new1")

    assert response.fallback == fallback
    expected = ["a-item-0", "a-item-1", "a-item-2"] if fallback else ["b-item-5"]
    assert items(response) == expected
    assert response.served_by == ("cache" if fallback else "web")


def test_what_is_not_available_is_served_by_nothing(
    running: Experiment, fresh_process: redis.Redis, slow_model: None
) -> None:
    user = user_of(running, "popular")
    import_items([ItemRow(item="a-item-1", title="Sold out", available=False)])
    plans.keep_up()

    popular = ask(user)
    assert popular.served_by == "cache"
    assert items(popular) == ["a-item-0", "a-item-2", "b-item-0"]  # of 10, 8 and 8 people
    made = [Ranked(item=f"a-item-{i}", score=1.0, why=None) for i in range(6)]
    slates.store(fresh_process, "popular", "popular@1", {user: made})
    assert ask(user).served_by == "worker"
    assert items(ask(user)) == ["a-item-0", "a-item-2", "a-item-3"]


def test_what_is_available_again_is_served_from_the_next_plan_on(running: Experiment) -> None:
    user = user_of(running, "popular")
    for available in (False, True):
        import_items([ItemRow(item="a-item-0", title="One", available=available)])
        before = plans.current().version
        plans.keep_up()
        plans.keep_up()
        assert plans.current().version == before + 1
        answer = ask(user)
        assert answer.served_by == "web"
        assert ("a-item-0" in items(answer)) is available


def test_a_request_asks_for_categories_and_gets_no_others_from_anything(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = pd.DataFrame(
        [
            (f"{taste}-item-{n}", [taste, "odd" if n % 2 else "even"])
            for taste in "ab"
            for n in range(6)
        ],
        columns=["item", "categories"],
    )
    popular = trained("popular", "popularity", tmp_path / "models", items=described)
    create_placement(key="home", name="Home", default_recommender=popular)
    plans.publish()

    assert items(ask("u", categories={"only": ["b"]})) == ["b-item-0", "b-item-1", "b-item-2"]
    asked = {"only": ["b", "odd"], "except": ["even"]}
    assert items(ask("u", categories=asked)) == ["a-item-1", "a-item-3", "b-item-1"]
    assert items(ask("u", categories={"except": ["a", "odd"]}))[0] == "b-item-0"
    nothing = ask("u", categories={"only": ["c"]})
    assert (nothing.fallback, items(nothing)) == ("no_candidates", [])
    monkeypatch.setattr(engine, "load", lambda folder: Slow())
    engine.engine.cache_clear()
    settings.ROUTE_DEADLINE_MS = 30
    late = ask("u", categories={"only": ["b"]})
    assert (late.fallback, items(late)) == ("model_timeout", [])


class Slow:
    """A model that answers, but not in time."""

    items = Vocabulary.of([])

    def propose(self, *args: object, **kwargs: object) -> None:
        time.sleep(0.3)


@pytest.fixture
def slow_model(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.ROUTE_DEADLINE_MS = 30
    monkeypatch.setattr(engine, "load", lambda folder: Slow())


def test_a_model_that_is_late_is_replaced_by_the_workers_slate(
    running: Experiment, slow_model: None, fresh_process: redis.Redis
) -> None:
    user = user_of(running, "item-knn")
    made = [Ranked(item=f"b-item-{i}", score=1.0 - i / 10, why=None) for i in range(6)]
    slates.store(fresh_process, "item-knn", "item-knn@1", {user: made})
    history().push([(user, "b-item-1")])

    response = ask(user)

    assert (response.served_by, response.fallback) == ("worker", "model_timeout")
    assert items(response) == ["b-item-0", "b-item-2", "b-item-3"]


def test_a_slate_of_an_older_version_is_not_used(
    running: Experiment, slow_model: None, fresh_process: redis.Redis
) -> None:
    user = user_of(running, "item-knn")
    made = [Ranked(item="b-item-5", score=1.0, why=None)]
    slates.store(fresh_process, "item-knn", "item-knn@0", {user: made})

    response = ask(user)

    assert (response.served_by, response.fallback) == ("cache", "model_timeout")


def test_without_any_slate_the_most_popular_items_are_served(
    running: Experiment, slow_model: None
) -> None:
    response = ask(user_of(running, "item-knn"), exclude=["a-item-1"])

    assert (response.served_by, response.fallback) == ("cache", "model_timeout")
    assert (response.variant, response.recommender) == ("item-knn", "item-knn")
    assert items(response) == ["a-item-0", "a-item-2", "b-item-0"]


def test_a_model_that_cannot_be_loaded_is_said_and_tried_again(
    running: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = user_of(running, "item-knn")
    history().push([(user, "a-item-1")])
    with monkeypatch.context() as patch:
        patch.setattr(engine, "load", lambda folder: (_ for _ in ()).throw(OSError("gone")))
        assert ask(user).fallback == "model_unavailable"

    assert ask(user).fallback is None


def test_routing_goes_on_without_valkey(running: Experiment, settings: Settings) -> None:
    settings.VALKEY_URL = "redis://127.0.0.1:1/0"

    response = ask(user_of(running, "popular"))

    assert (response.variant, response.fallback) == ("popular", None)


def test_a_stop_acts_on_the_next_request_of_every_process(running: Experiment) -> None:
    user = user_of(running, "item-knn")
    assert ask(user).variant == "item-knn"
    here = plans.current()

    stop_experiment(running, now=NOW)
    plans.holder.forget()
    plans.holder.hold(here)  # as a process that has not heard of it yet

    response = ask(user)
    assert (response.experiment, response.recommender) == (None, "popular")
    assert response.reason == "no_experiment"


def test_what_another_release_left_in_valkey_is_passed_over(
    running: Experiment, slow_model: None, fresh_process: redis.Redis
) -> None:
    user = user_of(running, "item-knn")
    fresh_process.set(slates.key("item-knn", user), b"{}")
    fresh_process.rpush(f"winnow:history:{user}", b"\xff")

    assert ask(user).served_by == "cache"
