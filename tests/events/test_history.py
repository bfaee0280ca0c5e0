import logging
from collections.abc import Iterator

import pytest
import redis

from events import history
from events.best_effort import outage
from events.counters import counters
from events.history import KEEP_SECONDS, LiveHistory
from events.recent import RecentIds
from events.runtime import connect


@pytest.fixture(params=[False, True], ids=["bytes", "text"])
def client(valkey_url: str, request: pytest.FixtureRequest) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey_url, decode_responses=request.param) as client:
        client.flushdb()
        yield client


def test_the_last_50_items_are_kept_newest_last(client: redis.Redis) -> None:
    live = LiveHistory(client)
    live.push(("u1", f"i{n}") for n in range(60))
    live.push([("u2", "ünïcode")])
    assert live.read("u1") == [f"i{n}" for n in range(10, 60)]
    assert live.read("u2") == ["ünïcode"]
    assert live.read("nobody") == []
    assert client.ttl(history.key("u1")) == KEEP_SECONDS


def test_an_item_again_moves_to_the_end(client: redis.Redis) -> None:
    live = LiveHistory(client)
    live.push([("u", "a"), ("u", "b"), ("u", "a")])
    assert live.read("u") == ["b", "a"]


def test_it_can_be_read_in_a_pipeline_of_someone_else(client: redis.Redis) -> None:
    LiveHistory(client).push([("u", "a"), ("u", "b")])
    client.set("other", "1")
    pipe = client.pipeline(transaction=False)
    pipe.get("other")
    history.read_command(pipe, "u")
    _, reply = pipe.execute()
    assert history.decode(reply) == ["a", "b"]


def test_recent_ids_are_known_for_a_while(client: redis.Redis) -> None:
    recent = RecentIds(client)
    recent.remember(["a", "b"])
    recent.remember([])
    assert recent.known(["a", "b", "c"]) == {"a", "b"}
    assert recent.known([]) == set()


def test_without_valkey_nothing_is_raised_and_it_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage.forget()
    before = counters.snapshot()
    live = LiveHistory(connect("redis://127.0.0.1:1"))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            live.push([("u", "a")])
            assert live.read("u") == []
    after = counters.snapshot()
    grown = {name: after[name] - before.get(name, 0) for name in after if "history" in name}
    assert grown == {
        "history_push_failures": 1,
        "history_push_skipped": 2,
        "history_read_failures": 1,
        "history_read_skipped": 2,
    }
    assert [m[:42] for m in caplog.messages] == ["Valkey did not answer (history_push): Erro"]
