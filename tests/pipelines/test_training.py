from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import redis
from celery import current_app
from django.conf import settings
from pytest_django import Settings

from events.importing import import_events
from experiments.checks import VariantSpec
from experiments.measurement import Measurement
from pipelines import child, learning, slates, training
from recommenders import artefacts, jobs
from recommenders.algorithms import conv_ctr, load
from recommenders.algorithms.base import Progress
from recommenders.exceptions import EmptyDatasetError
from recommenders.models import Item, Recommender, Training
from recommenders.services import register
from serving import plans
from serving.slates import decode, key
from tests.acting import create_experiment, create_placement, start_experiment
from tests.installation import NOW, behaviour

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[object]]]:
    """What Celery was asked to do."""
    asked: list[tuple[str, list[object]]] = []

    def send_task(name: str, *, args: list[object], **options: object) -> None:
        asked.append((name, args))

    monkeypatch.setattr(current_app, "send_task", send_task)
    return asked


@pytest.fixture
def past(tmp_path: Path) -> None:
    file = tmp_path / "past.csv"
    behaviour().assign(at=behaviour()["at"].map(lambda at: at.isoformat())).to_csv(
        file, index=False
    )
    import_events(file, log_dir=settings.LOG_DIR, journal_dir=settings.JOURNAL_DIR, now=NOW)


@pytest.fixture
def knn() -> Recommender:
    return register(key="item-knn", algorithm="item_knn", config={})


def train(recommender: Recommender) -> None:
    claimed = jobs.claim(jobs.request_training(recommender).pk, now=NOW)
    assert claimed is not None
    training.run(claimed)
    recommender.refresh_from_db()


def test_a_training_makes_a_version_and_the_first_goes_live(
    past: None, knn: Recommender, told: list[tuple[str, list[object]]]
) -> None:
    train(knn)

    version = knn.live
    assert version is not None
    assert version.name == "item-knn@1"
    assert (version.interactions, version.users, version.items) == (78, 18, 12)
    assert {"users", "ndcg@10", "hit_rate@10", "coverage@10"} <= set(version.metrics)
    assert version.popular[0] == ["a-item-0", 10]
    assert plans.current().recommenders["item-knn"].version == "item-knn@1"
    assert told[-1] == ("pipelines.materialise_slates", ["item-knn"])

    train(knn)

    assert knn.live == version
    assert [one.name for one in knn.versions.all()] == ["item-knn@2", "item-knn@1"]
    asked = [name for name, _ in told]
    assert asked.count("pipelines.materialise_slates") == 1


def test_ratings_of_the_log_are_learned(tmp_path: Path, knn: Recommender) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text(
        "user,item,type,at,value\n"
        "u,a,rating,2025-01-01T00:00:00Z,4\n"
        "u,b,purchase,2025-01-01T00:00:01Z,19.9\n"
        "v,a,click,2025-01-01T00:00:02Z,\n"
        "v,b,rating,2025-01-01T00:00:03Z,2\n"
        "v,c,rating,2025-01-01T00:00:04Z,6\n"
    )
    knn.training_settings = {"highest_rating": 5}
    import_events(file, log_dir=settings.LOG_DIR, journal_dir=settings.JOURNAL_DIR, now=NOW)

    data, provenance = learning.learn(knn, now=NOW)

    assert provenance.cleaned is not None
    assert (provenance.cleaned.rows, provenance.cleaned.kept) == (5, 4)
    assert provenance.cleaned.dropped["value_out_of_range"] == 1
    assert data.ratings is not None
    np.testing.assert_array_equal(data.ratings, [4.0, np.nan, np.nan, 2.0])


