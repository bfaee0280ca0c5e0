"""What was typed of an experiment before it is whole."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from experiments.models.comparisons import Experiment
from experiments.models.places import new_seed


class Sketch(models.Model):
    """A form that is filled in as far as somebody came: of an experiment to be, or of a draft that
    is being made otherwise. No plan and no clock reads it.
    """

    experiment = models.OneToOneField(
        Experiment, null=True, blank=True, on_delete=models.CASCADE, related_name="sketch"
    )
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    fields = models.JSONField(default=dict, help_text="What was typed, by the name of the field.")
    base = models.JSONField(
        default=dict, help_text="The same of the draft as it was when this was begun."
    )
    saves = models.JSONField(
        default=dict, help_text="Of each step the last save: number, page, by whom, when."
    )
    begun_on = models.CharField(max_length=32, unique=True, help_text="The page that began it.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    saved_by = models.CharField(max_length=160)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["-saved_at"]

    def __str__(self) -> str:
        return self.name or f"sketch {self.pk}"

    @property
    def name(self) -> str:
        """As typed so far; it may be empty."""
        return str(self.fields.get("name", "")).strip()
