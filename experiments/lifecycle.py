"""The states of an experiment and the moves between them. Pure."""

from __future__ import annotations

from experiments.exceptions import NotAllowed

MOVES: dict[str, dict[str, str]] = {
    "start": {"draft": "running"},
    "stop": {"running": "stopped"},
}


def after(move: str, status: str) -> str:
    """The state after `move`. Raises NotAllowed where the state does not allow it."""
    try:
        return MOVES[move][status]
    except KeyError:
        allowed = " or ".join(MOVES[move])
        raise NotAllowed(
            f"A {status} experiment cannot {move}: only one that is {allowed} can."
        ) from None
