"""Pages can be translated: texts are marked, and a catalogue changes a page."""

from __future__ import annotations

import struct
from pathlib import Path
from textwrap import dedent

import pytest
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from config import languages
from dashboard.reading import verdict, words
from dashboard.reading.health import health
from dashboard.reading.rules import rules
from tests import unmarked_python
from tests.dashboard.factories import BELOW_FLOOR, comparison, scorecard
from tests.unmarked import by_template, unmarked


def test_texts_that_are_not_marked_are_found() -> None:
    template = """
      {% load i18n %}{# a comment #}<p class="second">Plain words</p>
      <p>{% translate "Marked" %} {% blocktranslate %}All of {{ it }}{% endblocktranslate %}</p>
      <a aria-label="Read aloud" href="{% url 'a:b' %}">{% if a %}One{% else %}Two{% endif %}</a>
      <code>WINNOW_VAR</code> &middot; 3%
    """
    assert unmarked(template) == ["Read aloud", "Plain words", "One", "Two"]


def test_every_text_of_a_template_is_marked() -> None:
    assert by_template() == {}, "mark them by translate or blocktranslate"


def test_sentences_of_python_that_are_not_marked_are_found() -> None:
    code = """
      '''A docstring is not read on pages.'''
      def said(name):
          logger.warning("A log is not translated.")
          keys = "a key", "Two words"
          return _("It is marked.") + "It is not." + f"Nor is {name}. None of it."
    """
    assert unmarked_python.unmarked(dedent(code)) == ["It is not.", "Nor is {}. None of it."]


def test_every_sentence_of_python_is_marked() -> None:
    found = unmarked_python.by_module()
    assert found == {}, "mark them by gettext, or lazily where they are made at import"


def test_languages_are_those_that_a_catalogue_was_compiled_for(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "pt_BR", {})
    (tmp_path / "de" / "LC_MESSAGES").mkdir(parents=True)
    assert languages.found([tmp_path, tmp_path / "none"]) == [
        ("en", "English"),
        ("pt-br", "Português Brasileiro"),
    ]


def write_catalogue(folder: Path, texts: dict[str, str]) -> None:
    """A compiled catalogue: GNU gettext manual, "The Format of GNU MO Files"."""
    pairs = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **texts}.items())
    encoded = [[text.encode() for text in column] for column in zip(*pairs, strict=True)]
    offset = 28 + 16 * len(pairs)
    tables, body = b"", b""
    for column in encoded:
        for text in column:
            tables += struct.pack("<II", len(text), offset + len(body))
            body += text + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, offset)
    (folder / "LC_MESSAGES").mkdir(parents=True)
    (folder / "LC_MESSAGES" / "django.mo").write_bytes(head + tables + body)


@pytest.fixture
def esperanto(settings: Settings, tmp_path: Path) -> None:
    """A catalogue of one made-up language, which browsers ask for below."""
    texts = {
        "Log in": "Ensaluti",
        "Name": "Nomo",
        "Experiments": "Eksperimentoj",
        "%(first)s and %(last)s": "%(first)s kaj %(last)s",
        "Too few users yet.": "Ankoraŭ tro malmultaj uzantoj.",
        "Collecting. %(lacking)s": "Kolektas. %(lacking)s",
        "Secondaries": "Duarangaj",
        "Sample ratio": "Rilato",
        "Every arm past the floor": "Ĉiuj brakoj super la minimumo",
        "%(shown)s user\0%(shown)s users": "%(shown)s uzanto\0%(shown)s uzantoj",
        "%(variant)s has %(users)s of %(needed)s users.": "%(variant)s: %(users)s el %(needed)s.",
    }
    write_catalogue(tmp_path / "eo", texts)
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = languages.found([tmp_path])


@pytest.mark.django_db
@pytest.mark.usefixtures("esperanto")
def test_a_catalogue_changes_a_page_for_whom_it_is_asked_for(client: Client) -> None:
    page = client.get("/login/", headers={"accept-language": "eo, en;q=0.5"}).content.decode()

    assert '<html lang="eo">' in page
    assert "<h1>Ensaluti</h1>" in page
    assert ">Nomo</label>" in page


@pytest.mark.usefixtures("esperanto")
def test_what_python_composes_is_said_in_the_language_of_the_reader() -> None:
    low = comparison(floor=BELOW_FLOOR, reading="collecting")
    card = scorecard(low, state="collecting")
    with translation.override("eo"):
        assert words.listed(["a", "b", "c"]) == "a, b kaj c"
        assert words.reason_words("collecting") == "Ankoraŭ tro malmultaj uzantoj."
        assert verdict.short(card.decision) == "Kolektas. item-knn: 71 el 100."
        assert words.plural(2310, "user") == "2,310 uzantoj"
        assert "Ĉiuj brakoj super la minimumo" in [rule.text for rule in rules(card)]
        assert health(card, log_lag=None).figures[0].title == "Rilato"
    assert words.reason_words("collecting") == "Too few users yet."


@pytest.mark.django_db
def test_a_language_without_a_catalogue_is_not_mixed_into_pages(client: Client) -> None:
    answer = client.post("/login/", {}, headers={"accept-language": "de"})

    assert '<html lang="en">' in answer.content.decode()
    assert "This field is required." in answer.content.decode()
