"""The results door by the settings of the page: the same numbers, or a problem that names which."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments import selectors
from experiments.metrics.exploring.shown import Shown, shown
from experiments.metrics.results import Scorecard
from experiments.models import Experiment, SnapshotSamples
from tests.dashboard import much

pytestmark = pytest.mark.django_db

RESULTS = "/api/v1/experiments/much-on-it/results"
PAGE = "/experiments/much-on-it/"


@pytest.fixture
def experiment(db: None) -> Experiment:
    found = much.much()
    much.analysed(found, users=2000, days=3)
    return found


@pytest.fixture
def browser(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("maya"))
    return client


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?scale=absolute",
        "?method=fixed&cuped=on",
        "?method=bayesian&scale=absolute",
        "?segment=platform%3Dios",
        "?correction=e_bh",
        "?phase=1",
    ],
)
def test_it_answers_what_the_page_and_its_file_show(
    keyed: Client, browser: Client, experiment: Experiment, query: str
) -> None:
    answer = keyed.get(f"{RESULTS}{query}").json()
    sheet = browser.get(f"{PAGE}{query}").context["sheet"]
    file = io.StringIO(browser.get(f"{PAGE}scorecard.csv{query}").content.decode())

    rows = msgspec.convert(answer["shown"], list[Shown])
    assert rows == list(shown(sheet.card, sheet.scale))
    written = [(r["metric"], r["variant"], r["effect"], r["p_value"]) for r in csv.DictReader(file)]
    assert written == [
        (r.metric, r.variant, *("" if v is None else repr(v) for v in (r.effect, r.p_value)))
        for r in rows
    ]
    assert answer["decides"] is not sheet.controls.exploring
    assert msgspec.convert(answer["scorecard"], Scorecard) == sheet.card


def test_it_says_by_which_settings(keyed: Client, experiment: Experiment) -> None:
    usual = {"scale": "relative", "method": "sequential", "cuped": "off"}
    usual |= {"segment": "everyone", "correction": "holm", "phase": "all"}

    plain = keyed.get(RESULTS).json()
    other = keyed.get(f"{RESULTS}?method=bayesian&segment=platform%3Dios&scale=absolute").json()

    assert (plain["decides"], plain["settings"]) == (True, usual)
    assert other["decides"] is False
    assert other["settings"] == usual | {
        "scale": "absolute",
        "method": "bayesian",
        "segment": "platform=ios",
        "correction": "none",
    }
    assert all(row["chance_above_control"] is not None for row in other["shown"][:3])


@pytest.mark.parametrize(
    ("query", "pointer", "detail"),
    [
        ("scale=both", "/scale", "scale must be"),
        ("method=frequentist", "/method", "method must be"),
        ("cuped=yes", "/cuped", "cuped must be"),
        ("segment=platform%3Dtv", "/segment", "segment: must be one of everyone, platform="),
        ("correction=bonferroni", "/correction", "correction must be"),
        ("phase=2", "/phase", "phase: must be one of all, 1"),
        (
            "correction=e_bh&method=fixed",
            "/correction",
            "correction: e-BH takes the e-values of the sequential method",
        ),
        ("level=0.9", "/level", "level is not a field of this request; it takes scale, method"),
    ],
)
def test_a_setting_that_is_not_to_be_had_is_a_problem_that_names_it(
    keyed: Client, experiment: Experiment, query: str, pointer: str, detail: str
) -> None:
    answer = keyed.get(f"{RESULTS}?{query}")

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert error["detail"].startswith(detail)


def test_without_samples_only_what_decides_is_to_be_had(
    keyed: Client, experiment: Experiment
) -> None:
    SnapshotSamples.objects.all().delete()

    answer = keyed.get(f"{RESULTS}?method=fixed")

    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"pointer": "/method", "detail": "method: this snapshot keeps no samples; the next "
         "analysis does"}
    ]  # fmt: skip
    assert keyed.get(f"{RESULTS}?method=sequential&scale=absolute").status_code == 200
    stored = selectors.latest_snapshot(experiment)
    assert stored is not None
    assert keyed.get(RESULTS).json()["snapshot"] == stored.pk


def test_the_page_says_the_call_of_its_controls(browser: Client, experiment: Experiment) -> None:
    call = f'<span id="api-call">http://testserver{RESULTS}'

    assert f"{call}</span>" in browser.get(PAGE).content.decode()
    asked = browser.get(f"{PAGE}?method=fixed&scale=absolute&chart=lift").content.decode()
    assert f"{call}?scale=absolute&amp;method=fixed</span>" in asked
    part = browser.get(f"{PAGE}scorecard/?method=fixed").content.decode()
    assert 'id="call" hx-swap-oob="true"' in part
    assert f"{call}?method=fixed</span>" in part
