import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommenders.algorithms import Algorithm, Reason, create
from recommenders.algorithms.conv_ctr import ConvCtr, ConvCtrConfig
from recommenders.algorithms.conv_ctr.examples import Examples, recent
from recommenders.algorithms.conv_ctr.runtime import Runtime
from recommenders.exceptions import ArtefactError, InvalidColumnError, NotEnoughDataError
from tests.recommenders.contract import CATALOGUE, AlgorithmContract
from tests.recommenders.toy import ROWS, dataset

TINY = {"epochs": 1, "embedding_size": 4, "batch_size": 8, "candidates": 5, "history_length": 10}


class TestConvCtr(AlgorithmContract):
    name = "conv_ctr"
    config = TINY
    strangers = True
    smallest = False
    similar = True
    additive = False
    updatable = False

    def test_scores_are_probabilities(self, model: Algorithm[Any]) -> None:
        _, scores = model.recommend(["u1", "stranger"], k=7, exclude_seen=False)
        assert ((scores > 0) & (scores < 1)).all()

    def test_too_few_neighbours_are_filled_up_in_popularity_order(
        self, model: Algorithm[Any]
    ) -> None:
        ids, _ = model.recommend(["stranger"], k=5)
        assert set(ids[0]) == {"a1", "a2", "a3", "b1", "b2"}
        ids, _ = model.recommend(["v3"], k=5)  # b2 and b3 are near, the rest is popular
        assert set(ids[0]) == {"b2", "b3", "a1", "a2", "a3"}

    def test_k_above_the_candidates_ranks_more_of_them(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["stranger"], k=7)
        assert set(ids[0]) == CATALOGUE

    def test_recommend_and_predict_agree(self, model: ConvCtr) -> None:
        ids, scores = model.recommend(["u3"], k=5)
        rows = pd.DataFrame({"user": "u3", "item": ids[0]})
        np.testing.assert_allclose(model.predict(rows), scores[0], rtol=1e-6)

    def test_behind_another_algorithm_it_ranks_exactly_what_that_proposes(
        self, model: ConvCtr
    ) -> None:
        histories, candidates = [np.array([0, 1])], [np.array([2, 4, 6])]
        slates = model._rank_among(histories, candidates, 3)
        rows = pd.DataFrame({"user": "u3", "item": model.items.ids(slates.codes[0])})
        assert sorted(slates.codes[0]) == [2, 4, 6]
        np.testing.assert_allclose(slates.scores[0], model.predict(rows), rtol=1e-6)

    def test_predict_reads_a_given_history(self, model: ConvCtr) -> None:
        rows = pd.DataFrame({"user": ["u3", "x", "y", "z"], "item": ["a3", "a3", "b3", "a3"]})
        kept = model.predict(rows)
        rows["history"] = [["a1", "a2"], ["a1", "a2"], [], ["a1", "a2", "gone"]]
        given = model.predict(rows)
        assert given[0] == given[1] == given[3] == kept[0]
        assert given[2] == kept[2]
        assert kept[1] != kept[0]

    def test_predict_has_no_number_for_an_unknown_item(self, model: ConvCtr) -> None:
        rows = pd.DataFrame({"user": ["u3", "u3"], "item": ["gone", "a3"]})
        assert np.isnan(model.predict(rows)).tolist() == [True, False]
        assert model.predict(rows[:0]).shape == (0,)

    def test_predict_names_the_column_it_lacks(self, model: ConvCtr) -> None:
        with pytest.raises(InvalidColumnError, match="'item'"):
            model.predict(pd.DataFrame({"user": ["u1"]}))
        with pytest.raises(InvalidColumnError, match="1 rows hold no list"):
            model.predict(pd.DataFrame({"user": ["u1"], "item": ["a1"], "history": ["a1"]}))

    def test_reasons_are_the_candidate_models(self, model: Algorithm[Any]) -> None:
        assert model.reasons("x", ["a3", "b1"], ["a1"]) == [
            Reason(kind="because", item="a1"),
            Reason(kind="popular", people=3),
        ]

    def test_every_thread_gets_the_same_answer(self, model: Algorithm[Any]) -> None:
        users = ["u3", "v2", "stranger"]
        expected = model.recommend(users, k=5)[1]
        wrong: list[object] = []

        def ask() -> None:
            for _ in range(50):
                scores = model.recommend(users, k=5)[1]
                if not np.array_equal(scores, expected):
                    wrong.append(scores)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []

    def test_each_epoch_adds_a_point_to_the_curve(self) -> None:
        curve: list[dict[str, float]] = []
        create("conv_ctr", **{**TINY, "epochs": 2}).fit(
            dataset(),
            progress=lambda fraction, message, point: curve.extend([point] if point else []),
        )
        assert [point["epoch"] for point in curve] == [1.0, 2.0]
        assert all(0 < point["loss"] < 2 for point in curve)


