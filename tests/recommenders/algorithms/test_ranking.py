import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from recommenders.algorithms.ranking import first_allowed, top_k


@given(
    npst.arrays(np.float32, st.integers(1, 40), elements=st.sampled_from([-np.inf, 0, 1, 2, 3.5])),
    st.integers(1, 50),
)
def test_top_k_equals_a_full_stable_sort(scores: np.ndarray, k: int) -> None:
    full = [place for place in np.argsort(-scores, kind="stable") if scores[place] > -np.inf]
    assert top_k(scores, k).tolist() == full[:k]


@pytest.mark.parametrize(
    ("banned", "expected"), [([], [4, 2]), ([4], [2, 0]), ([4, 4, 2, 0], [1, 3]), ([9], [4, 2])]
)
def test_first_allowed_passes_over_the_banned(banned: list[int], expected: list[int]) -> None:
    order = np.array([4, 2, 0, 1, 3])
    assert first_allowed(order, np.array(banned, np.int64), 2).tolist() == expected
