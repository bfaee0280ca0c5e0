"""What a page says of a training: the time left, and what to do where it failed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard.reading.trainings import OTHERWISE, advice, seconds_left, why
from recommenders.models import Training
from tests.dashboard.factories import START


def running(progress: float, status: str = "running") -> Training:
    return Training(status=status, progress=progress, started_at=START)


@pytest.mark.parametrize(
    ("progress", "elapsed", "left"),
    [(0.25, 30, 90.0), (0.5, 30, 30.0), (0.1, 6, 54.0), (1.0, 30, 0.0), (0.09, 30, None)],
)
def test_the_rest_takes_as_long_as_at_the_pace_so_far(
    progress: float, elapsed: int, left: float | None
) -> None:
    found = seconds_left(running(progress), now=START + timedelta(seconds=elapsed))

    assert found == (None if left is None else pytest.approx(left))


def test_nothing_is_left_of_what_does_not_run() -> None:
    assert seconds_left(running(0.5, "queued"), now=START) is None
    assert seconds_left(Training(status="running", progress=0.5), now=START) is None


def test_why_is_the_last_line_of_its_own() -> None:
    error = "Traceback:\n  File x\nMemoryError: 8 GiB\nThe training process exit code 1."

    assert why(error) == "MemoryError: 8 GiB"
    assert why("recommenders.exceptions.EmptyDatasetError: no behaviour: 0 rows") == (
        "no behaviour: 0 rows"
    )
    assert why("The training process ended by signal 9.") == (
        "The training process ended by signal 9."
    )
    assert why("") == "No reason was given."


@pytest.mark.parametrize(
    ("error", "begins"),
    [
        ("The training process ended by signal 9.", "It needed more memory"),
        ("numpy.MemoryError: Unable to allocate", "It needed more memory"),
        ("EmptyDatasetError: there is no behaviour to learn from: 0 rows", "The log holds no"),
        ("recommenders.exceptions.NotEnoughDataError: no clicks", "The log holds too little"),
        ("OSError: [Errno 28] No space left on device", "The disk is full."),
        ("The worker went away while training.", "The worker that trained it ended"),
        ("ModuleNotFoundError: No module named 'keras'", "A package that it needs"),
        ("django.db.utils.OperationalError: database is locked", "The database was away"),
        ("ZeroDivisionError: division by zero", str(OTHERWISE)[:20]),
    ],
)
def test_what_to_do_follows_from_what_the_error_names(error: str, begins: str) -> None:
    assert advice(error).startswith(begins)
