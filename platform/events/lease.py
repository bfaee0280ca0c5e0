"""One at a time, on however many hosts: a row that says who works, and until when.

The lease spares double work; it is not what keeps the log right. Should two ever work at once (a
host that slept through its lease), Delta takes only one of two commits that replace the same files.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from events.exceptions import LeaseLost, LeaseTaken
from events.models import Lease

DURATION = timedelta(seconds=90)
LONGEST = 2 * DURATION
"""From now: beyond it a lease is of a clock that was set back since, and no other host's clock."""

RENEWAL_SECONDS = 20.0


def take(name: str, holder: str, *, now: datetime) -> None:
    """Take the lease, where it is free or has run out. Raises LeaseTaken.

    One that a clock since set back wrote has run out too: its holder, if alive, would have renewed
    it by the clock of today.
    """
    until = now + DURATION
    out = Q(until__lt=now) | Q(until__gt=now + LONGEST)
    if Lease.objects.filter(out, name=name).update(holder=holder, until=until):
        return
    try:
        with transaction.atomic():
            Lease.objects.create(name=name, holder=holder, until=until)
    except IntegrityError:
        taken = Lease.objects.filter(name=name).first()
        raise LeaseTaken(f"Somebody else is at work ({taken or name}).") from None


def renew(name: str, holder: str, *, now: datetime) -> bool:
    """Keep the lease for longer; False where another has it by now."""
    return Lease.objects.filter(name=name, holder=holder).update(until=now + DURATION) == 1


def release(name: str, holder: str) -> None:
    """Let go, if this holder still has it."""
    Lease.objects.filter(name=name, holder=holder).delete()


@contextmanager
def held(name: str) -> Iterator[Callable[[], None]]:
    """Hold the lease while the block runs, renewing it in the background.

    Gives a function that raises LeaseLost once the lease is another's: call it between steps.
    Raises LeaseTaken where another holds it.
    """
    holder = f"{socket.gethostname()}, process {os.getpid()}, {uuid.uuid4().hex[:8]}"
    take(name, holder, now=timezone.now())
    stop = threading.Event()
    renewal = threading.Thread(target=_keep_renewing, args=(name, holder, stop), daemon=True)
    renewal.start()

    def check() -> None:
        if not renew(name, holder, now=timezone.now()):
            raise LeaseLost(f"The lease “{name}” was taken over.")

    try:
        yield check
    finally:
        stop.set()
        renewal.join()
        release(name, holder)


def _keep_renewing(name: str, holder: str, stop: threading.Event) -> None:
    try:
        while not stop.wait(RENEWAL_SECONDS):
            try:
                renew(name, holder, now=timezone.now())
            except DatabaseError:  # perhaps back before the lease has run out
                connection.close()
    finally:
        connection.close()
