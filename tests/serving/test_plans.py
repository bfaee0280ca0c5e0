from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.db import DatabaseError, transaction
from pytest_django import Settings

from experiments.assignment import EMPTY
from serving import keys, old_plans, plans
from serving.models import PublishedPlan
from serving.routing import RouteRequest, route
from tests.acting import start_experiment, stop_experiment
from tests.installation import NOW, home_experiment

pytestmark = pytest.mark.django_db(transaction=True)


def test_before_anything_is_published_the_plan_is_empty() -> None:
    assert plans.current() == EMPTY


def test_starting_publishes_everything_that_routing_needs(tmp_path: Path) -> None:
    experiment = home_experiment(tmp_path / "models", traffic="0.5")

    start_experiment(experiment, now=NOW)

    plan = plans.current()
    assert plan.version == PublishedPlan.objects.latest().pk
    assert plan.placements["home"].default_recommender == "popular"
    [planned] = plan.experiments
    assert (planned.key, planned.phase) == ("home-ctr", 1)
    [gate] = planned.gates
    assert (gate.layer, gate.unit, gate.slots) == ("home", "user", ((0, 5000),))
    assert [(v.key, v.ranges) for v in planned.variants] == [
        ("popular", ((0, 5000),)),
        ("item-knn", ((5000, 10000),)),
    ]
    assert plan.recommenders["item-knn"].version == "item-knn@1"
    assert plan.recommenders["popular"].popular[0] == ("a-item-0", 10)


def test_a_plan_from_before_gates_is_built_anew_by_the_clock(tmp_path: Path) -> None:
    start_experiment(home_experiment(tmp_path / "models"), now=NOW)
    row = PublishedPlan.objects.latest()
    for experiment in row.body["experiments"]:
        [gate] = experiment.pop("gates")
        experiment |= {"layer_seed": gate["seed"], "slots": gate["slots"]}
    row.save()

    plans.announce()

    assert plans.current().version == row.pk + 1
    assert [len(experiment.gates) for experiment in plans.current().experiments] == [1]


def test_a_stopped_experiment_is_in_no_plan(tmp_path: Path) -> None:
    experiment = home_experiment(tmp_path / "models")
    start_experiment(experiment, now=NOW)

    stop_experiment(experiment, now=NOW)

    assert plans.current().experiments == ()


@pytest.mark.parametrize("as_client_replies", [bytes, bytes.decode])
def test_another_process_sees_a_newer_version_in_valkey_alone_and_takes_it(
    tmp_path: Path,
    settings: Settings,
    fresh_process: redis.Redis,
    as_client_replies: Callable[[bytes], object],
) -> None:
    other = plans.Holder()
    other.hold(plans.current())
    start_experiment(home_experiment(tmp_path / "models"), now=NOW)
    settings.PLAN_MIRROR.unlink()

    announced = fresh_process.get(plans.VERSION_KEY)

    assert isinstance(announced, bytes)
    taken = other.seen(as_client_replies(announced))
    assert taken.version == int(announced) == PublishedPlan.objects.latest().pk
    assert [experiment.key for experiment in taken.experiments] == ["home-ctr"]


