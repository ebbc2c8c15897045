"""The lectures' claims about regularisation, measured.

>>> from regularfit import experiments
>>> experiments.experiment("shrinks-never-zero").part
'linear models'

From the command line: ``regularfit experiment list | run NAME | all | report``.
"""

from .experiment import KINDS, PARTS, Experiment, Facts, Kind, Part, Table, Verdict
from .index import NAMES, experiment, number_of, select
from .record import Record
from .running import cached, measure, missing_extras, run_all

__all__ = [
    "KINDS",
    "NAMES",
    "PARTS",
    "Experiment",
    "Facts",
    "Kind",
    "Part",
    "Record",
    "Table",
    "Verdict",
    "cached",
    "experiment",
    "measure",
    "missing_extras",
    "number_of",
    "run_all",
    "select",
]
