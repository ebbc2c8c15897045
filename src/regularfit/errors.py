"""Every exception and warning of regularfit.

::

    RegularfitError                  catch this to catch everything below
      InputError (ValueError)        an argument or an array that cannot be used
        TableError                   a file or a table that cannot be used (command line: exit code 3)
      ModelFileError (ValueError)    a model file that is damaged, foreign or of a newer format
      UnsupportedError (TypeError)   a combination that is refused, by name
      FitError (RuntimeError)        a fit that could not be done (command line: exit code 4)
    ConvergenceWarning               a certificate above the tolerance
    FewerFoldsWarning                too few rows for the usual number of folds
    GridEdgeWarning                  the chosen strength lies at an end of the grid
    NoEffectWarning                  a regulariser that changed nothing in a whole run
    CatastrophicOverfittingWarning   a net that holds up against attacks of one step only
    InterruptedWarning               training was ended by Ctrl-C; the best weights are kept
    UnseenCategoryWarning            a category in new rows that training did not see; it counts as missing

A message says what was given, what is allowed and what to do. Predicting with an estimator that is not fitted
raises scikit-learn's ``NotFittedError``.
"""

from __future__ import annotations

__all__ = [
    "CatastrophicOverfittingWarning",
    "ConvergenceWarning",
    "FewerFoldsWarning",
    "FitError",
    "GridEdgeWarning",
    "InputError",
    "InterruptedWarning",
    "ModelFileError",
    "NoEffectWarning",
    "RegularfitError",
    "TableError",
    "UnseenCategoryWarning",
    "UnsupportedError",
]


class RegularfitError(Exception):
    """The base of every error that regularfit raises on purpose."""


class InputError(RegularfitError, ValueError):
    """An argument or an array that cannot be used; the message says what is allowed."""


class TableError(InputError):
    """A file or a table that cannot be used."""


class ModelFileError(RegularfitError, ValueError):
    """A model file that is damaged, written by another program or of a newer format."""


class UnsupportedError(RegularfitError, TypeError):
    """A combination that regularfit refuses; the message names it and an alternative."""


class FitError(RegularfitError, RuntimeError):
    """A fit that could not be done."""


class ConvergenceWarning(UserWarning):
    """A fit stopped with a certificate above the tolerance; the message gives its size and the reason."""


class FewerFoldsWarning(UserWarning):
    """No number of folds was asked for, and there are too few rows, groups or members of a class for ten."""


class GridEdgeWarning(UserWarning):
    """The chosen strength is the first or the last of the grid, so a better one may lie outside."""


class NoEffectWarning(UserWarning):
    """A regulariser has changed nothing in a whole training run; the message names it."""


class CatastrophicOverfittingWarning(UserWarning):
    """A net that was trained against attacks of one step has become robust to them, and only to them."""


class InterruptedWarning(UserWarning):
    """Training was ended by Ctrl-C; the best weights are kept, and the run can go on where it was."""


class UnseenCategoryWarning(UserWarning):
    """New rows hold a category that training did not see; it counts as missing."""
