"""Ids to integer codes and back, in a form that can stay on disk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.integer[Any]]

# JSON can carry half of a surrogate pair. It must not crash a look-up; it is merely unknown.
_LOOSE = "surrogatepass"


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Distinct ids in the order of their code points; an id's code is its place.

    `keys` is a sorted array of fixed-width UTF-8 byte strings. Sorted bytes can be memory-mapped
    and searched where they lie, so loading a model with a million users builds no dictionary,
    and the processes of one machine share the pages.
    """

    keys: NDArray[np.bytes_]

    @classmethod
    def of(cls, ids: Iterable[str]) -> "Vocabulary":
        """The vocabulary of these ids; repeats count once."""
        encoded = sorted({one.encode(errors=_LOOSE) for one in ids})
        width = max(map(len, encoded), default=1)
        return cls(np.array(encoded, dtype=f"S{max(width, 1)}"))

    def __len__(self) -> int:
        return len(self.keys)

    def union(self, other: "Vocabulary") -> "Vocabulary":
        """The ids of both."""
        width = max(self.keys.dtype, other.keys.dtype, key=lambda dtype: dtype.itemsize)
        return Vocabulary(np.union1d(self.keys.astype(width), other.keys.astype(width)))

    def places_in(self, whole: "Vocabulary") -> NDArray[np.int32]:
        """For each code here, the code of the same id in `whole`, which must hold all of them."""
        return np.searchsorted(whole.keys, self.keys.astype(whole.keys.dtype)).astype(np.int32)

    def codes(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Code of each id, -1 where the id is unknown."""
        if not len(ids) or not len(self.keys):
            return np.full(len(ids), -1, np.int64)
        encoded = [str(one).encode(errors=_LOOSE) for one in ids]
        # Cast to the keys' own width: any other would make searchsorted copy all the keys.
        places = np.searchsorted(self.keys, np.array(encoded, dtype=self.keys.dtype))
        places = np.minimum(places, len(self.keys) - 1)
        # Compared as bytes, so an id cut to the width of the keys does not pass for a known one.
        same = [key == one for key, one in zip(self.keys[places].tolist(), encoded, strict=True)]
        return np.where(same, places, -1).astype(np.int64)

    def ids(self, codes: Codes) -> NDArray[np.object_]:
        """Id of each code, in the shape of `codes`; None where the code is -1."""
        flat = np.ravel(codes)
        texts = [key.decode(errors=_LOOSE) for key in self.keys[flat].tolist()]
        found = np.empty(len(texts), dtype=object)
        found[:] = texts
        found[flat < 0] = None
        return found.reshape(np.shape(codes))
