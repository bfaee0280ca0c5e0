"""What an experimenter does in the life of an experiment, from a draft to a variant shipped."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from experiments.assignment import bucket
from tests.stack import Stack

pytestmark = pytest.mark.timeout(240)

KEY = "order-of-the-shelf"
THIRD = "popular-arm-2"  # the key of the second arm that serves `popular`
SHELF = "shelf (layer shelf, 100% free)"
SOON = 20_000  # milliseconds until a part of a page has followed, on a busy machine
SEEDS = f"""
from experiments.models import Experiment
e = Experiment.objects.get(key="{KEY}")
print(e.phases.last().seed, e.layer.seed)
"""


def test_an_experiment_is_led_from_a_draft_to_a_variant_shipped(page: Page, stack: Stack) -> None:
    stack.manage("create_placement", "shelf", "popular", "--name", "Shelf")
    write_draft(page)
    expect(page.get_by_text("Ready to start.")).to_be_visible()

    edit_draft(page)
    page.get_by_role("button", name="Start the experiment").click()
    expect(page.get_by_text("Users meet it from their next request on.")).to_be_visible()
    assert served(stack, "u1", country="DE")["reason"] == "not_targeted"
    before = served(stack, "u1", country="BE")
    assert before["reason"] == "split"

    set_override(page, user="qa-1", variant=THIRD)
    assert served(stack, "qa-1", country="DE")["variant"] == THIRD

    change_weights(page)
    expect(phases(page)).to_contain_text(re.compile(r"Phase 2\s.*A 40%, B 40%, C 20%", re.DOTALL))

    now = served(stack, "u1", country="BE")["variant"]
    assert now in {before["variant"], "item-knn"}

    asked(page, "Pause", "Pause it", why="A slate looks odd.")
    expect(page.get_by_text("Paused. Everybody gets popular.")).to_be_visible()
    assert served(stack, "u1", country="BE")["experiment"] is None
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("It runs again.")).to_be_visible()
    assert served(stack, "u1", country="BE")["variant"] == now

    kill(page, THIRD)
    expect(phases(page)).to_contain_text(re.compile(r"Phase 3\s.*killed: C", re.DOTALL))
    look_up(page, stack, "u1")

    page.goto(f"/experiments/{KEY}/")
    asked(page, "Stop", "Stop it")
    expect(page.get_by_text("The experiment is stopped.")).to_be_visible()
    ship(page, "item-knn")
    expect(page.get_by_text("Shipped item-knn.")).to_be_visible()
    page.goto("/settings/layers/")
    expect(page.get_by_label("Default of shelf").locator("option:checked")).to_have_text("item-knn")
    assert served(stack, "u1", country="BE")["model_version"].startswith("item-knn@")


def served(stack: Stack, user: str, *, country: str) -> dict[str, Any]:
    body = {"user": user, "placement": "shelf", "k": 3, "attributes": {"country": country}}
    answer: dict[str, Any] = stack.call("route", body)
    return answer


def write_draft(page: Page) -> None:
    page.goto("/new-experiment/")
    page.get_by_label("Name", exact=True).fill("Order of the shelf")
    page.get_by_label("Placement", exact=True).select_option(label=SHELF)
    page.get_by_label("Traffic").fill("100")
    page.get_by_text("Audience and ramp").click()
    page.get_by_label("Condition on attributes").fill('{"country": {"$in": ["NL"]}}')
    page.get_by_role("button", name="Continue to variants").click()
    arms = zip("ABC", ("popular", "item-knn", "popular"), ("40", "30", "30"), strict=True)
    for letter, recommender, weight in arms:
        page.get_by_label(f"Recommender of variant {letter}").select_option(recommender)
        page.get_by_label(f"Weight of variant {letter}").fill(weight)
    page.get_by_role("button", name="Continue to measurement").click()
    page.get_by_role("button", name="Continue to review").click()
    expect(page.get_by_role("heading", name="Ready to start")).to_be_visible()
    page.get_by_role("button", name="Save and close").click()


def edit_draft(page: Page) -> None:
    page.get_by_role("link", name="Edit").click()
    condition = page.get_by_label("Condition on attributes")
    expect(condition).to_have_value(re.compile(r'"NL"'))
    condition.fill('{"country": {"$in": ["NL", "BE"]}}')
    page.get_by_role("button", name="Save and close").click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()


def set_override(page: Page, *, user: str, variant: str) -> None:
    page.get_by_role("link", name="Make changes").click()
    page.get_by_label("User", exact=True).fill(user)
    page.get_by_label("Variant", exact=True).select_option(variant)
    page.get_by_role("button", name="Set the override").click()
    expect(page.get_by_text("The override acts from the next request on.")).to_be_visible()


def change_weights(page: Page) -> None:
    arms = page.get_by_role("region", name="Arms and their weights")
    expect(arms.get_by_text("Nobody would change arm.")).to_be_visible(timeout=SOON)
    arms.get_by_label("B item-knn").fill("40")
    expect(arms.get_by_text("The weights sum to 110.00%")).to_be_visible(timeout=SOON)
    arms.get_by_label(f"C {THIRD}").fill("20")
    expect(arms.get_by_text("10% of its users would change their arm.")).to_be_visible(timeout=SOON)
    arms.get_by_label("Why").fill("The third arm is dear.")
    arms.get_by_role("button", name="Open phase 2").click()
    expect(page.get_by_text("A new phase is open.")).to_be_visible()
    page.goto(f"/experiments/{KEY}/")


def kill(page: Page, variant: str) -> None:
    page.get_by_role("link", name="Make changes").click()
    row = page.get_by_role("region", name="Kill an arm").get_by_role("listitem")
    row.filter(has_text=variant).get_by_role("button", name="Kill", exact=True).click()
    page.get_by_role("button", name="Kill it").click()
    expect(page.get_by_text(f"{variant} is killed.")).to_be_visible()
    page.goto(f"/experiments/{KEY}/")


def asked(page: Page, button: str, sure: str, *, why: str = "") -> None:
    """A move that asks first."""
    page.get_by_role("button", name=button, exact=True).click()
    question = page.get_by_role("dialog", name=re.compile(f"^{button} "))
    question.get_by_label("Why").fill(why)
    question.get_by_role("button", name=sure).click()


def look_up(page: Page, stack: Stack, user: str) -> None:
    """The person's page has the buckets that anybody can work out from the seeds."""
    arms, layer = stack.shell(SEEDS).split()
    page.goto("/data/user/")
    page.get_by_label("User id").fill(user)
    page.get_by_label("Attributes").fill('{"country": "BE"}')
    page.get_by_role("button", name="Look up").click()
    stands = page.get_by_role("region", name="In experiments")
    row = stands.get_by_role("row").filter(has_text=KEY)
    expect(row).to_contain_text(f"{bucket(arms, user):,}")
    expect(row).to_contain_text(f"shelf {bucket(layer, user):,}")


def ship(page: Page, winner: str) -> None:
    page.get_by_role("link", name="Ship a variant").click()
    page.locator(f"[name=winner][value={winner}]").check()
    page.get_by_label("Rationale").fill("It earned more clicks, and nothing got slower.")
    page.get_by_role("button", name="Ship it").click()


def phases(page: Page) -> Locator:
    page.goto(f"/experiments/{KEY}/traffic/")
    return page.get_by_role("region", name="Phases")
