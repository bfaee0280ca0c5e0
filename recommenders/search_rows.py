"""Searches of hyper-parameters, as rows: the job, and each trial that is over."""

from __future__ import annotations

from django.db import models

from recommenders.job_rows import Job


class Search(Job):
    """A job that tries settings of a recommender.

    An attempt after a worker that died goes on after the trials that are over.
    """

    MAX_ATTEMPTS = 3

    recommender = models.ForeignKey(
        "recommenders.Recommender", on_delete=models.CASCADE, related_name="searches"
    )
    sampler = models.CharField(max_length=16)
    planned = models.PositiveSmallIntegerField(help_text="How many trials were asked for.")
    folds = models.PositiveSmallIntegerField()
    protocol = models.JSONField(help_text="A recommenders.evaluation.Protocol.")
    measure = models.CharField(max_length=32)
    k = models.PositiveSmallIntegerField()
    outcome = models.JSONField(
        null=True,
        blank=True,
        help_text="Own settings and the best, once, on what was held out of the whole search.",
    )
    by = models.CharField(max_length=160)

    class Meta(Job.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"search {self.pk} of {self.recommender.key}"


class Trial(models.Model):
    """One try of a search that is over; number 0 is the recommender's own settings."""

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveSmallIntegerField()
    settings = models.JSONField(default=dict)
    folds = models.JSONField(default=list, help_text="The figure of each fold that was seen.")
    state = models.CharField(max_length=16)
    value = models.FloatField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["search", "number"], name="one_number_per_trial")
        ]

    def __str__(self) -> str:
        return f"trial {self.number} of {self.search}"
