"""Small worlds for tests: people, items, and trained recommenders with real artefacts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from experiments.checks import VariantSpec
from experiments.measurement import Measurement
from experiments.models import Experiment, Placement
from recommenders import jobs
from recommenders.algorithms import create
from recommenders.dataset import Dataset
from recommenders.models import Recommender
from recommenders.services import add_version, register
from tests.acting import create_experiment, create_placement

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def behaviour() -> pd.DataFrame:
    """Two tastes, of ten people and of eight: the lower an item's number the more liked.

    78 rows; everyone begins at item 0 and goes on in order.
    """
    rows = [
        (f"{taste}{person}", f"{taste}-item-{item}")
        for item in range(6)
        for taste, people in (("a", 10), ("b", 8))
        for person in range(item, people)
    ]
    times = [NOW - timedelta(days=1, minutes=len(rows) - i) for i in range(len(rows))]
    return pd.DataFrame(rows, columns=["user", "item"]).assign(at=times)


def trained(
    key: str,
    algorithm: str,
    models_dir: Path,
    *,
    past: pd.DataFrame | None = None,
    items: pd.DataFrame | None = None,
    config: Mapping[str, object] = MappingProxyType({}),
) -> Recommender:
    """A recommender with a live version, fitted here instead of by a worker."""
    recommender = register(key=key, algorithm=algorithm, config=config)
    data = Dataset.from_frames(behaviour() if past is None else past, items)
    training = jobs.request_training(recommender)
    claimed = jobs.claim(training.pk, now=NOW)
    assert claimed is not None
    model = create(algorithm, **config).fit(data, seed=1)
    version = add_version(claimed, model, data, metrics={}, models_dir=models_dir)
    jobs.succeed(claimed, version, now=NOW)
    recommender.refresh_from_db()
    return recommender


def home_experiment(models_dir: Path, *, traffic: str = "1") -> Experiment:
    """A draft on `home` of `popular`, the default there, against `item-knn`, half and half."""
    popular = trained("popular", "popularity", models_dir)
    knn = trained("item-knn", "item_knn", models_dir)
    home: Placement = create_placement(key="home", name="Home", default_recommender=popular)
    half = Decimal("0.5")
    return create_experiment(
        name="Home CTR",
        placement=home,
        variants=[VariantSpec(recommender=r, weight=half) for r in (popular, knn)],
        measurement=Measurement(goals=("ctr",)),
        traffic=Decimal(traffic),
    )
