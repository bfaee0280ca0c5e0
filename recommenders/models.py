"""What is registered, what was trained, and the jobs that train it."""

from __future__ import annotations

import msgspec
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse

from recommenders.evaluation_rows import Evaluation as Evaluation
from recommenders.gate import GateVerdict
from recommenders.job_rows import Job
from recommenders.provenance import Provenance
from recommenders.search_rows import Search as Search
from recommenders.search_rows import Trial as Trial
from recommenders.training_settings import TrainingSettings

KEY = RegexValidator(
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "Use lower-case letters, digits and single hyphens."
)


class Item(models.Model):
    """Something that can be recommended, under the id its owner gave it."""

    key = models.CharField(max_length=256, unique=True)
    title = models.CharField(max_length=512)
    categories = models.JSONField(default=list)
    attributes = models.JSONField(default=dict)
    available = models.BooleanField(default=True, help_text="Whether it may be recommended now.")

    class Meta:
        indexes = [
            models.Index(
                fields=["key"], condition=models.Q(available=False), name="items_not_available"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Recommender(models.Model):
    """A named configuration of an algorithm: what a variant serves."""

    key = models.CharField(max_length=64, unique=True, validators=[KEY])
    algorithm = models.CharField(max_length=64)
    config = models.JSONField(default=dict)
    live = models.ForeignKey(
        "ModelVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    training_settings = models.JSONField(
        default=dict, help_text="A recommenders.training_settings.TrainingSettings."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return reverse("dashboard:recommender", args=[self.key])

    @property
    def trained_by(self) -> TrainingSettings:
        """How it is trained."""
        return msgspec.convert(self.training_settings, TrainingSettings)


class ModelVersion(models.Model):
    """One immutable trained artefact of a recommender, such as `item-knn@3`."""

    recommender = models.ForeignKey(Recommender, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    folder = models.CharField(max_length=255, help_text="Relative to the models folder.")
    checksum = models.CharField(max_length=64, help_text="SHA-256 over the artefact's files.")
    size_bytes = models.PositiveBigIntegerField()
    data_from = models.DateTimeField(help_text="Time of the oldest interaction trained on.")
    data_until = models.DateTimeField(help_text="Time of the newest interaction trained on.")
    interactions = models.PositiveBigIntegerField()
    users = models.PositiveIntegerField()
    items = models.PositiveIntegerField()
    metrics = models.JSONField(
        default=dict, help_text="Offline figures on the newest part of the data, held out."
    )
    gate = models.JSONField(
        null=True,
        blank=True,
        help_text="A recommenders.gate.GateVerdict; null where there was nothing to compare with.",
    )
    learned_from = models.JSONField(default=dict, help_text="A recommenders.provenance.Provenance.")
    popular = models.JSONField(
        default=list, help_text="The hundred items most people chose: [key, people]."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["recommender", "number"], name="one_number_per_version")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.recommender.key}@{self.number}"

    @property
    def verdict(self) -> GateVerdict | None:
        """How it did against the version that was live when it was made."""
        return None if self.gate is None else msgspec.convert(self.gate, GateVerdict)

    @property
    def provenance(self) -> Provenance:
        """Where its data came from."""
        return msgspec.convert(self.learned_from, Provenance)


class Promotion(models.Model):
    """A version went live. Those of a recommender are its history, the oldest first."""

    class Kind(models.TextChoices):
        FIRST = "first"
        GATE = "gate"
        HAND = "hand"
        ROLLBACK = "rollback"
        UNGATED = "ungated", "made live by its training, before there was a gate"

    recommender = models.ForeignKey(
        Recommender, on_delete=models.CASCADE, related_name="promotions"
    )
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="promotions")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=160)
    why = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.version.name} live from {self.at:%Y-%m-%d %H:%M}"


class Training(Job):
    """A job that makes a model version."""

    recommender = models.ForeignKey(Recommender, on_delete=models.CASCADE, related_name="trainings")
    curve = models.JSONField(default=list, help_text="One row of figures per epoch.")
    version = models.OneToOneField(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="training"
    )

    class Meta(Job.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"training {self.pk} of {self.recommender.key}"
