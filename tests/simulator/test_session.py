"""Sessions and their traffic, against a real HTTP server that shows everybody the same slate."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from simulator.client import Client
from simulator.exceptions import Refused, SimulatorError
from simulator.session import Seen, Shop
from simulator.shoppers import shoppers
from simulator.traffic import groups, run
from simulator.world import World
from tests.simulator.shop_server import Script, serving


@pytest.fixture
def script(world: World) -> Iterator[Script]:
    with serving(Script(slate=[item.key for item in world.catalogue.items[:10]])) as script:
        yield script


@pytest.fixture
def shop(script: Script, world: World) -> Iterator[Shop]:
    with Client(script.url, "secret", patience=5) as client:
        yield Shop(client=client, world=world, placement="home", seed=9)


def test_the_past_goes_ahead_in_one_batch_of_views(shop: Shop, script: Script) -> None:
    people = list(islice(shoppers(shop.world, run="r", seed=1), 3))
    shop.serve(people)
    path, _, body = script.requests[0]
    assert path == "/api/v1/events"
    keys = [item.key for item in shop.world.catalogue.items]
    for person in people:
        views = [e for e in body["events"] if e["user"] == person.id]
        assert [e["item"] for e in views] == [keys[item] for item in person.history.tolist()]
        assert {e["type"] for e in views} == {"view"}
        times = [datetime.fromisoformat(e["at"]) for e in views]
        assert times == sorted(times)
        ago = [datetime.now(UTC) - at for at in times]
        assert timedelta(minutes=5) <= min(ago)
        assert max(ago) < timedelta(days=7)


def test_clicks_belong_to_the_page_they_were_made_on(shop: Shop, script: Script) -> None:
    seen = run(shop, islice(shoppers(shop.world, run="r", seed=1), 60))
    asked = script.bodies("/api/v1/route")
    batches = [b["events"] for b in script.bodies("/api/v1/events")]
    clicks = [e for batch in batches for e in batch if e["type"] == "click"]
    users = {body["request_id"]: body["user"] for body in asked}
    assert len(users) == len(asked) == seen.pages
    assert seen.clicks == len(clicks) > 0
    assert seen.impressions == 10 * seen.pages
    assert all(users[e["request_id"]] == e["user"] for e in clicks)
    assert all(e["item"] in script.slate for e in clicks)


def test_each_request_says_the_platform_of_its_shopper(shop: Shop, script: Script) -> None:
    people = list(islice(shoppers(shop.world, run="r", seed=1), 20))
    shop.serve(people)
    sent = {body["user"]: body["attributes"] for body in script.bodies("/api/v1/route")}
    assert sent == {person.id: {"platform": person.platform} for person in people}


def test_no_two_events_share_an_id_and_all_are_counted(shop: Shop, script: Script) -> None:
    seen = run(shop, islice(shoppers(shop.world, run="r", seed=1), 60))
    ids = [e["id"] for b in script.bodies("/api/v1/events") for e in b["events"]]
    assert len(set(ids)) == len(ids) == shop.client.tally.acknowledged
    assert seen.shoppers == 60
    assert seen.variants == {"popular": 60}
    assert shop.client.tally.pages == seen.pages


def test_no_batch_is_larger_than_the_api_takes(shop: Shop, script: Script) -> None:
    run(shop, islice(shoppers(shop.world, run="r", seed=1), 60))
    assert max(len(b["events"]) for b in script.bodies("/api/v1/events")) <= 1000


def test_the_same_seed_makes_the_same_clicks(shop: Shop) -> None:
    first, second = (run(shop, islice(shoppers(shop.world, run="r", seed=1), 20)) for _ in range(2))
    assert first == second


def test_a_rate_is_kept(shop: Shop) -> None:
    started = datetime.now(UTC)
    run(shop, islice(shoppers(shop.world, run="r", seed=1), 10), rate=20.0)
    assert timedelta(seconds=0.4) < datetime.now(UTC) - started < timedelta(seconds=3)


def test_groups_shrink_with_the_rate(shop: Shop) -> None:
    source = list(islice(shoppers(shop.world, run="r", seed=1), 50))
    assert [len(g) for g in groups(source, None)] == [20, 20, 10]
    assert [len(g) for g in islice(groups(source, 3.0), 2)] == [3, 3]
    assert [len(g) for g in islice(groups(source, 0.2), 2)] == [1, 1]


def test_a_stopped_run_begins_nothing(shop: Shop, script: Script) -> None:
    stop = threading.Event()
    stop.set()
    assert run(shop, shoppers(shop.world, run="r", seed=1), stop=stop) == Seen()
    assert script.requests == []


def test_a_refusal_ends_the_run(shop: Shop, script: Script) -> None:
    script.troubles = [401] * 1000
    with pytest.raises(Refused, match="401"):
        run(shop, islice(shoppers(shop.world, run="r", seed=1), 40))


def test_with_somebody_to_tell_trouble_costs_one_group_only(shop: Shop, script: Script) -> None:
    script.troubles = [401]
    told: list[SimulatorError] = []
    seen = run(shop, islice(shoppers(shop.world, run="r", seed=1), 40), complain=told.append)
    assert [str(error) for error in told] == [
        'The API refused a request with 401: {"detail": "no"}'
    ]
    assert seen.shoppers == 20
