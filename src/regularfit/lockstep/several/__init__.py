"""Several linear predictors in one fit: classes, or targets."""

from .entry import fit_several, several_grid_top
from .targets import one_target

__all__ = ["fit_several", "one_target", "several_grid_top"]
