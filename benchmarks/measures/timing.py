"""What code takes: by the clock in the best of several rounds, when nothing else wants the machine,
and of the processor in every round, which other work lengthens less.
"""

from __future__ import annotations

import time
from collections.abc import Callable


def best(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the quickest round."""
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return min(took)


def processor(work: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of this process on the processor, of each round."""
    took = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return took
