"""Adversarial examples and training: inputs moved a little, within their domain, in the worst direction."""

from .attack import Attack
from .fast import CatastrophicOverfittingWarning, FastAdversarial
from .fgsm import FGSM
from .free import FreeAdversarial
from .pgd import PGD
from .robust import robust_accuracy
from .trades import Trades
from .training import Adversarial
from .vat import VAT

__all__ = [
    "FGSM",
    "PGD",
    "VAT",
    "Adversarial",
    "Attack",
    "CatastrophicOverfittingWarning",
    "FastAdversarial",
    "FreeAdversarial",
    "Trades",
    "robust_accuracy",
]
