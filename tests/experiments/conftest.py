"""A placement with recommenders, trained by hand where a test needs them trained."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from experiments.checks import VariantSpec
from experiments.measurement import Measurement
from experiments.models import Experiment, Placement
from recommenders.models import ModelVersion, Recommender
from tests.acting import create_experiment, create_placement

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

MakeRecommender = Callable[..., Recommender]


@pytest.fixture
def make_recommender() -> MakeRecommender:
    def make(key: str, *, trained: bool = True) -> Recommender:
        recommender = Recommender.objects.create(key=key, algorithm="popularity")
        if trained:
            recommender.live = ModelVersion.objects.create(
                recommender=recommender,
                number=1,
                folder=f"{key}/1",
                checksum="0" * 64,
                size_bytes=1,
                data_from=NOW,
                data_until=NOW,
                interactions=1,
                users=1,
                items=1,
                popular=[["i1", 3], ["i2", 2]],
            )
            recommender.save()
        return recommender

    return make


@pytest.fixture
def home(make_recommender: MakeRecommender) -> Placement:
    return create_placement(
        key="home", name="Home", default_recommender=make_recommender("popular")
    )


@pytest.fixture
def draft(home: Placement, make_recommender: MakeRecommender) -> Experiment:
    return create_experiment(
        name="Home CTR",
        placement=home,
        variants=halves(home.default_recommender, make_recommender("item-knn")),
        measurement=Measurement(goals=("ctr",)),
        traffic=Decimal("0.8"),
    )


def halves(*recommenders: Recommender) -> list[VariantSpec]:
    share = Decimal(1) / len(recommenders)
    return [VariantSpec(recommender=recommender, weight=share) for recommender in recommenders]
