"""What every algorithm promises. A test module of an algorithm inherits `AlgorithmContract`."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from recommenders.algorithms import Algorithm, Field, Value, create, describe, load, names
from recommenders.algorithms.artefact import sealed
from recommenders.dataset import Dataset
from recommenders.exceptions import (
    ArtefactError,
    EmptyDatasetError,
    HyperparameterError,
    InvalidColumnError,
    InvalidRequestError,
    NoRatingsError,
    NoSimilarityError,
    NotEnoughDataError,
    NotFittedError,
    NotUpdatableError,
    UnknownHyperparameterError,
    UnknownItemError,
)
from tests.recommenders.toy import POPULAR, ROWS, dataset, frame

CATALOGUE = set(POPULAR)


class AlgorithmContract:
    """Set `name`; `config` makes training fast; `strangers` says if a user without any history is
    served; `smallest` says if one user with one item is enough to learn from; `similar` if the
    algorithm knows alike items, `additive` if a score is a sum over the history, `updatable` if
    new behaviour can be taken in, `rates` if ratings are predicted. `data` is what is learned from.
    """

    name: ClassVar[str]
    config: ClassVar[Mapping[str, Value]] = {}
    strangers: ClassVar[bool]
    smallest: ClassVar[bool]
    similar: ClassVar[bool]
    additive: ClassVar[bool]
    updatable: ClassVar[bool]
    rates: ClassVar[bool] = False

    @classmethod
    def data(cls, rows: list[tuple[str, str]] = ROWS) -> Dataset:
        return dataset(rows)

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls) -> Algorithm[Any]:
        return create(cls.name, **cls.config).fit(cls.data(), seed=1)

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, model: Algorithm[Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("models") / cls.name
        model.save(folder)
        return folder

    # Shape, order and padding

    def test_is_registered_and_described(self) -> None:
        described = describe(self.name)
        assert self.name in names()
        assert described.title
        assert described.summary.endswith(".")

    def test_gives_ids_and_scores_of_shape_users_by_k(self, model: Algorithm[Any]) -> None:
        ids, scores = model.recommend(["u3", "v2"], k=2)
        assert (ids.shape, ids.dtype) == ((2, 2), np.dtype(object))
        assert (scores.shape, scores.dtype) == ((2, 2), np.dtype(np.float32))

    def test_no_users_give_no_rows(self, model: Algorithm[Any]) -> None:
        ids, scores = model.recommend([], k=3)
        assert (ids.shape, scores.shape) == ((0, 3), (0, 3))

    def test_scores_fall_from_left_to_right(self, model: Algorithm[Any]) -> None:
        _, scores = model.recommend(["u3", "v2", "u4"], k=7)
        assert (np.diff(np.nan_to_num(scores, neginf=-1e9), axis=1) <= 0).all()

    def test_no_item_is_there_twice(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["u3"], k=7, exclude_seen=False)
        found = [item for item in ids[0] if item]
        assert len(found) == len(set(found))

    def test_k_above_the_catalogue_pads_with_none_and_minus_infinity(
        self, model: Algorithm[Any]
    ) -> None:
        ids, scores = model.recommend(["u3"], k=50)
        found = [item for item in ids[0] if item]
        assert set(found) <= CATALOGUE - {"a1", "a2"}
        assert list(ids[0, len(found) :]) == [None] * (50 - len(found))
        assert np.isfinite(scores[0, : len(found)]).all()
        assert np.isneginf(scores[0, len(found) :]).all()

    def test_a_batch_gives_what_one_by_one_gives(self, model: Algorithm[Any]) -> None:
        users = ["u1", "u4", "v3", "stranger"]
        ids, scores = model.recommend(users, k=4)
        for row, user in enumerate(users):
            one_ids, one_scores = model.recommend([user], k=4)
            assert list(ids[row]) == list(one_ids[0])
            np.testing.assert_allclose(scores[row], one_scores[0], rtol=1e-6)

    @pytest.mark.parametrize("k", [0, -3])
    def test_k_below_one_is_refused(self, model: Algorithm[Any], k: int) -> None:
        with pytest.raises(InvalidRequestError, match=f"k is {k}"):
            model.recommend(["u1"], k=k)

    def test_one_string_is_not_a_list_of_users(self, model: Algorithm[Any]) -> None:
        with pytest.raises(InvalidRequestError, match="give a list"):
            model.recommend("u1")
        with pytest.raises(InvalidRequestError, match="give a list"):
            model.recommend(["u1"], histories=["a1"])

    # Histories

    def test_what_the_user_met_in_training_is_not_shown(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["u2"], k=7)
        assert not {"a1", "a2", "a3"} & set(ids[0])

    def test_a_given_history_takes_the_place_of_the_kept_one(self, model: Algorithm[Any]) -> None:
        ids, scores = model.recommend(["nobody"], k=7, histories=[["a1", "a2"]])
        same_ids, same_scores = model.recommend(["u3"], k=7)
        assert list(ids[0]) == list(same_ids[0])
        np.testing.assert_allclose(scores, same_scores, rtol=1e-6)

    def test_histories_by_user_fall_back_to_the_kept_ones(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["u3", "nobody"], k=7, histories={"nobody": ["b1"]})
        assert list(ids[0]) == list(model.recommend(["u3"], k=7)[0][0])
        assert list(ids[1]) == list(model.recommend(["x"], k=7, histories=[["b1"]])[0][0])

    def test_unknown_items_of_a_history_are_passed_over(self, model: Algorithm[Any]) -> None:
        history = ["gone", "a1", "a\0", "", "a" * 400, "\ud800"]
        ids, _ = model.recommend(["x"], k=7, histories=[history])
        assert list(ids[0]) == list(model.recommend(["x"], k=7, histories=[["a1"]])[0][0])

    def test_an_item_met_again_counts_once(self, model: Algorithm[Any]) -> None:
        ids, scores = model.recommend(["x"], k=7, histories=[["a2", "a1", "a2"]])
        same_ids, same_scores = model.recommend(["x"], k=7, histories=[["a1", "a2"]])
        assert list(ids[0]) == list(same_ids[0])
        np.testing.assert_array_equal(scores, same_scores)

    def test_as_many_histories_as_users_are_needed(self, model: Algorithm[Any]) -> None:
        with pytest.raises(InvalidRequestError, match="1 histories for 2 users"):
            model.recommend(["u1", "u2"], histories=[["a1"]])

    def test_an_unknown_user_is_defined(self, model: Algorithm[Any]) -> None:
        ids, scores = model.recommend(["stranger"], k=3)
        assert bool(ids[0, 0]) is self.strangers
        assert bool(np.isfinite(scores[0, 0])) is self.strangers

    # Exclusions

    def test_excluded_items_are_not_shown_to_anyone(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["u4", "v3"], k=7, exclude=["a2", "b2", "unknown"])
        assert not {"a2", "b2"} & set(ids.ravel())

    def test_withheld_items_are_not_shown_to_anyone(self, model: Algorithm[Any]) -> None:
        out = model.items.codes(["a2", "b2", "unknown"])
        found = model.propose(["u4", "v3"], k=7, withheld=out)
        expected, _ = model.recommend(["u4", "v3"], k=7, exclude=["a2", "b2"])
        assert found.ids.tolist() == expected.tolist()

    def test_everything_excluded_leaves_padding(self, model: Algorithm[Any]) -> None:
        ids, scores = model.recommend(["u4"], k=3, exclude=sorted(CATALOGUE))
        assert list(ids[0]) == [None] * 3
        assert np.isneginf(scores).all()

    def test_exclusion_does_not_outlive_its_call(self, model: Algorithm[Any]) -> None:
        before, _ = model.recommend(["u4"], k=7)
        model.recommend(["u4"], k=7, exclude=sorted(CATALOGUE))
        assert list(model.recommend(["u4"], k=7)[0][0]) == list(before[0])

    # Reasons

    def test_every_shown_item_has_a_reason_in_words(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["u3"], k=7)
        reasons = model.reasons("u3", [item for item in ids[0] if item])
        assert reasons
        assert all(reason is not None and reason.words() for reason in reasons)

    def test_an_unknown_item_has_no_reason(self, model: Algorithm[Any]) -> None:
        assert model.reasons("u3", ["gone"], ["a1"]) == [None]

    def test_contributions_sum_to_the_score(self, model: Algorithm[Any]) -> None:
        ids, scores = model.recommend(["u3"], k=7)
        parts = model.explain("u3", ids[0, 0])
        assert bool(parts) is self.additive
        assert {part.item for part in parts} <= {"a1", "a2"}
        assert [part.amount for part in parts] == sorted((p.amount for p in parts), reverse=True)
        if parts:
            assert sum(part.amount for part in parts) == pytest.approx(scores[0, 0], rel=1e-5)
            reason = model.reasons("u3", [ids[0, 0]])[0]
            assert reason is not None
            largest = {part.item for part in parts if part.amount == parts[0].amount}
            assert reason.item in largest

    def test_an_unknown_item_cannot_be_explained_or_compared(self, model: Algorithm[Any]) -> None:
        with pytest.raises(UnknownItemError, match="no item 'gone'"):
            model.explain("u3", "gone")
        with pytest.raises(UnknownItemError, match="no item 'gone'"):
            model.similar_items("gone")

    # Whom it can serve, what is alike, what it would be rated

    @pytest.mark.parametrize("history", [None, [], ["gone"], ["a1"], ["gone", "b1"]])
    def test_can_serve_says_what_recommend_does(
        self, model: Algorithm[Any], history: list[str] | None
    ) -> None:
        for user in ("u3", "stranger"):
            given = None if history is None else [history]
            ids, _ = model.recommend([user], k=1, histories=given, exclude_seen=False)
            assert model.can_serve(user, history) is (ids[0, 0] is not None)

    def test_similar_items_are_of_the_same_taste(self, model: Algorithm[Any]) -> None:
        if not self.similar:
            with pytest.raises(NoSimilarityError, match=self.name):
                model.similar_items("a1")
            return
        ids, likeness = model.similar_items("a1", k=50)
        assert set(ids) == {"a2", "a3", "a4"}
        assert likeness.dtype == np.float32
        assert (np.diff(likeness) <= 0).all()
        assert list(model.similar_items("a1", k=2)[0]) == list(ids[:2])
        with pytest.raises(InvalidRequestError, match="k is 0"):
            model.similar_items("a1", k=0)

    def test_ratings_are_predicted_or_refused(self, model: Algorithm[Any]) -> None:
        with pytest.raises(NoRatingsError, match="no ratings"):
            model.predict_rating(pd.DataFrame({"user": ["u1"], "item": ["a1"]}))
        if self.rates:
            rated = create(self.name, **self.config).fit(dataset(values=True))
            asked = pd.DataFrame({"user": ["u3", "x", "u3"], "item": ["a3", "a1", "gone"]})
            predicted = rated.predict_rating(asked)
            assert 1.0 <= predicted[0] <= 5.0
            assert np.isnan(predicted).tolist() == [False, True, True]

    # Updates

    def test_an_update_gives_what_a_fit_on_everything_gives(self, model: Algorithm[Any]) -> None:
        before = model.recommend(["u3"], k=7)
        new = self.data([("u4", "a2"), ("w1", "a1"), ("w1", "c1"), ("u3", "b1"), ("u2", "c1")])
        if not self.updatable:
            with pytest.raises(NotUpdatableError, match=f"'{self.name}'.*train it again"):
                model.update(new)
            return
        updated = model.update(new)
        rows = [
            *ROWS,
            *zip(new.users.ids(new.user_codes), new.items.ids(new.item_codes), strict=True),
        ]
        again = create(self.name, **self.config).fit(self.data(rows), seed=1)
        users = ["u1", "u3", "u4", "v2", "w1", "stranger"]
        ids, scores = updated.recommend(users, k=8)
        expected_ids, expected = again.recommend(users, k=8)
        assert ids.tolist() == expected_ids.tolist()
        np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)
        assert model.recommend(["u3"], k=7)[0].tolist() == before[0].tolist()
        assert updated.history("w1") == ["a1", "c1"]

    def test_an_update_without_rows_changes_nothing(self, model: Algorithm[Any]) -> None:
        if self.updatable:
            same = model.update(self.data().rows(slice(0, 0)))
            ids, scores = model.recommend(["u3", "v2"], k=7)
            same_ids, same_scores = same.recommend(["u3", "v2"], k=7)
            assert ids.tolist() == same_ids.tolist()
            np.testing.assert_allclose(scores, same_scores, rtol=1e-5)

    # Bad data

    @pytest.mark.parametrize(
        ("change", "column"),
        [
            ({"value": [np.nan] + [3.0] * 15}, "value"),
            ({"rating": [np.nan] + [3.0] * 15}, "rating"),
            ({"item": [1, *"abcdefghijklmno"]}, "item"),
            ({"user": [None, *"abcdefghijklmno"]}, "user"),
        ],
    )
    def test_bad_columns_are_refused_by_name_before_anything_is_learned(
        self, change: dict[str, Any], column: str
    ) -> None:
        with pytest.raises(InvalidColumnError, match=f"column '{column}'") as got:
            create(self.name, **self.config).fit(Dataset.from_frames(frame().assign(**change)))
        assert got.value.column == column

    def test_a_catalogue_that_changed_since_training_is_passed_over(
        self, model: Algorithm[Any]
    ) -> None:
        ids, _ = model.recommend(
            ["x"], k=7, histories=[["new-item", "a1"]], exclude=["newer-item", "a2"]
        )
        shown = {item for item in ids[0] if item}
        assert shown <= CATALOGUE - {"a1", "a2"}
        assert "a3" in shown

    def test_a_catalogue_may_hold_items_that_nobody_met(self) -> None:
        titles = [f"{item[0] * 3} {item}" for item in [*sorted(CATALOGUE), "zz"]]
        items = pd.DataFrame({"item": [*sorted(CATALOGUE), "zz"], "title": titles})
        model = create(self.name, **self.config).fit(Dataset.from_frames(frame(), items), seed=1)
        ids, scores = model.recommend(["u3"], k=3)
        assert ids[0, 0] in CATALOGUE
        assert np.isfinite(scores[0, 0])
        assert "zz" in model.items.ids(np.arange(len(model.items)))

    # Hyper-parameters

    def test_fields_say_all_a_form_needs(self) -> None:
        for field in describe(self.name).fields:
            assert type(field.default) is field.type
            assert field.accepts(field.default)
            assert field.help.endswith(".")
            assert field.help.count(". ") == 0

    def test_an_unknown_hyperparameter_is_refused_by_name(self) -> None:
        with pytest.raises(UnknownHyperparameterError, match="no hyper-parameter 'colour'") as got:
            create(self.name, colour=3)
        assert got.value.field == "colour"

    def test_a_value_outside_its_range_or_type_is_refused(self) -> None:
        for field in describe(self.name).fields:
            for value in _refused(field):
                with pytest.raises(HyperparameterError, match=field.name) as got:
                    create(self.name, **{field.name: value})
                assert got.value.field == field.name
                assert got.value.allowed.startswith(field.allowed)

    def test_a_search_stays_inside_what_is_allowed(self) -> None:
        fields = describe(self.name).fields
        space = create(self.name).config.search_space()
        assert [field.name for field in space] == [f.name for f in fields if f.varies]
        for field in space:
            if field.type is str:
                assert len(field.choices) > 1
            else:
                assert field.search is not None
                low, high = field.search
                assert field.low <= low < high <= field.high
                assert low > 0 or not field.log

    def test_a_config_is_frozen(self) -> None:
        config = create(self.name).config
        with pytest.raises(FrozenInstanceError):
            config.anything = 1

    # Training

    def test_nothing_is_answered_before_fit(self, tmp_path: Path) -> None:
        model = create(self.name)
        for ask in (
            lambda: model.recommend(["u1"]),
            lambda: model.reasons("u1", ["a1"]),
            lambda: model.explain("u1", "a1"),
            lambda: model.can_serve("u1"),
            lambda: model.similar_items("a1"),
            lambda: model.predict_rating(frame()),
            lambda: model.update(self.data()),
            lambda: model.save(tmp_path / "m"),
        ):
            with pytest.raises(NotFittedError, match=self.name):
                ask()
        assert not (tmp_path / "m").exists()

    def test_no_rows_are_refused_and_leave_a_fitted_model_as_it_was(
        self, model: Algorithm[Any]
    ) -> None:
        before, _ = model.recommend(["u3"], k=3)
        empty = self.data().rows(slice(0, 0))
        with pytest.raises(EmptyDatasetError):
            model.fit(empty)
        assert list(model.recommend(["u3"], k=3)[0][0]) == list(before[0])

    def test_one_user_with_one_item(self) -> None:
        model = create(self.name, **self.config)
        one = self.data(ROWS[:1])
        if self.smallest:
            ids, _ = model.fit(one).recommend(["u1", "new"], k=2)
            assert list(ids[0]) == [None, None]
        else:
            with pytest.raises(NotEnoughDataError, match="every user has met"):
                model.fit(one)
            with pytest.raises(NotFittedError):
                model.recommend(["u1"])

    def test_progress_ends_at_one(self) -> None:
        seen: list[float] = []
        create(self.name, **self.config).fit(
            self.data(), progress=lambda fraction, message, curve: seen.append(fraction)
        )
        assert seen == sorted(seen)
        assert seen[-1] == 1.0

    def test_the_same_seed_gives_the_same_model(self, model: Algorithm[Any]) -> None:
        again = create(self.name, **self.config).fit(self.data(), seed=1)
        ids, scores = model.recommend(["u3", "v3"], k=7)
        again_ids, again_scores = again.recommend(["u3", "v3"], k=7)
        assert ids.tolist() == again_ids.tolist()
        np.testing.assert_array_equal(scores, again_scores)

    # Artefact

    def test_a_loaded_model_answers_as_the_saved_one(
        self, model: Algorithm[Any], folder: Path
    ) -> None:
        loaded = load(folder)
        assert (type(loaded), loaded.config) == (type(model), model.config)
        users = ["u1", "u3", "v2", "stranger"]
        ids, scores = model.recommend(users, k=7)
        loaded_ids, loaded_scores = loaded.recommend(users, k=7)
        assert ids.tolist() == loaded_ids.tolist()
        np.testing.assert_array_equal(scores, loaded_scores)
        assert loaded.reasons("u3", ["a3"]) == model.reasons("u3", ["a3"])

    def test_a_loaded_model_stays_on_disk(self, folder: Path) -> None:
        loaded = load(folder)
        arrays = {**loaded._kept.arrays(), **loaded._arrays()}
        assert arrays
        for name, array in arrays.items():
            assert _is_mapped(array), name

    def test_a_loaded_model_can_be_saved_again(self, folder: Path, tmp_path: Path) -> None:
        load(folder).save(tmp_path / "copy")
        saved = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()} == saved

    def test_an_artefact_holds_no_pickle(self, folder: Path) -> None:
        assert {path.suffix for path in folder.iterdir()} <= {".json", ".npy", ".tflite"}
        for path in folder.glob("*.npy"):
            assert not np.load(path, allow_pickle=False).dtype.hasobject

    def test_a_folder_in_use_is_not_overwritten(
        self, model: Algorithm[Any], folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "notes.txt").write_text("mine")
        with pytest.raises(ArtefactError, match="not empty"):
            model.save(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    def test_a_foreign_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ArtefactError, match=r"no readable model\.json"):
            load(tmp_path / "absent")
        for text in ("", "[]", "{}", '{"format": "other"}'):
            (tmp_path / "model.json").write_text(text)
            with pytest.raises(ArtefactError):
                load(tmp_path)

    @pytest.mark.parametrize(
        ("key", "value", "message"),
        [
            ("version", 99, "format version 99"),
            ("algorithm", "tarot", "no algorithm is called 'tarot'"),
            ("config", {"colour": 3}, "colour"),
            ("config", None, "'config' is missing"),
            ("arrays", [], "damaged"),
            ("arrays", ["../items"], "not a list of file names"),
        ],
    )
    def test_a_changed_description_is_refused(
        self, folder: Path, tmp_path: Path, key: str, value: object, message: str
    ) -> None:
        copy = _copy(folder, tmp_path)
        meta = json.loads((copy / "model.json").read_text())
        (copy / "model.json").write_text(json.dumps(sealed({**meta, key: value})))
        with pytest.raises(ArtefactError, match=message):
            load(copy)

    def test_any_byte_that_changed_is_refused(self, folder: Path, tmp_path: Path) -> None:
        for path in sorted(folder.iterdir()):
            content = path.read_bytes()
            for place in {len(content) // 2, len(content) - 3}:
                copy = _copy(folder, tmp_path)
                changed = bytes([content[place] ^ 0x7F])
                (copy / path.name).write_bytes(content[:place] + changed + content[place + 1 :])
                with pytest.raises(ArtefactError):
                    load(copy)

    def test_any_file_cut_short_or_missing_is_refused(self, folder: Path, tmp_path: Path) -> None:
        for path in sorted(folder.iterdir()):
            for content in (b"", path.read_bytes()[: path.stat().st_size // 2], None):
                copy = _copy(folder, tmp_path)
                (copy / path.name).unlink()
                if content is not None:
                    (copy / path.name).write_bytes(content)
                with pytest.raises(ArtefactError):
                    load(copy)

    def test_loading_and_answering_import_no_tensorflow(self, folder: Path) -> None:
        code = (
            "import sys; from recommenders.algorithms import load;"
            f"model = load({str(folder)!r});"
            "model.recommend(['u3', 'stranger'], 3); model.reasons('u3', ['a3']);"
            "print(sorted({'tensorflow', 'keras', 'django', 'celery'} & set(sys.modules)))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        )
        assert done.stdout.strip() == "[]"


def _refused(field: Field) -> list[object]:
    if field.type is str:
        return ["tarot", "", 7, None, True]
    if field.type is tuple:
        assert isinstance(field.default, tuple)
        return ["tarot", ["tarot"], [], [*field.default[:1]] * 2, [7], None]
    return [field.low - 1, field.high + 1, "7", None, True, float("nan")]


def _is_mapped(array: Any) -> bool:
    while array is not None:
        if isinstance(array, np.memmap):
            return True
        array = getattr(array, "base", None)
    return False


def _copy(folder: Path, parent: Path) -> Path:
    copy = parent / "copy"
    copy.mkdir(exist_ok=True)
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    return copy
