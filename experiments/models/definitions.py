"""What holds in every analysis: whom it leaves out, and a team's own metrics."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse


class ExclusionRule(models.Model):
    """A rule for bots and staff, for the whole installation: whom every analysis leaves out."""

    class Kind(models.TextChoices):
        SLATES_PER_DAY = "slates_per_day"
        EVENTS_PER_DAY = "events_per_day"
        USERS = "users"
        ATTRIBUTE = "attribute"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    rule = models.JSONField(help_text="An experiments.metrics.exclusions.Exclusion.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind="slates_per_day"),
                name="one_limit_of_slates_per_day",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind="events_per_day"),
                name="one_limit_of_events_per_day",
            ),
        ]

    def __str__(self) -> str:
        return f"rule {self.pk} ({self.kind})"


class MetricDefinition(models.Model):
    """A metric of a team's own. Its key is never used for another, archived or not."""

    key = models.CharField(max_length=64, unique=True)
    definition = models.JSONField(help_text="An experiments.metrics.Metric.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(help_text="When it was last defined otherwise.")
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return reverse("dashboard:metric", args=[self.key])
