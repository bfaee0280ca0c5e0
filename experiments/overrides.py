"""Overrides: for quality assurance, somebody sees one variant whatever the split says."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from experiments.exceptions import Invalid, NotAllowed
from experiments.lifecycle import article
from experiments.models import Experiment, Override
from experiments.moves.row import moving
from people.actors import Actor

LONGEST_USER = 256
MOST = 100


def set_override(
    experiment: Experiment, *, user: str, variant: str, now: datetime, actor: Actor
) -> Override:
    """In place of the one the user has. Raises Invalid, naming the field, and NotAllowed once the
    experiment has ended.
    """
    why = (
        f"One user sees {variant}."  # ids of users stay out of a trail that nothing is erased from
    )
    with moving(experiment, "override", now=now, actor=actor, why=why) as row:
        if row.status in Experiment.ENDED:
            raise NotAllowed(f"{article(row.status)} experiment shows nobody anything.")
        if not 1 <= len(user) <= LONGEST_USER or "\0" in user:
            raise Invalid(f"Give a user id of 1 to {LONGEST_USER} characters.", field="user")
        variants = {one.key: one for one in row.variants.all()}
        if variant not in variants:
            raise Invalid(
                f"There is no variant “{variant}”. Choose one of {', '.join(variants)}.",
                field="variant",
            )
        phase = row.phases.last()
        if phase is not None and variant in phase.killed:
            raise Invalid(f"“{variant}” was killed, and is shown to nobody.", field="variant")
        if row.overrides.exclude(user=user).count() >= MOST:
            raise Invalid(f"There are {MOST} overrides already, as many as may be.", field="user")
        override, _ = row.overrides.update_or_create(
            user=user, defaults={"variant": variants[variant]}
        )
    return override


def remove_override(experiment: Experiment, *, user: str, now: datetime, actor: Actor) -> None:
    """Raises Invalid (user) where there is none."""
    why = "One user is split again."
    with moving(experiment, "remove override", now=now, actor=actor, why=why) as row:
        gone, _ = row.overrides.filter(user=user).delete()
        if not gone:
            raise Invalid(f"There is no override for “{user}”.", field="user")


def overridden(user: str) -> list[str]:
    """The keys of the experiments that have an override for the user."""
    found = Override.objects.filter(user=user).order_by("experiment__key")
    return list(found.values_list("experiment__key", flat=True))


def forget(user: str, *, now: datetime, actor: Actor) -> None:
    """Removes an erased user's overrides from every experiment, whatever its state."""
    with transaction.atomic():
        for experiment in Experiment.objects.filter(overrides__user=user):
            remove_override(experiment, user=user, now=now, actor=actor)
