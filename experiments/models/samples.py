"""The samples of a snapshot, in a table of their own: lists and pages seldom need them."""

from __future__ import annotations

from django.db import models

from experiments.models.findings import Snapshot


class SnapshotSamples(models.Model):
    """What a look at the snapshot by other settings is computed from."""

    snapshot = models.OneToOneField(
        Snapshot, on_delete=models.CASCADE, primary_key=True, related_name="samples"
    )
    body = models.BinaryField(help_text="A packed experiments.metrics.exploring.KeptSamples.")

    def __str__(self) -> str:
        return f"samples of snapshot {self.snapshot_id}"
