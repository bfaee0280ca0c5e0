"""What a worker does with an audit. Only whoever holds the lease of audits calls these.

A row that was cancelled stays as it is, whatever its worker has to say by then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from experiments.exceptions import AuditCancelled
from experiments.metrics.auditing import AuditReport
from experiments.models import Audit

ERROR_LENGTH = 2_000
DIED = (
    "The worker went away twice during this audit, as it does when it has too little memory. "
    "Take fewer days, or give the worker of queue `train` more memory."
)

Status = Audit.Status


def waiting() -> list[Audit]:
    """Those to be run, oldest first. One that says it runs has lost its worker."""
    return list(Audit.objects.filter(status__in=Audit.ACTIVE).order_by("id"))


def start(audit: Audit, *, now: datetime) -> bool:
    """Begin an attempt; False where none was left, and the audit has failed for that, or where it
    was cancelled.
    """
    if audit.attempts >= Audit.MAX_ATTEMPTS:
        fail(audit, DIED, now=now)
        return False
    return _set(
        audit,
        status=Status.RUNNING,
        attempts=audit.attempts + 1,
        started_at=now,
        progress=0.0,
        message="Starting.",
    )


def tell(audit: Audit, done: float, message: str) -> None:
    """Progress for people, 0 to 1. Raises AuditCancelled where it is to be no more."""
    if not _set(audit, progress=done, message=message):
        raise AuditCancelled(f"{audit} was cancelled.")


def finish(
    audit: Audit,
    report: AuditReport,
    *,
    log_versions: dict[str, int],
    code_version: str,
    now: datetime,
) -> None:
    """Keep the report."""
    _set(
        audit,
        status=Status.SUCCEEDED,
        report=msgspec.to_builtins(report),
        log_versions=log_versions,
        code_version=code_version,
        progress=1.0,
        message="Done.",
        finished_at=now,
    )


def fail(audit: Audit, error: str, *, now: datetime) -> None:
    """End it without a report, for a reason that people can act on."""
    _set(
        audit,
        status=Status.FAILED,
        error=error[:ERROR_LENGTH],
        message="Failed.",
        finished_at=now,
    )


def _set(audit: Audit, **changes: Any) -> bool:
    """False, and no change, for an audit that is over."""
    if not Audit.objects.filter(pk=audit.pk, status__in=Audit.ACTIVE).update(**changes):
        return False
    for name, value in changes.items():
        setattr(audit, name, value)
    return True
