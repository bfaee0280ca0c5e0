import numpy as np
import pandas as pd
import pytest

from recommenders.algorithms import create, load
from recommenders.algorithms.categories import Categories
from recommenders.dataset import Dataset
from tests.recommenders.toy import dataset, frame

ITEMS = pd.DataFrame(
    {
        "item": ["a1", "a2", "a3", "b1", "b2"],
        "categories": [["sea"], ["sea", "cold"], "cold|far", [], None],
    }
)


def described() -> Dataset:
    return Dataset.from_frames(frame(), ITEMS)


@pytest.mark.parametrize(
    ("only", "never", "shown"),
    [
        (None, [], ["a1", "a2", "b1", "a3", "b2", "a4", "b3"]),
        (["sea"], [], ["a1", "a2"]),
        (["sea", "far"], [], ["a1", "a2", "a3"]),
        (["sea"], ["cold"], ["a1"]),
        (None, ["cold"], ["a1", "b1", "b2", "a4", "b3"]),
        (["none such"], [], []),
        (None, ["none such"], ["a1", "a2", "b1", "a3", "b2", "a4", "b3"]),
    ],
)
def test_items_are_of_any_of_some_and_of_none_of_others(
    only: list[str] | None, never: list[str], shown: list[str]
) -> None:
    model = create("popularity").fit(described())
    found = model.propose(["x"], k=7, only=only, never=never)
    assert [item for item in found.ids[0] if item] == shown


def test_categories_are_saved_and_belong_to_the_parts_too(tmp_path: object) -> None:
    model = create("blend", parts=["item_knn", "popularity"]).fit(described())
    model.save(f"{tmp_path}/m")
    loaded = load(f"{tmp_path}/m")
    assert loaded.propose(["u3"], k=3, only=["far"]).ids.tolist() == [["a3", None, None]]


def test_a_model_without_categories_knows_none() -> None:
    model = create("popularity").fit(dataset())
    assert model.propose(["x"], k=1, only=["sea"]).ids.tolist() == [[None]]
    assert model.propose(["x"], k=1, never=["sea"]).ids.tolist() == [["a1"]]


def test_an_update_says_anew_what_its_catalogue_says() -> None:
    model = create("popularity").fit(described())
    items = pd.DataFrame({"item": ["a1", "c1"], "categories": [["land"], ["sea"]]})
    row = pd.DataFrame({"user": ["w"], "item": ["a4"]})
    updated = model.update(Dataset.from_frames(row, items))
    for names, expected in (("sea", ["a2", "c1"]), ("land", ["a1"]), ("far", ["a3"])):
        found = updated.propose(["x"], k=9, only=[names]).ids[0]
        assert sorted(item for item in found if item) == expected


def test_a_cut_artefact_is_refused() -> None:
    arrays = Categories.of(pd.DataFrame({"categories": [["x"], ["x", "y"]]})).arrays()
    assert Categories.restore(arrays, 2).codes(["x"]).tolist() == [0, 1]
    for change in ({"category_items": np.array([0])}, {"category_starts": np.array([0, 3])}):
        with pytest.raises(ValueError, match="categories are cut"):
            Categories.restore({**arrays, **change}, 2)
    with pytest.raises(ValueError, match="differ in number"):
        Categories.restore(arrays, 1)
