"""The worker's side of a search: it holds the lease, and starts and watches the child."""

from __future__ import annotations

import logging
import tempfile

from django.conf import settings
from django.utils import timezone

from pipelines import child
from recommenders import leases, searches
from recommenders.models import Search

logger = logging.getLogger(__name__)


def attempt(search_id: int) -> None:
    """Claims the job and sees one attempt through. Does nothing where the job is not to be had."""
    search = searches.claim(search_id, now=timezone.now())
    if search is None:
        return
    logger.info("%s, attempt %s", search, search.attempts)
    with tempfile.TemporaryFile() as errors:
        try:
            code = child.run(
                "search_job",
                search.pk,
                errors,
                renew=lambda: leases.renew(search, now=timezone.now()),
                limits=child.Limits(memory_bytes=settings.TRAIN_MEMORY_BYTES),
            )
        except child.LimitReached as limit:
            logger.error("%s: %s", search, limit)
            searches.give_up(search, str(limit), now=timezone.now(), for_good=True)
            return
        if code == 0:
            return
        search.refresh_from_db(fields=["status"])
        if search.status == Search.Status.CANCELLED:
            logger.info("%s was cancelled", search)
            return
        error = child.last_words(errors, code, of="search")
    logger.error("%s failed: %s", search, error.strip().splitlines()[-1])
    searches.give_up(search, error, now=timezone.now())
