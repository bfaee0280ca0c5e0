"""What the routing of a whole installation rests on: its keys, and the plans that were
published.
"""

from __future__ import annotations

from django.db import models

from people.roles import Role
from serving.access import CLIENT, SERVER


class ApiKey(models.Model):
    """A key of the API. Of a server key only the SHA-256 is kept: it is long and random, so no salt
    or slow hash is needed. A client key lies open in pages and apps, and is kept whole too, as
    `published`.
    """

    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12, help_text="The first characters, to recognise it by.")
    sha256 = models.CharField(max_length=64, unique=True)
    published = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=8, choices=[(SERVER, SERVER), (CLIENT, CLIENT)])
    role = models.CharField(max_length=12, choices=[(role.value, role.value) for role in Role])
    origins = models.JSONField(default=list)
    per_minute = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class PublishedPlan(models.Model):
    """A plan as it was published. Its row number is its version."""

    body = models.JSONField()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        get_latest_by = "id"

    def __str__(self) -> str:
        return f"plan {self.pk}"


class Pulse(models.Model):
    """How routing did over a recent minute, computed from the log."""

    at = models.DateTimeField(unique=True)
    requests_per_minute = models.FloatField()
    p95_ms = models.FloatField(null=True)
    fallback_share = models.FloatField(null=True)
    log_lag_seconds = models.FloatField(null=True)
    fallbacks = models.JSONField(
        default=dict, help_text="By recommender and reason, how many slates another made."
    )

    class Meta:
        ordering = ["-at"]
        get_latest_by = "at"

    def __str__(self) -> str:
        return f"pulse at {self.at:%H:%M:%S}"
