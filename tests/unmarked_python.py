"""Sentences of the dashboard's Python that people read and that are not marked for translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DASHBOARD = ROOT / "platform" / "dashboard"
MARKS = {"_", "_now", "lazy", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext"}
PROGRAMMING = {"TypeError"}
"""Errors that no page shows: they say to who writes the code what is wrong with it."""
LOGS = {"log", "logger", "logging"}
SENTENCE = re.compile(r"[A-Z].* .*[.?]", re.DOTALL)


def unmarked(code: str) -> list[str]:
    """Texts with a capital, a space and a full stop, outside of docstrings, logs and marks."""
    return [text for text in _texts(ast.parse(code)) if SENTENCE.fullmatch(text.strip())]


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        yield "".join(map(str, parts))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif not _is_docstring(node) and not _is_apart(node):
        for child in ast.iter_child_nodes(node):
            yield from _texts(child)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_apart(node: ast.AST) -> bool:
    """Whether a call marks what it is given, logs it, or tells a programmer."""
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    if isinstance(called, ast.Name):
        return called.id in MARKS | PROGRAMMING
    of = called.value if isinstance(called, ast.Attribute) else None
    return isinstance(of, ast.Name) and of.id in LOGS


def by_module() -> dict[str, list[str]]:
    """Those of each module that has any."""
    found = {
        str(path.relative_to(DASHBOARD)): unmarked(path.read_text())
        for path in sorted(DASHBOARD.rglob("*.py"))
    }
    return {name: texts for name, texts in found.items() if texts}
