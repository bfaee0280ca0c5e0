"""Texts of templates that people read and that are not marked for translation."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
MARKED = re.compile(
    r"{%\s*(blocktranslate|blocktrans|comment)\b.*?{%\s*end\1\s*%}"
    r"|{%\s*block (?:page_class|form_data)\s*%}.*?{%\s*endblock\s*%}"
    r"|{#.*?#}|<(script|style|svg|code|pre)\b.*?</\2>",
    re.DOTALL,
)
SPOKEN = re.compile(r'(?<![-\w])(?:aria-label|data-label|placeholder|title|alt)="([^"{}]*)"')
TAG = re.compile(r"{%.*?%}|{{.*?}}|<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.DOTALL)
WORD = re.compile(r"(?!Winnow\b)\b[A-Za-z]{2,}")


def unmarked(template: str) -> list[str]:
    """The runs of words outside of tags and marks, and in attributes that are seen or heard."""
    text = re.sub(r"&\w+;", " ", MARKED.sub("\n", template))
    spoken = [said for said in SPOKEN.findall(text) if WORD.search(said)]
    runs = (" ".join(run.split()) for run in TAG.sub("\n", text).split("\n"))
    return spoken + [run for run in runs if WORD.search(run)]


def by_template() -> dict[str, list[str]]:
    """Those of each template that has any."""
    found = {
        str(path.relative_to(TEMPLATES)): unmarked(path.read_text())
        for path in sorted(TEMPLATES.rglob("*.html"))
    }
    return {name: texts for name, texts in found.items() if texts}
