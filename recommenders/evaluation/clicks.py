"""Predicting single clicks: the rows to do it on, and each user's part in the measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommenders.dataset import Dataset
from recommenders.dataset.columns import number_column
from recommenders.evaluation.measures import named
from recommenders.exceptions import EvaluationError


class ClickModel(Protocol):
    """A model that gives a probability per (user, item) row, NaN where it knows none."""

    def predict(self, frame: pd.DataFrame) -> NDArray[np.float32]: ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Clicks:
    """Users' parts by measure, over `rows` rows; `unscored` further rows had no probability."""

    users: tuple[str, ...]
    rows: int
    unscored: int
    values: Mapping[str, NDArray[np.float64]]


def clicks(
    model: ClickModel, frame: pd.DataFrame, measures: Sequence[str] = ("auc", "logloss")
) -> Clicks:
    """Measure on rows of user, item, label (0 or 1) and, if there, history.

    Raises EvaluationError where the scored rows do not hold both labels.
    """
    labels = number_column(frame, "label")
    probabilities = np.asarray(model.predict(frame), np.float64)
    scored = ~np.isnan(probabilities)
    owners, users = pd.factorize(frame["user"][scored])
    rows = (owners.astype(np.int64), labels[scored], probabilities[scored])
    wanted = [measure for measure in map(named, measures) if measure.clicks]
    return Clicks(
        users=tuple(map(str, users)),
        rows=int(scored.sum()),
        unscored=int((~scored).sum()),
        values={one.name: one.clicks(*rows) for one in wanted if one.clicks},
    )


def with_negatives(
    train: Dataset, held_out: Dataset, *, negatives: int = 4, seed: int = 0
) -> pd.DataFrame:
    """Rows to measure on, from behaviour that holds no refusals: user, item, label.

    Each item in held_out that is new to its user is a row with label 1, beside `negatives` rows
    with label 0: items drawn uniformly from those the user met in neither part. Users who met
    everything are left out. Raises EvaluationError where nothing is left.
    """
    rng = np.random.default_rng(seed)
    catalogue = np.arange(held_out.n_items)
    frames: list[pd.DataFrame] = []
    for code in np.flatnonzero(held_out.histories.lengths):
        user = held_out.users.ids(np.array([code]))[0]
        before = _codes_before(train, held_out, user)
        new = np.setdiff1d(held_out.histories[int(code)], before)
        unmet = np.setdiff1d(catalogue, np.concatenate([before, new]))
        if len(new) and len(unmet):
            drawn = rng.choice(unmet, size=len(new) * negatives)
            items = held_out.items.ids(np.concatenate([new, drawn]))
            labels = np.repeat([1, 0], [len(new), len(drawn)])
            frames.append(pd.DataFrame({"user": user, "item": items, "label": labels}))
    if not frames:
        raise EvaluationError("no user did anything new in the held-out part")
    return pd.concat(frames, ignore_index=True)


def _codes_before(train: Dataset, held_out: Dataset, user: str) -> NDArray[np.int64]:
    """What the user met in train, in the codes of held_out."""
    (code,) = train.users.codes([user])
    codes = held_out.items.codes(list(train.items.ids(train.histories[int(code)])))
    return codes[codes >= 0]
