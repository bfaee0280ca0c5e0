"""All assignments of one user under a plan of 50 experiments, and one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any
from uuid import UUID, uuid5

from benchmarks.measures.many_experiments import ATTRIBUTES, EACH, LAYERS, plan
from benchmarks.measures.timing import best, processor
from experiments.assignment import assign, assign_on
from experiments.assignment.router import compiled

AIM_MICROSECONDS = 60
AT_A_TIME = 100  # users: short enough to fall between what else the machine does
STEPS = 1000
USERS, DEVICES = UUID(int=1), UUID(int=2)

Work = Callable[[list[tuple[str, str]]], None]


def measure(users: int, rounds: int) -> dict[str, Any]:
    """Microseconds a user: `_us` by the clock, the best of all batches of 100 in all rounds, and
    `_cpu_us_median` of processor, the middle one. Users and their devices have UUIDs.
    """
    under = plan()
    people = [(str(uuid5(USERS, str(n))), str(uuid5(DEVICES, str(n)))) for n in range(users)]

    def all_of(batch: list[tuple[str, str]]) -> None:
        for user, device in batch:
            assign(under, user, ATTRIBUTES, device=device)

    def one_of(batch: list[tuple[str, str]]) -> None:
        for user, device in batch:
            assign_on(under, user, "place-3", ATTRIBUTES, device=device)

    reasons = Counter(
        a.reason.value
        for user, device in people
        for a in assign(under, user, ATTRIBUTES, device=device)
    )
    step = best(_steps, rounds * 100) / STEPS
    return {
        "experiments": LAYERS * EACH,
        "layers": LAYERS,
        "placements": len(under.placements),
        "reasons": dict(reasons),
        "compile_ms": round(best(lambda: compiled(under), rounds) * 1e3, 1),
        **_timed("assign", all_of, people, rounds),
        **_timed("assign_on", one_of, people, rounds),
        "loop_step_ns": round(step * 1e9, 1),
        "aims": {"assign_cpu_us_median": AIM_MICROSECONDS},
    }


def _timed(name: str, work: Work, people: list[tuple[str, str]], rounds: int) -> dict[str, float]:
    """Microseconds a user, under names that begin with `name`."""
    batches = [people[at : at + AT_A_TIME] for at in range(0, len(people), AT_A_TIME)]
    clock = min(best(partial(work, batch), rounds) for batch in batches)
    cpu = [took for batch in batches for took in processor(partial(work, batch), rounds)]
    return {
        f"{name}_us": round(clock / AT_A_TIME * 1e6, 1),
        f"{name}_cpu_us_median": round(median(cpu) / AT_A_TIME * 1e6, 1),
    }


def _steps() -> None:
    """A loop of Python's as plain as can be, by which machines and moments compare."""
    value = 0
    for number in range(STEPS):
        value = (value ^ number) * 16_777_619 & 0xFFFFFFFF
