"""Writes on how a recommender is trained."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db import transaction

from people import trail
from people.actors import COMMAND, Actor
from recommenders.models import Recommender
from recommenders.training_settings import TrainingSettings, check


def change_training(
    recommender: Recommender,
    settings: TrainingSettings,
    *,
    now: datetime,
    actor: Actor = COMMAND,
    why: str = "",
) -> bool:
    """Trains it so from the next training on; False, and no entry, where that is how it is.

    Raises InvalidTrainingSettings, and changes nothing then.
    """
    check(settings)
    with transaction.atomic():
        held = Recommender.objects.select_for_update().get(pk=recommender.pk)
        before = held.trained_by
        if settings == before:
            return False
        held.training_settings = msgspec.to_builtins(settings)
        held.save(update_fields=["training_settings"])
        trail.record(
            at=now,
            actor=actor,
            verb="change training",
            kind="recommender",
            key=held.key,
            before=_changed(before, settings),
            after=_changed(settings, before),
            why=why,
        )
    recommender.training_settings = held.training_settings
    return True


def _changed(one: TrainingSettings, other: TrainingSettings) -> dict[str, object]:
    """What `one` says otherwise than `other`."""
    names = TrainingSettings.__struct_fields__
    values = {name: getattr(one, name) for name in names}
    return {name: value for name, value in values.items() if value != getattr(other, name)}
