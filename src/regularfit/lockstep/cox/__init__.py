"""Lanes of the Cox partial likelihood, whose rows hang together through their risk sets.

``rounds`` takes every lane down its strengths and certifies; ``batch`` has the core solve the next strengths of one
lane on its working set; ``certify`` turns solutions into duality gaps; ``null`` is the top of the grid.
"""

from .ground import Ground
from .held_out import HeldOut
from .null import null_residual
from .rounds import fit_cox

__all__ = ["Ground", "HeldOut", "fit_cox", "null_residual"]
