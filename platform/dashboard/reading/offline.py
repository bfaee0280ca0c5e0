"""Offline figures of model versions, side by side. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from statistics import NormalDist

from django.utils.translation import gettext as _

from dashboard import formats
from recommenders import algorithms
from recommenders.algorithms import Value
from recommenders.evaluation import STD_ERROR
from recommenders.exceptions import HyperparameterError, UnknownAlgorithmError
from recommenders.models import ModelVersion

Z = NormalDist().inv_cdf(0.975)
LOWER_IS_BETTER = ("logloss",)
LETTERS = "ABCDEF"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure with half the width of its 95% interval, and its difference to the first version's.

    `clear` is whether the interval of the difference leaves out zero, and `better` on which side.
    """

    value: float | None
    half: float | None
    difference: float | None
    clear: bool
    better: bool


@dataclass(frozen=True, kw_only=True)
class MeasureRow:
    name: str
    figures: list[Figure]


@dataclass(frozen=True, kw_only=True)
class SettingRow:
    """A setting of the algorithms; empty where an algorithm has none of that name."""

    name: str
    values: list[str]
    differs: bool


def measures(versions: Sequence[ModelVersion]) -> list[str]:
    """The measures that any of them has, without the counts and standard errors beside them."""
    names = dict.fromkeys(name for version in versions for name in version.metrics)
    return [name for name in names if name != "users" and not name.endswith(STD_ERROR)]


def measure_rows(versions: Sequence[ModelVersion]) -> list[MeasureRow]:
    """A row for each measure, a figure for each version; differences are to the first."""
    return [
        MeasureRow(name=name, figures=[_figure(name, one, versions[0]) for one in versions])
        for name in measures(versions)
    ]


def _figure(name: str, version: ModelVersion, first: ModelVersion) -> Figure:
    value, base = version.metrics.get(name), first.metrics.get(name)
    error, base_error = (one.metrics.get(name + STD_ERROR) for one in (version, first))
    away = None if value is None or base is None or version == first else value - base
    spread = None if error is None or base_error is None else Z * hypot(error, base_error)
    return Figure(
        value=value,
        half=None if error is None else Z * error,
        difference=away,
        clear=away is not None and spread is not None and abs(away) > spread,
        better=away is not None and (away < 0) == name.startswith(LOWER_IS_BETTER),
    )


def signed(difference: float | None) -> str:
    """A difference as offline figures are written: `+.012`."""
    if difference is None:
        return ""
    body = formats.offline(abs(difference))
    sign = "" if not body.strip("0.") else formats.MINUS if difference < 0 else "+"
    return f"{sign}{body}"


def setting_rows(versions: Sequence[ModelVersion]) -> list[SettingRow]:
    """What each was set to, defaults included."""
    configs = [_config(version) for version in versions]
    names = dict.fromkeys(name for config in configs for name in config)
    rows = []
    for name in names:
        values = [_shown(config[name]) if name in config else "" for config in configs]
        rows.append(SettingRow(name=name, values=values, differs=len(set(values)) > 1))
    return rows


def _config(version: ModelVersion) -> Mapping[str, Value]:
    recommender = version.recommender
    try:
        return algorithms.settings(recommender.algorithm, recommender.config)
    except (UnknownAlgorithmError, HyperparameterError):
        return dict(recommender.config)


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return f"{value:,.15g}"
    return value if isinstance(value, str) else ", ".join(value)


def same_data(versions: Sequence[ModelVersion]) -> bool:
    """Whether they were trained and measured on the same behaviour, so that figures compare."""
    return len({(v.data_from, v.data_until, v.interactions) for v in versions}) <= 1
