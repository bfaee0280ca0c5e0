"""Who is told, and what of it is written down."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from notices import services
from notices.exceptions import NotAllowed, NoticesError
from notices.kinds import Kind
from notices.models import Delivery, EmailSubscription, Webhook
from notices.telling import tell
from people.actors import Actor
from people.models import AuditEntry

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADA = Actor("ada")
URL = "https://hooks.example.com/services/T0/secret"


def hook(url: str = URL) -> Webhook:
    return services.add_webhook(url=url, kinds=[Kind.ENDED, Kind.STARTED], now=NOW, actor=ADA)


def test_a_webhook_has_a_secret_of_its_own_and_the_trail_tells_neither() -> None:
    first, second = hook(f"  {URL} "), hook()

    assert first.url == URL
    assert first.secret != second.secret
    assert first.kinds == ["experiment.started", "experiment.ended"]
    entry = AuditEntry.objects.filter(kind="webhook", key=str(first.pk)).get()
    assert (entry.by, entry.verb) == ("ada", "create")
    assert entry.after == {
        "host": "https://hooks.example.com",
        "kinds": ["experiment.started", "experiment.ended"],
        "active": True,
    }


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "ftp://example.com/",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://[::1/",
        "http://example.com/a b",
        "http://example.com/\r\nX: y",
        "http://ex\u00e4mple.com/",
        "http://example.com/" + "x" * 2000,
    ],
)
def test_an_address_that_cannot_be_called_is_refused(url: str) -> None:
    with pytest.raises(NoticesError) as refused:
        hook(url)

    assert refused.value.field == "url"
    assert refused.value.message.startswith("Give an address that begins with http:// or https://")
    assert not Webhook.objects.exists()
    assert not AuditEntry.objects.exists()


def test_an_address_with_a_password_in_it_is_refused() -> None:
    with pytest.raises(NoticesError, match="Leave out user and password"):
        hook("https://ada:pw@example.com/")


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/hooks", "http://[::1]:8080", "http://10.0.0.1"]
)
def test_an_address_inside_ones_own_network_is_fine(url: str) -> None:
    assert hook(url).url == url


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ([], "Choose at least one thing to be told of."),
        (["luck"], "There is no notice “luck”. There are: experiment.started, "),
    ],
)
def test_it_wants_something_to_tell(kinds: list[str], message: str) -> None:
    with pytest.raises(NoticesError) as refused:
        services.add_webhook(url=URL, kinds=kinds, now=NOW, actor=ADA)

    assert refused.value.field == "kinds"
    assert refused.value.message.startswith(message)


def test_there_is_an_end_to_webhooks() -> None:
    for _ in range(services.MOST_WEBHOOKS):
        hook()

    with pytest.raises(NoticesError, match="There are 20 webhooks: remove one first"):
        hook()


def test_switching_one_off_gives_up_what_waits() -> None:
    webhook = hook()
    tell(Kind.STARTED, {"summary": "x"}, at=NOW)

    services.change_webhook(webhook, kinds=[Kind.ENDED], active=False, now=NOW, actor=ADA)

    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.last_error) == ("failed", "The webhook was switched off.")
    entry = AuditEntry.objects.get(verb="change")
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["active"], entry.after["active"]) == (True, False)
    with pytest.raises(NotAllowed, match="The webhook is switched off: switch it on first"):
        services.deliver_again(delivery, now=NOW)


def test_removing_one_takes_its_deliveries_along() -> None:
    webhook = hook()
    tell(Kind.STARTED, {"summary": "x"}, at=NOW)

    services.remove_webhook(webhook, now=NOW, actor=ADA)

    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()
    assert AuditEntry.objects.filter(verb="remove").count() == 1


def test_what_was_settled_is_delivered_again_by_the_same_id_from_the_first_attempt_on() -> None:
    delivery = services.send_test(hook(), now=NOW)
    with pytest.raises(NotAllowed, match="It is on its way already"):
        services.deliver_again(delivery, now=NOW)
    Delivery.objects.update(status="failed", attempts=8, next_try_at=None, finished_at=NOW)

    services.deliver_again(delivery, now=NOW)

    again = Delivery.objects.get()
    assert (again.uid, again.payload) == (delivery.uid, delivery.payload)
    assert (again.status, again.attempts, again.next_try_at) == ("waiting", 0, NOW)


def test_a_test_says_that_it_is_one() -> None:
    delivery = services.send_test(hook(), now=NOW)

    assert delivery.kind == "test"
    assert delivery.payload == (
        '{"type":"test","timestamp":"2026-11-24T12:00:00Z",'
        '"data":{"summary":"This is a test: what is told arrives here."}}'
    )


def test_a_person_chooses_what_to_be_written_about(settings: Settings) -> None:
    settings.MAIL_IS_ON = True
    ada = User.objects.create_user("ada")
    services.subscribe(ada, address=" ada@example.com ", kinds=[Kind.ENDED])

    services.subscribe(ada, address="a@example.com", kinds=[Kind.STARTED])

    row = EmailSubscription.objects.get()
    assert (row.user, row.address, row.kinds) == (ada, "a@example.com", ["experiment.started"])
    assert services.subscribe(ada, address="", kinds=[]) is None
    assert not EmailSubscription.objects.exists()


@pytest.mark.parametrize(
    ("address", "on", "field"),
    [("ada", True, "address"), ("a@b.c\nBcc: x@y.z", True, "address"), ("a@b.cd", False, None)],
)
def test_mail_that_cannot_be_sent_is_refused(
    settings: Settings, address: str, on: bool, field: str | None
) -> None:
    settings.MAIL_IS_ON = on

    with pytest.raises(NoticesError) as refused:
        services.subscribe(User.objects.create_user("ada"), address=address, kinds=[Kind.ENDED])

    assert refused.value.field == field
    assert not EmailSubscription.objects.exists()
