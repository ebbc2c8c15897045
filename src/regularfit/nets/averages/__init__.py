"""Averages of weights along training, and ensembles of weights from its course."""

from .ema import EMA
from .lookahead import Lookahead
from .snapshots import SnapshotEnsemble
from .swa import SWA

__all__ = ["EMA", "SWA", "Lookahead", "SnapshotEnsemble"]
