"""Hyper-parameters that mean the same in several algorithms, with their ranges and their help."""

from typing import Any

from recommenders.algorithms.config import hyperparameter


def factors_field() -> Any:
    return hyperparameter(
        64,
        low=1,
        high=1_000,
        help="How many numbers describe an item.",
        search=(16, 256),
        log=True,
    )


def history_length_field(search: tuple[int, int] | None = None) -> Any:
    return hyperparameter(
        50,
        low=1,
        high=1_000,
        help="How many of a person's latest items are considered.",
        search=search,
        log=search is not None,
    )


def seed_field() -> Any:
    return hyperparameter(
        42, low=0, high=2**31 - 1, help="Start of every random draw; the same seed, the same model."
    )