def test_the_catalogue_is_learned_from_and_bounds_what_is(past: None, knn: Recommender) -> None:
    Item.objects.create(key="a-item-0", title="First", categories=["x"], attributes={"year": 1999})
    Item.objects.create(key="new", title="Nobody met it")

    data, provenance = learning.learn(knn, now=NOW)

    assert data.catalogue is not None
    assert data.catalogue.to_dict("list") == {
        "title": ["First", "Nobody met it"],
        "categories": [["x"], []],
        "attributes": [{"year": 1999}, {}],
    }
    assert provenance.cleaned is not None
    assert provenance.cleaned.dropped["unknown_item"] == 68
    assert (data.n_interactions, data.n_items) == (10, 2)

    knn.training_settings = {"only_catalogue": False}
    assert learning.learn(knn, now=NOW)[0].n_interactions == 78


def test_a_window_without_behaviour_is_no_training(past: None, knn: Recommender) -> None:
    knn.training_settings = {"window_days": 1}

    assert learning.learn(knn, now=NOW - timedelta(hours=12))[0].n_interactions == 78
    with pytest.raises(EmptyDatasetError, match=r"in the last day of the log$"):
        learning.learn(knn, now=NOW + timedelta(days=2))


def test_what_cleaning_took_is_said_where_nothing_is_left(past: None, knn: Recommender) -> None:
    Item.objects.create(key="other", title="Other")

    with pytest.raises(EmptyDatasetError, match=r"left out all there was \(78 by unknown_item\)"):
        learning.learn(knn, now=NOW)


def test_an_arm_of_a_running_experiment_learns_by_its_rule(past: None, knn: Recommender) -> None:
    train(knn)
    popular = register(key="popular", algorithm="popularity", config={})
    train(popular)
    home = create_placement(key="home", name="Home", default_recommender=popular)
    half = Decimal("0.5")
    experiment = create_experiment(
        name="Home CTR",
        placement=home,
        variants=[VariantSpec(recommender=one, weight=half) for one in (popular, knn)],
        measurement=Measurement(goals=("ctr",), training_data="shared"),
    )
    start_experiment(experiment, now=NOW)

    train(knn)

    newest = knn.versions.get(number=2)
    [share] = newest.provenance.experiments
    assert (share.experiment, share.policy, share.variants) == ("home-ctr", "shared", ("item-knn",))
    assert newest.provenance.shared == ("home-ctr",)


def test_the_artefact_is_what_its_checksum_says(past: None, knn: Recommender) -> None:
    train(knn)

    assert knn.live is not None
    folder = settings.MODELS_DIR / knn.live.folder
    assert artefacts.measure(folder) == (knn.live.checksum, knn.live.size_bytes)
    ids, _ = load(folder).recommend(["new"], 3, histories=[["a-item-0"]])
    assert list(ids[0]) == ["a-item-1", "a-item-2", "a-item-3"]


def test_slates_are_made_for_the_active_users(
    past: None, knn: Recommender, fresh_process: redis.Redis
) -> None:
    train(knn)

    assert slates.materialise("item-knn") == 18

    reply = fresh_process.get(key("item-knn", "a1"))
    assert isinstance(reply, bytes)
    stored = decode(reply)
    assert stored is not None
    assert stored.version == "item-knn@1"
    assert [item for item, _, _ in stored.items] == ["a-item-2", "a-item-3", "a-item-4", "a-item-5"]


def test_nothing_is_made_before_a_first_version(past: None, knn: Recommender) -> None:
    assert slates.materialise("item-knn") == 0


def test_slates_that_valkey_lost_are_asked_for_again(
    past: None, knn: Recommender, fresh_process: redis.Redis, told: list[tuple[str, list[object]]]
) -> None:
    train(knn)
    create_placement(key="home", name="Home", default_recommender=knn)
    plans.publish()
    slates.materialise("item-knn")
    assert slates.refresh(plans.current()) == []

    fresh_process.flushall()

    assert slates.refresh(plans.current()) == ["item-knn"]
    assert told[-1] == ("pipelines.materialise_slates", ["item-knn"])


class Stopped(Exception):
    """Enough of a fit was seen."""


