"""A client key's requests a minute: held back by address, told in headers, and never for want of
Valkey.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis
from django.test import Client
from pytest_django import Settings

from events import runtime
from events.best_effort import BestEffort
from events.counters import counters
from serving import limits
from serving.access import ClientAccess, ServerAccess
from serving.keys import authenticate, create_key
from tests.ports import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("running")]

ROOT = Path(__file__).parents[2]


def limited(per_minute: int | None) -> str:
    return create_key("web", ClientAccess(per_minute=per_minute))[1]


def assign(client: Client, secret: str, *, address: str = "203.0.113.7", **headers: str) -> Any:
    return client.post(
        "/api/v1/assign",
        {"user": "u1"},
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}", **headers},
        REMOTE_ADDR=address,
    )


def failures() -> int:
    return counters.snapshot().get("rate_limits_failures", 0)


def left(answer: Any) -> int:
    found = re.fullmatch(r'"minute";r=(\d+);t=\d+', answer["RateLimit"])
    assert found is not None
    return int(found[1])


def test_the_requests_of_a_minute_are_counted_down_and_then_refused(client: Client) -> None:
    secret = limited(2)

    answers = [assign(client, secret) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert [answer["RateLimit-Policy"] for answer in answers] == ['"minute";q=2;w=60'] * 4
    assert [left(answer) for answer in answers] == [1, 0, 0, 0]
    refused = answers[2]
    assert refused["Content-Type"] == "application/problem+json"
    assert refused["RateLimit"] == f'"minute";r=0;t={refused["Retry-After"]}'
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused.json()["detail"] == (
        "The key “web” allows 2 requests a minute from one address. "
        f"Go on in {refused['Retry-After']} s."
    )


def test_the_headers_say_what_valkey_counted_and_seconds_are_rounded_up(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = limited(5)
    monkeypatch.setattr(limits, "_ask", lambda name: [2, False, 12_001])

    assert assign(client, secret)["RateLimit"] == '"minute";r=3;t=13'


def test_a_refused_request_does_nothing(client: Client, fresh_process: redis.Redis) -> None:
    secret = limited(1)
    assign(client, secret)
    batch = {"events": [{"id": "e1", "type": "click", "user": "u1", "item": "50"}]}

    answer = client.post(
        "/api/v1/events",
        batch,
        content_type="application/json",
        headers={"x-api-key": secret},
        REMOTE_ADDR="203.0.113.7",
    )

    assert answer.status_code == 429
    assert fresh_process.keys("winnow:history:*") == []


def test_whoever_calls_too_often_holds_back_nobody_else(client: Client) -> None:
    secret = limited(1)

    assert assign(client, secret).status_code == 200
    assert assign(client, secret).status_code == 429
    assert assign(client, secret, address="203.0.113.8").status_code == 200


def test_one_home_is_one_address_of_ipv6(client: Client) -> None:
    secret = limited(1)

    assert assign(client, secret, address="2001:db8:1:2::1").status_code == 200
    assert assign(client, secret, address="2001:db8:1:2:ffff::9").status_code == 429
    assert assign(client, secret, address="2001:db8:1:3::1").status_code == 200
    assert assign(client, secret, address="::ffff:203.0.113.7").status_code == 200
    assert assign(client, secret, address="203.0.113.7").status_code == 429


def test_each_key_has_a_count_of_its_own(client: Client) -> None:
    first, second = limited(1), limited(1)
    assert [assign(client, key).status_code for key in (first, second, first)] == [200, 200, 429]


def test_the_next_minute_begins_anew(client: Client, fresh_process: redis.Redis) -> None:
    secret = limited(1)
    assign(client, secret)
    [name] = fresh_process.keys("winnow:rate:*")
    assert 0 < int(str(fresh_process.pttl(name))) <= 60_000

    fresh_process.pexpire(name, 1)
    while fresh_process.exists(name):
        pass

    assert assign(client, secret).status_code == 200


def test_a_count_that_lost_its_end_gets_one_again(
    client: Client, fresh_process: redis.Redis
) -> None:
    secret = limited(5)
    assign(client, secret)
    [name] = fresh_process.keys("winnow:rate:*")
    fresh_process.persist(name)

    assert left(assign(client, secret)) == 3
    assert 0 < int(str(fresh_process.pttl(name))) <= 60_000


@pytest.mark.parametrize("access", [ClientAccess(), ServerAccess()])
def test_without_a_limit_nothing_is_asked_or_said(
    client: Client, fresh_process: redis.Redis, access: Any
) -> None:
    answer = assign(client, create_key("any", access)[1])

    assert answer.status_code == 200
    assert "RateLimit" not in answer
    assert fresh_process.keys("winnow:rate:*") == []


def test_without_valkey_every_request_passes(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "counting", BestEffort("rate_limits"))
    secret = limited(1)
    assert assign(client, secret).status_code == 200
    settings.VALKEY_URL = f"redis://127.0.0.1:{free_port()}/0"
    runtime.valkey.cache_clear()
    before = failures()

    answers = [assign(client, secret) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert all("RateLimit" not in answer for answer in answers)
    assert failures() == before + 1


def test_a_bad_key_or_body_is_told_before_and_after_the_count(client: Client) -> None:
    secret = limited(2)

    assert assign(client, "wn_pub_unknown").status_code == 401
    refused = client.post(
        "/api/v1/assign",
        {},
        content_type="application/json",
        headers={"x-api-key": secret},
        REMOTE_ADDR="203.0.113.7",
    )

    assert refused.status_code == 400
    assert left(refused) == 1


def test_the_address_is_the_peers_whatever_the_caller_writes(client: Client) -> None:
    secret = limited(1)
    assert assign(client, secret, **{"x-forwarded-for": "198.51.100.1"}).status_code == 200
    assert assign(client, secret, **{"x-forwarded-for": "198.51.100.2"}).status_code == 429


def test_behind_a_proxy_it_is_what_the_proxy_saw(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    secret = limited(1)

    def through(forwarded: str) -> int:
        answer = assign(client, secret, address="10.0.0.1", **{"x-forwarded-for": forwarded})
        return int(answer.status_code)

    assert through("198.51.100.1") == 200
    assert through("1.2.3.4, 198.51.100.1") == 429
    assert through("198.51.100.1, 198.51.100.2") == 200
    assert through("nonsense") == 200
    assert through("more nonsense") == 429


COUNT = """
import os, django
django.setup()
from events import runtime
from experiments.assignment import PlannedKey
from serving import limits
runtime.settings.VALKEY_URL = os.environ["VALKEY"]
key = PlannedKey(name="web", sha256="{sha256}", kind="client", per_minute=1000)
for _ in range(50):
    limits.count(key, "203.0.113.7")
"""


def test_processes_count_together(valkey_url: str) -> None:
    secret = limited(1000)
    key = authenticate(secret)
    assert key is not None
    code = COUNT.format(sha256=key.sha256)
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": "platform:.",
        "VALKEY": valkey_url,
        "PATH": "/usr/bin:/bin",
    }
    children = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment) for _ in range(2)
    ]

    assert [child.wait(60) for child in children] == [0, 0]
    usage = limits.count(key, "203.0.113.7")
    assert usage is not None
    assert (usage.used, usage.remaining) == (101, 899)
