"""Telling: a notice is written for each receiver in the transaction of what it tells of."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from notices import signing
from notices.kinds import Kind
from notices.models import Delivery, EmailSubscription, Webhook

logger = logging.getLogger(__name__)

TASK = "pipelines.deliver_notices"


def tell(kind: Kind, data: Mapping[str, Any], *, at: datetime) -> None:
    """Has everybody told who wants to know of this. `data` has a `summary`, one or two sentences;
    `at` is when it happened.
    """
    uid, payload = signing.new_uid(), written(kind, data, at=at)
    common = {"uid": uid, "kind": kind, "payload": payload, "created_at": at, "next_try_at": at}
    told = [Delivery(webhook=hook, **common) for hook in _webhooks(kind)]
    told += [Delivery(subscription=one, **common) for one in _subscriptions(kind)]
    if told:
        Delivery.objects.bulk_create(told)
        transaction.on_commit(ring)


def written(kind: str, data: Mapping[str, Any], *, at: datetime) -> str:
    """The payload, as Standard Webhooks recommends it."""
    return msgspec.json.encode({"type": str(kind), "timestamp": at, "data": data}).decode()


def ring() -> None:
    """Has a worker deliver now. A broker that is away is no error: the clock sweeps."""
    try:
        current_app.send_task(TASK, retry=False)
    except OperationalError as error:
        logger.warning("The broker did not take the notices (%s); they wait.", error)


def _webhooks(kind: Kind) -> list[Webhook]:
    return [hook for hook in Webhook.objects.filter(active=True) if kind in hook.kinds]


def _subscriptions(kind: Kind) -> list[EmailSubscription]:
    if not settings.MAIL_IS_ON:
        return []
    people = EmailSubscription.objects.filter(user__is_active=True)
    return [one for one in people if kind in one.kinds]
