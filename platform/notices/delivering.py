"""Bringing notices to their receivers, until each has taken it or a day has passed.

Each attempt is claimed in the database first, by moving its time on: of two workers one gets it,
and if that one dies the delivery is due again. So a receiver may get a notice twice, by one id.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from notices import signing
from notices.mailing import mail
from notices.models import Delivery
from notices.posting import Answer, post

logger = logging.getLogger(__name__)

PAUSES = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=15),
)
"""After the first attempt, the second, and so on: 23.6 hours in all, before jitter."""

MOST_ATTEMPTS = len(PAUSES) + 1
JITTER = 0.2  # so that what failed together is not tried together
LEASE = timedelta(minutes=1)
ROUND_SECONDS = 30.0
KEPT = timedelta(days=30)

Clock = Callable[[], datetime]


def deliver_due(*, clock: Clock = timezone.now, chance: random.Random | None = None) -> int:
    """Tries what is due; how many were taken. A receiver that fails is left alone for the rest of
    the round, so that one that is down holds nobody up for long.
    """
    chance = chance or random.Random()  # noqa: S311
    until, down, taken = time.monotonic() + ROUND_SECONDS, set(), 0
    for delivery in _due(clock()):
        receiver = (delivery.webhook_id, delivery.subscription_id)
        if receiver in down or not _claim(delivery, clock()):
            continue
        answer = _try(delivery, clock())
        _settle(delivery, answer, now=clock(), chance=chance)
        if answer.error:
            down.add(receiver)
        taken += not answer.error
        if time.monotonic() > until:
            break
    return taken


def forget_old(*, now: datetime) -> None:
    """What has long been settled is no longer shown."""
    settled = Delivery.objects.exclude(status=Delivery.Status.WAITING)
    settled.filter(created_at__lt=now - KEPT).delete()


def pause_after(attempts: int, chance: random.Random) -> timedelta:
    """How long to wait after so many attempts, with up to 20% more by chance."""
    return PAUSES[attempts - 1] * (1 + JITTER * chance.random())


def _due(now: datetime) -> list[Delivery]:
    waiting = Delivery.objects.filter(status=Delivery.Status.WAITING, next_try_at__lte=now)
    return list(waiting.select_related("webhook", "subscription").order_by("next_try_at", "id"))


def _claim(delivery: Delivery, now: datetime) -> bool:
    """Whether this process is the one that tries it."""
    seen = {"pk": delivery.pk, "status": delivery.status, "next_try_at": delivery.next_try_at}
    claimed = Delivery.objects.filter(**seen).update(
        next_try_at=now + LEASE, attempts=F("attempts") + 1
    )
    delivery.attempts += claimed
    return bool(claimed)


def _try(delivery: Delivery, now: datetime) -> Answer:
    try:
        return _attempt(delivery, now)
    except Exception as error:
        logger.exception("%s could not be tried.", delivery)
        return Answer(None, f"It could not be sent: {type(error).__name__}: {error}")


def _attempt(delivery: Delivery, now: datetime) -> Answer:
    if delivery.webhook is None:
        assert delivery.subscription is not None  # noqa: S101  (a constraint holds it)
        error = mail(delivery.subscription.address, uid=delivery.uid, payload=delivery.payload)
        return Answer(None, error)
    payload = delivery.payload.encode()
    headers = signing.headers(delivery.webhook.secret, uid=delivery.uid, at=now, payload=payload)
    headers["Content-Type"] = "application/json"
    headers["User-Agent"] = f"Winnow/{settings.WINNOW_VERSION}"
    return post(delivery.webhook.url, payload, headers)


def _settle(delivery: Delivery, answer: Answer, *, now: datetime, chance: random.Random) -> None:
    """Writes down what came of the attempt, unless another has begun since."""
    status = Delivery.Status
    if not answer.error:
        outcome = {"status": status.DELIVERED, "next_try_at": None, "finished_at": now}
    elif answer.final or delivery.attempts >= MOST_ATTEMPTS:
        outcome = {"status": status.FAILED, "next_try_at": None, "finished_at": now}
        logger.warning("%s: given up. %s", delivery, answer.error)
    else:
        outcome = {"next_try_at": now + pause_after(delivery.attempts, chance)}
    mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)
    mine.filter(status=status.WAITING).update(last_error=answer.error, **outcome)
