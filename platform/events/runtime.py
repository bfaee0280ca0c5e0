"""The events room as Django's settings have it: one of each thing per process."""

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from events.history import LiveHistory
from events.journal import Journal
from events.recent import RecentIds

VALKEY_SECONDS = 0.1


def connect(url: str) -> redis.Redis:
    """A client that gives up after 0.1 s and does not try twice, because requests wait for it."""
    return redis.Redis.from_url(
        url,
        socket_timeout=VALKEY_SECONDS,
        socket_connect_timeout=VALKEY_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


@cache
def valkey() -> redis.Redis:
    """This process's client."""
    return connect(settings.VALKEY_URL)


@cache
def events_journal() -> Journal:
    """Where this process writes what clients send."""
    return Journal(settings.JOURNAL_DIR, "events")


@cache
def exposures_journal() -> Journal:
    """Where this process writes what it served."""
    return Journal(settings.JOURNAL_DIR, "exposures")


@cache
def history() -> LiveHistory:
    """Users' last items."""
    return LiveHistory(valkey())


@cache
def recent() -> RecentIds:
    """Event ids acknowledged lately."""
    return RecentIds(valkey())
