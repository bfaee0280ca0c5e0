"""From a notice to its receivers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMessage
from pytest_django import DjangoAssertNumQueries, Settings

from config.mail import settings_of
from notices import delivering, services, signing
from notices.delivering import MOST_ATTEMPTS, PAUSES, deliver_due, pause_after
from notices.kinds import Kind
from notices.models import Delivery, Webhook
from notices.posting import Answer
from notices.telling import tell
from people.actors import Actor
from tests.notices.receiver import Receiver, mailbox, receiving

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADA = Actor("ada")


class NoChance(random.Random):
    def random(self) -> float:
        return 0.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def hook(receiver: Receiver, *kinds: Kind) -> Webhook:
    wanted = kinds or (Kind.STARTED,)
    return services.add_webhook(url=receiver.url, kinds=wanted, now=NOW, actor=ADA)


def told(kind: Kind = Kind.STARTED, **data: Any) -> None:
    tell(kind, {"summary": "Home CTR was started.", **data}, at=NOW)


def deliver(at: datetime = NOW) -> int:
    return deliver_due(clock=lambda: at, chance=NoChance())


def test_a_notice_arrives_signed_once(receiver: Receiver) -> None:
    webhook = hook(receiver)
    told(experiment={"key": "home-ctr"})

    assert (deliver(), deliver()) == (1, 0)

    [(headers, body)] = receiver.got
    assert msgspec.json.decode(body) == {
        "type": "experiment.started",
        "timestamp": "2026-11-24T12:00:00Z",
        "data": {"summary": "Home CTR was started.", "experiment": {"key": "home-ctr"}},
    }
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["webhook-signature"] == signing.sign(
        webhook.secret, uid=headers["webhook-id"], at=NOW, payload=body
    )
    assert headers["content-type"] == "application/json"
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.finished_at) == ("delivered", 1, NOW)
    assert delivery.uid == headers["webhook-id"]


def test_only_those_are_told_who_asked_for_it(receiver: Receiver) -> None:
    hook(receiver, Kind.ENDED)
    off = hook(receiver, Kind.STARTED)
    services.change_webhook(off, kinds=[Kind.STARTED], active=False, now=NOW, actor=ADA)

    told(Kind.STARTED)

    assert not Delivery.objects.exists()


def test_nobody_to_tell_rings_nobody(
    receiver: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as rung:
        told()
    assert rung == []
    hook(receiver)
    with django_capture_on_commit_callbacks() as rung:
        told()
    assert len(rung) == 1


def test_two_receivers_get_the_same_notice_by_the_same_id(receiver: Receiver) -> None:
    hook(receiver)
    hook(receiver)
    told()

    assert deliver() == 2

    assert len(set(receiver.ids)) == 1
    assert receiver.got[0][1] == receiver.got[1][1]


def test_it_is_tried_with_growing_pauses_for_about_a_day_and_then_given_up(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [500] * MOST_ATTEMPTS
    hook(receiver)
    told()

    at, tried = NOW, []
    while (delivery := Delivery.objects.get()).status == "waiting":
        assert delivery.next_try_at is not None
        assert deliver(delivery.next_try_at - timedelta(seconds=1)) == 0
        at = delivery.next_try_at
        deliver(at)
        tried.append(at - NOW)

    assert len(receiver.got) == MOST_ATTEMPTS == 8
    assert tried == [sum(PAUSES[:n], timedelta()) for n in range(MOST_ATTEMPTS)]
    assert timedelta(hours=23) < tried[-1] < timedelta(hours=25)
    assert (delivery.status, delivery.attempts) == ("failed", 8)
    assert delivery.last_error == "It answered 500 Internal Server Error."
    assert len(set(receiver.ids)) == 1
    assert len({body for _, body in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.got}) == 8
    assert "given up" in caplog.text


def test_pauses_are_lengthened_by_chance_and_by_no_more_than_a_fifth() -> None:
    chance = random.Random(7)
    pauses = [pause_after(1, chance) / PAUSES[0] for _ in range(200)]

    assert 1 <= min(pauses) < 1.05
    assert 1.15 < max(pauses) <= 1.2


def test_one_that_comes_back_gets_what_waited(receiver: Receiver) -> None:
    receiver.answers = [503]
    hook(receiver)
    told()

    assert deliver() == 0
    assert deliver(NOW + PAUSES[0]) == 1

    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.last_error) == ("delivered", 2, "")


def test_one_that_says_it_is_gone_is_not_asked_again(receiver: Receiver) -> None:
    receiver.answers = [410]
    hook(receiver)
    told()

    deliver()

    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.last_error) == ("failed", "It answered 410 Gone.")


def test_one_that_fails_is_left_alone_for_the_round_and_holds_nobody_up(
    receiver: Receiver,
) -> None:
    with receiving(500, 500) as broken:
        hook(broken)
        hook(receiver)
        told()
        told()

        assert deliver() == 2

        assert (len(broken.got), len(receiver.got)) == (1, 2)


def test_a_worker_that_died_with_it_leaves_it_to_the_next(receiver: Receiver) -> None:
    hook(receiver)
    told()
    delivery = Delivery.objects.get()
    assert delivering._claim(delivery, NOW)

    assert not delivering._claim(Delivery(pk=delivery.pk, next_try_at=NOW), NOW)
    assert deliver(NOW + timedelta(seconds=59)) == 0
    assert deliver(NOW + timedelta(seconds=60)) == 1
    assert Delivery.objects.get().attempts == 2


def test_who_is_late_to_say_how_it_went_overwrites_nothing(receiver: Receiver) -> None:
    hook(receiver)
    told()
    late = Delivery.objects.get()
    assert delivering._claim(late, NOW)
    deliver(NOW + timedelta(seconds=60))

    delivering._settle(late, Answer(500, "It answered 500."), now=NOW, chance=NoChance())

    assert Delivery.objects.get().status == "delivered"


def test_what_cannot_even_be_sent_is_said_and_holds_nobody_up(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    broken = hook(receiver)
    Webhook.objects.filter(pk=broken.pk).update(secret="whsec_abc")
    hook(receiver)
    told()

    assert deliver() == 1

    first = broken.deliveries.get()
    assert (first.status, first.attempts) == ("waiting", 1)
    assert first.last_error.startswith("It could not be sent: Error:")
    assert "could not be tried" in caplog.text


def test_what_is_long_settled_is_forgotten(receiver: Receiver) -> None:
    hook(receiver)
    told()
    deliver()
    told()

    delivering.forget_old(now=NOW + timedelta(days=31))

    assert [d.status for d in Delivery.objects.all()] == ["waiting"]


@pytest.fixture
def ada(settings: Settings) -> User:
    settings.MAIL_IS_ON = True
    settings.PUBLIC_URL = "https://winnow.example"
    user = User.objects.create_user("ada")
    services.subscribe(user, address="ada@example.com", kinds=[Kind.STARTED])
    return user


EXPERIMENT = {"name": "Home\nCTR", "url": "https://winnow.example/experiments/home-ctr/"}


def test_a_person_who_asked_for_it_is_written_to(ada: User) -> None:
    told(experiment=EXPERIMENT)
    told(Kind.ENDED)

    assert deliver() == 1

    [message] = mail.outbox
    assert isinstance(message, EmailMessage)
    assert (message.to, message.subject) == (
        ["ada@example.com"],
        "Home CTR: An experiment started",
    )
    assert message.body == (
        "Home CTR was started.\n\n"
        "https://winnow.example/experiments/home-ctr/\n\n"
        "You get this because you asked for it in Winnow, under Settings, Notices:\n"
        "https://winnow.example/settings/notices/\n"
    )


def test_whose_account_is_switched_off_is_not_written_to(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)

    told()

    assert not Delivery.objects.exists()


def test_mail_that_was_switched_off_meanwhile_waits(ada: User, settings: Settings) -> None:
    told(experiment=EXPERIMENT)
    settings.MAIL_IS_ON = False

    assert deliver() == 0

    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.last_error) == (
        "waiting",
        "Mail is off: WINNOW_EMAIL_URL is not set.",
    )
    told()
    assert Delivery.objects.count() == 1


def test_mail_goes_through_a_real_server(ada: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with mailbox() as box:
        for name, value in settings_of(box.url).items():
            setattr(settings, name, value)
        told(experiment=EXPERIMENT)
        assert deliver() == 1

    [message] = box.messages
    assert "Subject: Home CTR: An experiment started\r\n" in message
    assert "To: ada@example.com\r\n" in message
    told(experiment=EXPERIMENT)
    assert deliver() == 0
    waiting = Delivery.objects.get(status="waiting")
    assert waiting.last_error.startswith("The mail server did not take it: ")


def test_rounds_cost_no_query_per_receiver_that_is_down(
    receiver: Receiver, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    receiver.answers = [500] * 9
    hook(receiver)
    for _ in range(5):
        told()

    with django_assert_num_queries(3):
        deliver()
