"""What every algorithm promises. A test module of an algorithm inherits `AlgorithmContract`."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from recommenders.algorithms import Algorithm, create, describe, load, names
from recommenders.exceptions import (
    ArtefactError,
    EmptyDatasetError,
    HyperparameterError,
    InvalidRequestError,
    NotEnoughDataError,
    NotFittedError,
    UnknownHyperparameterError,
)
from tests.recommenders.toy import POPULAR, ROWS, dataset

CATALOGUE = set(POPULAR)


class AlgorithmContract:
    """Set `name`; `config` makes training fast; `strangers` says if a user without any history is
    served; `smallest` says if one user with one item is enough to learn from.
    """

    name: ClassVar[str]
    config: ClassVar[Mapping[str, int | float]] = {}
    strangers: ClassVar[bool]
    smallest: ClassVar[bool]

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls) -> Algorithm[Any]:
        return create(cls.name, **cls.config).fit(dataset(), seed=1)

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

    # Hyper-parameters

    def test_fields_say_all_a_form_needs(self) -> None:
        for field in describe(self.name).fields:
            assert type(field.default) is field.type
            assert field.low <= field.default <= field.high
            assert field.help.endswith(".")
            assert field.help.count(". ") == 0

    def test_an_unknown_hyperparameter_is_refused_by_name(self) -> None:
        with pytest.raises(UnknownHyperparameterError, match="no hyper-parameter 'colour'") as got:
            create(self.name, colour=3)
        assert got.value.field == "colour"

    def test_a_value_outside_its_range_or_type_is_refused(self) -> None:
        for field in describe(self.name).fields:
            for value in (field.low - 1, field.high + 1, "7", None, True, float("nan")):
                with pytest.raises(HyperparameterError, match=field.name) as got:
                    create(self.name, **{field.name: value})
                assert (got.value.field, got.value.allowed) == (field.name, field.allowed)

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
            lambda: model.save(tmp_path / "m"),
        ):
            with pytest.raises(NotFittedError, match=self.name):
                ask()
        assert not (tmp_path / "m").exists()

    def test_no_rows_are_refused_and_leave_a_fitted_model_as_it_was(
        self, model: Algorithm[Any]
    ) -> None:
        before, _ = model.recommend(["u3"], k=3)
        empty = dataset()._rows(slice(0, 0))
        with pytest.raises(EmptyDatasetError):
            model.fit(empty)
        assert list(model.recommend(["u3"], k=3)[0][0]) == list(before[0])

    def test_one_user_with_one_item(self) -> None:
        model = create(self.name, **self.config)
        one = dataset(ROWS[:1])
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
            dataset(), progress=lambda fraction, message, curve: seen.append(fraction)
        )
        assert seen == sorted(seen)
        assert seen[-1] == 1.0

    def test_the_same_seed_gives_the_same_model(self, model: Algorithm[Any]) -> None:
        again = create(self.name, **self.config).fit(dataset(), seed=1)
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
        (copy / "model.json").write_text(json.dumps({**meta, key: value}))
        with pytest.raises(ArtefactError, match=message):
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


def _copy(folder: Path, parent: Path) -> Path:
    copy = parent / "copy"
    copy.mkdir(exist_ok=True)
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    return copy
