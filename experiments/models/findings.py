"""What was computed from the log, with what produced it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from experiments.models.comparisons import Experiment
from experiments.models.places import Placement


class Audit(models.Model):
    """An A/A audit of the log: asked for, under way, or done. The row is the truth."""

    MAX_ATTEMPTS = 2

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    ACTIVE = (Status.QUEUED, Status.RUNNING)

    days = models.PositiveSmallIntegerField()
    splits = models.PositiveIntegerField()
    method = models.CharField(max_length=16)
    lookback_days = models.PositiveSmallIntegerField(default=0)
    metrics = models.JSONField(default=list, help_text="Keys; empty for all that can be chosen.")
    seed = models.PositiveBigIntegerField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=255, blank=True)
    error = models.TextField(blank=True, help_text="Why there is no report, for people.")
    report = models.JSONField(null=True, help_text="An experiments.metrics.auditing.AuditReport.")
    log_versions = models.JSONField(default=dict, help_text="The Delta versions that were read.")
    code_version = models.CharField(max_length=32, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["status"],
                condition=models.Q(status__in=["queued", "running"]),
                name="one_audit_waits_and_one_runs",
            )
        ]

    def __str__(self) -> str:
        return f"audit {self.pk}"

    def is_active(self) -> bool:
        return self.status in self.ACTIVE


class Snapshot(models.Model):
    """A stored scorecard, with what produced it."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="snapshots")
    phase = models.PositiveIntegerField()
    as_of = models.DateTimeField()
    settings = models.JSONField(
        help_text="The experiments.metrics.ScorecardSpec that was analysed."
    )
    previous = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The look before, whose p it was handed.",
    )
    scorecard = models.JSONField()
    log_versions = models.JSONField(help_text="The Delta versions that were read.")
    log_until = models.DateTimeField(
        null=True, help_text="The log held everything up to then; what came later still waited."
    )
    code_version = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=16, blank=True, help_text="What its decision says.")
    users = models.PositiveBigIntegerField(null=True, help_text="Of all variants together.")
    lift = models.FloatField(
        null=True, help_text="Relative, of its headline; null where nothing is judged."
    )

    class Meta:
        ordering = ["-id"]
        # What lists sort by is read from the index: a row holds a whole scorecard.
        indexes = [
            models.Index(
                fields=["experiment", "-id", "state", "users", "lift"], name="newest_snapshot"
            )
        ]

    def __str__(self) -> str:
        return f"snapshot {self.pk} of {self.experiment.key}"


class PlacementBaseline(models.Model):
    """The newest count of what users of a placement did, for pages to plan with."""

    placement = models.OneToOneField(Placement, on_delete=models.CASCADE, related_name="baseline")
    body = models.JSONField(null=True, help_text="An experiments.metrics.forecasts.Baseline.")
    problem = models.TextField(blank=True, help_text="Why the last count found nothing.")
    asked_at = models.DateTimeField(null=True, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"baseline of {self.placement_id}"

    @property
    def is_awaited(self) -> bool:
        """Whether a count was asked for that nobody has made yet."""
        asked, counted = self.asked_at, self.counted_at
        return asked is not None and (counted is None or counted < asked)
