"""What is compared on a placement: experiments, their arms, phases and shares of traffic."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse

from experiments.measurement import Measurement
from experiments.models.places import KEY, Layer, Placement, new_seed


class Experiment(models.Model):
    """A comparison of recommenders on a placement."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        RUNNING = "running"
        PAUSED = "paused"
        STOPPED = "stopped"
        SHIPPED = "shipped"
        ARCHIVED = "archived"

    HOLDING = (Status.RUNNING, Status.PAUSED)
    """Under way: these hold users of their layers."""
    ENDED = (Status.STOPPED, Status.SHIPPED, Status.ARCHIVED)

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
    reserved = models.JSONField(
        default=list,
        help_text="Half-open ranges [low, high) of the layer's buckets that it claimed.",
    )
    slots = models.JSONField(
        default=list,
        help_text="The part of `reserved` that takes users now.",
    )
    condition = models.JSONField(
        null=True, blank=True, help_text="Whom it takes, by attributes; null: everybody."
    )
    ramp = models.JSONField(null=True, blank=True, help_text="An experiments.ramps.Ramp.")
    measurement = models.JSONField(
        help_text="An experiments.measurement.Measurement; frozen at launch."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    starts_at = models.DateTimeField(null=True, blank=True, help_text="When the clock starts it.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="When the clock stops it.")
    started_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=16, blank=True, help_text="What people decided.")
    rationale = models.TextField(blank=True)
    winner = models.ForeignKey(
        "Variant", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_by = models.CharField(max_length=160, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(
        default=1, help_text="Counts its changes: the entity tag of the API."
    )

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
    def is_under_way(self) -> bool:
        """Running or paused."""
        return self.status in self.HOLDING

    @property
    def is_over(self) -> bool:
        """Whether it was started and nobody meets it any more."""
        return self.stopped_at is not None

    @property
    def measured(self) -> Measurement:
        """How it is measured."""
        return msgspec.convert(self.measurement, Measurement)


class Membership(models.Model):
    """A further layer that an experiment takes part in: it excludes the experiments of this one
    too, and takes the users whom all of its layers give it.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="memberships")
    layer = models.ForeignKey(Layer, on_delete=models.PROTECT, related_name="memberships")
    share = models.DecimalField(max_digits=5, decimal_places=4)
    slots = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "layer"], name="one_membership_per_layer")
        ]

    def __str__(self) -> str:
        return f"{self.experiment.key} in {self.layer.key}"


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


class Override(models.Model):
    """A user who sees one variant whatever the split says; every analysis leaves that out."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="overrides")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="overrides")
    user = models.CharField(max_length=256)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "user"], name="one_override_per_user")
        ]

    def __str__(self) -> str:
        return f"{self.user} sees {self.variant.key}"


class Phase(models.Model):
    """A stretch of an experiment with fixed arms and a fixed ratio between them."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="phases")
    number = models.PositiveIntegerField()
    seed = models.CharField(max_length=32, help_text="Of the split between its arms.")
    ranges = models.JSONField(
        help_text="Per variant key, half-open ranges [low, high) of the experiment's buckets."
    )
    killed = models.JSONField(
        default=list, help_text="Keys of variants whose users have left and go to no other."
    )
    why = models.TextField(blank=True, help_text="Why it was opened.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "number"], name="one_number_per_phase")
        ]

    def __str__(self) -> str:
        return f"{self.experiment.key} phase {self.number}"
