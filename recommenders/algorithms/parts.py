"""Algorithms named in a configuration with their settings: `ease(l2=300)`, `2 * content`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recommenders.algorithms.config import text, texts
from recommenders.exceptions import InvalidRequestError, RecommenderError

if TYPE_CHECKING:
    from recommenders.algorithms.base import Algorithm

LONGEST = 1_000  # characters
SAYS = "an algorithm, with settings where they are not the defaults, such as ease(l2=300)"
WEIGHED = f"{SAYS}, and before it how much it counts where that is not 1, such as 2 * content"


@dataclass(frozen=True, kw_only=True)
class Part:
    """An algorithm with its settings, and how much it counts beside others."""

    algorithm: str
    config: Mapping[str, Any]
    weight: float = 1.0

    def create(self) -> Algorithm[Any]:
        """A new, unfitted model. Raises UnknownAlgorithmError or HyperparameterError."""
        from recommenders.algorithms import registry  # which imports those that have parts

        return registry.create(self.algorithm, **self.config)


def part(default: str, *, help: str) -> Any:
    """The hyper-parameter that names one algorithm."""
    return text(default, says=f"give {SAYS}", wrong=wrong, help=help)


def parts(default: tuple[str, ...], *, low: int, high: int, help: str) -> Any:
    """The hyper-parameter that names several, in an order that matters."""
    return texts(default, low=low, high=high, says=SAYS, wrong=wrong, help=help)


def weighed_parts(default: tuple[str, ...], *, low: int, high: int, help: str) -> Any:
    """The hyper-parameter that names several, each of which may have a weight."""
    return texts(default, low=low, high=high, says=WEIGHED, wrong=wrong_weighed, help=help)


def read(written: str) -> Part:
    """The algorithm of `name`, `name(setting=value, ...)` or `weight * name(...)`.

    Values are literals: numbers, quoted text, lists of these. Nothing is evaluated. Raises
    InvalidRequestError where it is no such text.
    """
    try:
        if len(written) > LONGEST:
            raise ValueError(f"longer than {LONGEST:,} characters")
        return _part(ast.parse(written.strip(), mode="eval").body, 1.0)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        why = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InvalidRequestError(
            f"“{written[:80]}” is no algorithm with settings: {why}"
        ) from None


def wrong(written: str) -> str | None:
    """What is wrong with a text that names an algorithm without a weight; None: nothing."""
    try:
        found = read(written)
        found.create()
    except RecommenderError as error:
        return str(error)
    return (
        None if found.weight == 1.0 else f"“{written}” has a weight, which counts for nothing here"
    )


def wrong_weighed(written: str) -> str | None:
    """What is wrong with a text that names an algorithm; None where nothing is."""
    try:
        read(written).create()
    except RecommenderError as error:
        return str(error)
    return None


def _part(tree: ast.expr, weight: float) -> Part:
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult) and weight == 1.0:
        return _part(tree.right, _weight(tree.left))
    if isinstance(tree, ast.Name):
        return Part(algorithm=tree.id, config={}, weight=weight)
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name) or tree.args:
        raise ValueError("write name(setting=value, other=value)")
    named = {one.arg: ast.literal_eval(one.value) for one in tree.keywords if one.arg}
    if len(named) < len(tree.keywords):
        raise ValueError("write name(setting=value, other=value)")
    return Part(algorithm=tree.func.id, config=named, weight=weight)


def _weight(tree: ast.expr) -> float:
    value = ast.literal_eval(tree)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000:
        raise ValueError("a weight is a number above 0 and at most 1,000")
    return float(value)
