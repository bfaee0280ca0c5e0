"""An import that somebody asked for on a page: its file, its columns, how far it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from django.db import models


class ImportJob(models.Model):
    """A file on its way in. It is checked by a dry run, and then imported: two runs of one job."""

    MAX_ATTEMPTS = 3
    LEASE = timedelta(seconds=120)

    class Kind(models.TextChoices):
        EVENTS = "events"
        ITEMS = "items"

    class Status(models.TextChoices):
        DRAFT = "draft"
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=255, help_text="As whoever brought it calls it.")
    path = models.CharField(max_length=1024)
    uploaded = models.BooleanField(help_text="A copy of ours, deleted when the job is over.")
    size_bytes = models.PositiveBigIntegerField()
    columns = models.JSONField(default=dict, help_text="The column by field.")
    dry_run = models.BooleanField(default=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    progress = models.FloatField(default=0.0)
    accepted = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    reasons = models.JSONField(default=list, help_text="[field, error, rows], the most rows first.")
    examples = models.JSONField(default=list, help_text="The first rejected: [line, field, error].")
    message = models.TextField(blank=True)
    by = models.CharField(max_length=160)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"import {self.pk} of {self.name}"

    @property
    def file(self) -> Path:
        return Path(self.path)

    def is_active(self) -> bool:
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)

    def is_checked(self) -> bool:
        """Whether a dry run of these columns came to its end."""
        return self.dry_run and self.status == self.Status.DONE

    def is_over(self) -> bool:
        """Whether its file is not needed any more."""
        imported = not self.dry_run and self.status == self.Status.DONE
        return imported or self.status == self.Status.CANCELLED

    def may_start(self, now: datetime) -> bool:
        """Whether an attempt may begin: nobody holds it, and one is left."""
        lost = self.leased_until is not None and self.leased_until < now
        free = self.status == self.Status.QUEUED or (self.status == self.Status.RUNNING and lost)
        return free and self.attempts < self.MAX_ATTEMPTS
