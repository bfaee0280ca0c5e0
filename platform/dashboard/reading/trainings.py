"""What a page says of a training: how long it still takes, and what to do where it failed. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dashboard.reading.curves import Curve
from recommenders.gate import Stage, stage_of
from recommenders.models import ModelVersion, Training

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OURS = ("recommenders.exceptions.", "experiments.exceptions.")
TELLING = 0.1  # of the progress; before it, the time so far says nothing of the rest

_ADVICE: tuple[tuple[tuple[str, ...], StrOrPromise], ...] = (
    (
        ("WINNOW_TRAIN_MINUTES",),
        lazy(
            "Have it learn from fewer days of behaviour, or register it with settings that are "
            "quicker (fewer epochs, factors or neighbours). Where it is worth the time, raise the "
            "limit where the worker runs."
        ),
    ),
    (
        ("WINNOW_TRAIN_MEMORY_MB",),
        lazy(
            "Have it learn from fewer days of behaviour, or register it with smaller settings "
            "(fewer neighbours or factors, a smaller embedding or batch). Where there is more "
            "memory, raise the limit there."
        ),
    ),
    (
        ("keeps its models frozen", "which keeps its models"),
        lazy("Train again once the experiment has stopped."),
    ),
    (
        ("MemoryError", "ended by signal 9", "ResourceExhausted", "of memory"),
        lazy(
            "It needed more memory than there was. Register it with smaller settings (fewer "
            "neighbours or factors, a smaller embedding or batch), or train where there is "
            "more memory."
        ),
    ),
    (
        ("EmptyDatasetError", "no behaviour to learn from"),
        lazy(
            "The log holds no behaviour yet. Import past behaviour on the Data page, or send "
            "events; then train again."
        ),
    ),
    (
        ("NotEnoughDataError", "DatasetError", "no times"),
        lazy(
            "The log holds too little behaviour of the kind it learns from. The last line "
            "says what is missing; train again when more has come."
        ),
    ),
    (
        ("No space left", "ENOSPC"),
        lazy("The disk is full. Make room where the models are kept, then train again."),
    ),
    (
        ("The worker went away",),
        lazy(
            "The worker that trained it ended on the way. See that it runs and what it "
            "printed, then train again."
        ),
    ),
    (
        ("ModuleNotFoundError", "ImportError"),
        lazy(
            "A package that it needs is not installed where the worker runs. Install the "
            "requirements there, then train again."
        ),
    ),
    (
        ("OperationalError", "database is locked"),
        lazy(
            "The database was away or busy. Train again; where it happens again, see to the "
            "database."
        ),
    ),
)
OTHERWISE = lazy(
    "Train again, in case it was chance. Where it fails again, the last lines below and what the "
    "worker printed say where."
)


@dataclass(frozen=True, kw_only=True)
class TrainingRow:
    """A training with its curves. `left` is how many seconds it still takes, None where nothing
    tells; `why` is the last line of its error and `advice` what to do about it.
    """

    training: Training
    curves: list[Curve]
    left: float | None
    why: str
    advice: str


def training_row(training: Training, curves: list[Curve], *, now: datetime) -> TrainingRow:
    failed = training.status == Training.Status.FAILED
    return TrainingRow(
        training=training,
        curves=curves,
        left=seconds_left(training, now=now),
        why=why(training.error) if failed else "",
        advice=advice(training.error) if failed else "",
    )


def seconds_left(training: Training, *, now: datetime) -> float | None:
    """As long as the rest takes at the pace so far; None before a tenth is done."""
    if training.status != Training.Status.RUNNING or training.started_at is None:
        return None
    done = training.progress
    if done < TELLING:
        return None
    return max((now - training.started_at).total_seconds(), 0.0) * (1 - done) / done


def why(error: str) -> str:
    """The last line that says something of its own: the process's end is only how it was told."""
    lines = [line.strip() for line in error.strip().splitlines() if line.strip()]
    own = [line for line in lines if not line.startswith("The training process ")]
    last = (own or lines or [_("No reason was given.")])[-1]
    # Our own errors are sentences for people; of any other its kind says more than its words.
    return last.partition(": ")[2] if last.startswith(OURS) else last


def advice(error: str) -> str:
    """What to do next, by what the error names."""
    for signs, words in _ADVICE:
        if any(sign in error for sign in signs):
            return str(words)
    return str(OTHERWISE)


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """A version with its stage."""

    version: ModelVersion
    stage: Stage


def version_rows(
    versions: Sequence[ModelVersion], live: int | None, were_live: Collection[int]
) -> list[VersionRow]:
    """In the order given; `were_live` are the rows of versions that ever were."""
    return [
        VersionRow(version=one, stage=stage_of(one.pk, live=live, were_live=were_live))
        for one in versions
    ]
