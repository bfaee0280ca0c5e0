"""Training by `implicit`: the only module that imports it, met only while als and bpr train."""

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking
from threadpoolctl import threadpool_limits

from recommenders.algorithms.base import Progress
from recommenders.algorithms.factors import Floats

if TYPE_CHECKING:
    from recommenders.algorithms.als import AlsConfig
    from recommenders.algorithms.bpr import BprConfig

Matrix = sp.csr_matrix[np.float32]


def als(matrix: Matrix, config: "AlsConfig", seed: int, progress: Progress) -> Floats:
    """The vectors of items, of shape (items, factors). Tells `progress` of less than 1."""

    def told(epoch: int, seconds: float, loss: float | None) -> None:
        progress(0.9 * (epoch + 1) / config.epochs, f"Epoch {epoch + 1} of {config.epochs}", None)

    with threadpool_limits(1, "blas"):  # its threads and those of BLAS would slow one another
        model = AlternatingLeastSquares(
            factors=config.factors,
            regularization=config.l2,
            alpha=config.alpha,
            iterations=config.epochs,
            random_state=seed,
        )
        model.fit(matrix, show_progress=False, callback=told)
    return np.asarray(model.item_factors, np.float32)


def bpr(matrix: Matrix, config: "BprConfig", seed: int, progress: Progress) -> Floats:
    """The vectors of items, of shape (items, factors + 1), the last number the bias."""

    def told(epoch: int, seconds: float, correct: int, skipped: int) -> None:
        curve = {"epoch": float(epoch + 1), "pairs_in_order": float(correct)}
        progress(0.9 * (epoch + 1) / config.epochs, f"Epoch {epoch + 1} of {config.epochs}", curve)

    with threadpool_limits(1, "blas"):
        model = BayesianPersonalizedRanking(
            factors=config.factors,
            learning_rate=config.learning_rate,
            regularization=config.l2,
            iterations=config.epochs,
            num_threads=1,
            random_state=seed,
        )
        model.fit(matrix, show_progress=False, callback=told)
    return np.asarray(model.item_factors, np.float32)
