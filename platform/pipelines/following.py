"""Waiting for a training at a terminal."""

from __future__ import annotations

import time

from django.utils import timezone
from tqdm import tqdm

from recommenders.models import Training

POLL = 0.5  # seconds between two looks at the job
PATIENCE = 20.0  # seconds for a worker that is there to take a job
NOBODY = (
    "No worker has taken the training of {key} for {waited:.0f} s. `manage.py up` starts one. "
    "Where it runs already, see what its process `train` prints. The job waits for a worker."
)


def follow(
    training: Training, *, title: str, patience: float = PATIENCE, poll: float = POLL
) -> Training:
    """Shows how a training goes until it has ended. Says once where no worker takes it."""
    since, told = time.monotonic(), False
    with tqdm(total=100, desc=title, unit="%") as bar:
        while training.is_active():
            time.sleep(poll)
            training.refresh_from_db()
            bar.set_postfix_str(training.message, refresh=False)
            bar.update(round(100 * training.progress) - bar.n)
            if training.status != Training.Status.QUEUED or _somebody_works():
                since = time.monotonic()
            elif not told and time.monotonic() - since >= patience:
                waited = time.monotonic() - since
                tqdm.write(NOBODY.format(key=training.recommender.key, waited=waited))
                told = True
    return training


def _somebody_works() -> bool:
    """Whether a worker is at another training, after which it comes to this one."""
    running = Training.objects.filter(status=Training.Status.RUNNING)
    return running.filter(leased_until__gte=timezone.now()).exists()
