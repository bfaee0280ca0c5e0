"""What is pinned and buried, in slates of every origin, and what exposures say of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest
import redis
from django.conf import settings
from pytest_django import Settings

from events.drain import Drain
from events.readers import open_log
from events.runtime import history
from experiments.assignment import Pin, SlateRules
from experiments.models import Experiment, Placement
from experiments.slate_rules import change_rules
from people.actors import Actor
from recommenders.dataset import Vocabulary
from recommenders.services import ItemRow, import_items
from serving import engine, plans, slates
from serving.engine import Ranked
from serving.lifecycle import routed
from serving.routing import RouteRequest, RouteResponse, route
from tests.acting import create_placement, start_experiment
from tests.installation import NOW, home_experiment, trained

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path) -> Placement:
    """Shows the most popular of six items a and six items b, whose categories are a and b."""
    described = pd.DataFrame(
        [(f"{taste}-item-{n}", [taste]) for taste in "ab" for n in range(6)],
        columns=["item", "categories"],
    )
    popular = trained("popular", "popularity", tmp_path / "models", items=described)
    return create_placement(key="home", name="Home", default_recommender=popular)


def rule(**rules: object) -> None:
    home = Placement.objects.get()
    wanted = msgspec.convert(rules, SlateRules)
    routed(change_rules, home, lambda _: wanted, now=NOW, actor=Actor("ada"))


def ask(user: str = "u", **changes: object) -> RouteResponse:
    given: dict[str, object] = {"user": user, "placement": "home", "k": 3}
    return route(msgspec.convert(given | changes, RouteRequest), now=NOW)


def items(response: RouteResponse) -> list[str]:
    return [slot.item for slot in response.items]


def exposed() -> Any:
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()
    [row] = open_log(settings.LOG_DIR).exposures().to_pyarrow().to_pylist()
    return row


class Slow:
    items = Vocabulary.of([])

    def propose(self, *args: object, **kwargs: object) -> None:
        time.sleep(0.3)


@pytest.fixture
def no_model(home: Placement, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "load", lambda folder: Slow())
    settings.ROUTE_DEADLINE_MS = 30


def test_pinned_items_stand_at_their_positions_from_the_next_request_on(home: Placement) -> None:
    plans.publish()
    assert items(ask()) == ["a-item-0", "a-item-1", "a-item-2"]

    rule(pins=[{"item": "new", "position": 3}, {"item": "a-item-1", "position": 1}])

    answer = ask()
    assert items(answer) == ["a-item-1", "a-item-0", "new"]
    assert [slot.position for slot in answer.items] == [1, 2, 3]
    assert [slot.why for slot in answer.items] == ["Pinned", "Chosen by 10 people", "Pinned"]
    assert [slot.score is None for slot in answer.items] == [True, False, True]
    assert (answer.served_by, answer.fallback) == ("web", None)


def test_a_pin_beyond_the_slate_waits_for_a_longer_one(home: Placement) -> None:
    rule(pins=[{"item": "new", "position": 4}])
    assert items(ask()) == ["a-item-0", "a-item-1", "a-item-2"]
    assert items(ask(k=4)) == ["a-item-0", "a-item-1", "a-item-2", "new"]


def test_a_slate_that_is_short_ends_with_its_pins(home: Placement) -> None:
    everything = [f"{taste}-item-{n}" for taste in "ab" for n in range(1, 6)] + ["b-item-0"]
    rule(pins=[{"item": "x", "position": 3}, {"item": "y", "position": 9}])
    assert items(ask(k=10, exclude=everything)) == ["a-item-0", "x", "y"]


def test_a_slate_of_pins_alone_needs_no_model(no_model: None) -> None:
    rule(pins=[{"item": "x", "position": 1}])
    answer = ask(k=1)
    assert (items(answer), answer.served_by, answer.fallback) == (["x"], "web", None)


def test_what_may_not_be_shown_is_not_shown_for_being_pinned(home: Placement) -> None:
    import_items([ItemRow(item="sold-out", title="Sold out", available=False)])
    rule(pins=[{"item": "sold-out", "position": 1}, {"item": "x", "position": 2}])

    assert items(ask()) == ["a-item-0", "x", "a-item-1"]
    assert "x" not in items(ask(exclude=["x"]))
    assert "x" not in items(ask(context={"item": "x"}))
    assert items(ask(categories={"only": ["b"]}))[0] == "b-item-0"
    assert "x" not in items(ask(categories={"except": ["b"]}))


def test_a_pinned_item_is_shown_to_whoever_saw_it(home: Placement) -> None:
    rule(pins=[{"item": "a-item-3", "position": 2}])
    history().push([("u", "a-item-3")])
    assert items(ask()) == ["a-item-0", "a-item-3", "a-item-1"]


def test_what_is_buried_comes_where_nothing_else_is_left(home: Placement) -> None:
    rule(bury_items=["a-item-0"], bury_categories=["b"])

    assert items(ask(k=5)) == [f"a-item-{n}" for n in (1, 2, 3, 4, 5)]
    whole = items(ask(k=12))
    assert whole[:5] == [f"a-item-{n}" for n in (1, 2, 3, 4, 5)]
    assert whole[5] == "a-item-0"  # of 10 people, more than any other that is buried
    assert sorted(whole[6:]) == [f"b-item-{n}" for n in range(6)]
    assert items(ask(exclude=whole[:5])) == whole[5:8]
    assert items(ask(categories={"only": ["b"]})) == whole[6:9]


def test_rules_hold_where_no_model_answers(no_model: None, fresh_process: redis.Redis) -> None:
    rule(bury_items=["a-item-0"], pins=[{"item": "a-item-1", "position": 2}])

    popular = ask()
    assert (popular.served_by, popular.fallback) == ("cache", "model_timeout")
    assert items(popular) == ["a-item-2", "a-item-1", "b-item-0"]  # of 8 people each beside the pin
    made = [Ranked(item=f"a-item-{i}", score=1.0, why=None) for i in range(4)]
    slates.store(fresh_process, "popular", "popular@1", {"u": made})
    ahead = ask(k=4)
    assert ahead.served_by == "worker"
    assert items(ahead) == ["a-item-2", "a-item-1", "a-item-3", "a-item-0"]


def test_all_arms_of_an_experiment_have_the_pin(tmp_path: Path) -> None:
    experiment: Experiment = start_experiment(home_experiment(tmp_path / "models"), now=NOW)
    rule(pins=[{"item": "x", "position": 1}])

    answers = [ask(f"new{n}") for n in range(20)]

    assert {answer.variant for answer in answers} == {
        variant.key for variant in experiment.variants.all()
    }
    assert {items(answer)[0] for answer in answers} == {"x"}


def test_an_exposure_says_that_no_chance_was_in_a_pin_and_what_chance_was_in_the_rest(
    tmp_path: Path,
) -> None:
    """12 items: without the pinned one and the two buried ones, 9 are drawn from."""
    chance = trained("chance", "random", tmp_path / "models")
    create_placement(key="home", name="Home", default_recommender=chance)
    rule(pins=[{"item": "b-item-0", "position": 2}], bury_items=["a-item-0", "a-item-1"])

    answer = ask(k=4, request_id="r1")

    row = exposed()
    assert [one["id"] for one in row["items"]] == items(answer)
    assert items(answer)[1] == "b-item-0"
    assert not {"a-item-0", "a-item-1"} & set(items(answer))
    chances = [one["propensity"] for one in row["items"]]
    assert chances == pytest.approx([1 / 9, 1.0, 1 / 8, 1 / 7])
    assert [one["score"] is None for one in row["items"]] == [False, True, False, False]


def test_what_is_buried_is_drawn_with_its_own_chances(tmp_path: Path) -> None:
    chance = trained("chance", "random", tmp_path / "models")
    create_placement(key="home", name="Home", default_recommender=chance)
    buried = [f"{taste}-item-{n}" for taste in "ab" for n in range(5)]
    rule(bury_items=buried)

    slate = items(ask(k=4))

    assert set(slate[:2]) == {"a-item-5", "b-item-5"}
    chances = [one["propensity"] for one in exposed()["items"]]
    assert chances == pytest.approx([1 / 2, 1.0, 1 / 10, 1 / 9])


def test_a_pin_of_the_plan_is_the_one_kept(home: Placement) -> None:
    rule(pins=[{"item": "x", "position": 1}])
    assert plans.current().placements["home"].rules == SlateRules(pins=(Pin(item="x", position=1),))
