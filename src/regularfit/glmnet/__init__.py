"""R's glmnet, fitted by the lockstep engine: its argument names, defaults, lambda sequence and results.

>>> from regularfit.glmnet import cv_glmnet, glmnet

Dots become underscores, ``lambda`` becomes ``lambda_`` and ``type`` ``type_``; positions count from 0, and fold labels
may be any integers. Families: gaussian, binomial, poisson, multinomial, mgaussian and cox, each with relaxed fits.
"""

from .cross_validation import CVGlmnet, cv_glmnet
from .fit import glmnet
from .result import Glmnet

__all__ = ["CVGlmnet", "Glmnet", "cv_glmnet", "glmnet"]
