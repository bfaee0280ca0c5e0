"""The page of an experiment with much on it: how long the server takes, and what it sends."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from experiments.models import SnapshotSamples
from tests.dashboard import much

ASKED = {
    "decides": "",
    "fixed": "?method=fixed",
    "bayesian": "?method=bayesian",
    "cuped": "?cuped=on",
    "segment": "?segment=platform%3Dios",
}


def measure(*, users: int, days: int, arms: int, rounds: int) -> dict[str, Any]:
    """Of each way to look at the results, the median of some requests."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    experiment = much.much(arms=arms)
    much.analysed(experiment, users=users, days=days)
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("bench", password="bench"))  # noqa: S106
    address = experiment.get_absolute_url()
    return {
        "samples_bytes": len(SnapshotSamples.objects.get().body),
        "page": {name: _one(client, f"{address}{query}", rounds) for name, query in ASKED.items()},
        "card": {
            name: _one(client, f"{address}scorecard/{query}", rounds)
            for name, query in ASKED.items()
        },
    }


def _one(client: Client, address: str, rounds: int) -> dict[str, Any]:
    client.get(address)
    took, cpu = [], []
    for _ in range(rounds):
        begun, begun_cpu = time.perf_counter(), time.process_time()
        answer = client.get(address)
        took.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - begun_cpu)
        assert answer.status_code == 200
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return {
        "median_ms": round(median(took) * 1000, 1),
        "cpu_median_ms": round(median(cpu) * 1000, 1),
        "html_kb": round(len(answer.content) / 1000, 1),
        "queries": len(queries),
    }
