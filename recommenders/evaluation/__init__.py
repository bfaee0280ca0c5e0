"""How good a model is on behaviour it has not seen."""

from recommenders.evaluation.clicks import CtrReport, evaluate_ctr, with_negatives
from recommenders.evaluation.metrics import auc, coverage, hit_rate, logloss, ndcg
from recommenders.evaluation.ranking import RankingReport, evaluate_ranking
from recommenders.evaluation.summary import STD_ERROR, evaluate

__all__ = [
    "STD_ERROR",
    "CtrReport",
    "RankingReport",
    "auc",
    "coverage",
    "evaluate",
    "evaluate_ctr",
    "evaluate_ranking",
    "hit_rate",
    "logloss",
    "ndcg",
    "with_negatives",
]
