"""Training by `implicit`: the only module that imports it, met only while als and bpr train."""

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from recommenders.algorithms.base import Progress
from recommenders.algorithms.factors import Floats

if TYPE_CHECKING:
    from recommenders.algorithms.als import AlsConfig

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