def test_the_next_slate_of_another_host_is_by_the_newer_plan(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = start_experiment(home_experiment(tmp_path / "models"), now=NOW)
    other = plans.Holder()
    other.current()
    stop_experiment(experiment, now=NOW)
    settings.PLAN_MIRROR = tmp_path / "another-host" / "plan.json"
    monkeypatch.setattr(plans, "holder", other)
    monkeypatch.setattr(plans, "current", other.current)

    slate = route(RouteRequest(user="u1", placement="home"), now=NOW)

    assert (slate.plan_version, slate.experiment) == (PublishedPlan.objects.latest().pk, None)


def test_a_process_starts_and_routes_with_the_database_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_experiment(home_experiment(tmp_path / "models"), now=NOW)
    published = plans.current()

    def down(*args: object) -> None:
        raise DatabaseError("the database is away")

    monkeypatch.setattr(PublishedPlan.objects, "order_by", down)

    assert plans.Holder().current() == published


def test_without_valkey_the_mirror_brings_the_newer_plan(
    tmp_path: Path, settings: Settings
) -> None:
    other = plans.Holder()
    other.hold(plans.current())

    start_experiment(home_experiment(tmp_path / "models"), now=NOW)

    assert other.seen(None).version == PublishedPlan.objects.latest().pk


def test_a_key_opens_every_process_as_soon_as_it_is_made() -> None:
    plans.current()
    other = plans.Holder()
    other.hold(plans.current())
    before = plans.holder

    _, secret = keys.create_key("shop")
    plans.holder = other  # as a process that has not heard of it yet
    try:
        assert keys.authenticate(secret) is not None
    finally:
        plans.holder = before


def test_a_key_opens_until_it_is_revoked() -> None:
    key, secret = keys.create_key("shop")

    planned = keys.authenticate(secret)
    assert planned is not None
    assert planned.name == "shop"
    assert secret not in str(PublishedPlan.objects.latest().body)

    keys.revoke_key(key, now=NOW)
    assert keys.authenticate(secret) is None


def test_a_plan_whose_announcement_was_lost_is_announced_by_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, secret = keys.create_key("shop")
    other = plans.Holder()
    other.hold(plans.current())
    with monkeypatch.context() as patch:  # killed between the commit and the announcement
        patch.setattr(plans, "announce", lambda: None)
        keys.revoke_key(key, now=NOW)
    assert keys.digest(secret) in other.refreshed().keys

    plans.announce()

    assert keys.digest(secret) not in other.refreshed().keys


def test_a_read_that_failed_a_moment_ago_does_not_silence_the_announcement(
    fresh_process: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*args: object) -> None:
        raise redis.TimeoutError("late")

    with monkeypatch.context() as patch:
        patch.setattr(redis.Redis, "get", late)
        plans.holder.refreshed()

    keys.create_key("shop")

    assert fresh_process.get(plans.VERSION_KEY) == str(PublishedPlan.objects.latest().pk).encode()


def test_an_announcement_that_comes_late_does_not_take_back_a_newer_one(
    fresh_process: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.create_key("shop")
    older = plans.current()
    keys.create_key("app")
    newer = fresh_process.get(plans.VERSION_KEY)

    monkeypatch.setattr(plans, "_newest", lambda: older)  # read before the other was committed
    plans.announce()

    assert fresh_process.get(plans.VERSION_KEY) == newer
    assert newer == str(older.version + 1).encode()


def test_a_failed_change_publishes_nothing() -> None:
    with transaction.atomic():
        keys.create_key("shop")
        transaction.set_rollback(True)

    assert not PublishedPlan.objects.exists()
    assert plans.current() == EMPTY


@pytest.mark.parametrize("reply", [b"\xff", b"many", b""])
def test_nonsense_in_valkey_is_no_announcement(fresh_process: redis.Redis, reply: bytes) -> None:
    keys.create_key("shop")
    fresh_process.set(plans.VERSION_KEY, reply)

    assert plans.holder.refreshed().version == PublishedPlan.objects.latest().pk


def test_plans_go_with_the_days_of_the_log_that_name_them(tmp_path: Path) -> None:
    for _ in range(5):
        plans.publish()
    first, *_, newest = PublishedPlan.objects.order_by("pk")
    for row in PublishedPlan.objects.order_by("pk"):
        age = timedelta(days=10 * (newest.pk - row.pk))
        PublishedPlan.objects.filter(pk=row.pk).update(published_at=NOW - age)

    # 15 days ago the plan of 20 days was in force; the very first is what publishers wait for.
    assert old_plans.prune(NOW - timedelta(days=15)) == 1

    ages = [(newest.pk - row.pk) * 10 for row in PublishedPlan.objects.order_by("pk")]
    assert ages == [40, 20, 10, 0]
    assert PublishedPlan.objects.order_by("pk")[0] == first
    plans.publish()
    assert PublishedPlan.objects.latest().pk == newest.pk + 1
