"""What was measured of recommenders, as lines for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pipelines.evaluating import Ask, Measured
from recommenders.dataset import Dataset
from recommenders.evaluation import Difference, Interval

SAMPLED = (
    "Sampled ranking: figures are far higher than among all items, and which recommender is ahead "
    "may come out the other way round (Krichene and Rendle 2020). Leave out --negatives to rank "
    "among all."
)
_WORDS = {
    "too_few_users": "too few users to judge",
    "no_spread": "the same for every user",
}


def lines(found: Sequence[Measured], data: Dataset, ask: Ask) -> Iterator[str]:
    """What was done, and a row for each measure of each recommender."""
    yield f"{ask.protocol.words}; seed {ask.protocol.seed}."
    asked = ", ".join(f"{one.candidate.name} {one.judged.users:,}" for one in found)
    yield f"{data.n_interactions:,} interactions; users measured: {asked}."
    if ask.protocol.negatives is not None:
        yield SAMPLED
    yield from _aligned([_head(found, ask), *_rows(found)])


def as_json(found: Sequence[Measured], data: Dataset, ask: Ask) -> dict[str, Any]:
    """All that was measured; differences are to the first recommender."""
    return {
        "protocol": ask.protocol.values(),
        "words": ask.protocol.words,
        "sampled": ask.protocol.negatives is not None,
        "k": ask.k,
        "confidence": ask.confidence,
        "interactions": data.n_interactions,
        "recommenders": [
            {
                "recommender": one.candidate.name,
                "algorithm": one.candidate.algorithm,
                "config": one.candidate.config,
                "users": one.judged.users,
                "fit_seconds": round(one.fit_seconds, 3),
                "measures": {row.name: asdict(row.interval) for row in one.rows},
                "differences": {name: asdict(each) for name, each in one.differences.items()},
            }
            for one in found
        ],
    }


def _head(found: Sequence[Measured], ask: Ask) -> list[str]:
    level = f"{100 * ask.confidence:g}% interval"
    head = ["measure", "recommender", "value", level]
    if len(found) == 1:
        return head
    return [*head, f"less {found[0].candidate.name}", level, "p"]


def _rows(found: Sequence[Measured]) -> Iterator[list[str]]:
    for name in dict.fromkeys(row.name for one in found for row in one.rows):
        for one in found:
            interval = {row.name: row.interval for row in one.rows}.get(name)
            if interval is not None:
                cells = [name, one.candidate.name, *_interval(interval)]
                yield (
                    cells if len(found) == 1 else [*cells, *_difference(one.differences.get(name))]
                )


def _interval(found: Interval) -> list[str]:
    if found.low is None or found.high is None:
        return [f"{found.value:.4f}", "-"]
    return [f"{found.value:.4f}", f"{found.low:.4f} to {found.high:.4f}"]


def _difference(found: Difference | None) -> list[str]:
    if found is None:
        return ["", "", ""]
    if found.low is None or found.high is None or found.p_value is None:
        return [f"{found.difference:+.4f}", _WORDS[found.reason], ""]
    p = "<.0001" if found.p_value < 0.0001 else f"{found.p_value:.4f}"
    return [f"{found.difference:+.4f}", f"{found.low:+.4f} to {found.high:+.4f}", p]


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
