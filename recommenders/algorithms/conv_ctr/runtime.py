"""Serving the exported network with LiteRT, without TensorFlow."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from recommenders.exceptions import ArtefactError


class Runtime:
    """Scores the candidates of one history.

    An interpreter belongs to the thread that made it, so each thread that calls gets its own; the
    weights are mapped from the file, which they share. One thread each: parallelism comes from
    serving several users, and a hot path that waits for helpers has a long tail.
    """

    def __init__(self, source: Path | bytes, *, history_length: int, candidates: int) -> None:
        self.source = source
        self._shapes = {"history": (1, history_length), "candidates": (1, candidates)}
        self._width = candidates
        self._local = threading.local()
        self._runner()  # a file that is no network is found here, not on the first request

    def logits(
        self, history: NDArray[np.int32], candidates: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Logit of each candidate, in their order, for one padded history of network codes."""
        parts = [
            self._logits(history, candidates[first : first + self._width])
            for first in range(0, len(candidates), self._width)
        ]
        return np.concatenate(parts) if parts else np.empty(0, np.float32)

    def _logits(
        self, history: NDArray[np.int32], candidates: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        padded = np.zeros((1, self._width), np.int32)
        padded[0, : len(candidates)] = candidates
        (output,) = self._runner()(history=history[None], candidates=padded).values()
        logits: NDArray[np.float32] = output[0, : len(candidates)]
        return logits

    def _runner(self) -> Any:
        if not hasattr(self._local, "runner"):
            self._local.runner = self._open()
        return self._local.runner

    def _open(self) -> Any:
        content = self.source if isinstance(self.source, bytes) else None
        path = None if content else str(self.source)
        try:
            interpreter = Interpreter(model_path=path, model_content=content, num_threads=1)
            runner = interpreter.get_signature_runner()
            shapes = {
                name: tuple(details["shape"])
                for name, details in runner.get_input_details().items()
            }
        except (ValueError, RuntimeError) as error:
            raise ArtefactError(f"the saved network cannot be opened: {error}") from error
        if shapes != self._shapes:
            raise ArtefactError(f"the saved network reads {shapes}, not {self._shapes}")
        return runner
