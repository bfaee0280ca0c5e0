"""Somebody else's recommender, asked over HTTP."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress
from recommenders.algorithms.config import Config, hyperparameter, text
from recommenders.algorithms.ranking import Slates
from recommenders.algorithms.reasons import Reason
from recommenders.algorithms.remote_call import Endpoint
from recommenders.algorithms.requests import Asked
from recommenders.dataset import Dataset
from recommenders.exceptions import RemoteBadAnswer

_VARIABLE = re.compile(r"WINNOW_REMOTE_[A-Z0-9_]{1,40}")


def wrong_url(url: str) -> str | None:
    """What keeps a text from being the address of an endpoint."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return "it has no http or https and host"
    if parts.username is not None or parts.fragment:
        return "a name, a password or a fragment in it goes nowhere"
    return "it holds a space or a control character" if re.search(r"[\x00-\x20\x7f]", url) else None


def wrong_variable(name: str) -> str | None:
    """What keeps a text from being the name of a variable with a token."""
    return None if _VARIABLE.fullmatch(name) else "other variables are not sent to anybody"


@dataclass(frozen=True, kw_only=True)
class RemoteConfig(Config):
    """Hyper-parameters of `remote`."""

    url: str = text(
        "http://localhost:9000/recommend",
        says="give an address with http or https",
        wrong=wrong_url,
        help="The endpoint that is asked.",
    )
    deadline_ms: int = hyperparameter(
        80, low=1, high=30_000, help="How long it has to answer, in milliseconds."
    )
    token_variable: str = text(
        "WINNOW_REMOTE_TOKEN",
        says="give a name such as WINNOW_REMOTE_TOKEN, beginning with WINNOW_REMOTE_",
        wrong=wrong_variable,
        help="The environment variable whose value, where it is set, is sent as a bearer token.",
    )


class Remote(Algorithm[RemoteConfig]):
    """Asks an endpoint at each request; it learns nothing, and keeps who met what to tell it.

    Sent are, of each user, the id (null where a combination asks), the history, and what may not be
    shown; the answer has a slate for each. Items that training did not know are passed over, as are
    those that may not be shown and those that are there twice. Raises RemoteError from `recommend`.
    """

    name = "remote"
    title = "An endpoint of yours"
    summary = "Asks an HTTP endpoint of your own for each slate, within a deadline."
    config_type = RemoteConfig
    serves_strangers = True
    updatable = True

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        progress(1.0, "Kept the histories; the endpoint is asked when somebody is served", None)

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        return self._asked([None] * len(histories), histories, banned, k)

    def _answer(self, users: Sequence[str], asked: Asked, k: int, draw: int | None) -> Slates:
        return self._asked(users, asked.histories, asked.banned, k)

    def _asked(
        self,
        users: Sequence[str | None],
        histories: Sequence[NDArray[np.int64]],
        banned: Sequence[NDArray[np.int64]],
        k: int,
    ) -> Slates:
        slates = Slates(len(users), k)
        if not len(users):
            return slates
        rows = zip(users, histories, banned, strict=True)
        told = [
            {"user": user, "history": self._ids(history), "exclude": self._ids(np.unique(out))}
            for user, history, out in rows
        ]
        answer = self._endpoint().ask({"k": k, "users": told})
        for row, slate in enumerate(read_slates(answer, len(users), self.config.url)):
            codes, scores = self._known(slate, banned[row], k)
            slates.put(row, codes, scores)
        return slates

    def _endpoint(self) -> Endpoint:
        return Endpoint(
            url=self.config.url,
            deadline=self.config.deadline_ms / 1000,
            token=os.environ.get(self.config.token_variable),
        )

    def _known(
        self, slate: Sequence[tuple[str, float]], banned: NDArray[np.int64], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        codes = self._items.codes([item for item, _ in slate])
        scores = np.array([score for _, score in slate], np.float64)
        first = np.zeros(len(codes), np.bool_)
        first[np.unique(codes, return_index=True)[1]] = True
        kept = np.flatnonzero(first & (codes >= 0) & ~np.isin(codes, banned))
        best = kept[np.argsort(-scores[kept], kind="stable")[:k]]
        return codes[best], scores[best]

    def _ids(self, codes: NDArray[np.int64]) -> list[str]:
        return [str(one) for one in self._items.ids(codes)]

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        """None: only the endpoint knows."""
        return [None] * len(codes)

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        return {}

    def _restore(self, content: Artefact) -> None:
        return None


def read_slates(answer: Any, n: int, url: str) -> list[list[tuple[str, float]]]:
    """The slates of `{"slates": [[{"item": "i1", "score": 0.9}, ...], ...]}`, one for each user.

    Raises RemoteBadAnswer that says where it is of another form.
    """
    slates = answer.get("slates") if isinstance(answer, dict) else None
    if not isinstance(slates, list) or len(slates) != n:
        raise RemoteBadAnswer(url, f"/slates is not a list of {n}, one for each user")
    return [_slate(slate, place, url) for place, slate in enumerate(slates)]


def _slate(slate: object, place: int, url: str) -> list[tuple[str, float]]:
    if not isinstance(slate, list):
        raise RemoteBadAnswer(url, f"/slates/{place} is not a list")
    read = []
    for at, one in enumerate(slate):
        item = one.get("item") if isinstance(one, dict) else None
        score = one.get("score") if isinstance(one, dict) else None
        if not isinstance(item, str):
            raise RemoteBadAnswer(url, f"/slates/{place}/{at}/item is not text")
        if isinstance(score, bool) or not isinstance(score, int | float) or not np.isfinite(score):
            raise RemoteBadAnswer(url, f"/slates/{place}/{at}/score is not a finite number")
        read.append((item, float(score)))
    return read
