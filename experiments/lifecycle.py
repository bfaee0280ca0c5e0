"""The states of an experiment and the moves between them. Pure."""

from __future__ import annotations

from typing import Literal

from experiments.exceptions import NotAllowed

Move = Literal["start", "pause", "resume", "stop", "ship", "archive"]

MOVES: dict[Move, dict[str, str]] = {
    "start": {"draft": "running"},
    "pause": {"running": "paused"},
    "resume": {"paused": "running"},
    "stop": {"running": "stopped", "paused": "stopped"},
    "ship": {"stopped": "shipped"},
    "archive": {"draft": "archived", "stopped": "archived", "shipped": "archived"},
}


def after(move: Move, status: str) -> str:
    """The state after `move`. Raises NotAllowed where the state does not allow it."""
    try:
        return MOVES[move][status]
    except KeyError:
        allowed = " or ".join(MOVES[move])
        raise NotAllowed(
            f"{article(status)} experiment cannot {move}: only one that is {allowed} can."
        ) from None


def article(status: str) -> str:
    """`A draft`, `An archived`."""
    return f"{'An' if status[0] in 'aeiou' else 'A'} {status}"


def moves_of(status: str) -> tuple[Move, ...]:
    """What the state allows, in the order of a life."""
    return tuple(move for move, states in MOVES.items() if status in states)
