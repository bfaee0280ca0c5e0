from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommenders.algorithms import Algorithm, Reason, create
from recommenders.algorithms.descriptions import Descriptions
from recommenders.dataset import Dataset
from recommenders.exceptions import NotEnoughDataError
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.toy import ROWS, dataset, frame


def titled(rows: list[tuple[str, str]] = ROWS) -> Dataset:
    """The toy, where the title of an item is its taste and its id: a1 is "aaa a1"."""
    ids = sorted({item for _, item in rows})
    items = pd.DataFrame({"item": ids, "title": [f"{one[0] * 3} {one}" for one in ids]})
    return Dataset.from_frames(frame(rows), items)


class TestContent(AlgorithmContract):
    name = "content"
    strangers = False
    smallest = True
    similar = True
    additive = True
    updatable = True

    @classmethod
    def data(cls, rows: list[tuple[str, str]] = ROWS) -> Dataset:
        return titled(rows)

    def test_a_score_is_the_sum_of_cosines(self, model: Algorithm[Any]) -> None:
        _, scores = model.recommend(["u3"], k=1)  # met a1 and a2, which share one word with a3
        shared, own = np.log1p(7 / 4) ** 2, np.log1p(7 / 1) ** 2
        assert scores[0, 0] == pytest.approx(2 * shared / (shared + own), rel=1e-6)

    def test_an_item_that_nobody_met_is_recommended_by_what_describes_it(self) -> None:
        items = pd.DataFrame({"item": ["a1", "b1", "new"], "genre": ["noir", "farce", "noir"]})
        model = create("content").fit(Dataset.from_frames(frame(), items))
        ids, scores = model.recommend(["x"], k=3, histories=[["a1"]])
        assert ids.tolist() == [["new", None, None]]
        assert scores[0, 0] == pytest.approx(1.0, rel=1e-6)
        assert model.reasons("x", ["new"], ["b1", "a1"]) == [Reason(kind="because", item="a1")]

    def test_an_update_takes_in_new_items_and_what_is_said_anew(
        self, model: Algorithm[Any]
    ) -> None:
        items = pd.DataFrame({"item": ["c9", "b2"], "title": ["aaa new", "aaa b2"]})
        row = pd.DataFrame({"user": ["w"], "item": ["a1"]})
        updated = model.update(Dataset.from_frames(row, items))
        assert set(updated.similar_items("a1")[0]) == {"a2", "a3", "a4", "b2", "c9"}
        assert set(updated.similar_items("b1")[0]) == {"b3"}
        assert set(model.similar_items("b1")[0]) == {"b2", "b3"}

    def test_only_the_newest_items_of_a_history_count(self) -> None:
        model = create("content", history_length=1).fit(titled())
        ids, _ = model.recommend(["x"], k=7, histories=[["b1", "a1"]])
        assert {item for item in ids[0] if item} == {"a2", "a3", "a4"}

    def test_nothing_described_is_nothing_to_learn_from(self) -> None:
        with pytest.raises(NotEnoughDataError, match="import the items"):
            create("content").fit(dataset())


class TestContentBySvd(TestContent):
    config = {"representation": "svd", "factors": 2}

    def test_a_score_is_the_sum_of_cosines(self, model: Algorithm[Any]) -> None:
        # Two tastes, two factors: all that is left of an item is its taste.
        _, scores = model.recommend(["u3"], k=1)
        assert scores[0, 0] == pytest.approx(2.0, rel=1e-5)


@pytest.mark.parametrize("factors", [5, 60])
def test_svd_gives_the_cosines_of_the_dense_formula(factors: int) -> None:
    rng = np.random.default_rng(3)
    words = [f"w{n}" for n in range(30)]
    titles = [" ".join(rng.choice(words, 6)) for _ in range(40)]
    items = pd.DataFrame({"item": [f"i{n:02}" for n in range(40)], "title": titles})
    data = Dataset.from_frames(pd.DataFrame({"user": ["u"], "item": ["i00"]}), items)
    counts = np.array([[title.split().count(word) for word in words] for title in titles])
    weights = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0)
    weights = weights * np.log1p(40 / (counts > 0).sum(axis=0))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    left, values, _ = np.linalg.svd(weights)
    kept = left[:, : min(factors, 30)] * values[: min(factors, 30)]
    kept /= np.linalg.norm(kept, axis=1, keepdims=True)
    model = create("content", representation="svd", factors=factors).fit(data)
    ids, likeness = model.similar_items("i07", k=5)
    expected = kept @ kept[7]
    expected[7] = -1.0
    best = np.argsort(-expected)[:5]
    assert [int(one[1:]) for one in ids] == best.tolist()
    np.testing.assert_allclose(likeness, expected[best], rtol=1e-4)


def test_terms_are_the_words_of_texts_and_the_values_of_attributes() -> None:
    catalogue = pd.DataFrame(
        {
            "title": ["The THE \uff21lien (1979)"],
            "categories": [["Sci Fi", "Horror"]],
            "attributes": [{"brand": "Acme Corp", "price": 12.49, "year": 1979, "dvd": True}],
            "note": ["a text of several words"],
            "absent": [np.nan],
        }
    )
    found = Descriptions.of(catalogue, 1)
    terms = [str(term) for term in found.terms.ids(np.arange(len(found.terms)))]
    assert dict(zip(terms, found.counts.toarray()[0].tolist(), strict=True)) == {
        "1979": 1,
        "alien": 1,
        "brand=acme corp": 1,
        "categories=horror": 1,
        "categories=sci fi": 1,
        "dvd=true": 1,
        "of": 1,
        "price=12": 1,
        "several": 1,
        "text": 1,
        "the": 2,
        "words": 1,
        "year=1979": 1,
    }


def test_an_attribute_may_count_for_more_than_a_word_or_for_nothing() -> None:
    rows = pd.DataFrame({"user": ["u"], "item": ["a"]})
    items = pd.DataFrame(
        {"item": ["a", "b", "c"], "title": ["red one", "red two", "blue"], "kind": ["x", "y", "x"]}
    )
    data = Dataset.from_frames(rows, items)
    for weight, first in ((0.5, "b"), (4.0, "c")):
        assert (
            create("content", attribute_weight=weight).fit(data).similar_items("a")[0][0] == first
        )
    assert list(create("content", attribute_weight=0.0).fit(data).similar_items("a")[0]) == ["b"]
