"""Reading tables from files and turning their columns into numbers."""

from regularfit.table.encode import learn_encoder
from regularfit.table.encoder import Encoded, Encoder
from regularfit.table.read import READABLE, Table, read_table
from regularfit.table.roles import Roles, take_roles
from regularfit.table.task import Target, guess_task

__all__ = [
    "READABLE",
    "Encoded",
    "Encoder",
    "Roles",
    "Table",
    "Target",
    "guess_task",
    "learn_encoder",
    "read_table",
    "take_roles",
]
