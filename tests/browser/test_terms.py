"""Words of the glossary: their tips by key, by mouse and by touch."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack

pytestmark = pytest.mark.timeout(240)


def test_a_tip_opens_by_key_and_closes_by_escape_with_the_focus_on_its_word(page: Page) -> None:
    page.goto("/settings/layers/")
    word = page.get_by_role("button", name="Holdouts")
    tip = page.locator("#term-holdout")
    expect(word).to_have_accessible_description(re.compile("^A share of users who meet no exp"))
    expect(tip).to_be_hidden()

    word.focus()
    page.keyboard.press("Enter")
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")

    expect(tip).to_be_hidden()
    expect(word).to_be_focused()


def test_a_tip_opens_under_a_mouse_that_rests_and_stays_while_it_is_read(page: Page) -> None:
    page.goto("/settings/layers/")
    word, tip = page.get_by_role("button", name="Holdouts"), page.locator("#term-holdout")

    word.hover()
    expect(tip).to_be_visible()
    tip.hover()
    page.wait_for_timeout(500)
    expect(tip).to_be_visible()
    word.hover()
    word.click()
    page.mouse.move(900, 500)
    page.wait_for_timeout(500)
    expect(tip).to_be_visible()
    page.mouse.click(900, 500)

    expect(tip).to_be_hidden()


def test_a_tip_that_a_mouse_left_goes_and_a_question_that_waits_stays(page: Page) -> None:
    page.goto("/settings/layers/")
    word, tip = page.get_by_role("button", name="Holdouts"), page.locator("#term-holdout")
    word.hover()
    expect(tip).to_be_visible()
    page.mouse.move(900, 500)
    expect(tip).to_be_hidden()

    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<p popover id=ask>Sure?</p>');"
        "document.querySelector('#ask').showPopover()"
    )
    word.hover()
    page.wait_for_timeout(500)

    expect(page.locator("#ask")).to_be_visible()
    expect(tip).to_be_hidden()


def test_a_tip_opens_beside_its_word_and_within_a_narrow_screen(page: Page, stack: Stack) -> None:
    context = page.context.browser.new_context(  # type: ignore[union-attr]
        base_url=stack.url,
        viewport={"width": 390, "height": 800},
        has_touch=True,
        storage_state=page.context.storage_state(),
    )
    narrow = context.new_page()
    narrow.goto("/settings/layers/")
    word = narrow.get_by_role("button", name="Holdouts")

    word.tap()

    tip = narrow.locator("#term-holdout")
    expect(tip).to_be_visible()
    at, box = word.bounding_box(), tip.bounding_box()
    assert at is not None
    assert box is not None
    assert box["x"] >= 8
    assert box["x"] + box["width"] <= 390 - 8
    assert min(abs(box["y"] - at["y"] - at["height"]), abs(at["y"] - box["y"] - box["height"])) <= 8
    context.close()
