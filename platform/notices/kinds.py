"""What one can be told of."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models

from notices.exceptions import Invalid


class Kind(models.TextChoices):
    """Each is a `type` of webhook, and has words for the page."""

    STARTED = "experiment.started", "An experiment started"
    START_MISSED = "experiment.start_missed", "A scheduled start could not be kept"
    HEALTH_FAILED = "experiment.health_failed", "A health check failed"
    GUARDRAIL_HIT = "experiment.guardrail_hit", "A guardrail shows harm"
    RAMP_ROLLED_BACK = "experiment.ramp_rolled_back", "A ramp took an experiment back"
    DECISION_REACHED = "experiment.decision_reached", "The data reached a decision"
    ENDED = "experiment.ended", "An experiment ended"


TEST = "test"
"""The type of what “Send a test” sends."""


def checked(kinds: Iterable[str]) -> list[str]:
    """The kinds in their own order, each once. Raises Invalid (kinds)."""
    asked = set(kinds)
    if unknown := sorted(asked - set(Kind.values)):
        raise Invalid(
            f"There is no notice “{unknown[0]}”. There are: {', '.join(Kind.values)}.",
            field="kinds",
        )
    return [kind for kind in Kind.values if kind in asked]
