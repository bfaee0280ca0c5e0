"""Where recommendations are shown, what is compared there, and what was found."""

from __future__ import annotations

import secrets
from decimal import Decimal

import msgspec
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse

from experiments.measurement import Measurement

KEY = RegexValidator(
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "Use lower-case letters, digits and single hyphens."
)


def new_seed() -> str:
    """A random, immutable key. A name or a row number would repeat between installations."""
    return secrets.token_hex(8)


class Layer(models.Model):
    """Mutually exclusive experiments that share one split of the users."""

    key = models.CharField(max_length=64, unique=True, validators=[KEY])
    seed = models.CharField(max_length=32, default=new_seed, editable=False)

    def __str__(self) -> str:
        return self.key


class Placement(models.Model):
    """A place in the product that shows recommendations."""

    key = models.CharField(max_length=64, unique=True, validators=[KEY])
    name = models.CharField(max_length=120)
    layer = models.ForeignKey(Layer, on_delete=models.PROTECT, related_name="placements")
    default_recommender = models.ForeignKey(
        "recommenders.Recommender", on_delete=models.PROTECT, related_name="placements"
    )

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key


class Experiment(models.Model):
    """A comparison of recommenders on a placement."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        RUNNING = "running"
        STOPPED = "stopped"

    key = models.CharField(max_length=64, unique=True, validators=[KEY])
    name = models.CharField(max_length=120)
    hypothesis = models.TextField(blank=True)
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="experiments")
    layer = models.ForeignKey(Layer, on_delete=models.PROTECT, related_name="experiments")
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    traffic = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal(1))],
        help_text="Share of the layer's users, 0.01 to 1.",
    )
    slots = models.JSONField(
        default=list,
        help_text="Half-open ranges [low, high) of the layer's buckets, while running.",
    )
    measurement = models.JSONField(
        help_text="An experiments.measurement.Measurement; frozen at launch."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="one_experiment_per_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("dashboard:experiment", args=[self.key])

    @property
    def measured(self) -> Measurement:
        """How it is measured."""
        return msgspec.convert(self.measurement, Measurement)


class Variant(models.Model):
    """An arm of an experiment. The one at position 0 is the control."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="variants")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=64, validators=[KEY])
    recommender = models.ForeignKey(
        "recommenders.Recommender", on_delete=models.PROTECT, related_name="variants"
    )
    weight = models.DecimalField(max_digits=5, decimal_places=4)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "key"], name="one_variant_per_key"),
            models.UniqueConstraint(
                fields=["experiment", "position"], name="one_variant_per_place"
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def letter(self) -> str:
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[self.position]


class Phase(models.Model):
    """A stretch of an experiment with fixed arms and a fixed ratio between them."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="phases")
    number = models.PositiveIntegerField()
    ranges = models.JSONField(
        help_text="Per variant key, half-open ranges [low, high) of the experiment's buckets."
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "number"], name="one_number_per_phase")
        ]

    def __str__(self) -> str:
        return f"{self.experiment.key} phase {self.number}"


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


class Audit(models.Model):
    """An A/A audit of the log: asked for, under way, or done. The row is the truth."""

    MAX_ATTEMPTS = 2

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

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

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["experiment", "-id"])]

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
