"""Choosing: rules that pick a strength, and an honest score of what was chosen."""

from .choose import SELECT, Choice, choose
from .criteria import CRITERIA, Criterion, aic, bic, criterion, ebic, gcv
from .cv_result import CVResult
from .grid_edge import GridEdge, grid_edge, warn_grid_edge
from .honest_score import HonestScore, honest_score, honest_scores
from .nested_plan import NestedPlan
from .one_se import fold_mean, fold_se, index_min, index_one_se
from .relaxed_cv import RelaxedCV, choose_relaxed
from .splitters import Fold, fold_weights, make_folds, partitions

__all__ = [
    "CRITERIA",
    "SELECT",
    "CVResult",
    "Choice",
    "Criterion",
    "Fold",
    "GridEdge",
    "HonestScore",
    "NestedPlan",
    "RelaxedCV",
    "aic",
    "bic",
    "choose",
    "choose_relaxed",
    "criterion",
    "ebic",
    "fold_mean",
    "fold_se",
    "fold_weights",
    "gcv",
    "grid_edge",
    "honest_score",
    "honest_scores",
    "index_min",
    "index_one_se",
    "make_folds",
    "partitions",
    "warn_grid_edge",
]
