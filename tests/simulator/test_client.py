"""The client against a real HTTP server that fails in the ways a restarted web worker does."""

import threading
from collections.abc import Iterator

import pytest

from simulator.client import Client, OutgoingEvent, Tally
from simulator.exceptions import Refused, Unavailable
from tests.simulator.shop_server import Script, serving


@pytest.fixture
def script() -> Iterator[Script]:
    with serving(Script(slate=["a", "b"])) as script:
        yield script


class Clockless(threading.Event):
    """Pauses that take no time, and are noted."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0.0)
        return False


@pytest.fixture
def stop() -> Clockless:
    return Clockless()


@pytest.fixture
def shop(script: Script, stop: Clockless) -> Iterator[Client]:
    with Client(script.url, "secret", patience=60, timeout=5, stop=stop) as shop:
        yield shop


def event(number: int) -> OutgoingEvent:
    return OutgoingEvent(
        id=f"e{number}", type="view", user="u", item="a", at="2026-01-01T00:00:00Z"
    )


def test_it_asks_for_a_slate_under_its_key(shop: Client, script: Script) -> None:
    page = shop.route(
        user="u", placement="home", k=2, request_id="r1", attributes={"platform": "web"}
    )
    assert [(shown.item, shown.position) for shown in page.items] == [("a", 1), ("b", 2)]
    assert script.requests == [
        (
            "/api/v1/route",
            "Bearer secret",
            {"user": "u", "placement": "home", "k": 2, "request_id": "r1"}
            | {"attributes": {"platform": "web"}},
        )
    ]
    assert shop.tally == Tally(pages=1)


@pytest.mark.parametrize("trouble", [503, 500, 429, 0])
def test_after_trouble_it_sends_the_same_ids_again(
    shop: Client, script: Script, trouble: int
) -> None:
    script.troubles = [trouble, trouble]
    receipt = shop.send([event(1), event(2)])
    assert receipt.accepted == 2
    sent = [[e["id"] for e in body["events"]] for body in script.bodies("/api/v1/events")]
    assert sent == [["e1", "e2"]] * 3
    assert shop.tally == Tally(acknowledged=2, retries=2)


def test_a_page_is_asked_for_again_under_the_same_request_id(shop: Client, script: Script) -> None:
    script.troubles = [0, 503]
    shop.route(user="u", placement="home", k=2, request_id="r1", attributes={"platform": "web"})
    assert [body["request_id"] for body in script.bodies("/api/v1/route")] == ["r1"] * 3


def test_pauses_grow_to_a_limit(shop: Client, script: Script, stop: Clockless) -> None:
    script.troubles = [503] * 8
    shop.send([event(1)])
    for pause, most in zip(stop.pauses, (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0), strict=True):
        assert 0.7 * most <= pause <= most


def test_a_refusal_is_final_and_carries_the_reason(shop: Client, script: Script) -> None:
    script.troubles = [404]
    with pytest.raises(Refused, match=r"404.*no") as caught:
        shop.route(user="u", placement="hoem", k=2, request_id="r1", attributes={"platform": "web"})
    assert caught.value.status == 404
    assert len(script.requests) == 1
    assert shop.tally == Tally()


def test_patience_ends(script: Script) -> None:
    script.troubles = [503] * 100
    with (
        Client(script.url, "secret", patience=0.0) as shop,
        pytest.raises(Unavailable, match=r"status 503.*manage\.py up"),
    ):
        shop.send([event(1)])
    assert shop.tally.acknowledged == 0


def test_who_is_stopped_tries_no_more(shop: Client, script: Script, stop: Clockless) -> None:
    script.troubles = [503] * 100
    stop.set()
    with pytest.raises(Unavailable):
        shop.send([event(1)])
    assert len(script.requests) == 1


def test_nobody_there_is_said_with_the_next_step() -> None:
    with serving(Script(slate=[])) as gone:
        pass
    with (
        Client(gone.url, "secret", patience=0.0) as shop,
        pytest.raises(Unavailable, match="Is Winnow running there"),
    ):
        shop.send([event(1)])


def test_threads_share_a_client_and_its_tally(shop: Client, script: Script) -> None:
    threads = [threading.Thread(target=shop.send, args=([event(n)],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.tally == Tally(acknowledged=8)
