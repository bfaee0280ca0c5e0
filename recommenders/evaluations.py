"""Keeping and finding what was measured of recommenders."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.db import transaction

from recommenders.dataset import Dataset
from recommenders.evaluation import Difference, Protocol
from recommenders.evaluation.report import Row
from recommenders.exceptions import DatasetError
from recommenders.models import Evaluation, Recommender


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one recommender scored."""

    recommender: Recommender
    users: int
    rows: Sequence[Row]
    differences: dict[str, Difference] = field(default_factory=dict)


def keep(
    found: Sequence[Found],
    data: Dataset,
    *,
    baseline: str,
    protocol: Protocol,
    k: int,
    confidence: float,
    now: datetime,
) -> list[Evaluation]:
    """Stores a run, in the order given; differences are to what is named `baseline`."""
    if data.first_at is None or data.last_at is None:
        raise DatasetError("The data has no times, so its window cannot be told.")
    run = uuid.uuid4()
    rows = [
        Evaluation(
            run=run,
            place=place,
            baseline=baseline,
            recommender=one.recommender,
            version=one.recommender.live,
            config=one.recommender.config,
            protocol=protocol.values(),
            k=k,
            confidence=confidence,
            users=one.users,
            interactions=data.n_interactions,
            data_from=data.first_at,
            data_until=data.last_at,
            measures={row.name: asdict(row.interval) for row in one.rows},
            differences={name: asdict(each) for name, each in one.differences.items()},
            at=now,
        )
        for place, one in enumerate(found)
    ]
    with transaction.atomic():
        return Evaluation.objects.bulk_create(rows)


def runs_of(versions: Collection[int], most: int = 3) -> list[list[Evaluation]]:
    """The newest runs that measured any of these versions, each whole and in its order."""
    newest: dict[uuid.UUID, None] = {}
    asked = Evaluation.objects.filter(version__in=versions).order_by("-at", "-pk")
    for run in asked.values_list("run", flat=True):
        newest.setdefault(run)
        if len(newest) == most:
            break
    rows = Evaluation.objects.filter(run__in=list(newest)).select_related(
        "recommender", "version__recommender"
    )
    return [sorted((r for r in rows if r.run == run), key=lambda r: r.place) for run in newest]
