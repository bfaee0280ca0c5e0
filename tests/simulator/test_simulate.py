"""The command: what it refuses, and a run against a real HTTP server."""

import re
import signal
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from simulator.catalogue import Catalogue
from tests.simulator.shop_server import Script, serving


@pytest.fixture
def script(catalogue: Catalogue) -> Iterator[Script]:
    with serving(Script(slate=[item.key for item in catalogue.items[:10]])) as script:
        yield script


@pytest.fixture(autouse=True)
def place(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A var/ of its own, no network, and the signals' own handlers again afterwards."""
    settings.WINNOW_VAR, settings.CACHE_DIR = tmp_path, tmp_path / "cache"
    monkeypatch.setenv("WINNOW_OFFLINE", "1")
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.django_db
def test_a_run_says_who_came_and_what_was_acknowledged(script: Script) -> None:
    out = StringIO()
    options = {"shoppers": 25, "seed": 4, "url": script.url, "key": "secret"}
    call_command("simulate", stdout=out, stderr=StringIO(), **options)
    events = sum(len(body["events"]) for body in script.bodies("/api/v1/events"))
    pages = len(script.bodies("/api/v1/route"))
    first, second, third = out.getvalue().splitlines()
    assert re.match(r"25 shoppers \(ids shopper-[0-9a-f]{8}-…, seed 4\)", first)
    assert f"loaded {pages} pages" in first
    assert second == "In experiments: popular 25."
    assert third.startswith(f"{events:,} events were acknowledged, 0 rejected;")
    assert {key for _, key, _ in script.requests} == {"Bearer secret"}


@pytest.mark.django_db
def test_two_runs_share_nobody_even_under_one_seed(script: Script) -> None:
    options = {"shoppers": 2, "seed": 4, "url": script.url, "key": "secret"}
    for _ in range(2):
        call_command("simulate", stdout=StringIO(), stderr=StringIO(), **options)
    assert len({body["user"] for body in script.bodies("/api/v1/route")}) == 4


@pytest.mark.django_db
def test_without_a_key_it_uses_the_demonstrations(script: Script, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Give an API key with --key KEY"):
        call_command("simulate", shoppers=1, url=script.url)
    assert script.requests == []
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "api_key").write_text("wn_demo\n")
    call_command("simulate", shoppers=1, url=script.url, stdout=StringIO())
    assert {key for _, key, _ in script.requests} == {"Bearer wn_demo"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shoppers": 0}, "--shoppers must be at least 1"),
        ({"shoppers": 1, "truth": True}, "--shoppers must be at least 2"),
        ({"rate": 0.0}, "--rate must be above 0"),
        ({"experiment": "home-ctr"}, "--experiment belongs to --truth"),
    ],
)
def test_figures_that_mean_nothing_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("simulate", **options)


@pytest.mark.django_db
def test_the_truth_needs_an_experiment() -> None:
    with pytest.raises(CommandError, match="No experiment runs on “home”"):
        call_command("simulate", truth=True)
    with pytest.raises(CommandError, match=r"There is no experiment “x”\. There are: none yet"):
        call_command("simulate", truth=True, experiment="x")
