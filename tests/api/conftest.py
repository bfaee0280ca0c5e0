from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from experiments.models import Experiment
from serving.keys import create_key
from tests.acting import start_experiment
from tests.installation import NOW, home_experiment


@pytest.fixture(autouse=True)
def _as_just_started(fresh_process: object) -> None:
    """Every test here begins as a process does."""


@pytest.fixture
def keyed(client: Client) -> Client:
    """A caller with a key, where nothing runs yet."""
    _, secret = create_key("tests")
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


@pytest.fixture
def running(tmp_path: Path) -> Experiment:
    """The experiment home-ctr of item-knn against popular, on the placement home."""
    return start_experiment(home_experiment(tmp_path / "models"), now=NOW)


@pytest.fixture
def api(running: Experiment, keyed: Client) -> Client:
    """A caller with a key, and a running experiment."""
    return keyed


@pytest.fixture
def as_over_http(client: Client) -> None:
    """Where the server fails, the caller is answered; otherwise a test's client raises."""
    client.raise_request_exception = False
