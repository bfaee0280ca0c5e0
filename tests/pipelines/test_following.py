"""Waiting for a training at a terminal."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.demo import training as demo
from config.demo.exceptions import DemoError
from pipelines import following
from recommenders import jobs
from recommenders.models import Recommender, Training

pytestmark = pytest.mark.django_db

TELLING = "No worker has taken the training of item-knn"


@pytest.fixture(autouse=True)
def _nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    def send_task(*args: object, **options: object) -> None:
        return None

    monkeypatch.setattr(current_app, "send_task", send_task)
    monkeypatch.setattr(following.follow, "__kwdefaults__", {"patience": 0.03, "poll": 0.01})


@pytest.fixture
def knn() -> Recommender:
    return Recommender.objects.create(key="item-knn", algorithm="item_knn")


@pytest.fixture
def fails_after(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets every training fail after so many looks at it."""

    def set_up(looks: int) -> None:
        left = [looks]
        refresh = Training.refresh_from_db

        def look(self: Training, *args: Any, **options: Any) -> None:
            left[0] -= 1
            if left[0] <= 0:
                Training.objects.filter(pk=self.pk).update(
                    status="failed", message="Stopped.", error="No data."
                )
            refresh(self, *args, **options)

        monkeypatch.setattr(Training, "refresh_from_db", look)

    return set_up


def test_without_a_worker_the_command_says_so_once_and_what_to_start(
    knn: Recommender, fails_after: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    fails_after(12)

    with pytest.raises(CommandError, match="No data"):
        call_command("train", "item-knn", stdout=StringIO())

    said = capsys.readouterr().out
    assert said.count(TELLING) == 1
    assert "`manage.py up` starts one." in said


def test_so_does_the_demonstration(
    knn: Recommender, fails_after: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    fails_after(12)

    with pytest.raises(DemoError, match="No data"):
        demo.trained([knn])

    assert capsys.readouterr().out.count(TELLING) == 1


def test_a_job_that_is_worked_on_is_waited_for_in_silence(
    knn: Recommender, fails_after: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    training = jobs.request_training(knn)
    jobs.claim(training.pk, now=timezone.now())
    fails_after(12)

    following.follow(jobs.request_training(knn), title="item-knn")

    assert TELLING not in capsys.readouterr().out


@pytest.mark.parametrize(("lease", "said"), [(30, 0), (-1, 1)])
def test_a_worker_at_another_training_is_somebody_while_it_lives(
    knn: Recommender,
    fails_after: Any,
    capsys: pytest.CaptureFixture[str],
    lease: int,
    said: int,
) -> None:
    other = Recommender.objects.create(key="conv-ctr", algorithm="conv_ctr")
    Training.objects.create(
        recommender=other,
        status="running",
        leased_until=timezone.now() + timedelta(seconds=lease),
    )
    training = jobs.request_training(knn)
    fails_after(12)

    following.follow(training, title="item-knn")

    assert capsys.readouterr().out.count(TELLING) == said
