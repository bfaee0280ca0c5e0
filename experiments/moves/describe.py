"""An experiment's name and hypothesis: words, which change nothing that is measured."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError

from experiments.models import Experiment
from experiments.moves.row import moving
from experiments.naming import check_hypothesis, check_name, clash
from people.actors import Actor


def describe(
    experiment: Experiment, *, name: str, hypothesis: str, now: datetime, actor: Actor
) -> Experiment:
    """Another name and hypothesis, in any state. Raises Invalid, naming the field."""
    try:
        with moving(experiment, "describe", now=now, actor=actor) as row:
            check_name(name.strip(), but=row)
            check_hypothesis(hypothesis)
            row.name, row.hypothesis = name.strip(), hypothesis.strip()
    except IntegrityError as error:  # somebody was quicker between the check and here
        raise clash(error, name=name, key=experiment.key) from None
    return row
