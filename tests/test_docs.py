"""The documentation names all there is, and what it shows runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa
import pytest
from django.core.management import get_commands, load_command_class
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from events.delta import LogTable
from events.schema import to_table
from tests.events.conftest import EVENT, EXPOSURE

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
READING = (DOCS / "how-to" / "read-the-log.md").read_text()
HOLDING_OUT = (DOCS / "how-to" / "hold-out-users.md").read_text()
OURS = (
    "config",
    "offline",
    "api",
    "serving",
    "events",
    "pipelines",
    "dashboard",
    "simulator",
    "notices",
    "people",
)
OF_EVERY_COMMAND = {"-h", "--version", "-v", "--settings", "--pythonpath", "--traceback"}
OF_EVERY_COMMAND |= {"--no-color", "--force-color", "--skip-checks"}
# What the supervisor and Django's own start scripts pass on: nobody sets these.
PASSED_ON = {"DJANGO_SETTINGS_MODULE", "WINNOW_SUPERVISED", "WINNOW_URL"}


def test_every_setting_is_documented() -> None:
    page = (DOCS / "reference" / "settings.md").read_text()
    sources = "".join(path.read_text() for path in sorted((ROOT / "platform").rglob("*.py")))
    read = set(re.findall(r"""environ(?:\.get\(|\[)"([A-Z_]+)""", sources)) - PASSED_ON
    assert {"WINNOW_VAR", "VALKEY_URL"} <= read
    names = {name for name in read if name.startswith("WINNOW_")} | {"DATABASE_URL", "VALKEY_URL"}
    assert sorted(name for name in names if f"`{name}`" not in page) == []


def commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if _is_ours(app))


def _is_ours(app: object) -> bool:
    return isinstance(app, str) and app.partition(".")[0] in (*OURS, "experiments", "recommenders")


@pytest.mark.parametrize("name", commands())
def test_every_command_and_its_options_are_documented(name: str) -> None:
    page = (DOCS / "reference" / "commands.md").read_text()
    [entry] = re.findall(rf"^\| `{name}\b.*$", page, re.MULTILINE)
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    options = [action.option_strings for action in parser._actions]
    own = [names for names in options if names and not OF_EVERY_COMMAND & set(names)]
    assert [names for names in own if not any(f"`{option}" in entry for option in names)] == []


def addresses() -> list[str]:
    return sorted(set(_addresses(get_resolver().url_patterns, "/")))


def _addresses(patterns: list[Any], prefix: str) -> Iterator[str]:
    for entry in patterns:
        if isinstance(entry, URLResolver) and "dashboard" not in str(entry.urlconf_name):
            yield from _addresses(entry.url_patterns, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern) and "<path:" not in str(entry.pattern):
            yield prefix + str(entry.pattern)


@pytest.mark.parametrize("address", addresses())
def test_every_address_of_the_api_is_documented(address: str) -> None:
    pages = "".join(path.read_text() for path in sorted((DOCS / "reference").rglob("*.md")))
    pattern = re.sub(r"<[^>]+>", "[A-Z]+", address)
    assert re.search(rf"[ `]{pattern}[`? ]", pages)


def test_the_addresses_are_those_of_the_api() -> None:
    found = addresses()
    assert "/healthz" in found
    assert "/api/v1/events" in found
    assert "/api/v1/experiments/<slug:key>/results" in found


def linked(page: Path) -> list[Path]:
    """The files of this repository that the page links to."""
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    return [(page.parent / link).resolve() for link in local]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    assert [link for link in linked(page) if not link.exists()] == []


