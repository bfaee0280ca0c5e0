"""A snapshot's page, frozen for others to read."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.urls import reverse

from experiments.models.comparisons import Experiment

TOKEN_BYTES = 24


def new_token() -> str:
    """An address that nobody guesses: 192 bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class Report(models.Model):
    """One snapshot's page with the controls as they stood. The row holds all it shows, so neither
    later snapshots nor changes of the experiment alter it.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="reports")
    token = models.CharField(max_length=64, unique=True, default=new_token)
    snapshot = models.PositiveBigIntegerField(help_text="The number of the snapshot it is of.")
    as_of = models.DateTimeField()
    asked = models.JSONField(help_text="What the address of the page asked for.")
    about = models.JSONField(help_text="An experiments.reports.About.")
    scorecard = models.JSONField()
    spec = models.JSONField(help_text="The experiments.metrics.ScorecardSpec analysed.")
    samples = models.BinaryField(
        null=True, help_text="Packed; null where the settings are those that decide."
    )
    without_login = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_by_name = models.CharField(max_length=160)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"report {self.pk} of {self.experiment.key}"

    def get_absolute_url(self) -> str:
        return reverse("dashboard:report", args=[self.token])