def test_a_network_is_trained_with_its_seed_and_its_curve_is_kept(
    past: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []

    def stop(*args: object, seed: int, progress: Progress, **options: object) -> None:
        seeds.append(seed)
        progress(0.5, "Epoch 1 of 2", {"epoch": 1.0, "loss": 0.75})
        raise Stopped

    monkeypatch.setattr(conv_ctr, "network", SimpleNamespace(train=stop), raising=False)

    with pytest.raises(Stopped):
        train(register(key="deep", algorithm="conv_ctr", config={"seed": 7}))

    assert seeds == [7]
    job = Training.objects.get()
    assert job.curve == [{"epoch": 1.0, "loss": 0.75}]
    [file] = (settings.TENSORBOARD_DIR / f"deep/{job.pk}-1").iterdir()
    assert file.read_bytes().count(b"loss") == 1
    assert b"epoch" not in file.read_bytes()


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes of trainings, which take 64 MiB and sleep in place of working."""
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen
    work = "import time; held = b'x' * 2**26; time.sleep(600)"

    def start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        started.append(popen([sys.executable, "-c", work], **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(child, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(child, "POLL_SECONDS", 0.05)
    return started


def test_a_cancelled_training_stops_its_process_and_is_no_failure(
    knn: Recommender, asleep: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.request_training(knn)
    renew = jobs.renew

    def cancelled_meanwhile(training: Training, *, now: datetime) -> bool:
        jobs.cancel(job, now=NOW)
        return renew(training, now=now)

    monkeypatch.setattr(jobs, "renew", cancelled_meanwhile)

    training.attempt(job.pk)

    job.refresh_from_db()
    assert (job.status, job.attempts, job.error) == ("cancelled", 1, "")
    assert [process.poll() for process in asleep] == [-9]


@pytest.mark.parametrize(
    ("limit", "error"),
    [
        (
            {"TRAIN_SECONDS": 0.6},
            "It took longer than the 0.01 minutes that a training may take (WINNOW_TRAIN_MINUTES), "
            "so it was ended.",
        ),
        (
            {"TRAIN_MEMORY_BYTES": 2**25},
            "more than the 32 MiB that a training may use (WINNOW_TRAIN_MEMORY_MB), "
            "so it was ended.",
        ),
    ],
)
def test_a_training_that_meets_a_limit_is_ended_for_good(
    knn: Recommender,
    asleep: list[subprocess.Popen[bytes]],
    settings: Settings,
    limit: dict[str, float],
    error: str,
) -> None:
    for name, value in limit.items():
        setattr(settings, name, value)
    job = jobs.request_training(knn)

    training.attempt(job.pk)

    job.refresh_from_db()
    assert (job.status, job.attempts) == ("failed", 1)
    assert job.error.endswith(error)
    assert job.message == "Stopped: another attempt would end alike."
    assert [process.poll() for process in asleep] == [-9]
    assert not knn.versions.exists()


def test_a_training_within_its_limits_goes_on(asleep: list[subprocess.Popen[bytes]]) -> None:
    beats: list[bool] = []

    def twenty() -> bool:
        beats.append(True)
        return len(beats) < 20

    limits = child.Limits(seconds=3600, memory_bytes=2**30)
    with tempfile.TemporaryFile() as errors:
        code = child.run("train_job", 1, errors, renew=twenty, limits=limits)

    assert (code, len(beats)) == (-15, 20)
    assert [process.poll() for process in asleep] == [-9]


def test_memory_is_what_the_process_really_holds() -> None:
    work = "import sys; held = b'x' * 2**27; print(1, flush=True); sys.stdin.read()"
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", work], **options) as process:
        assert process.stdout is not None
        process.stdout.readline()
        used = child.resident(process.pid)
        process.kill()

    assert used is not None
    assert 2**27 < used < 2**28
    assert child.resident(process.pid) is None
