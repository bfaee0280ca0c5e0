"""The examples of the pages about doors: the same call in three languages, and the answer to it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LANGUAGES = ("sh", "python", "js")
ELLIPSIS = "…"
ROUNDED = 0.01
"""Of a printed number with decimals, how far the real one may lie from it, relative to it."""

VARYING = frozenset(
    {
        *("request_id", "plan_version", "plan", "snapshot", "log_versions", "code_version", "id"),
        *("created_at", "requested_at", "finished_at", "started_at", "as_of", "at"),
        *("journal_bytes", "old_files", "journals", "begins_with", "secret"),
    }
)
"""Fields that differ from run to run: only the type of what is printed must be right."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """`codes` by language. `answer` is what each prints: JSON as its value, or lines."""

    page: str
    number: int
    codes: dict[str, str]
    answer: Any


def examples(page: Path) -> list[Example]:
    """Those of a page, in order. Each language has its say before each answer."""
    found: list[Example] = []
    codes: dict[str, str] = {}
    for language, text in re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), re.M | re.S):
        if language in LANGUAGES:
            codes[language] = text
            continue
        assert tuple(codes) == LANGUAGES, f"{page.name}: {text}"
        answer = json.loads(text) if language == "json" else text.strip()
        found.append(Example(page=page.stem, number=len(found) + 1, codes=codes, answer=answer))
        codes = {}
    return found


def differences(printed: Any, real: Any, where: str = "") -> list[str]:
    """Where the real answer is not as printed. An ellipsis in an object or a list stands for what
    is left out.
    """
    if where.rpartition("/")[2] in VARYING:
        return (
            [] if type(printed) is type(real) else [f"{where}: printed {printed!r}, came {real!r}"]
        )
    if isinstance(printed, dict) and isinstance(real, dict):
        return _of_objects(printed, real, where)
    if isinstance(printed, list) and isinstance(real, list):
        return _of_lists(printed, real, where)
    return [] if _alike(printed, real) else [f"{where}: printed {printed!r}, came {real!r}"]


def _of_objects(printed: dict[str, Any], real: dict[str, Any], where: str) -> list[str]:
    stated = {name: value for name, value in printed.items() if name != ELLIPSIS}
    names = set(real) if ELLIPSIS not in printed else set(stated) & set(real)
    if names != set(stated):
        return [f"{where}: printed {sorted(stated)}, came {sorted(real)}"]
    return [d for name in stated for d in differences(stated[name], real[name], f"{where}/{name}")]


def _of_lists(printed: list[Any], real: list[Any], where: str) -> list[str]:
    if ELLIPSIS in printed:
        stated = [one for one in printed if one != ELLIPSIS]
        lacking = [one for one in stated if all(differences(one, other) for other in real)]
        return [f"{where}: {one} is not among {real}" for one in lacking]
    if len(printed) != len(real):
        return [f"{where}: printed {len(printed)} entries, came {len(real)}: {real}"]
    pairs = enumerate(zip(printed, real, strict=True))
    return [d for n, (one, other) in pairs for d in differences(one, other, f"{where}/{n}")]


def _alike(printed: Any, real: Any) -> bool:
    if isinstance(printed, float) and type(real) in (int, float):  # JavaScript has one kind
        return math.isclose(printed, real, rel_tol=ROUNDED)
    return type(printed) is type(real) and bool(printed == real)
