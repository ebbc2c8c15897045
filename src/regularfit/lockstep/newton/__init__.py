"""Newton lanes, for losses other than the squared one: outside a quadratic model, inside the small problem.

``rounds`` takes every lane down its strengths and certifies; ``together`` moves a batch of all lanes on shared
readings of X, where there are many rows; ``apart`` hands each lane to the core, where its rows fit the cache or X is
sparse. ``tall`` is for one lane, a strength or two and nothing but a ridge, on many rows: plain Newton on X as it is.
"""

from .rounds import fit_newton, longest
from .tall import fit_tall, suits_tall

__all__ = ["fit_newton", "fit_tall", "longest", "suits_tall"]
