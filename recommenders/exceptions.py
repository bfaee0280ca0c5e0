"""Every error the recommender library raises on purpose.

They share one base, so a caller that only reports can catch `RecommenderError`. Messages name the
thing, the figure and the next step, because they are shown to people as they are.
"""

from collections.abc import Iterable


class RecommenderError(Exception):
    """Base of all errors of the recommenders package."""


class DatasetError(RecommenderError):
    """The behaviour handed in cannot be learned from."""


class EmptyDatasetError(DatasetError):
    """There is no row of behaviour at all."""


class NotEnoughDataError(DatasetError):
    """There is behaviour, but not of the kind this algorithm needs."""


class InvalidColumnError(DatasetError):
    """A column is absent, or holds values it must not hold."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(f"column '{column}': {why}")
        self.column = column


class MissingIdError(InvalidColumnError):
    """An id is absent (NaN, None or an empty string)."""


class IdTypeError(InvalidColumnError):
    """Ids are of mixed types, or of a type that cannot be an id."""


class HyperparameterError(RecommenderError):
    """A hyper-parameter is unknown, of the wrong type or out of its range."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(f"hyper-parameter '{field}' cannot be {value!r}: {allowed}")
        self.field = field
        self.allowed = allowed


class UnknownHyperparameterError(HyperparameterError):
    """The algorithm has no hyper-parameter of that name."""

    def __init__(self, field: str, algorithm: str, fields: Iterable[str]) -> None:
        known = ", ".join(fields) or "none"
        RecommenderError.__init__(
            self, f"'{algorithm}' has no hyper-parameter '{field}'; it has: {known}"
        )
        self.field = field
        self.allowed = known


class UnknownAlgorithmError(RecommenderError):
    """No algorithm is registered under that name."""

    def __init__(self, name: str, names: Iterable[str]) -> None:
        super().__init__(f"no algorithm is called '{name}'; there are: {', '.join(names)}")
        self.name = name


class BrokenAlgorithmError(UnknownAlgorithmError):
    """A third party's algorithm is installed under that name, and cannot be used."""

    def __init__(self, name: str, why: str) -> None:
        RecommenderError.__init__(self, f"the algorithm '{name}' cannot be used: {why}")
        self.name = name


class NotFittedError(RecommenderError):
    """The model was asked for something before `fit` or `load`."""


class InvalidRequestError(RecommenderError):
    """The arguments of a call contradict each other or their documented range."""


class UnknownItemError(InvalidRequestError):
    """The model has never heard of the item it was asked about."""

    def __init__(self, item: str) -> None:
        super().__init__(f"this model knows no item '{item}'; it may be newer than the training")
        self.item = item


class UnsupportedError(RecommenderError):
    """What was asked has no meaning for this algorithm; the message says what to do instead."""


class NotUpdatableError(UnsupportedError):
    """The algorithm cannot take in new behaviour without being trained again."""


class NoSimilarityError(UnsupportedError):
    """The algorithm knows no likeness of items."""


class NoRatingsError(UnsupportedError):
    """The algorithm, or the data it was trained on, cannot predict a rating."""


class RemoteError(RecommenderError):
    """An endpoint gave no slate. `reason` is the word that a response carries as its `fallback`."""

    reason = "remote_error"

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url}: {why}")


class RemoteTimeout(RemoteError):
    """It had not answered by its deadline."""

    reason = "remote_timeout"


class RemoteUnreachable(RemoteError):
    """There is no connection to be had, or it broke."""

    reason = "remote_unreachable"


class RemoteRefused(RemoteError):
    """It answered with a status other than 200."""

    reason = "remote_refused"

    def __init__(self, url: str, status: int, said: str) -> None:
        super().__init__(url, f"answered {status}: {said}")
        self.status = status


class RemoteBadAnswer(RemoteError):
    """What it answered is no slates; the message says where."""

    reason = "remote_bad_answer"


class ArtefactError(RecommenderError):
    """A folder does not hold a model this version can read, or cannot take one."""


class EvaluationError(RecommenderError):
    """The held-out data cannot give the measure asked for."""


class UnknownMeasureError(EvaluationError):
    """No measure has that name."""

    def __init__(self, name: str, names: Iterable[str]) -> None:
        super().__init__(f"no measure is called '{name}'; there are: {', '.join(names)}")
        self.name = name


class ProtocolError(EvaluationError):
    """Behaviour cannot be held out as asked; `field` names what to change."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


class InvalidRecommender(RecommenderError):
    """A recommender cannot be registered as described; `field` names what to change."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class RecommenderTaken(InvalidRecommender):
    """The key is another recommender's already."""


class InvalidTrainingSettings(RecommenderError):
    """A recommender cannot be trained as described; `field` names what to change."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class NotPromotable(RecommenderError):
    """A version cannot go live; the message says why, with its numbers."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class InvalidSearch(RecommenderError):
    """Settings cannot be searched as described; `field` names what to change."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class InvalidItem(RecommenderError):
    """A row is no item; `field` is empty for the whole row, and `error` says what is allowed."""

    def __init__(self, field: str, error: str) -> None:
        super().__init__(f"{field} {error}".strip())
        self.field = field
        self.error = error


class JobLost(RecommenderError):
    """An attempt at a training ended after the job had gone to another attempt, or had ended."""
