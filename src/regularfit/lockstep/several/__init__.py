"""Several linear predictors in one fit: classes, or targets."""

from .entry import fit_several, several_grid_top

__all__ = ["fit_several", "several_grid_top"]
