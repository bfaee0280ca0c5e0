"""Hyper-parameters of `conv_ctr`."""

from dataclasses import dataclass

from recommenders.algorithms.config import Config, hyperparameter
from recommenders.algorithms.shared_fields import seed_field


@dataclass(frozen=True, kw_only=True)
class ConvCtrConfig(Config):
    """Defaults chosen on MovieLens-100k, each person's newest fifth held out, so that training
    stays under half a minute on two cores.
    """

    embedding_size: int = hyperparameter(
        64,
        low=4,
        high=512,
        help="Numbers that describe each item.",
        search=(16, 128),
        log=True,
    )
    history_length: int = hyperparameter(
        50, low=10, high=50, help="How many of a person's latest items the network reads."
    )
    epochs: int = hyperparameter(
        4,
        low=1,
        high=100,
        help="How often training goes through the examples.",
        search=(1, 12),
    )
    examples: int = hyperparameter(
        80_000,
        low=1,
        high=10_000_000,
        help="Most (history, next item) pairs per epoch; of more, each epoch draws its own.",
    )
    negatives: int = hyperparameter(
        4,
        low=1,
        high=50,
        help="Items not chosen that are drawn for each one that was.",
        search=(1, 20),
    )
    learning_rate: float = hyperparameter(
        1e-3,
        low=1e-6,
        high=1.0,
        help="Step size of the Adam optimiser.",
        search=(1e-4, 1e-2),
        log=True,
    )
    batch_size: int = hyperparameter(
        128, low=1, high=65_536, help="Examples per step of the optimiser."
    )
    candidates: int = hyperparameter(
        100, low=1, high=2_000, help="How many items of the neighbour model are re-ranked."
    )
    k_neighbours: int = hyperparameter(
        200,
        low=1,
        high=10_000,
        help="Similar items kept for each item in the candidate model.",
        formerly="neighbours",
    )
    shrinkage: float = hyperparameter(
        20.0,
        low=0.0,
        high=100_000.0,
        help="Pull towards zero of similarities that rest on few people, in the candidate model.",
    )
    seed: int = seed_field()
