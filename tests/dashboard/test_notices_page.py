"""Settings, Notices: webhooks for admins, and everybody's own e-mail."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from notices import services
from notices.kinds import Kind
from notices.models import Delivery, EmailSubscription, Webhook
from people import trail
from people.actors import Actor
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text

PAGE = "/settings/notices/"
HOOKS = f"{PAGE}webhooks/"
URL = "https://hooks.example.com/T0/secret"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STARTED, ENDED = Kind.STARTED.value, Kind.ENDED.value


@pytest.fixture
def hook(db: None) -> Webhook:
    return services.add_webhook(url=URL, kinds=[STARTED, ENDED], now=NOW, actor=Actor("ada"))


@pytest.fixture
def viewer(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_user("vera"))
    return client


def test_without_anything_the_page_says_so(browser: Client) -> None:
    said = text(browser, PAGE)

    assert "No webhook yet." in said
    assert "Mail is off: whoever runs the server sets WINNOW_EMAIL_URL first." in said


def test_the_secret_is_shown_once(browser: Client) -> None:
    answer = browser.post(HOOKS, {"url": f" {URL} ", "kinds": [ENDED]})

    hook = Webhook.objects.get()
    found = re.search(r'<pre id="secret"[^>]*>(\S+)</pre>', answer.content.decode())
    assert found is not None
    assert found[1] == hook.secret
    assert (hook.url, hook.kinds, hook.active) == (URL, [ENDED], True)
    assert hook.created_by is not None
    assert hook.created_by.username == "maya"
    assert "no-store" in answer["Cache-Control"]
    for page in (PAGE, f"{HOOKS}{hook.pk}/"):
        assert hook.secret not in browser.get(page).content.decode()
    assert trail.entries(kind="webhook").get().by == "maya"


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        ({"url": "ftp://x", "kinds": [ENDED]}, "id_url", "Give an address that begins with http"),
        ({"url": "", "kinds": [ENDED]}, "id_url", "Give an address that begins with http"),
        ({"url": URL, "kinds": []}, "id_kinds", "Choose at least one thing to be told of."),
        ({"url": URL, "kinds": ["luck"]}, "id_kinds", "Choose of those shown."),
    ],
)
def test_what_is_wrong_stands_in_its_place_and_adds_nothing(
    browser: Client, sent: dict[str, object], field: str, says: str
) -> None:
    page = browser.post(HOOKS, sent).content.decode()

    assert error_of(page, field).startswith(says)
    assert not Webhook.objects.exists()


def test_a_webhook_shows_what_became_of_its_deliveries(browser: Client, hook: Webhook) -> None:
    services.send_test(hook, now=NOW)
    Delivery.objects.update(
        status="failed", attempts=8, last_error="It answered 500.", next_try_at=None
    )
    services.send_test(hook, now=NOW)

    said = text(browser, f"{HOOKS}{hook.pk}/")

    assert "It answered 500. failed 8" in said
    assert "waiting 0" in said
    assert said.count("Deliver again") == 1
    assert f"{URL} switched on 1 1" in text(browser, PAGE)


def test_a_test_is_sent_and_what_failed_is_delivered_again(browser: Client, hook: Webhook) -> None:
    browser.post(f"{HOOKS}{hook.pk}/test/")
    delivery = Delivery.objects.get()
    assert (delivery.kind, delivery.webhook) == ("test", hook)
    again = f"{PAGE}deliveries/{delivery.pk}/again/"
    assert b"It is on its way already." in browser.post(again, follow=True).content
    Delivery.objects.update(status="failed", attempts=8)

    answer = browser.post(again, follow=True)

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("waiting", 0)
    assert b"It is delivered again, by the same id." in answer.content


def test_what_a_webhook_tells_is_changed_in_its_place(browser: Client, hook: Webhook) -> None:
    address = f"{HOOKS}{hook.pk}/"
    page = browser.post(address, {"kinds": [], "active": "on"}).content.decode()
    assert error_of(page, "id_kinds") == "Choose at least one thing to be told of."

    browser.post(address, {"kinds": [ENDED]})

    hook.refresh_from_db()
    assert (hook.kinds, hook.active) == ([ENDED], False)
    assert "switched off" in text(browser, PAGE)


def test_a_webhook_is_removed(browser: Client, hook: Webhook) -> None:
    answer = browser.post(f"{HOOKS}{hook.pk}/remove/", follow=True)

    assert b"The webhook is removed." in answer.content
    assert not Webhook.objects.exists()
    assert browser.get(f"{HOOKS}{hook.pk}/").status_code == 404


def test_who_is_no_admin_sees_no_address(viewer: Client, hook: Webhook) -> None:
    page = viewer.get(PAGE).content.decode()

    assert "hooks.example.com" not in page
    assert "Webhooks are added by an admin." in page


def test_everybody_chooses_their_own_mail(viewer: Client, settings: Settings) -> None:
    settings.MAIL_IS_ON = True
    answer = viewer.post(
        f"{PAGE}email/", {"address": "vera@example.com", "kinds": [ENDED]}, follow=True
    )

    assert b"You are written to at vera@example.com." in answer.content
    row = EmailSubscription.objects.get()
    assert (row.user.username, row.kinds) == ("vera", [ENDED])
    viewer.post(f"{PAGE}email/test/")
    assert Delivery.objects.get().subscription == row
    assert "test waiting" in text(viewer, PAGE)

    answer = viewer.post(f"{PAGE}email/", {"address": "", "kinds": []}, follow=True)

    assert b"You get no mail." in answer.content
    assert not EmailSubscription.objects.exists()
    assert viewer.post(f"{PAGE}email/test/").status_code == 404


def test_an_address_that_is_none_is_said_in_its_place(viewer: Client, settings: Settings) -> None:
    settings.MAIL_IS_ON = True

    page = viewer.post(f"{PAGE}email/", {"address": "vera", "kinds": [ENDED]}).content.decode()

    assert error_of(page, "id_address").startswith("Give an e-mail address, such as")
    assert not EmailSubscription.objects.exists()


def test_mail_that_is_off_is_not_chosen(viewer: Client) -> None:
    answer = viewer.post(f"{PAGE}email/", {"address": "v@example.com", "kinds": [ENDED]})

    assert b"Mail is off: whoever runs the server sets WINNOW_EMAIL_URL first." in answer.content
    assert not EmailSubscription.objects.exists()


def test_more_webhooks_cost_no_more_queries(
    browser: Client, hook: Webhook, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        other = services.add_webhook(url=URL, kinds=[ENDED], now=NOW, actor=Actor("ada"))
        services.send_test(other, now=NOW)

    with django_assert_max_num_queries(12):
        browser.get(PAGE)
    with django_assert_max_num_queries(12):
        browser.get(f"{HOOKS}{hook.pk}/")
