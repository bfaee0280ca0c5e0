"""The rows of recommenders, of their versions and of their trainings, and how each is shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

from django.db.models import QuerySet

from api.management.kinds import Kind
from api.management.recommenders import bodies
from recommenders import models
from recommenders.gate import stage_of
from recommenders.promotions import were_live


def _show(rows: Sequence[models.Recommender]) -> list[bodies.Recommender]:
    return [
        bodies.Recommender(
            key=row.key,
            algorithm=row.algorithm,
            config=row.config,
            live=row.live.name if row.live else None,
            training=row.trained_by,
            created_at=row.created_at,
        )
        for row in rows
    ]


def rows() -> QuerySet[models.Recommender]:
    return models.Recommender.objects.select_related("live__recommender")


RECOMMENDERS = Kind(word="recommender", rows=rows, show=_show)


def versions(key: str) -> Kind[models.ModelVersion]:
    """The model versions of a recommender."""
    recommender = RECOMMENDERS.find(key)

    def found() -> QuerySet[models.ModelVersion]:
        rows = models.ModelVersion.objects.filter(recommender=recommender)
        return rows.select_related("recommender").defer("popular")

    def show(rows: Sequence[models.ModelVersion]) -> list[bodies.ModelVersion]:
        live = models.Recommender.objects.values_list("live_id", flat=True).get(pk=recommender.pk)
        return _show_versions(rows, live, were_live(recommender))

    return Kind(word=f"version of {key},", rows=found, show=show, name="number")


def _show_versions(
    rows: Sequence[models.ModelVersion], live: int | None, were_live: Collection[int]
) -> list[bodies.ModelVersion]:
    return [
        bodies.ModelVersion(
            learned_from=row.provenance,
            gate=row.verdict,
            stage=stage_of(row.pk, live=live, were_live=were_live),
            **{
                field: getattr(row, field)
                for field in bodies.ModelVersion.__struct_fields__
                if field not in ("learned_from", "gate", "stage")
            },
        )
        for row in rows
    ]


def trainings(key: str) -> Kind[models.Training]:
    """The trainings of a recommender."""
    recommender = RECOMMENDERS.find(key)

    def found() -> QuerySet[models.Training]:
        rows = models.Training.objects.filter(recommender=recommender)
        return rows.select_related("version__recommender").defer("curve")

    return Kind(word=f"training of {key},", rows=found, show=_show_trainings, name="pk")


def _show_trainings(rows: Sequence[models.Training]) -> list[bodies.Training]:
    return [
        bodies.Training(
            id=row.pk,
            status=cast(bodies.Status, row.status),
            progress=row.progress,
            message=row.message,
            error=row.error or None,
            version=row.version.name if row.version else None,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )
        for row in rows
    ]