def test_every_page_but_the_decisions_is_reached_from_the_index() -> None:
    reached: set[Path] = set()
    ahead = [DOCS / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in reached:
            reached.add(page)
            ahead += [link for link in linked(page) if link.suffix == ".md" and link.exists()]
    pages = {page for page in PAGES if page.is_relative_to(DOCS)}
    assert {page for page in pages - reached if page.parent.name != "adr"} == set()


def test_the_tests_that_durability_names_are_there() -> None:
    text = (DOCS / "explanation" / "durability.md").read_text()
    file = ""
    missing = []
    for named, test in re.findall(r"`([\w/.]*)(?:::(\w+))?`", text):
        if not test and not named.startswith("test_"):
            continue
        file = named or file
        path = ROOT / file if "/" in file else ROOT / "tests" / "events" / f"{file}.py"
        source = path.read_text() if path.exists() else ""
        if not source or f"def {test or 'test_'}" not in source:
            missing.append(f"{file}::{test}")
    assert missing == []


def test_the_tests_that_the_rules_of_the_statistics_name_are_there() -> None:
    text = (DOCS / "explanation" / "statistics.md").read_text()
    rules = re.findall(r"^\| (\d+) \|.*$", text, re.MULTILINE)
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", text)
    tests = ROOT / "tests" / "experiments"
    assert rules == [str(n) for n in range(1, 13)]
    assert len(named) >= len(rules)
    missing = [
        (file, test) for file, test in named if f"def {test}(" not in (tests / file).read_text()
    ]
    assert missing == []


def examples(kind: str, page: str = READING) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)


@pytest.fixture
def run(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs an example from a folder whose log has one slate, one click on it, and three views."""
    settings.LOG_DIR = tmp_path / "var" / "log"
    views = [
        msgspec.structs.replace(EVENT, id=f"v{n}", type="view", properties={"page": page})
        for n, page in enumerate(["home", "home", "cart"])
    ]
    LogTable(settings.LOG_DIR, "events").append(to_table("events", [EVENT, *views]), {"x": 1})
    LogTable(settings.LOG_DIR, "exposures").append(to_table("exposures", [EXPOSURE]), {"x": 1})
    monkeypatch.chdir(tmp_path)

    def call(example: str) -> dict[str, Any]:
        names: dict[str, Any] = {}
        exec(example, names)  # noqa: S102
        return names

    return call


def test_the_examples_of_reading_the_log_run(run: Callable[..., Any]) -> None:
    joined, pages, frame, before, ibis = (run(example) for example in examples("python"))
    assert joined["clicks"] == [("item-knn", 1, 1)]
    assert pages["pages"] == [('"home"', 2), ('"cart"', 1)]
    assert isinstance(frame["frame"], pd.DataFrame)
    assert frame["clicks_of"].to_dict() == {"i1": 1}
    assert sorted(before["before"]["id"]) == ["e1", "v0", "v1", "v2"]
    assert isinstance(ibis["table"], pa.Table)
    assert [(row["type"], row["users"]) for row in ibis["table"].to_pylist()] == [
        ("click", 1),
        ("view", 1),
    ]
    assert ibis["versions"] == {"events": 1, "exposures": 1}


def test_the_example_of_a_holdout_tells_apart_who_was_held_out(
    run: Callable[..., Any], settings: Settings
) -> None:
    met = {"u2": "holdout", "u3": "outside_traffic", "u4": "override", "u5": "no_experiment"}
    nobody = msgspec.structs.replace(EXPOSURE, experiment=None, phase=None, variant=None)
    rows = [
        msgspec.structs.replace(nobody, request_id=user, user=user, reason=reason)
        for user, reason in met.items()
    ]
    LogTable(settings.LOG_DIR, "exposures").append(to_table("exposures", rows), {"x": 2})
    [example] = examples("python", HOLDING_OUT)

    run(example)

    written = pd.read_csv("exposures.csv").sort_values("user")
    assert written[["user", "variant"]].values.tolist() == [
        ["u1", "others"],
        ["u2", "held-out"],
        ["u3", "others"],
    ]


def test_the_example_for_spark_is_python_at_least() -> None:
    [example] = examples("python spark")
    names = compile(example, "read.py", "exec").co_names
    assert "spark" in names
