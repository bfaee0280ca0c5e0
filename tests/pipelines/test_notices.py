"""From a move of an experiment to the receiver of a webhook."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from celery import current_app
from django.conf import settings

from notices import services
from notices.kinds import Kind
from notices.models import Delivery
from notices.telling import TASK
from pipelines import tasks
from tests.acting import TESTER, start_experiment
from tests.installation import NOW, home_experiment
from tests.notices.receiver import receiving

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_start_is_told_by_a_worker_even_if_nobody_rang(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no broker here, as when Valkey is away."""
    draft = home_experiment(tmp_path / "models")
    with receiving(503) as receiver:
        services.add_webhook(url=receiver.url, kinds=[Kind.STARTED], now=NOW, actor=TESTER)
        start_experiment(draft, now=NOW)
        assert "The broker did not take the notices" in caplog.text

        tasks.deliver_notices()
        Delivery.objects.update(next_try_at=NOW)
        tasks.deliver_notices()

    assert len(receiver.got) == 2
    notice = msgspec.json.decode(receiver.got[1][1])
    assert (notice["type"], notice["data"]["by"]) == ("experiment.started", "tester")
    assert Delivery.objects.get().status == "delivered"


def test_the_clock_asks_for_it_and_the_queue_serve_does_it() -> None:
    assert settings.CELERY_BEAT_SCHEDULE[TASK]["schedule"] == timedelta(seconds=15)
    route = current_app.amqp.router.route({}, TASK)
    assert route["queue"].name == "serve"
