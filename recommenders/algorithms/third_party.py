"""Algorithms of other distributions, found by the entry point group `winnow.algorithms`.

    [project.entry-points."winnow.algorithms"]
    newest = "acme.winnow:Newest"

What cannot be used stays out, with the reason, and keeps nothing else from working.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from recommenders.algorithms.base import Algorithm
from recommenders.algorithms.config import Config

GROUP = "winnow.algorithms"


@dataclass(frozen=True, kw_only=True)
class Found:
    """usable: by name. broken: why an algorithm of a name cannot be used."""

    usable: dict[str, type[Algorithm[Any]]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


@cache
def found(ours: frozenset[str]) -> Found:
    """What is installed, looked for once. ours: the names that are taken."""
    result = Found()
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, _from(point)))
    for point in points:
        same = [_from(other) for other in points if other.name == point.name]
        clash = _clash(point, ours, same)
        if clash:
            result.broken.setdefault(point.name, clash)
            continue
        try:
            result.usable[point.name] = _loaded(point)
        except Exception as error:  # whatever a module of others does when it is imported
            result.broken[point.name] = f"{_from(point)}: {error.__class__.__name__}: {error}"
    return result


def _clash(point: EntryPoint, ours: Collection[str], same: list[str]) -> str | None:
    if point.name in ours:
        return (
            f"{_from(point)} brings an algorithm '{point.name}', which Winnow has itself; "
            "give it another name"
        )
    if len(same) > 1:
        return (
            f"several distributions bring '{point.name}': {', '.join(same)}; uninstall all but one"
        )
    return None


def _loaded(point: EntryPoint) -> type[Algorithm[Any]]:
    kind = point.load()
    if not (isinstance(kind, type) and issubclass(kind, Algorithm)):
        raise TypeError(f"{point.value} is no subclass of recommenders.algorithms.Algorithm")
    if missing := sorted(kind.__abstractmethods__):
        raise TypeError(f"{point.value} does not write {', '.join(missing)}")
    for name, wanted in (("name", str), ("title", str), ("summary", str)):
        if not isinstance(getattr(kind, name, None), wanted):
            raise TypeError(f"{point.value} has no {name}")
    if kind.name != point.name:
        raise ValueError(f"{point.value} is called '{kind.name}', its entry point '{point.name}'")
    config = getattr(kind, "config_type", None)
    if not (isinstance(config, type) and issubclass(config, Config)):
        raise TypeError(f"{point.value} has no config_type that is a Config")
    config()  # its defaults are what a form begins with
    return kind


def _from(point: EntryPoint) -> str:
    if point.dist is None:
        return point.value
    return f"{point.dist.name} {point.dist.version}"
