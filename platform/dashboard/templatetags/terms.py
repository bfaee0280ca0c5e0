"""Words of the glossary on a page: a dotted underline, and a tip that opens where the word is."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from dashboard.glossary import TERMS

register = template.Library()


@register.simple_tag
def term(key: str, words: str = "") -> SafeString:
    """A word with its tip, also for a sentence (`as`): `words` where it is not the glossary's."""
    context = {"key": key, "words": words or TERMS[key].name}
    return mark_safe(render_to_string("parts/term.html", context))  # noqa: S308  (our own file)


@register.inclusion_tag("parts/tips.html")
def tips() -> dict[str, Any]:
    """What all words of the page open: once a page, outside of all parts that are replaced."""
    return {"terms": TERMS}


@register.inclusion_tag("parts/tip.html")
def tip(words: str, says: str, *place: str) -> dict[str, Any]:
    """Words with an explanation of their own; `place` is what only they are at on their page."""
    return {"words": words, "says": says, "id": "-".join(("tip", *place))}


@register.inclusion_tag("parts/term.html")
def measure_term(name: str, words: str) -> dict[str, Any]:
    """An offline measure such as `ndcg@10`; one that the glossary lacks is shown as `words` say."""
    stem = name.partition("@")[0].replace("_", "-")
    return {"key": stem if stem in TERMS else "", "words": words}