def test_the_network_learns_two_tastes_apart() -> None:
    people = range(60)
    rows = [(f"u{n}", f"{'ab'[n % 2]}{(n + step) % 9}") for n in people for step in range(8)]
    model = create(
        "conv_ctr", epochs=6, batch_size=32, learning_rate=0.01, history_length=10, candidates=18
    ).fit(dataset(rows))
    histories = [["a1", "a2", "a3", "a4"], ["b1", "b2", "b3", "b4"]]
    ids, _ = model.recommend(["x", "y"], k=4, histories=histories)
    assert {item[0] for item in ids[0]} == {"a"}
    assert {item[0] for item in ids[1]} == {"b"}


def test_the_exported_network_equals_the_keras_one() -> None:
    from recommenders.algorithms.conv_ctr import network

    config = ConvCtrConfig(epochs=2, batch_size=8, learning_rate=0.05)
    examples = Examples(dataset(), history_length=50, negatives=4)
    trained = network.train(
        examples, config, n_items=7, seed=3, progress=lambda fraction, message, curve: None
    )
    runtime = Runtime(network.export(trained, candidates=6), history_length=50, candidates=6)
    every = np.arange(1, 8, dtype=np.int32)
    for history in ([], [0], [0, 1, 2, 3], [4, 5, 6] * 30):
        read = recent(np.array(history, np.int64), 50)
        inputs = {"history": read[None], "candidates": every[None]}
        keras = trained.over(7)(inputs).numpy()[0]
        np.testing.assert_allclose(runtime.logits(read, every), keras, atol=1e-4)
        assert np.ptp(keras) > 1e-3


def test_a_network_of_another_shape_is_refused(tmp_path: Path) -> None:
    from recommenders.algorithms.conv_ctr import network

    small = network.Network(n_items=3, embedding_size=4, history_length=10, seed=0)
    path = tmp_path / "network.tflite"
    path.write_bytes(network.export(small, candidates=2))
    with pytest.raises(ArtefactError, match="reads"):
        Runtime(path, history_length=50, candidates=2)
    path.write_bytes(os.urandom(500))
    with pytest.raises(ArtefactError, match="cannot be opened"):
        Runtime(path, history_length=10, candidates=2)


def test_an_example_is_what_came_before_then_the_next_item_then_items_never_met() -> None:
    data = dataset()
    batch = Examples(data, history_length=10, negatives=3).draw(np.random.default_rng(0), 1_000)
    assert len(batch.histories) == len(ROWS)
    sequences = {
        tuple(data.items.codes([item for user, item in ROWS if user == one]) + 1) for one, _ in ROWS
    }
    for history, candidates in zip(batch.histories, batch.candidates, strict=True):
        before = tuple(history[history > 0])
        mine = {one for one in sequences if one[: len(before) + 1] == (*before, candidates[0])}
        assert mine
        assert list(history) == [0] * (10 - len(before)) + list(before)
        assert any(not set(one) & set(candidates[1:]) for one in mine)


def test_negatives_are_unmet_even_when_only_one_item_is_left() -> None:
    rows = [("u", f"i{n:02}") for n in range(40)] + [("v", "rare")]
    data = dataset(rows)
    examples = Examples(data, history_length=10, negatives=2)
    batch = examples.draw(np.random.default_rng(0), 1_000)
    rare = int(data.items.codes(["rare"])[0]) + 1
    of_u = batch.candidates[batch.candidates[:, 0] != rare]
    assert len(of_u) == 40
    assert (of_u[:, 1:] == rare).all()


def test_users_who_met_everything_teach_nothing() -> None:
    full = [("u", "a"), ("u", "b")]
    with pytest.raises(NotEnoughDataError, match="all 2 items"):
        Examples(dataset(full), history_length=10, negatives=1)
    assert len(Examples(dataset([*full, ("v", "a")]), history_length=10, negatives=1)) == 1


def test_of_many_examples_each_epoch_draws_its_own() -> None:
    examples = Examples(dataset(), history_length=10, negatives=1)
    rng = np.random.default_rng(0)
    first, second = examples.draw(rng, 4), examples.draw(rng, 4)
    assert len(first.histories) == len(second.histories) == 4
    assert not np.array_equal(first.candidates[:, 0], second.candidates[:, 0])


def test_the_newest_items_are_read_with_padding_on_the_left() -> None:
    assert recent(np.array([5, 6]), 4).tolist() == [0, 0, 6, 7]
    assert recent(np.array([5, 6, 7, 8, 9]), 4).tolist() == [7, 8, 9, 10]
    assert recent(np.array([], np.int64), 2).tolist() == [0, 0]
