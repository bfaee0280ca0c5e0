import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.evaluation.predicted import auc, auc_parts, logloss, logloss_parts
from recommenders.exceptions import EvaluationError


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=30))
def test_auc_equals_counting_all_pairs(rows: list[tuple[bool, int]]) -> None:
    clicked = [score for label, score in rows if label]
    others = [score for label, score in rows if not label]
    labels, scores = zip(*rows, strict=True)
    if not clicked or not others:
        with pytest.raises(EvaluationError, match="both kinds"):
            auc(labels, scores)
        return
    pairs = [(one > other) + (one == other) / 2 for one in clicked for other in others]
    assert auc(labels, scores) == pytest.approx(sum(pairs) / len(pairs))


def test_logloss_is_the_mean_negative_log_likelihood() -> None:
    expected = -(np.log(0.8) + np.log(0.9) + np.log(0.5)) / 3
    assert logloss([1, 0, 1], [0.8, 0.1, 0.5]) == pytest.approx(expected)


def test_logloss_of_a_certain_error_is_finite() -> None:
    assert logloss([1], [0.0]) == pytest.approx(-np.log(1e-7))
    with pytest.raises(EvaluationError, match="0 rows"):
        logloss([], [])


def rows(rng: np.random.Generator, users: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Users of 1 to 9 rows, some of whom click more, and probabilities that know it a little."""
    owners = np.repeat(np.arange(users), rng.integers(1, 10, users))
    taste = rng.normal(size=users)[owners]
    labels = (rng.random(len(owners)) < 1 / (1 + np.exp(-taste))).astype(np.float64)
    return owners, labels, 1 / (1 + np.exp(-0.5 * taste - rng.normal(0, 0.5, len(owners))))


def test_the_parts_of_the_users_have_the_figure_as_their_mean() -> None:
    owners, labels, p = rows(np.random.default_rng(1), 60)
    assert auc_parts(owners, labels, p).mean() == pytest.approx(auc(labels, p))
    assert logloss_parts(owners, labels, p).mean() == pytest.approx(logloss(labels, p))


def test_the_parts_of_known_rows_are_known() -> None:
    # User 0: a click at .8 beats both refusals. User 1: a click at .4 beats one of two.
    owners, labels = np.array([0, 0, 1, 1]), np.array([1, 0, 1, 0])
    parts = auc_parts(owners, labels, np.array([0.8, 0.2, 0.4, 0.6]))
    # Clicks win 1 and 1/2 of 2, refusals lie below 2/2 and 1/2 of the clicks; the AUC is 3/4.
    assert parts.tolist() == [0.75 + 2 * (0.25 + 0.25) / 2, 0.75 + 2 * (-0.25 - 0.25) / 2]


def test_the_spread_of_the_parts_is_that_of_the_figure_over_redrawn_users() -> None:
    rng = np.random.default_rng(2)
    owners, labels, p = rows(rng, 300)
    of_user = [np.flatnonzero(owners == user) for user in range(300)]
    redrawn = []
    for _ in range(400):
        drawn = np.concatenate([of_user[user] for user in rng.integers(300, size=300)])
        redrawn.append((auc(labels[drawn], p[drawn]), logloss(labels[drawn], p[drawn])))
    for parts, spread in zip(
        (auc_parts(owners, labels, p), logloss_parts(owners, labels, p)),
        np.std(redrawn, axis=0),
        strict=True,
    ):
        assert parts.std() / np.sqrt(300) == pytest.approx(spread, rel=0.15)
