"""What the rows of all jobs on a recommender have in common."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models


class Job(models.Model):
    """Work for a worker. The row is the truth; Celery only rings the bell."""

    MAX_ATTEMPTS = 2
    LEASE = timedelta(seconds=30)

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=255, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-id"]

    def is_active(self) -> bool:
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)

    def may_start(self, now: datetime) -> bool:
        """Whether an attempt may begin: nobody holds it, and one is left."""
        free = self.status == self.Status.QUEUED or (
            self.status == self.Status.RUNNING
            and self.leased_until is not None
            and self.leased_until < now
        )
        return free and self.attempts < self.MAX_ATTEMPTS
