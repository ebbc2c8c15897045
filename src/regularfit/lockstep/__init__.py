"""The lockstep engine: many fits of the same model, advanced together over one copy of the data."""

from .certificate import Certificate
from .constraints import LinearConstraints
from .engine import fit_lanes, look_ahead
from .grid import is_count, strength_grid
from .leave_one_out import ClosedForm, closed_form_scores
from .path import Path
from .problem import Lane, Problem, make_problem
from .refit import Refits, Supports, refit_supports, relaxed_paths, supports_of
from .result import LaneResult
from .shared import Shared

__all__ = [
    "Certificate",
    "ClosedForm",
    "Lane",
    "LaneResult",
    "LinearConstraints",
    "Path",
    "Problem",
    "Refits",
    "Shared",
    "Supports",
    "closed_form_scores",
    "fit_lanes",
    "is_count",
    "look_ahead",
    "make_problem",
    "refit_supports",
    "relaxed_paths",
    "strength_grid",
    "supports_of",
]
