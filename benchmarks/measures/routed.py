"""All assignments of one user under a plan of 50 experiments, and one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.measures.many_experiments import ATTRIBUTES, EACH, LAYERS, plan
from benchmarks.measures.timing import best
from experiments.assignment import assign, assign_on
from experiments.assignment.router import compiled

AIM_MICROSECONDS = 60
AT_A_TIME = 100  # users: short enough to fall between what else the machine does
STEPS = 1000


def measure(users: int, rounds: int) -> dict[str, Any]:
    """Microseconds a user, by the best of all batches of 100 and by the middle one."""
    under = plan()
    ids = [f"user-{n:07d}" for n in range(users)]

    def all_of(batch: list[str]) -> None:
        for user in batch:
            assign(under, user, ATTRIBUTES, device=user)

    def one_of(batch: list[str]) -> None:
        for user in batch:
            assign_on(under, user, "place-3", ATTRIBUTES, device=user)

    everywhere = _batches(all_of, ids, rounds)
    reasons = Counter(a.reason.value for user in ids for a in assign(under, user, ATTRIBUTES))
    step = best(_steps, rounds * 100) / STEPS
    return {
        "experiments": LAYERS * EACH,
        "layers": LAYERS,
        "placements": len(under.placements),
        "reasons": dict(reasons),
        "compile_ms": round(best(lambda: compiled(under), rounds) * 1e3, 1),
        "assign_us": everywhere[0],
        "assign_us_median": everywhere[len(everywhere) // 2],
        "assign_on_us": _batches(one_of, ids, rounds)[0],
        "loop_step_ns": round(step * 1e9, 1),
        "aims": {"assign_us": AIM_MICROSECONDS},
    }


def _batches(work: Callable[[list[str]], None], ids: list[str], rounds: int) -> list[float]:
    """Microseconds a user of each batch, the quickest first."""
    batches = [ids[at : at + AT_A_TIME] for at in range(0, len(ids), AT_A_TIME)]
    took = (best(partial(work, batch), rounds) for batch in batches)
    return sorted(round(seconds / AT_A_TIME * 1e6, 1) for seconds in took)


def _steps() -> None:
    """A loop of Python's as plain as can be, by which machines and moments compare."""
    value = 0
    for number in range(STEPS):
        value = (value ^ number) * 16_777_619 & 0xFFFFFFFF
