"""The brake on guessing passwords: whom it holds back, for how long, and whom it does not."""

from __future__ import annotations

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from serving import logins

pytestmark = pytest.mark.django_db
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.9"


@pytest.fixture(autouse=True)
def _no_counts(fresh_process: redis.Redis) -> None:
    """A Valkey that is empty."""


@pytest.fixture
def maya(db: None) -> User:
    return User.objects.create_user("maya", password="maya-maya-1")


def fail(times: int, *, account: str = "maya", address: str = HOME) -> int:
    waits = [logins.seconds_to_wait(account=account, address=address) for _ in range(times)]
    return waits[-1]


def test_the_sixth_failure_of_an_account_from_an_address_is_refused_for_a_quarter_of_an_hour() -> (
    None
):
    assert fail(5) == 0
    assert 890 <= fail(1) <= 900
    assert fail(1, account="MAYA") > 0
    assert fail(1, address=ELSEWHERE) == 0
    assert fail(1, account="noor") == 0


def test_a_login_that_works_forgives_what_was_mistyped() -> None:
    fail(4)
    fail(1)
    logins.worked(account="maya", address=HOME)
    assert fail(5) == 0
    assert fail(1) > 0


def test_many_accounts_from_one_address_are_refused_too() -> None:
    assert [fail(1, account=f"a{n}") for n in range(50)] == [0] * 50
    assert fail(1, account="another") > 0
    assert fail(1, account="another", address=ELSEWHERE) == 0


def test_what_one_address_is_refused_does_not_lock_the_account() -> None:
    fail(400)
    assert fail(1, address=ELSEWHERE) == 0


def test_an_account_that_is_guessed_from_everywhere_is_refused() -> None:
    waits = [fail(1, address=f"192.0.2.{n}") for n in range(201)]
    assert waits[:200] == [0] * 200
    assert waits[200] > 0


def test_counts_run_out_and_hold_no_names(fresh_process: redis.Redis) -> None:
    fail(1)
    logins.worked(account="noor", address=HOME)
    keys = fresh_process.keys("winnow:login:*")
    assert len(keys) == 4
    assert all(0 < fresh_process.ttl(key) <= logins.WINDOW_SECONDS for key in keys)
    assert not any(b"maya" in key for key in keys)


def test_without_valkey_nobody_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from events import runtime
    from events.best_effort import BestEffort

    monkeypatch.setattr(logins, "counting", BestEffort("login_limits", rest=0))
    settings.VALKEY_URL = "redis://127.0.0.1:1/0"
    runtime.valkey.cache_clear()
    assert fail(10) == 0
    logins.worked(account="maya", address=HOME)
    runtime.valkey.cache_clear()


def log_in(client: Client, password: str, address: str = HOME) -> tuple[int, str]:
    answer = client.post("/login/", {"username": "maya", "password": password}, REMOTE_ADDR=address)
    return answer.status_code, answer.content.decode()


def test_a_refused_login_says_for_how_long_and_does_not_look_at_the_password(
    client: Client, maya: User
) -> None:
    assert [log_in(client, "wrong")[0] for _ in range(5)] == [200] * 5

    status, page = log_in(client, "maya-maya-1")

    assert status == 429
    assert "Too many failed logins from here. Nothing was checked. Try again in 15 minutes." in page
    assert client.get("/experiments/").status_code == 302
    assert log_in(client, "maya-maya-1", ELSEWHERE)[0] == 302


def test_a_form_without_a_password_neither_counts_nor_forgives(client: Client, maya: User) -> None:
    for _ in range(5):
        log_in(client, "wrong")
    assert log_in(client, "")[0] == 200
    assert log_in(client, "maya-maya-1")[0] == 429
