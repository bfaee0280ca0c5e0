"""What an ML engineer does: register a recommender, train it, compare it, try it."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack

pytestmark = pytest.mark.timeout(360)

TRAINED = 120_000  # milliseconds until a worker has trained, on a busy machine


def test_a_recommender_is_registered_trained_compared_and_tried(page: Page, stack: Stack) -> None:
    key = f"knn-{uuid.uuid4().hex[:8]}"
    page.goto("/recommenders/")
    page.get_by_role("link", name="Register a recommender").click()
    page.get_by_label("Key").fill(key)
    page.get_by_role("radio", name=re.compile(r"^Collaborative filtering \(item")).check()
    settings = page.locator('[data-settings="item_knn"]')
    settings.get_by_label("Neighbours").fill("0")
    page.get_by_role("button", name="Register").click()
    expect(settings.get_by_text("Give a whole number from 1 to 10000.")).to_be_visible()
    settings.get_by_label("Neighbours").fill("7")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(key)
    expect(page.get_by_text("No version yet.")).to_be_visible()

    page.get_by_role("button", name="Train").click()
    versions = page.get_by_role("region", name="Versions")
    expect(versions.get_by_text(f"{key}@1")).to_be_visible(timeout=TRAINED)
    expect(versions.get_by_text("live")).to_be_visible()

    versions.get_by_role("link", name="Compare").click()
    for box in page.get_by_role("checkbox").all():
        box.set_checked(box.get_attribute("value") in (f"{key}@1", "popular@1"))
    page.get_by_label("Compare with").select_option("popular@1")
    page.get_by_role("button", name="Compare").click()
    table = page.get_by_role("table")
    expect(table.get_by_role("columnheader", name="B")).to_contain_text(f"{key}@1")
    expect(table.get_by_role("row", name=re.compile("^Neighbours"))).to_contain_text("7")
    expect(table.get_by_role("row", name=re.compile("^Hit rate@10"))).to_contain_text("±")

    page.get_by_role("link", name="Try them").click()
    page.get_by_label("Items met").fill("a-item-0")
    page.get_by_role("button", name="Show slates").click()
    slate = page.locator(f'[data-recommender="{key}"]')
    expect(slate.get_by_role("listitem").first).to_contain_text("Item a-item-1")
    expect(slate.get_by_role("listitem").first).to_contain_text("Because of Item a-item-0")
    expect(page.locator(".history")).to_contain_text("Item a-item-0")


def test_a_file_is_imported(page: Page, stack: Stack) -> None:
    user = f"imported-{uuid.uuid4().hex[:8]}"
    body = f"customer,sku,time\n{user},a-item-0,2026-11-01T10:00:00Z\n{user},a-item-1,soon\n"
    page.goto("/data/")
    page.get_by_role("link", name="Import a file").click()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "shop.csv", "mimeType": "text/csv", "buffer": body.encode()}
    )
    page.get_by_role("button", name="Look at its rows").click()
    expect(page.get_by_label("user", exact=True)).to_have_value("customer")
    page.get_by_role("button", name="Check every row").click()
    expect(page.get_by_text("1 rows can be imported, 1 cannot")).to_be_visible(timeout=TRAINED)
    page.get_by_role("button", name="Import 1 rows").click()
    expect(page.get_by_text("1 events added, 0 already there.")).to_be_visible(timeout=TRAINED)

    page.get_by_role("link", name="Look at rows").click()
    page.get_by_label("User id").fill(user)
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_role("row", name=re.compile(user))).to_contain_text("a-item-0")
