"""Proximal Newton: group, sparse group, MCP, SCAD and SLOPE penalties with any loss, on working sets.

``rounds`` takes all lanes down their strengths and certifies them on one product X'R, ``notes`` keeps what was found;
``lane`` is one of them, with its Newton steps, and ``search`` how far they go; ``curved`` is what it asks of a loss;
``parts`` is a penalty on the columns that matter, with the solver of its small quadratic; ``hessian`` keeps their Gram
matrix; ``fallback`` takes over where that would be too large.
"""

from .parts import knows
from .rounds import fit_prox_newton

__all__ = ["fit_prox_newton", "knows"]
