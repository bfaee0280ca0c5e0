"""How long will it take: the answer belongs to what the form says, and its users are taken over."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.stack import Stack

pytestmark = pytest.mark.timeout(240)

PART = re.compile(r"/new-experiment/outlook/\?")
COUNTED = """
from django.utils import timezone
from experiments import baselines
from experiments.models import Placement
from tests.dashboard.test_outlook import counted
baselines.store(Placement.objects.get(key="home"), counted(), now=timezone.now())
"""

REMEMBER = """
window.titles = [];
new MutationObserver(() => {
  const said = document.querySelector(".outlook h3").textContent;
  if (window.titles.at(-1) !== said) window.titles.push(said);
}).observe(document.querySelector(".outlook"), { childList: true });
"""
"""The title of each answer that takes the place of another. A chart that draws itself is none."""


@pytest.fixture
def form(page: Page, stack: Stack) -> Page:
    """The create page of a placement that was counted, its weights at 50% each."""
    stack.shell(COUNTED)
    page.goto("/new-experiment/")
    home = page.locator("[name=placement] option", has_text=re.compile(r"^home ")).first
    page.get_by_label("Placement").select_option(value=home.get_attribute("value"))
    go_to(page, "Measurement")
    page.locator("[name=primary_metric][value=clicked]").check()
    return page


def go_to(page: Page, step: str) -> None:
    page.get_by_role("navigation", name="Steps").get_by_role("button", name=step).click()


def title(lift: str) -> re.Pattern[str]:
    return re.compile(rf"^A change of \+{re.escape(lift)}% takes about")


def test_a_late_answer_is_not_shown_beside_another_value(form: Page) -> None:
    said = form.locator(".outlook h3")
    expect(said).to_have_text(title("5.0"))
    expect(form.locator("#outlook-body")).not_to_have_attribute("aria-busy", "true")
    form.evaluate(REMEMBER)
    held: list[Route] = []
    form.route(PART, lambda route: held.append(route) if not held else route.continue_())
    lift = form.get_by_label("Change to find")

    with form.expect_request(PART):
        lift.fill("8")
    expect(form.locator("#outlook-body")).to_have_attribute("aria-busy", "true")
    lift.fill("20")
    with form.expect_response(PART):
        held[0].continue_()

    expect(said).to_have_text(title("20.0"))
    titles = form.evaluate("window.titles")
    assert [re.findall(r"\+([\d.]+)%", each) for each in titles] == [["20.0"]]
    expect(form.locator("#outlook-body")).not_to_have_attribute("aria-busy", "true")


def test_the_answer_follows_weights_that_a_button_set(form: Page) -> None:
    users = form.locator(".outlook-table .chosen td").last
    expect(users).to_have_text(re.compile(r"\d"))
    even = users.inner_text()
    form.get_by_role("button", name="Back to variants").click()
    form.get_by_label("Weight of variant A").fill("90")
    form.get_by_label("Weight of variant B").fill("10")
    go_to(form, "Measurement")
    expect(users).to_have_text(re.compile(r"\d"))
    uneven = users.inner_text()

    form.get_by_role("button", name="Back to variants").click()
    form.get_by_role("button", name="Even weights").click()
    go_to(form, "Measurement")

    expect(users).to_have_text(even)
    assert uneven != even


def test_its_users_are_planned_with_at_a_click(form: Page) -> None:
    button = form.get_by_role("button", name=re.compile("^Plan with"))
    users = re.sub(r"\D", "", button.inner_text())

    button.click()

    expect(form.get_by_label("Planned users", exact=True)).to_have_value(users)
    expect(form.get_by_label("Planned users", exact=True)).to_be_focused()
    expect(form.get_by_text(f"Planned with these {int(users):,} users")).to_be_visible()
    form.locator("[name=method][value=fixed]").check()
    expect(form.get_by_role("button", name=re.compile("^Plan with"))).to_be_visible()
