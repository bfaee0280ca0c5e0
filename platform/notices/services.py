"""Writes about who is told. Each does one thing whole, with its entry in the trail, or raises.

Of an address the trail keeps scheme and host only: what follows often is a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from notices import signing
from notices.exceptions import Invalid, NotAllowed
from notices.kinds import TEST, checked
from notices.models import LONGEST_URL, Delivery, EmailSubscription, Webhook
from notices.telling import ring, written
from people import trail
from people.actors import Actor

MOST_WEBHOOKS = 20
SWITCHED_OFF = "The webhook was switched off."


def add_webhook(*, url: str, kinds: Iterable[str], now: datetime, actor: Actor) -> Webhook:
    """A webhook with a secret of its own. Raises Invalid (url, kinds)."""
    url, wanted = check_url(url), _some(kinds)
    with transaction.atomic():
        if Webhook.objects.count() >= MOST_WEBHOOKS:
            raise Invalid(f"There are {MOST_WEBHOOKS} webhooks: remove one first.", field="url")
        hook = Webhook.objects.create(
            url=url,
            secret=signing.new_secret(),
            kinds=wanted,
            created_by=actor.user,
            created_at=now,
        )
        _record(hook, "create", actor=actor, now=now, after=_described(hook))
    return hook


def change_webhook(
    webhook: Webhook, *, kinds: Iterable[str], active: bool, now: datetime, actor: Actor
) -> Webhook:
    """Of what it tells, and whether it does. What waits for one that is switched off is given up.

    Raises Invalid (kinds).
    """
    wanted = _some(kinds)
    with transaction.atomic():
        hook = Webhook.objects.select_for_update().get(pk=webhook.pk)
        before = _described(hook)
        hook.kinds, hook.active = wanted, active
        hook.save(update_fields=["kinds", "active"])
        if not active:
            hook.deliveries.filter(status=Delivery.Status.WAITING).update(
                status=Delivery.Status.FAILED,
                last_error=SWITCHED_OFF,
                next_try_at=None,
                finished_at=now,
            )
        _record(hook, "change", actor=actor, now=now, before=before, after=_described(hook))
    return hook


def remove_webhook(webhook: Webhook, *, now: datetime, actor: Actor) -> None:
    """It goes, and its deliveries with it."""
    with transaction.atomic():
        _record(webhook, "remove", actor=actor, now=now, before=_described(webhook))
        webhook.delete()


def send_test(receiver: Webhook | EmailSubscription, *, now: datetime) -> Delivery:
    """Something to see that it arrives and that its signature is right."""
    summary = "This is a test: what is told arrives here."
    to: dict[str, Any] = (
        {"webhook": receiver} if isinstance(receiver, Webhook) else {"subscription": receiver}
    )
    with transaction.atomic():
        delivery = Delivery.objects.create(
            uid=signing.new_uid(),
            kind=TEST,
            payload=written(TEST, {"summary": summary}, at=now),
            created_at=now,
            next_try_at=now,
            **to,
        )
        transaction.on_commit(ring)
    return delivery


def deliver_again(delivery: Delivery, *, now: datetime) -> None:
    """The same notice by the same id, with all its attempts. Raises NotAllowed while one waits, or
    where its webhook is switched off.
    """
    if delivery.webhook is not None and not delivery.webhook.active:
        raise NotAllowed("The webhook is switched off: switch it on first.")
    with transaction.atomic():
        settled = Delivery.objects.exclude(status=Delivery.Status.WAITING).filter(pk=delivery.pk)
        if not settled.update(
            status=Delivery.Status.WAITING, attempts=0, next_try_at=now, finished_at=None
        ):
            raise NotAllowed("It is on its way already.")
        transaction.on_commit(ring)


def subscribe(user: User, *, address: str, kinds: Iterable[str]) -> EmailSubscription | None:
    """What a person wants to be written about; none at all ends it. Raises Invalid (address,
    kinds).
    """
    wanted = checked(kinds)
    if not wanted:
        EmailSubscription.objects.filter(user=user).delete()
        return None
    address = address.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid("Give an e-mail address, such as ada@example.com.", field="address") from None
    if not settings.MAIL_IS_ON:
        raise NotAllowed("Mail is off: whoever runs the server sets WINNOW_EMAIL_URL first.")
    subscription, _ = EmailSubscription.objects.update_or_create(
        user=user, defaults={"address": address, "kinds": wanted}
    )
    return subscription


def check_url(url: str) -> str:
    """The address without blanks around it. Raises Invalid (url)."""
    url = url.strip()
    if not (url.isascii() and url.isprintable()) or " " in url or len(url) > LONGEST_URL:
        raise _no_address()
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # the port or the brackets of an IPv6 address
        well_formed = False
    if not well_formed:
        raise _no_address()
    if parts.username is not None or parts.password is not None:
        raise Invalid("Leave out user and password: the signature says who calls.", field="url")
    return url


def _no_address() -> Invalid:
    return Invalid(
        f"Give an address that begins with http:// or https:// and has a host, of at most "
        f"{LONGEST_URL:,} ASCII characters, such as https://example.com/hooks.",
        field="url",
    )


def _some(kinds: Iterable[str]) -> list[str]:
    wanted = checked(kinds)
    if not wanted:
        raise Invalid("Choose at least one thing to be told of.", field="kinds")
    return wanted


def _described(webhook: Webhook) -> dict[str, Any]:
    parts = urlsplit(webhook.url)
    host = f"{parts.scheme}://{parts.netloc}"
    return {"host": host, "kinds": webhook.kinds, "active": webhook.active}


def _record(
    webhook: Webhook,
    verb: str,
    *,
    actor: Actor,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    trail.record(
        at=now,
        actor=actor,
        verb=verb,
        kind="webhook",
        key=str(webhook.pk),
        before=before,
        after=after,
    )
