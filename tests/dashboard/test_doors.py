"""Who gets in, and what every page promises: no script of another origin, none inline."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from dashboard.formats import DASH
from experiments.models import Experiment
from serving.models import Pulse
from tests.dashboard.factories import make_recommender, snapshot_of

PAGES = [
    reverse("dashboard:overview"),
    reverse("dashboard:experiments"),
    reverse("dashboard:experiment-new"),
    reverse("dashboard:experiment", args=["learned-ranking"]),
    reverse("dashboard:experiment-ship", args=["learned-ranking"]),
    reverse("dashboard:experiment-archive", args=["learned-ranking"]),
    reverse("dashboard:changes", args=["learned-ranking"]),
    reverse("dashboard:recommenders"),
    reverse("dashboard:recommender-new"),
    reverse("dashboard:recommender", args=["popular"]),
    reverse("dashboard:metrics"),
    reverse("dashboard:metric-new"),
    reverse("dashboard:data"),
    reverse("dashboard:data-audit"),
    reverse("dashboard:data-user"),
    reverse("dashboard:layers"),
    reverse("dashboard:keys"),
    reverse("dashboard:people"),
    reverse("dashboard:trail"),
    reverse("dashboard:password"),
]
KEY = reverse("dashboard:key", args=[1])
OVERRIDES = reverse("dashboard:draft-overrides", args=["learned-ranking"])
PARTS = [
    reverse("dashboard:pulse"),
    reverse("dashboard:overview-live"),
    reverse("dashboard:data-live"),
    reverse("dashboard:data-audit-live"),
    reverse("dashboard:experiment-live", args=["learned-ranking"]),
    reverse("dashboard:recommender-live", args=["popular"]),
]
POSTS = [
    reverse("dashboard:experiment-new"),
    reverse("dashboard:experiment-start", args=["learned-ranking"]),
    reverse("dashboard:experiment-stop", args=["learned-ranking"]),
    reverse("dashboard:experiment-pause", args=["learned-ranking"]),
    reverse("dashboard:experiment-resume", args=["learned-ranking"]),
    reverse("dashboard:experiment-ship", args=["learned-ranking"]),
    reverse("dashboard:experiment-archive", args=["learned-ranking"]),
    reverse("dashboard:experiment-delete", args=["learned-ranking"]),
    *(
        reverse(f"dashboard:changes-{name}", args=["learned-ranking"])
        for name in ("traffic", "arms", "kill", "words", "override", "override-remove")
    ),
    reverse("dashboard:report-new", args=["learned-ranking"]),
    reverse("dashboard:report-revoke", args=["learned-ranking", 1]),
    OVERRIDES,
    reverse("dashboard:draft-override-remove", args=["learned-ranking"]),
    reverse("dashboard:recommender-new"),
    reverse("dashboard:recommender-train", args=["popular"]),
    reverse("dashboard:data-audit-run"),
    reverse("dashboard:metric-new"),
    reverse("dashboard:metric-preview"),
    reverse("dashboard:metric-archive", args=["gmv"]),
    reverse("dashboard:metric-restore", args=["gmv"]),
    reverse("dashboard:data-rule"),
    reverse("dashboard:data-rule-remove", args=[1]),
    reverse("dashboard:keys"),
    KEY,
    reverse("dashboard:key-revoke", args=[1]),
    reverse("dashboard:people"),
    reverse("dashboard:person-role", args=[1]),
    reverse("dashboard:person-deactivate", args=[1]),
    reverse("dashboard:person-reactivate", args=[1]),
    reverse("dashboard:person-password", args=[1]),
    reverse("dashboard:password"),
]


@pytest.mark.parametrize("address", PAGES + PARTS)
def test_every_page_asks_for_a_login_first(client: Client, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 302
    assert answer["Location"] == f"/login/?next={address}"


@pytest.mark.parametrize("address", POSTS)
def test_no_form_is_taken_without_its_token(person: User, address: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)

    answer = browser.post(address, {"name": "x"})

    assert answer.status_code == 403
    assert b"The form was too old to send" in answer.content
    assert not Experiment.objects.exists()


@pytest.mark.parametrize("address", [p for p in POSTS if p not in (*PAGES, KEY, OVERRIDES)])
def test_a_move_is_never_made_by_a_link(browser: Client, address: str) -> None:
    assert browser.get(address).status_code == 405


@pytest.mark.parametrize("address", PAGES)
def test_a_page_keeps_to_its_own_origin_and_to_files(
    browser: Client, make_experiment: Callable[..., Experiment], address: str
) -> None:
    snapshot_of(make_experiment())

    page = browser.get(address).content.decode()

    assert not re.search(r'(src|href|action)="(https?:)?//', page)
    assert all(
        "src=" in tag or "application/json" in tag for tag in re.findall("<script[^>]*>", page)
    )
    assert not re.search(r"\son[a-z]+=", page)
    assert page.count("<h1") == 1


@pytest.mark.parametrize("address", PAGES)
def test_every_field_of_a_page_has_a_label_of_its_own(
    browser: Client, make_experiment: Callable[..., Experiment], address: str
) -> None:
    make_experiment()
    page = re.sub("<template>.*?</template>", "", browser.get(address).content.decode(), flags=re.S)

    ids = re.findall(r'\sid="([^"]+)"', page)
    labels = re.findall(r'<label[^>]*\sfor="([^"]+)"', page)

    assert sorted(ids) == sorted(set(ids))
    assert set(labels) <= set(ids)


def test_the_policy_allows_no_inline_script(browser: Client) -> None:
    policy = browser.get("/experiments/")["Content-Security-Policy"]

    assert "script-src 'self';" in policy


@pytest.mark.django_db
def test_a_login_leads_to_the_overview(client: Client, person: User) -> None:
    answer = client.post("/login/", {"username": "maya", "password": "maya-maya-1"})

    assert answer["Location"] == "/"


@pytest.mark.django_db
def test_a_wrong_password_does_not_say_which_was_wrong(client: Client, person: User) -> None:
    wrong = client.post("/login/", {"username": "maya", "password": "x"}).content
    nobody = client.post("/login/", {"username": "nobody", "password": "x"}).content

    said = b"No account has this name and password."
    assert said in wrong
    assert said in nobody
    assert b'value="maya"' in wrong


@pytest.mark.django_db
def test_a_login_never_leads_to_another_site(client: Client, person: User) -> None:
    answer = client.post(
        "/login/", {"username": "maya", "password": "maya-maya-1", "next": "https://evil.example/"}
    )

    assert answer["Location"] == "/"


def test_logging_out_takes_a_post(browser: Client) -> None:
    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/")["Location"] == "/login/"
    assert browser.get("/experiments/").status_code == 302


def test_an_experiment_and_a_recommender_may_be_called_new(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    experiment = make_experiment("New", running=False)
    recommender = make_recommender("new")

    assert experiment.key == "new"
    assert "New</h1>" in browser.get(experiment.get_absolute_url()).content.decode()
    page = browser.get(recommender.get_absolute_url()).content.decode()
    assert "new</h1>" in page


def test_an_unknown_address_looks_like_the_rest(browser: Client) -> None:
    answer = browser.get("/experiments/nowhere/")

    assert answer.status_code == 404
    assert b"There is no page here" in answer.content


def pulse_says(browser: Client) -> list[str]:
    page = browser.get("/pulse/").content.decode()
    return [" ".join(words.split()) for words in re.findall(r"<d[td]>(.*?)</d[td]>", page)] + [
        *re.findall(r'<p class="pulse-note">(.*?)</p>', page)
    ]


def test_the_pulse_has_its_four_figures_before_any_was_measured(browser: Client) -> None:
    names = ("Requests", "p95 latency", "Fallbacks", "Log behind")
    nothing = [word for name in names for word in (name, DASH)]
    assert pulse_says(browser) == [*nothing, "Not measured yet"]


@pytest.mark.parametrize(
    ("ago", "requests", "note"),
    [
        (timedelta(seconds=15), 418.0, []),
        (timedelta(seconds=15), 0.0, ["No traffic in the last minute"]),
        (timedelta(hours=3), 418.0, ["Measured 3 hours ago"]),
    ],
)
def test_the_pulse_shows_the_latest_minute_and_how_old_it_is(
    browser: Client, ago: timedelta, requests: float, note: list[str]
) -> None:
    Pulse.objects.create(
        at=now() - ago,
        requests_per_minute=requests,
        p95_ms=14,
        fallback_share=0.002,
        log_lag_seconds=6,
    )

    assert pulse_says(browser) == [
        *("Requests", f"{requests:.0f} / min", "p95 latency", "14 ms"),
        *("Fallbacks", "0.2%", "Log behind", "6 s", *note),
    ]


def test_the_theme_is_kept_in_a_cookie_and_nothing_else_is_taken_from_it(browser: Client) -> None:
    browser.cookies["theme"] = "dark"
    assert b'data-theme="dark"' in browser.get("/experiments/").content

    browser.cookies["theme"] = "x onload"
    assert b"data-theme=" not in browser.get("/experiments/").content
