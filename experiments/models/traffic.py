"""Where recommendations are shown, and what is compared there."""

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
