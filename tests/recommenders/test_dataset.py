from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from recommenders.dataset import Dataset, Vocabulary
from recommenders.exceptions import (
    DatasetError,
    EmptyDatasetError,
    IdTypeError,
    InvalidColumnError,
    InvalidRequestError,
    MissingIdError,
    NotEnoughDataError,
)
from tests.recommenders.toy import dataset


def rows(data: Dataset) -> list[tuple[str, str]]:
    return list(zip(data.users.ids(data.user_codes), data.items.ids(data.item_codes), strict=True))


def of(**columns: object) -> Dataset:
    return Dataset.from_frames(pd.DataFrame(columns))


class TestReading:
    def test_rows_are_put_in_time_order_and_ties_keep_theirs(self) -> None:
        data = of(user=["u", "v", "w"], item=["a", "b", "c"], at=[20, 10, 20], value=[1, 2, 3])
        assert rows(data) == [("v", "b"), ("u", "a"), ("w", "c")]
        assert data.values is not None
        assert data.values.tolist() == [2.0, 1.0, 3.0]

    def test_without_times_the_given_order_is_the_order(self) -> None:
        data = of(user=["u", "u"], item=["b", "a"])
        assert rows(data) == [("u", "b"), ("u", "a")]
        assert (data.first_at, data.last_at) == (None, None)

    @pytest.mark.parametrize(
        "at",
        [
            [0, 1.5],
            ["1970-01-01", "1970-01-01 00:00:01.5"],
            pd.to_datetime(["1970-01-01 02:00:00.0", "1970-01-01 02:00:01.5"]).tz_localize(
                "Etc/GMT-2"
            ),
            [datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)],
        ],
    )
    def test_times_may_be_seconds_or_dates(self, at: object) -> None:
        data = of(user=["u", "u"], item=["a", "b"], at=at)
        assert data.first_at == datetime(1970, 1, 1, tzinfo=UTC)
        assert data.last_at == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)

    def test_only_a_rating_needs_a_value(self) -> None:
        table = pd.DataFrame({"user": ["u", "u"], "item": ["a", "b"], "type": ["click", "rating"]})
        data = Dataset.from_frames(table.assign(value=[np.nan, 4.0]))
        assert data.values is not None
        np.testing.assert_array_equal(data.values, [np.nan, 4.0])
        clicks = Dataset.from_frames(table[:1].assign(value=pd.Series([None], dtype=object)))
        assert clicks.n_interactions == 1
        with pytest.raises(InvalidColumnError, match="1 ratings have no value"):
            Dataset.from_frames(table.assign(value=[3.0, np.nan]))

    def test_whole_numbers_become_their_digits(self) -> None:
        assert rows(of(user=[7, 10], item=["a", "b"])) == [("7", "a"), ("10", "b")]

    def test_the_catalogue_may_hold_items_nobody_met(self) -> None:
        data = Dataset.from_frames(
            pd.DataFrame({"user": ["u"], "item": ["b"]}),
            items=pd.DataFrame({"item": ["a", "b", "c"]}),
            users=pd.DataFrame({"user": ["t"]}),
        )
        assert (data.n_interactions, data.n_users, data.n_items) == (1, 2, 3)
        assert data.people.tolist() == [0, 1, 0]
        assert data.most_popular(5) == ["b"]

    def test_impressions_and_rows_labelled_zero_are_no_behaviour(self) -> None:
        typed = of(user=["u", "u"], item=["a", "b"], type=["impression", "click"])
        assert rows(typed) == [("u", "b")]
        labelled = of(
            user=["u", "u"], item=["a", "b"], type=["impression", "impression"], label=[1, 0]
        )
        assert rows(labelled) == [("u", "a")]

    def test_a_history_holds_each_item_once_at_its_latest_time(self) -> None:
        data = of(user=["u", "u", "v", "u"], item=["a", "b", "a", "a"])
        kept = [list(data.items.ids(data.histories[code])) for code in range(2)]
        assert kept == [["b", "a"], ["a"]]
        assert list(data.histories[-1]) == []
        assert data.matrix.toarray().tolist() == [[1.0, 1.0], [1.0, 0.0]]
        assert data.most_popular(1) == ["a"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("columns", "error", "message"),
        [
            ({"user": [], "item": []}, EmptyDatasetError, "0 usable rows"),
            ({"user": ["u"], "item": ["a"], "label": [0]}, EmptyDatasetError, "0 usable rows"),
            ({"user": ["u"]}, InvalidColumnError, "'item': absent; there are: user"),
            ({"user": ["u", None], "item": ["a", "b"]}, MissingIdError, "1 rows .* position 1"),
            ({"user": ["u", ""], "item": ["a", "b"]}, MissingIdError, "'user'"),
            ({"user": ["u", "v"], "item": [1.0, np.nan]}, MissingIdError, "'item'"),
            ({"user": ["u", 3], "item": ["a", "b"]}, IdTypeError, "not int, str"),
            ({"user": ["u", "v"], "item": [1.0, 2.5]}, IdTypeError, "not float"),
            ({"user": ["u\0"], "item": ["a"]}, IdTypeError, "NUL"),
            ({"user": ["u"], "item": ["a"], "value": [np.nan]}, InvalidColumnError, "'value'"),
            ({"user": ["u"], "item": ["a"], "value": ["x"]}, InvalidColumnError, "'value'"),
            ({"user": ["u"], "item": ["a"], "at": [np.nan]}, InvalidColumnError, "'at'"),
            ({"user": ["u"], "item": ["a"], "at": ["soon"]}, InvalidColumnError, "'at': not a"),
            ({"user": ["u"], "item": ["a"], "at": [pd.NaT]}, InvalidColumnError, "no time"),
            ({"user": ["u"], "item": ["a"], "label": [np.nan]}, InvalidColumnError, "'label'"),
        ],
    )
    def test_bad_rows_are_refused_by_name(
        self, columns: dict[str, list[object]], error: type[DatasetError], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            of(**columns)


class TestSplit:
    def test_the_oldest_rows_train_and_the_newest_are_held_out(self) -> None:
        data = of(user=list("uvuvu"), item=list("abcde"), at=[5, 1, 4, 2, 3])
        train, held_out = data.split_by_time(0.6)
        assert rows(train) == [("v", "b"), ("v", "d"), ("u", "e")]
        assert rows(held_out) == [("u", "c"), ("u", "a")]
        assert train.n_items == held_out.n_items == 5
        assert train.people.sum() == 3

    @pytest.mark.parametrize(("fraction", "sizes"), [(0.01, (1, 15)), (0.999, (15, 1))])
    def test_neither_part_is_empty(self, fraction: float, sizes: tuple[int, int]) -> None:
        train, held_out = dataset().split_by_time(fraction)
        assert (len(train), len(held_out)) == sizes

    @pytest.mark.parametrize("fraction", [0.0, 1.0, -1.0, float("nan")])
    def test_a_fraction_outside_zero_to_one_is_refused(self, fraction: float) -> None:
        with pytest.raises(InvalidRequestError, match="give one inside"):
            dataset().split_by_time(fraction)

    def test_one_row_cannot_be_split(self) -> None:
        with pytest.raises(NotEnoughDataError, match="1 row"):
            of(user=["u"], item=["a"]).split_by_time(0.5)


class TestVocabulary:
    def test_codes_and_ids_are_inverse(self) -> None:
        ids = ["b", "a", "é", "a", "日本", "b" * 256]
        vocabulary = Vocabulary.of(ids)
        assert list(vocabulary.ids(vocabulary.codes(ids))) == ids
        assert len(vocabulary) == 5

    def test_unknown_ids_have_the_code_minus_one(self) -> None:
        vocabulary = Vocabulary.of(["ab", "cd"])
        unknown = ["", "a", "abc", "ab\0", "zz", "\ud800"]
        assert vocabulary.codes(unknown).tolist() == [-1] * 6
        assert list(vocabulary.ids(np.array([-1, 1]))) == [None, "cd"]
        assert Vocabulary.of([]).codes(["a"]).tolist() == [-1]


class TestRatings:
    def test_the_value_of_a_rating_is_a_rating_and_that_of_a_purchase_is_not(self) -> None:
        table = pd.DataFrame(
            {"user": "u", "item": list("abc"), "type": ["rating", "purchase", "click"]}
        )
        data = Dataset.from_frames(table.assign(value=[4.0, 19.9, np.nan]))
        assert data.ratings is not None
        np.testing.assert_array_equal(data.ratings, [4.0, np.nan, np.nan])
        assert data.types is not None
        assert data.types.tolist() == ["rating", "purchase", "click"]

    def test_a_column_of_ratings_comes_before_values(self) -> None:
        data = of(user=["u", "v"], item=["a", "a"], value=[9.0, 9.0], rating=[1.0, 2.0])
        assert data.ratings is not None
        assert data.ratings.tolist() == [1.0, 2.0]

    def test_the_newest_rating_stands_beside_the_item_even_after_a_later_click(self) -> None:
        table = pd.DataFrame(
            {
                "user": ["v", "u", "u", "u", "u"],
                "item": ["b", "a", "b", "a", "a"],
                "type": ["click", "rating", "rating", "rating", "click"],
                "value": [np.nan, 1.0, 3.0, 5.0, np.nan],
            }
        )
        data = Dataset.from_frames(table)
        assert list(data.items.ids(data.histories.items)) == ["b", "a", "b"]
        assert data.history_ratings is not None
        np.testing.assert_array_equal(data.history_ratings, [3.0, 5.0, np.nan])

    def test_no_ratings_are_none(self) -> None:
        assert of(user=["u"], item=["a"]).history_ratings is None
        table = pd.DataFrame({"user": ["u"], "item": ["a"], "type": ["click"], "value": [np.nan]})
        assert Dataset.from_frames(table).history_ratings is None


class TestCatalogue:
    def test_what_is_known_of_items_stands_at_their_codes(self) -> None:
        behaviour = pd.DataFrame({"user": ["u", "u"], "item": ["b", "a"]})
        items = pd.DataFrame({"item": ["c", "a", "a"], "title": ["See", "Old", "New"]})
        data = Dataset.from_frames(behaviour, items)
        assert list(data.items.ids(np.arange(3))) == ["a", "b", "c"]
        assert data.catalogue is not None
        assert data.catalogue["title"].fillna("").tolist() == ["New", "", "See"]

    def test_ids_alone_are_no_catalogue(self) -> None:
        behaviour = pd.DataFrame({"user": ["u"], "item": ["a"]})
        assert Dataset.from_frames(behaviour, pd.DataFrame({"item": ["b"]})).catalogue is None

    def test_rows_keep_all_ids_and_the_catalogue(self) -> None:
        behaviour = pd.DataFrame({"user": ["u", "v"], "item": ["b", "a"], "rating": [1.0, 2.0]})
        items = pd.DataFrame({"item": ["a"], "title": ["One"]})
        part = Dataset.from_frames(behaviour, items).rows(np.array([1]))
        assert rows(part) == [("v", "a")]
        assert (part.n_users, part.n_items) == (2, 2)
        assert part.ratings is not None
        assert part.ratings.tolist() == [2.0]
        assert part.catalogue is not None


def test_vocabularies_of_different_widths_are_joined() -> None:
    one, other = Vocabulary.of(["b", "zz"]), Vocabulary.of(["a-long-one", "b"])
    both = one.union(other)
    assert list(both.ids(np.arange(len(both)))) == ["a-long-one", "b", "zz"]
    assert one.places_in(both).tolist() == [1, 2]
    assert other.places_in(both).tolist() == [0, 1]


class TestSplittingAtATime:
    def test_what_happened_then_was_known_then(self) -> None:
        data = of(user=["u", "v", "w", "u"], item=["a", "b", "c", "d"], at=[10, 20, 20, 20.000001])

        known, since = data.split_at(datetime(1970, 1, 1, 0, 0, 20, tzinfo=UTC))

        assert rows(known) == [("u", "a"), ("v", "b"), ("w", "c")]
        assert rows(since) == [("u", "d")]
        assert (known.n_users, since.n_items) == (3, 4)

    def test_either_part_may_be_empty(self) -> None:
        data = of(user=["u"], item=["a"], at=[10])

        assert [len(part) for part in data.split_at(datetime(1970, 1, 1, tzinfo=UTC))] == [0, 1]
        assert [len(part) for part in data.split_at(datetime(1971, 1, 1, tzinfo=UTC))] == [1, 0]

    def test_rows_without_times_are_refused(self) -> None:
        with pytest.raises(NotEnoughDataError, match="rows without times"):
            of(user=["u"], item=["a"]).split_at(datetime(1970, 1, 1, tzinfo=UTC))
