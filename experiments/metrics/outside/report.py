"""What an analysis of files says: a scorecard, and what was taken for granted."""

import msgspec

from experiments.metrics.results import Scorecard


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was assumed, or not counted. `about` is the field or column it concerns."""

    about: str
    text: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The scorecard, with notes in the order in which the files were read."""

    scorecard: Scorecard
    notes: tuple[Note, ...]


def encode(report: Report) -> bytes:
    """JSON: the scorecard's own fields, with `notes` beside them.

    `experiments.metrics.decode` reads the scorecard back from it.
    """
    fields = msgspec.to_builtins(report)
    return msgspec.json.encode(fields.pop("scorecard") | fields)
