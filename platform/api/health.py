"""Whether the process lives, and whether it can do its work. Neither needs a key."""

from __future__ import annotations

import msgspec
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from events import health, runtime
from events.best_effort import BestEffort
from serving import plans

valkey = BestEffort("readyz")


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """`ready` is whether requests are accepted: that needs a journal that can be written and no
    more.

    The database and Valkey are reported, and may be away: routing and ingestion go on without them.
    """

    ready: bool
    journal: bool
    journal_bytes: int
    problem: str | None
    plan: int
    database: bool
    valkey: bool


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok\n", content_type="text/plain")


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    journal = health.check(settings.JOURNAL_DIR)
    readiness = Readiness(
        ready=journal.writable,
        journal=journal.writable,
        journal_bytes=journal.stored_bytes,
        problem=journal.problem,
        plan=plans.current().version,
        database=_database_answers(),
        valkey=valkey.run(lambda: bool(runtime.valkey().ping()), False),
    )
    return HttpResponse(
        msgspec.json.encode(readiness),
        status=200 if readiness.ready else 503,
        content_type="application/json",
    )


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
