"""The pages about doors: each example runs as it is printed, and is answered as printed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from serving.access import CLIENT_DOORS
from tests.browser.conftest import QUIET
from tests.doors.examples import LANGUAGES, Example, differences, examples
from tests.stack import ROOT, Stack, wait_for

pytestmark = pytest.mark.timeout(300)

DOORS = ROOT / "docs" / "reference" / "doors"
EXAMPLES = [example for page in sorted(DOORS.glob("*.md")) for example in examples(page)]
OF_CLIENTS = {door.removeprefix("/") for door in CLIENT_DOORS}
TIRED = ("model_timeout", "model_loading")
"""A machine that is busy answers by a fallback: then the example runs again."""

ONCE = ("newcomers", "summer-sale", "Summer sale", "knn-narrow", "reports", "shopper-5")
"""Names that can be taken once, and a person who is erased once: another language, another name."""


@pytest.fixture(scope="module")
def world(stack: Stack) -> dict[str, str]:
    """What the examples talk of, and the names by which they call it."""
    stack.shell("from tests.doors.example_world import main; main()")
    for n in range(40):
        _visit(stack, f"visitor-{n}", "cart", clicks=n % 4 == 0)
    _visit(stack, "shopper-6", "product-page", clicks=True)
    erasure = stack.call("erasures", {"user": "shopper-6"})["id"]
    wait_for(lambda: stack.call(f"erasures/{erasure}")["status"] == "done", 90, "an erasure")
    wait_for(lambda: _analysed(stack) == 40, 90, "a snapshot of every visit")
    return {"WINNOW": stack.url, "WINNOW_KEY": stack.key, "ERASURE": str(erasure)}


def _visit(stack: Stack, user: str, placement: str, *, clicks: bool) -> None:
    """One page load, with a click on the first item or without."""
    slate = stack.call("route", {"user": user, "placement": placement, "k": 3})
    if clicks:
        click = {"id": f"visit of {user}", "type": "click", "user": user}
        of = {"item": slate["items"][0]["item"], "request_id": slate["request_id"]}
        stack.call("events", {"events": [click | of]})


def _analysed(stack: Stack) -> int:
    """Users of the newest snapshot."""
    try:
        card = stack.call("experiments/cart-neighbours/results")["scorecard"]
    except OSError:
        return 0
    return sum(arm["users"] for arm in card["arms"])


@pytest.fixture(scope="module")
def browser_pages(
    stack: Stack, world: dict[str, str], shop: str, chromium: str
) -> Iterator[dict[bool, tuple[Page, dict[str, str]]]]:
    """A shop's page with a client key, and one of Winnow's own origin with a server key."""
    client = stack.manage("create_key", "web", "--client", f"--origin={shop}").strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        theirs, ours = browser.new_page(), browser.new_page()
        theirs.goto(shop)
        ours.goto(f"{stack.url}/healthz")
        yield {True: (theirs, world | {"WINNOW_KEY": client}), False: (ours, world)}
        browser.close()


def test_every_door_has_a_page_with_an_example() -> None:
    listed = re.findall(r"\(doors/([a-z-]+)\.md\)", (DOORS.parent / "http.md").read_text())
    pages = {example.page for example in EXAMPLES}
    assert {*listed, "management"} == pages
    assert {page.stem for page in DOORS.glob("*.md")} == pages


@pytest.mark.parametrize(
    ("printed", "real", "where"),
    [
        ({"user": "u1", "k": 3}, {"user": "u1"}, ": printed ['k', 'user']"),
        ({"user": "u1"}, {"user": "u1", "k": 3}, ": printed ['user']"),
        ({"user": "u1", "…": "…"}, {"k": 3}, ": printed ['user']"),
        ({"items": [{"item": "a"}]}, {"items": [{"item": "b"}]}, "/items/0/item: printed 'a'"),
        ({"items": ["a"]}, {"items": ["a", "b"]}, "/items: printed 1 entries, came 2"),
        ({"items": ["c", "…"]}, {"items": ["a", "b"]}, "/items: c is not among"),
        ({"plan_version": 7}, {"plan_version": None}, "/plan_version: printed 7, came None"),
        ({"score": 0.31}, {"score": 0.32}, "/score: printed 0.31, came 0.32"),
        ({"k": 1}, {"k": True}, "/k: printed 1, came True"),
    ],
)
def test_another_answer_than_the_printed_one_is_found(printed: Any, real: Any, where: str) -> None:
    [found] = differences(printed, real)
    assert found.startswith(where)


def test_what_differs_from_run_to_run_and_what_is_left_out_is_none() -> None:
    printed = {"plan_version": 7, "score": 0.31, "items": ["…", "b"], "…": "…"}
    real = {"plan_version": 9, "score": 0.3102, "items": ["a", "b"], "user": "u1"}
    assert differences(printed, real) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.page} {e.number}")
def test_an_example_is_answered_as_printed(
    world: dict[str, str], example: Example, language: str, request: pytest.FixtureRequest
) -> None:
    named = _renamed(example, language)
    for _ in range(5):
        real = _run(named, language, world, request)
        if not (isinstance(real, dict) and real.get("fallback") in TIRED):
            break
    assert differences(named.answer, real) == []


def _renamed(example: Example, language: str) -> Example:
    """The example with names of this language's own where a name can be taken once."""
    if language == LANGUAGES[0]:
        return example
    text = json.dumps([example.codes[language], example.answer], ensure_ascii=False)
    for name in ONCE:
        text = text.replace(name, f"{name}{' ' if ' ' in name else '-'}{language}")
    code, answer = json.loads(text)
    return replace(example, codes={language: code}, answer=answer)


def _run(
    example: Example, language: str, world: dict[str, str], request: pytest.FixtureRequest
) -> Any:
    code = example.codes[language]
    if language == "js":
        pages = request.getfixturevalue("browser_pages")
        page, names = pages[example.page in OF_CLIENTS]
        [said] = page.evaluate(_as_function(code, names), names)
        return said.strip() if isinstance(said, str) else said
    command = (
        [sys.executable, "-c"] if language == "python" else [_bash(), "-euo", "pipefail", "-c"]
    )
    done = subprocess.run(
        [*command, code],
        env=os.environ | world,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.strip()
    return said if isinstance(example.answer, str) else json.loads(said)


def _as_function(code: str, names: dict[str, str]) -> str:
    """Of the names; what the code says to the console it returns."""
    begin = f"const {{{', '.join(names)}}} = names, said = []"
    return (
        f"async (names) => {{ {begin}, console = {{log: (one) => said.push(one)}};\n{code}\n"
        "return said; }"
    )


def _bash() -> str:
    found = shutil.which("bash")
    if found is None or shutil.which("curl") is None:
        pytest.skip("no bash or no curl found; on Debian and Ubuntu: apt install curl")
    return found
