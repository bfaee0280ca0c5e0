"""What describes items, as counts of terms: the words of texts, and the values of attributes."""

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from recommenders.algorithms.kept import check
from recommenders.dataset import Vocabulary

TEXTS = ("title", "text", "description")
LONGEST_NAME = 3  # words; a longer value of an attribute is read as text
LONGEST_TERM = 64  # characters
_WORD = re.compile(r"\w{2,}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Descriptions:
    """counts: items x terms, how often a term describes an item. An attribute's term is
    `name=value`; a word holds no `=`.
    """

    terms: Vocabulary
    counts: sp.csr_matrix[np.float32]

    @classmethod
    def of(cls, catalogue: pd.DataFrame | None, n_items: int) -> Self:
        """catalogue: one row per item, as a Dataset holds it."""
        rows = [Counter[str]() for _ in range(n_items)]
        if catalogue is not None:
            rows = [Counter(_row_terms(row)) for row in catalogue.to_dict("records")]
        terms = Vocabulary.of({term for row in rows for term in row})
        columns = terms.codes([term for row in rows for term in row])
        starts = np.cumsum([0, *map(len, rows)])
        data = np.array([n for row in rows for n in row.values()], np.float32)
        return cls(terms=terms, counts=_matrix(data, columns, starts, len(terms)))

    @property
    def described(self) -> NDArray[np.bool_]:
        """Of each item, whether anything describes it."""
        return np.diff(self.counts.indptr) > 0

    @property
    def attributes(self) -> NDArray[np.bool_]:
        """Of each term, whether it is the value of an attribute."""
        return np.array([b"=" in key for key in self.terms.keys.tolist()], np.bool_)

    def followed_by(self, new: Self, places: NDArray[np.integer[Any]]) -> Self:
        """What both say of the items of `new`, which wins where it describes an item.

        places: for each item here, its code among the items of `new`.
        """
        terms = self.terms.union(new.terms)
        n_items = new.counts.shape[0]
        old = _placed(self.counts, places, self.terms.places_in(terms), n_items, len(terms))
        latest = _placed(
            new.counts, np.arange(n_items), new.terms.places_in(terms), n_items, len(terms)
        )
        stays = sp.diags_array((~new.described).astype(np.float32))
        counts = sp.csr_matrix(stays @ old + latest)
        counts.eliminate_zeros()
        counts.sort_indices()
        return type(self)(terms=terms, counts=counts)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays of an artefact."""
        return {
            "terms": self.terms.keys,
            "term_starts": self.counts.indptr.astype(np.int32, copy=False),
            "term_codes": self.counts.indices.astype(np.int32, copy=False),
            "term_counts": self.counts.data.astype(np.float32, copy=False),
        }

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]], n_items: int) -> Self:
        """What `arrays` gave. Raises KeyError or ValueError where it is damaged."""
        terms = Vocabulary(arrays["terms"])
        data, codes, starts = (arrays[f"term_{part}"] for part in ("counts", "codes", "starts"))
        check(len(starts) == n_items + 1, "descriptions and items differ in number")
        check(int(starts[-1]) == len(codes) == len(data), "descriptions are cut")
        check(not len(codes) or int(codes.max()) < len(terms), "terms are cut")
        return cls(terms=terms, counts=_matrix(data, codes, starts, len(terms)))


def _matrix(
    data: NDArray[Any], columns: NDArray[Any], starts: NDArray[Any], n_terms: int
) -> sp.csr_matrix[np.float32]:
    return sp.csr_matrix((data, columns, starts), shape=(len(starts) - 1, n_terms))


def _placed(
    counts: sp.csr_matrix[np.float32],
    rows: NDArray[np.integer[Any]],
    columns: NDArray[np.integer[Any]],
    n_items: int,
    n_terms: int,
) -> sp.csr_matrix[np.float32]:
    """The counts with row r at rows[r] and column c at columns[c] of a larger matrix."""
    owners = np.repeat(rows, np.diff(counts.indptr))
    return sp.csr_matrix((counts.data, (owners, columns[counts.indices])), shape=(n_items, n_terms))


def _row_terms(row: Mapping[Hashable, Any]) -> Iterator[str]:
    for name, value in row.items():
        yield from _terms(str(name), value)


def _terms(name: str, value: object) -> Iterator[str]:
    """The terms of one cell, which may hold a list, or an object with attributes of its own."""
    if isinstance(value, Mapping):
        yield from _row_terms(value)
    elif isinstance(value, list | tuple | set | np.ndarray):
        for one in value:
            yield from _terms(name, one)
    elif isinstance(value, bool | np.bool_):
        yield _term(f"{name}={str(bool(value)).lower()}")
    elif isinstance(value, int | float | np.number):
        if np.isfinite(value):
            yield _term(f"{name}={_rounded(float(value))}")
    elif isinstance(value, str) and value.strip():
        yield from _text_terms(name, _plain(value))


def _text_terms(name: str, text: str) -> Iterator[str]:
    if name in TEXTS or len(text.split()) > LONGEST_NAME:
        yield from map(_term, _WORD.findall(text))
    else:
        yield _term(f"{name}={' '.join(text.split())}")


def _rounded(number: float) -> str:
    """Whole numbers as they are, others by their two leading digits, so that near ones are one."""
    return f"{number:.0f}" if number.is_integer() else f"{number:.2g}"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("\0", " ")


def _term(text: str) -> str:
    return text[:LONGEST_TERM]
