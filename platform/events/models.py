"""Who looks after the log, and who is to be forgotten. What people did is never in these rows."""

from __future__ import annotations

from django.db import models


class Lease(models.Model):
    """The right to do a piece of work alone, until a time. A dead holder's lease runs out."""

    name = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=255)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder} until {self.until:%H:%M:%S}"


class Erasure(models.Model):
    """A request to remove a person, and what became of it.

    The user id is kept while there is work to do, and only its SHA-256 afterwards.
    """

    user = models.CharField(max_length=256, blank=True)
    person = models.CharField(max_length=64, help_text="SHA-256 of the user id.")
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, help_text="Why the last attempt did not finish.")
    report = models.JSONField(null=True, help_text="What was found and went, and what remains.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(finished_at__isnull=True),
                name="one_open_erasure_per_person",
            )
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk}"
