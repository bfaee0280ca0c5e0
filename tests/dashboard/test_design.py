"""The page of the design system: what it shows is what pages use."""

from __future__ import annotations

import re

from django.test import Client

from dashboard.reading.design import Token, tokens
from dashboard.views.design import CSS
from tests.stack import ROOT

ADDRESS = "/settings/design/"


def test_tokens_are_read_from_the_style_sheet() -> None:
    css = """
      --ink: light-dark(#171a18, #eceeea);
      --band: light-dark(rgba(107, 111, 118, .12), rgba(154, 160, 168, .12));
      --radius: 6px;
    """
    assert tokens(css) == (
        Token(name="ink", light="#171a18", dark="#eceeea"),
        Token(name="band", light="rgba(107, 111, 118, .12)", dark="rgba(154, 160, 168, .12)"),
    )


def test_every_colour_and_every_icon_is_there_in_both_themes(browser: Client) -> None:
    page = browser.get(ADDRESS).content.decode()
    css = CSS.read_text()

    named = re.findall(r"--([\w-]+): light-dark", css)
    icons = sorted(path.stem for path in (ROOT / "templates" / "icons").glob("*.svg"))
    assert [token.name for token in tokens(css)] == named
    for name in named:
        assert page.count(f'style="background: var(--{name})"') == 2
    assert re.findall(r"</svg><code>([\w-]+)</code>", page) == icons * 2


def test_a_field_is_shown_with_its_hint_and_its_error(browser: Client) -> None:
    page = browser.get(ADDRESS).content.decode()

    for theme in ("light", "dark"):
        assert f'id="{theme}_margin_error"' in page
        assert f'id="{theme}_name_helptext"' in page
    assert page.count("Give a margin above 0.") == 2
