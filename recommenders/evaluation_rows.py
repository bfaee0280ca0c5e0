"""What models scored on held-out behaviour, as rows."""

from __future__ import annotations

from django.db import models


class Evaluation(models.Model):
    """One recommender's figures of a run of `evaluate` on the log.

    The models of a run were fitted anew on the same part of the log, so their figures compare; the
    version is the one that was live, whose settings they are of. Differences are to `baseline`, the
    first of the run, which may be an algorithm that nobody registered.
    """

    run = models.UUIDField(db_index=True)
    place = models.PositiveSmallIntegerField(help_text="Within the run, from 0.")
    baseline = models.CharField(max_length=64)
    recommender = models.ForeignKey(
        "recommenders.Recommender", on_delete=models.CASCADE, related_name="evaluations"
    )
    version = models.ForeignKey(
        "recommenders.ModelVersion",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="evaluations",
    )
    config = models.JSONField(default=dict)
    protocol = models.JSONField(help_text="A recommenders.evaluation.Protocol.")
    k = models.PositiveSmallIntegerField()
    confidence = models.FloatField()
    users = models.PositiveIntegerField(help_text="How many were asked for a slate.")
    interactions = models.PositiveBigIntegerField(help_text="Rows of the log, held out or not.")
    data_from = models.DateTimeField()
    data_until = models.DateTimeField()
    measures = models.JSONField(help_text="By full name: n, value, low, high.")
    differences = models.JSONField(default=dict, help_text="By full name, to the baseline.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "place"]
        constraints = [models.UniqueConstraint(fields=["run", "place"], name="one_place_per_run")]

    def __str__(self) -> str:
        return f"{self.recommender.key} measured {self.at:%Y-%m-%d %H:%M}"
