"""Where recommendations are shown, and how traffic is divided before any experiment takes it."""

from __future__ import annotations

import secrets

from django.core.validators import RegexValidator
from django.db import models

KEY = RegexValidator(
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "Use lower-case letters, digits and single hyphens."
)


def new_seed() -> str:
    """A random, immutable key. A name or a row number would repeat between installations."""
    return secrets.token_hex(8)


class Layer(models.Model):
    """Mutually exclusive experiments that share one split of the users."""

    class Unit(models.TextChoices):
        """What is hashed. By several units, experiments of a layer would not exclude others."""

        USER = "user"
        DEVICE = "device"

    key = models.CharField(max_length=64, unique=True, validators=[KEY])
    name = models.CharField(max_length=120, blank=True)
    unit = models.CharField(max_length=8, choices=Unit.choices, default=Unit.USER)
    seed = models.CharField(max_length=32, default=new_seed, editable=False)

    class Meta:
        ordering = ["key"]

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
    rules = models.JSONField(default=dict, blank=True, help_text="Its SlateRules.")

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key


class Holdout(models.Model):
    """Users whom no experiment of a layer meets, or of any layer where `layer` is null."""

    key = models.CharField(max_length=64, unique=True, validators=[KEY])
    name = models.CharField(max_length=120)
    layer = models.ForeignKey(
        Layer, null=True, blank=True, on_delete=models.PROTECT, related_name="holdouts"
    )
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    share = models.DecimalField(max_digits=5, decimal_places=4)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key
