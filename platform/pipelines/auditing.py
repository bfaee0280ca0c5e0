"""A/A audits of the log, one at a time however many workers there are."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from events import readers
from events.exceptions import LeaseLost, LeaseTaken
from events.lease import held
from experiments import audit_runs, audits
from experiments.exceptions import AuditCancelled
from experiments.metrics import MetricsError
from experiments.metrics.auditing import AuditReport, AuditSpec, run_audit
from experiments.models import Audit

logger = logging.getLogger(__name__)

LEASE = "aa-audit"
TELL_SECONDS = 1.0  # between two writes of how far it is
BROKEN = (
    "It ended with an error that is no fault of the settings ({error}). The log of the worker of "
    "queue `train` has all of it. Run the audit again once that is mended."
)


def run_audits(*, now: datetime) -> bool:
    """Run what waits, after asking for the weekly one; whether it was this process's turn."""
    audits.ask_weekly(now=now)
    if not audit_runs.waiting():
        return True
    try:
        with held(LEASE) as check:
            for audit in audit_runs.waiting():
                _attempt(audit, check)
    except (LeaseTaken, LeaseLost) as reason:
        logger.info("Another runs the audit. %s", reason)
        return False
    return True


def _attempt(audit: Audit, check: Callable[[], None]) -> None:
    """See one audit through; why it failed stands in its row."""
    if not audit_runs.start(audit, now=timezone.now()):
        return
    try:
        spec = audits.spec_of(audit, until=timezone.now())
        report, versions = audit_log(spec, progress=_teller(audit, check))
    except LeaseLost:
        raise
    except AuditCancelled as reason:
        logger.info("%s", reason)
    except MetricsError as error:
        audit_runs.fail(audit, str(error), now=timezone.now())
        logger.warning("Audit %s: %s", audit.pk, error)
    except Exception as error:
        why = BROKEN.format(error=f"{type(error).__name__}: {error}")
        audit_runs.fail(audit, why, now=timezone.now())
        logger.exception("Audit %s did not finish.", audit.pk)
    else:
        audit_runs.finish(
            audit,
            report,
            log_versions=versions,
            code_version=settings.WINNOW_VERSION,
            now=timezone.now(),
        )
        logger.info("audit %s: %s users", audit.pk, report.users)


def audit_log(
    spec: AuditSpec, *, progress: Callable[[float, str], None]
) -> tuple[AuditReport, dict[str, int]]:
    """The audit of our own log, and the versions that were read. Raises MetricsError."""
    log = readers.open_log(settings.LOG_DIR)
    try:
        report = run_audit(log.exposures(), log.events(), spec, progress=progress)
        return report, {str(stream): version for stream, version in log.versions.items()}
    finally:
        log.close()


def _teller(audit: Audit, check: Callable[[], None]) -> Callable[[float, str], None]:
    """Writes progress down, at most once a second. Raises LeaseLost once another is at it, and
    AuditCancelled.
    """
    told = -TELL_SECONDS

    def tell(done: float, what: str) -> None:
        nonlocal told
        if time.monotonic() - told < TELL_SECONDS:
            return
        check()
        audit_runs.tell(audit, done, what)
        told = time.monotonic()

    return tell
