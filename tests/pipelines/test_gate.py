"""A training's version goes live by itself as the first, or where the gate lets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings

from events.importing import import_events
from pipelines import training
from recommenders import jobs
from recommenders.models import Promotion, Recommender, Training
from recommenders.services import register
from serving import plans
from tests.installation import NOW

pytestmark = pytest.mark.django_db(transaction=True)

Row = tuple[str, str, datetime]
ASKED = 40
"""Users who do one thing after the first training: they meet `hit`."""


@pytest.fixture(autouse=True)
def nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: None)


def before() -> Iterator[Row]:
    """Long ago 50 people met `hit`; of late 20 met twenty misses each, and 40 met `own`."""
    for n in range(50):
        yield f"h{n}", "hit", NOW - timedelta(days=30, seconds=-n)
    for n in range(400):
        yield f"m{n % 20}", f"miss-{n // 20}", NOW - timedelta(days=1, hours=2, seconds=-n)
    for n in range(ASKED):
        yield f"u{n}", "own", NOW - timedelta(days=1, hours=1, seconds=-n)


def after(users: int = ASKED) -> Iterator[Row]:
    for n in range(users):
        yield f"u{n}", "hit", NOW - timedelta(hours=1, seconds=-n)


def happen(rows: Iterator[Row], folder: Path) -> None:
    lines = [f"{user},{item},view,{at.isoformat()}" for user, item, at in rows]
    file = folder / f"{len(lines)}.csv"
    file.write_text("\n".join(["user,item,type,at", *lines]))
    import_events(file, log_dir=settings.LOG_DIR, journal_dir=settings.JOURNAL_DIR, now=NOW)


def train(recommender: Recommender, **how: Any) -> Training:
    recommender.training_settings = how
    recommender.save()
    claimed = jobs.claim(jobs.request_training(recommender).pk, now=NOW)
    assert claimed is not None
    training.run(claimed)
    recommender.refresh_from_db()
    return claimed


@pytest.fixture
def popular(tmp_path: Path) -> Recommender:
    """Trained once, before anybody of the forty met `hit`."""
    made = register(key="popular", algorithm="popularity", config={})
    happen(before(), tmp_path)
    train(made)
    return made


def live(recommender: Recommender) -> str:
    assert recommender.live is not None
    assert plans.current().recommenders[recommender.key].version == recommender.live.name
    return recommender.live.name


def test_the_first_version_goes_live_by_itself(popular: Recommender) -> None:
    assert live(popular) == "popular@1"
    assert popular.live is not None
    assert popular.live.verdict is None
    [done] = Promotion.objects.all()
    assert (done.version, done.kind, done.by) == (popular.live, "first", "training")


def test_one_that_is_as_good_goes_live(popular: Recommender, tmp_path: Path) -> None:
    happen(after(), tmp_path)
    training = train(popular)

    assert live(popular) == "popular@2"
    assert training.message == "Made popular@2."
    assert popular.live is not None
    verdict = popular.live.verdict
    assert verdict is not None
    assert (verdict.against, verdict.measure, verdict.users) == ("popular@1", "ndcg@10", ASKED)
    assert (verdict.live, verdict.candidate, verdict.passed) == (1.0, 1.0, True)
    assert verdict.loss == pytest.approx(0.0, abs=1e-9)
    assert [done.kind for done in Promotion.objects.all()] == ["first", "gate"]


def test_one_that_is_worse_stays_a_candidate(popular: Recommender, tmp_path: Path) -> None:
    """It has forgotten the hit: of the last two days it knows `own` and ten misses and more."""
    happen(after(), tmp_path)
    training = train(popular, window_days=2)

    assert live(popular) == "popular@1"
    assert training.message == "Made popular@2, which stays a candidate."
    assert training.version is not None
    verdict = training.version.verdict
    assert verdict is not None
    assert (verdict.users, verdict.live, verdict.candidate) == (ASKED, 1.0, 0.0)
    assert not verdict.passed
    assert verdict.loss == pytest.approx(1.0)
    assert training.version.metrics["users"] == ASKED
    assert training.version.metrics["ndcg@10"] == 0.0
    assert Promotion.objects.count() == 1


def test_a_wider_bound_lets_more_be_lost_but_never_all(
    popular: Recommender, tmp_path: Path
) -> None:
    happen(after(), tmp_path)
    train(popular, window_days=2, bound=0.5)

    assert live(popular) == "popular@1"


@pytest.mark.parametrize("users", [0, 29])
def test_too_few_users_judge_nothing(popular: Recommender, tmp_path: Path, users: int) -> None:
    if users:
        happen(after(users), tmp_path)
    training = train(popular)

    assert live(popular) == "popular@1"
    assert training.version is not None
    verdict = training.version.verdict
    assert verdict is not None
    assert (verdict.users, verdict.needed, verdict.reason) == (users, 30, "too_few_users")
    assert (verdict.passed, verdict.live, verdict.loss) == (False, None, None)


def test_by_hand_only_means_so(popular: Recommender, tmp_path: Path) -> None:
    happen(after(), tmp_path)
    training = train(popular, promote="hand")

    assert live(popular) == "popular@1"
    assert training.version is not None
    assert training.version.verdict is not None
    assert training.version.verdict.passed


def test_a_live_version_whose_files_are_gone_is_compared_with_nothing(
    popular: Recommender, tmp_path: Path
) -> None:
    happen(after(), tmp_path)
    assert popular.live is not None
    (settings.MODELS_DIR / popular.live.folder).rename(tmp_path / "gone")

    training = train(popular)

    assert live(popular) == "popular@1"
    assert training.version is not None
    assert training.version.verdict is not None
    assert training.version.verdict.reason == "live_unusable"
