"""The data of a training: read by the rules of experiments, cleaned, with the catalogue."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
from django.conf import settings

from events import readers
from experiments.learning import require_learning, rules_for
from pipelines import behaviour
from recommenders.dataset import Dataset
from recommenders.dataset.cleaning import Bounds, clean
from recommenders.exceptions import EmptyDatasetError
from recommenders.models import Item, Recommender
from recommenders.provenance import CleanedRows, Provenance
from recommenders.training_settings import TrainingSettings

DESCRIBED = ("key", "title", "categories", "attributes")


def learn(recommender: Recommender, *, now: datetime) -> tuple[Dataset, Provenance]:
    """What it is trained on, and where that came from.

    Raises experiments.exceptions.NotAllowed where an experiment freezes it, and EmptyDatasetError
    where nothing is left, which says what was left out.
    """
    rules, how = rules_for(recommender), recommender.trained_by
    require_learning(recommender, rules)
    items = catalogue()
    since = None if how.window_days is None else now - timedelta(days=how.window_days)
    frame, shares = behaviour.read(readers.open_log(settings.LOG_DIR), rules, since=since)
    cleaned, dropped = clean(frame, _bounds(how, items), now=now)
    provenance = Provenance(
        window_days=how.window_days,
        experiments=shares,
        cleaned=CleanedRows(rows=len(frame), dropped=dropped),
    )
    if cleaned.empty:
        raise EmptyDatasetError(_nothing(provenance, dropped))
    return Dataset.from_frames(cleaned, items=items), provenance


def catalogue() -> pd.DataFrame:
    """What is known of each item: item, title, categories, attributes."""
    rows = Item.objects.order_by("pk").values_list(*DESCRIBED)
    return pd.DataFrame(list(rows), columns=["item", *DESCRIBED[1:]])


def _bounds(how: TrainingSettings, items: pd.DataFrame) -> Bounds:
    known = None if items.empty or not how.only_catalogue else frozenset(items["item"])
    return Bounds(
        most_a_day=how.most_a_day,
        lowest_rating=how.lowest_rating,
        highest_rating=how.highest_rating,
        catalogue=known,
    )


def _nothing(provenance: Provenance, dropped: dict[str, int]) -> str:
    back = provenance.window_days
    where = "the log" if back is None else f"the last {_days(back)} of the log"
    lost = ", ".join(f"{rows:,} by {rule}" for rule, rows in dropped.items() if rows)
    without = f"; cleaning left out all there was ({lost})" if lost else ""
    return f"there is no behaviour to learn from in {where}{without}"


def _days(n: int) -> str:
    return "day" if n == 1 else f"{n:,} days"
