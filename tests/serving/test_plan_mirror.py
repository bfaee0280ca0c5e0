from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django.test import Client
from pytest_django import Settings

from experiments import moves
from serving import keys, plan_mirror, plans
from serving.lifecycle import routed
from serving.models import PublishedPlan
from tests.acting import TESTER, start_experiment
from tests.installation import NOW, home_experiment

pytestmark = pytest.mark.django_db(transaction=True)


def damage(mirror: Path) -> None:
    mirror.write_bytes(mirror.read_bytes().replace(b'"popular"', b'"popul\xffr"'))


def test_any_byte_that_changed_on_the_disk_makes_it_no_mirror(settings: Settings) -> None:
    keys.create_key("shop")
    sound = settings.PLAN_MIRROR.read_bytes()
    assert plan_mirror.read() == plans.current()

    for at in range(len(sound)):
        for wrong in (0xFF, sound[at] ^ 1):
            settings.PLAN_MIRROR.write_bytes(sound[:at] + bytes([wrong]) + sound[at + 1 :])
            assert plan_mirror.read() is None


def test_a_pause_acts_everywhere_though_the_mirror_is_damaged(
    tmp_path: Path, settings: Settings, fresh_process: redis.Redis
) -> None:
    experiment = start_experiment(home_experiment(tmp_path / "models"), now=NOW)
    damage(settings.PLAN_MIRROR)

    routed(moves.pause, experiment, now=NOW, actor=TESTER)

    paused = PublishedPlan.objects.latest().pk
    assert fresh_process.get(plans.VERSION_KEY) == str(paused).encode()
    assert plan_mirror.read() == plans.current()
    assert plans.current().version == paused


def test_a_pause_over_http_is_answered_though_the_mirror_is_damaged(
    tmp_path: Path, settings: Settings, client: Client
) -> None:
    start_experiment(home_experiment(tmp_path / "models"), now=NOW)
    _, secret = keys.create_key("tests")
    damage(settings.PLAN_MIRROR)

    answer = client.post(
        "/api/v1/experiments/home-ctr/pause",
        {},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )

    assert (answer.status_code, answer.json()["status"]) == (200, "paused")


def test_the_clock_mends_a_damaged_mirror(settings: Settings) -> None:
    keys.create_key("shop")
    sound = settings.PLAN_MIRROR.read_bytes()
    settings.PLAN_MIRROR.write_bytes(sound[:-40])

    plans.announce()

    assert settings.PLAN_MIRROR.read_bytes() == sound


def test_a_mirror_that_is_up_to_date_is_left_alone() -> None:
    keys.create_key("shop")
    before = plan_mirror.stamp()

    plans.announce()

    assert plan_mirror.stamp() == before


def test_a_plan_is_on_the_disk_before_it_takes_the_mirrors_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.create_key("shop")
    before = settings.PLAN_MIRROR.read_bytes()
    synced, fsync = [], os.fsync

    def noted(fd: int) -> None:
        assert settings.PLAN_MIRROR.read_bytes() == before
        fsync(fd)
        synced.append(os.stat(fd).st_ino)

    monkeypatch.setattr(os, "fsync", noted)
    keys.create_key("app")

    assert synced == [settings.PLAN_MIRROR.stat().st_ino]
    assert settings.PLAN_MIRROR.read_bytes() != before


def test_a_mirror_that_cannot_be_replaced_leaves_no_draft(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PLAN_MIRROR.mkdir()

    with caplog.at_level(logging.ERROR, "serving.plan_mirror"):
        keys.create_key("shop")

    assert list(settings.PLAN_MIRROR.parent.glob("plan.json*")) == [settings.PLAN_MIRROR]
    said = f"Plan {plans.current().version} could not be mirrored to {settings.PLAN_MIRROR}: "
    assert [m for m in caplog.messages if m.startswith(said)] != []


def _gone(mirror: Path) -> None:
    mirror.rename(mirror.with_suffix(".old"))


def _a_folder(mirror: Path) -> None:
    _gone(mirror)
    mirror.mkdir()


def _a_circle(mirror: Path) -> None:
    _gone(mirror)
    mirror.symlink_to(mirror.name)


@pytest.mark.parametrize("spoil", [damage, _gone, _a_folder, _a_circle])
def test_requests_are_answered_by_the_newest_plan_whatever_the_mirror_is(
    tmp_path: Path, settings: Settings, client: Client, spoil: Callable[[Path], None]
) -> None:
    start_experiment(home_experiment(tmp_path / "models"), now=NOW)
    _, secret = keys.create_key("tests")
    spoil(settings.PLAN_MIRROR)

    answers = [
        client.post(
            f"/api/v1/{door}",
            {"user": "u1"} | more,
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        for door, more in [("assign", {}), ("assign", {}), ("route", {"placement": "home"})]
    ]

    newest = PublishedPlan.objects.latest().pk
    assert [(a.status_code, a.json()["plan_version"]) for a in answers] == [(200, newest)] * 3


def test_an_unreadable_mirror_is_said_once_and_read_again_when_it_may_be(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = plans.Holder()
    other.hold(plans.current())
    keys.create_key("shop")

    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR, "serving.plan_mirror"):
        patch.setattr(Path, "read_bytes", refused)
        assert [other.seen(None).version for _ in range(3)] == [0, 0, 0]
    assert len(caplog.messages) == 1
    assert "Permission denied" in caplog.messages[0]

    settings.PLAN_MIRROR.chmod(0o640)
    assert other.seen(None).version == PublishedPlan.objects.latest().pk
