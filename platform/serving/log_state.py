"""How far the log is behind, at its newest versions."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from events import readers
from events.readers import Freshness
from events.records import Stream

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class StreamState:
    """One table of the log: its version, -1 where nobody created it, and how far it is behind."""

    version: int
    freshness: Freshness


def streams(*, now: datetime) -> dict[Stream, StreamState] | None:
    """Both tables, or None where the log cannot be read, which is then said in the process's log.

    Reads the tables' own record and the journals, no rows.
    """
    try:
        log = readers.open_log(settings.LOG_DIR)
    except Exception:  # deltalake's errors have no common base
        logger.exception("The log in %s cannot be read.", settings.LOG_DIR)
        return None
    try:
        fresh = log.freshness(now, journal_dir=settings.JOURNAL_DIR)
        return {
            stream: StreamState(version=log.versions[stream], freshness=found)
            for stream, found in fresh.items()
        }
    finally:
        log.close()
