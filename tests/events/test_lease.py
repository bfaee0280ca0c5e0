import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from events import lease
from events.exceptions import LeaseLost, LeaseTaken
from events.models import Lease

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_holder_at_a_time() -> None:
    lease.take("log", "a", now=NOW)
    with pytest.raises(LeaseTaken, match="a until 12:01:30"):
        lease.take("log", "b", now=NOW + timedelta(seconds=89))
    lease.take("other", "b", now=NOW)

    lease.release("log", "b")
    assert Lease.objects.get(name="log").holder == "a"
    lease.release("log", "a")
    lease.take("log", "b", now=NOW)


def test_a_dead_holder_s_lease_runs_out_and_the_late_one_is_told() -> None:
    lease.take("log", "dead", now=NOW)
    lease.take("log", "next", now=NOW + timedelta(seconds=91))

    assert not lease.renew("log", "dead", now=NOW + timedelta(seconds=92))
    assert Lease.objects.get(name="log").holder == "next"


def test_a_lease_from_before_the_clock_was_set_back_is_free() -> None:
    lease.take("log", "killed", now=NOW + timedelta(hours=3))
    lease.take("log", "next", now=NOW)
    assert Lease.objects.get(name="log").holder == "next"


def test_a_holder_whose_clock_is_a_minute_ahead_keeps_its_lease() -> None:
    lease.take("log", "ahead", now=NOW + timedelta(minutes=1))
    with pytest.raises(LeaseTaken, match="ahead until 12:02:30"):
        lease.take("log", "next", now=NOW)


def test_renewing_keeps_it() -> None:
    lease.take("log", "a", now=NOW)
    assert lease.renew("log", "a", now=NOW + timedelta(seconds=80))
    with pytest.raises(LeaseTaken):
        lease.take("log", "b", now=NOW + timedelta(seconds=120))


def work(step: Callable[[Callable[[], None]], None]) -> None:
    with lease.held("log") as check:
        step(check)


def test_held_lets_go_at_the_end_whatever_happens() -> None:
    def break_down(check: Callable[[], None]) -> None:
        check()
        assert Lease.objects.filter(name="log").exists()
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        work(break_down)
    assert not Lease.objects.exists()


def test_work_whose_lease_was_taken_over_stops_and_leaves_it_alone() -> None:
    def go_on(check: Callable[[], None]) -> None:
        Lease.objects.update(holder="another")
        check()

    with pytest.raises(LeaseLost):
        work(go_on)
    assert Lease.objects.get().holder == "another"


def test_it_is_renewed_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    renewed = threading.Event()

    def renew(name: str, holder: str, *, now: datetime) -> bool:
        renewed.set()
        return True

    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.01)
    monkeypatch.setattr(lease, "renew", renew)
    work(lambda check: assert_set(renewed))


def assert_set(flag: threading.Event) -> None:
    assert flag.wait(5)
