"""Content-based recommendation: more of what describes the items of the history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress, check
from recommenders.algorithms.config import Config, choice, hyperparameter
from recommenders.algorithms.descriptions import Descriptions
from recommenders.algorithms.ranking import Slates, best_by, top_k
from recommenders.algorithms.reasons import Reason
from recommenders.algorithms.shared_fields import history_length_field
from recommenders.dataset import Dataset
from recommenders.exceptions import NotEnoughDataError

_NOTHING = 1e-5  # likenesses below are rounding


@dataclass(frozen=True, kw_only=True)
class ContentConfig(Config):
    """Hyper-parameters of `content`."""

    representation: str = choice(
        "tfidf",
        choices=("tfidf", "svd"),
        help="Whether items are compared by their terms, or by what terms have in common.",
    )
    factors: int = hyperparameter(
        64,
        low=1,
        high=512,
        help="Numbers that describe each item where the representation is svd.",
        search=(16, 256),
        log=True,
    )
    attribute_weight: float = hyperparameter(
        1.0,
        low=0.0,
        high=100.0,
        help="How much a category or attribute counts beside a word of the text.",
        search=(0.25, 4.0),
    )
    history_length: int = history_length_field(search=(5, 200))


class Content(Algorithm[ContentConfig]):
    """Scores an item by its likeness to the newest `history_length` items of the history.

    The likeness of two items is the cosine of their term vectors: (1 + ln count) ln(1 + N / df)
    (Salton and Buckley 1988), or of their coordinates on the first `factors` singular vectors of
    those (Deerwester et al. 1990). An item needs a description and nobody who met it.
    """

    name = "content"
    title = "Content-based (TF-IDF)"
    summary = "Items whose titles, texts and attributes are like those of a person's own."
    config_type = ContentConfig
    updatable = True

    _described: Descriptions
    _vectors: NDArray[np.float32] | sp.csr_matrix[np.float32]

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        self._learn(Descriptions.of(dataset.catalogue, dataset.n_items), progress)

    def _update(self, before: Algorithm[Any], whole: Dataset, progress: Progress) -> None:
        assert isinstance(before, Content)  # noqa: S101  (for the type checker)
        new = Descriptions.of(whole.catalogue, whole.n_items)
        places = before.items.places_in(whole.items)
        self._learn(before._described.followed_by(new, places), progress)

    def _learn(self, described: Descriptions, progress: Progress) -> None:
        if not described.described.any():
            raise NotEnoughDataError(
                "content learns from what describes items, and here nothing does; import the items "
                "with their titles, categories and attributes first"
            )
        self._described = described
        progress(0.5, f"Read {len(described.terms):,} terms", None)
        self._vectors = self._compared(described)
        progress(1.0, "Compared the items", None)

    def _compared(self, described: Descriptions) -> NDArray[np.float32] | sp.csr_matrix[np.float32]:
        weighed = weigh(described, attribute_weight=self.config.attribute_weight)
        if self.config.representation == "tfidf":
            return weighed
        return coordinates(weighed, self.config.factors)

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        return best_by(self._scores, histories, banned, k, width=len(self._items))

    def _scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Of shape (histories, items); an item says nothing of itself."""
        recent = [history[-self.config.history_length :] for history in histories]
        scores = np.stack([self._likenesses(self._profile(history)) for history in recent])
        for row, history in zip(scores, recent, strict=True):
            row[history] -= self._own(history)
        scores[scores < _NOTHING] = -np.inf
        return scores

    def _profile(self, history: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.asarray(self._vectors[history].sum(axis=0), np.float32).ravel()

    def _likenesses(self, profile: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(self._vectors @ profile, np.float32)

    def _own(self, codes: NDArray[np.int64]) -> NDArray[np.float32]:
        """The likeness of items to themselves: 1, or 0 where nothing describes them."""
        return np.array([float(dense(self._vectors, code).any()) for code in codes], np.float32)

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        reasons: list[Reason | None] = []
        for code in codes:
            amounts = self._contributions(int(code), history) if code >= 0 else np.zeros(0)
            best = int(np.argmax(amounts)) if len(amounts) and amounts.max() > _NOTHING else None
            source = None if best is None else str(self._items.ids(history[best]))
            reasons.append(None if source is None else Reason(kind="because", item=source))
        return reasons

    def _contributions(self, code: int, history: NDArray[np.int64]) -> NDArray[np.float32]:
        recent = history[-self.config.history_length :]
        amounts = np.zeros(len(history), np.float32)
        if len(recent):
            alike = np.asarray(self._vectors[recent] @ dense(self._vectors, code), np.float32)
            amounts[len(history) - len(recent) :] = np.where(recent == code, 0.0, alike)
        return amounts

    def _speaks(self, history: NDArray[np.int64]) -> bool:
        return bool(np.isfinite(self._scores([history])).any())

    def _similar(self, code: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        (alike,) = self._scores([np.array([code])])
        best = top_k(alike, k)
        return best, alike[best]

    def _likenesses_of(self, codes: NDArray[np.int64]) -> NDArray[np.float32]:
        mine = self._vectors[codes]
        alike = mine @ mine.T
        return np.clip(alike.toarray() if sp.issparse(alike) else alike, 0.0, 1.0)

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        described = self._described.arrays()
        if isinstance(self._vectors, np.ndarray):
            return {**described, "vectors": self._vectors}
        return {**described, "weights": self._vectors.data}

    def _restore(self, content: Artefact) -> None:
        described = Descriptions.restore(content.arrays, len(self._items))
        self._described = described
        if self.config.representation == "svd":
            self._vectors = content.arrays["vectors"]
            check(len(self._vectors) == len(self._items), "vectors and items differ in number")
            return
        weights = content.arrays["weights"]
        check(len(weights) == len(described.counts.data), "weights are cut")
        self._vectors = sp.csr_matrix(
            (weights, described.counts.indices, described.counts.indptr),
            shape=described.counts.shape,
        )


def weigh(described: Descriptions, *, attribute_weight: float) -> sp.csr_matrix[np.float32]:
    """Items x terms, (1 + ln count) ln(1 + N / df), each row of length 1 or empty; the places of
    the entries are those of the counts.
    """
    counts = described.counts
    df = np.bincount(counts.indices, minlength=counts.shape[1])
    terms = np.log1p(int(described.described.sum()) / np.maximum(df, 1))
    terms[described.attributes] *= attribute_weight
    weights = (1.0 + np.log(counts.data)) * terms[counts.indices]
    owners = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(owners, weights**2, minlength=counts.shape[0]))
    unit = weights / np.maximum(lengths[owners], 1e-12)
    return sp.csr_matrix(
        (unit.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape
    )


def coordinates(weighed: sp.csr_matrix[np.float32], factors: int) -> NDArray[np.float32]:
    """Items x min(factors, what there is): coordinates on the first right singular vectors, each
    row of length 1, or 0 where nothing describes the item.
    """
    smaller = min(weighed.shape)
    if factors < smaller - 1:
        start = np.random.default_rng(0).random(smaller)  # the same data, the same vectors
        *_, basis = svds(weighed.astype(np.float64), k=factors, v0=start)
    else:
        basis = np.linalg.svd(weighed.toarray().astype(np.float64), full_matrices=False)[2]
        basis = basis[:factors]
    found = np.asarray(weighed @ basis.T)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    unit = np.divide(found, lengths, out=np.zeros_like(found), where=lengths > 1e-9)
    return np.ascontiguousarray(unit, np.float32)


def dense(
    vectors: NDArray[np.float32] | sp.csr_matrix[np.float32], code: int | np.integer[Any]
) -> NDArray[np.float32]:
    """One item's vector."""
    row = vectors[[int(code)]]
    return np.asarray(row.toarray() if sp.issparse(row) else row, np.float32).ravel()
