"""Paths with several linear predictors, one a class or a target: R's lists of coefficients, and predictions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from ..errors import InputError
from ..lockstep import Refits
from .call import Call

__all__ = ["at_one", "centred_refits", "cheapest", "merged", "parted", "predict_outputs"]


def parted(call: Call, coefs: Any) -> Any:
    """Return coefficients CSR (L, K p) as ``beta``: sparse (p, L), with K outputs one of them a label.

    >>> import numpy as np
    >>> from regularfit.glmnet import glmnet
    >>> x = np.sin(np.arange(40.0)).reshape(20, 2)
    >>> fit = glmnet(x, x + 1, family="mgaussian", nlambda=5)
    >>> list(fit.beta), fit.beta["y1"].shape == (2, len(fit.lambda_))
    (['y1', 'y2'], True)
    """
    if call.labels is None or call.outputs is None:
        return sparse.csc_matrix(coefs.T)
    p, columns = call.problem.p, coefs.tocsc()
    return {
        label: sparse.csc_matrix(columns[:, k * p : (k + 1) * p].T) for k, label in enumerate(call.labels)
    }


def merged(beta: Any) -> Any:
    """Return what :func:`parted` was given, CSR."""
    blocks = list(beta.values()) if isinstance(beta, dict) else [beta]
    return sparse.hstack([block.T for block in blocks], format="csr")


def centred_refits(call: Call, refits: Refits, unit: np.ndarray) -> Refits:
    """Return refits in the units of the targets; of classes those of many equal ones that R gives.

    Adding one number to a column's coefficients of all classes changes no probability. R takes the number that makes
    them cheapest for the penalty, though there is none: for the lasso their median becomes 0, for the rest their mean.
    """
    if call.outputs is None:
        return refits
    coefs = refits.coefs.reshape(len(refits.coefs), call.outputs, call.problem.p)
    if call.family == "multinomial":
        shift = cheapest(coefs, 0.0 if call.joint else call.alpha)
        free = call.factors == 0
        shift[:, free] = coefs.mean(axis=1)[:, free]
        coefs = np.where(coefs.any(axis=1, keepdims=True), coefs - shift[:, None], 0.0)
    coefs = coefs * unit[:, None]
    return replace(refits, coefs=coefs.reshape(refits.coefs.shape), intercepts=refits.intercepts * unit)


def cheapest(coefs: np.ndarray, share: float) -> np.ndarray:
    """Return argmin_t sum_k share |b_k - t| + (1 - share) (b_k - t)^2 / 2 of coefficients (S, K, p), (S, p).

    >>> cheapest(np.array([[[0.0], [1.0], [5.0]]]), 1.0), cheapest(np.array([[[0.0], [1.0], [5.0]]]), 0.0)
    (array([[1.]]), array([[2.]]))
    """
    if share == 1:
        return np.median(coefs, axis=1)
    # Between two of the b the slope is a line in t: the minimum is where it meets 0, or at one of the b.
    K = coefs.shape[1]
    balance = share / (1 - share) * (K - 2 * np.arange(K + 1)) / K  # of those above t less those below
    meets = coefs.mean(axis=1)[:, None] + balance[None, :, None]
    points = np.concatenate([meets, coefs], axis=1)  # (S, 2 K + 1, p)
    away = points[:, :, None] - coefs[:, None]
    cost = (share * np.abs(away) + (1 - share) * away**2 / 2).sum(axis=2)
    return np.take_along_axis(points, cost.argmin(axis=1)[:, None], axis=1)[:, 0]


def at_one(answer: Any) -> Any:
    """Return the answer for several lambdas as that for the one lambda there is."""
    if isinstance(answer, dict):
        return {label: at_one(own) for label, own in answer.items()}
    return answer[0] if isinstance(answer, list) else answer[..., 0]


def predict_outputs(
    call: Call, a0: np.ndarray, coefs: np.ndarray, newx: Any, type_: str, newoffset: Any
) -> Any:
    """Return predictions (n, K, k) of models with intercepts (k, K) and coefficients (k, K p).

    Coefficients are a dict by label; positions of columns too, but for columns that are in for all outputs or none.
    """
    K = a0.shape[1]
    slopes = coefs.reshape(len(coefs), K, -1)
    labels = call.labels or tuple(range(K))
    if type_ == "coefficients":
        return {label: np.vstack([a0[:, k], slopes[:, k].T]) for k, label in enumerate(labels)}
    if type_ == "nonzero" and call.joint:
        return [np.flatnonzero(one.any(axis=0)) for one in slopes]
    if type_ == "nonzero":
        return {label: [np.flatnonzero(one) for one in slopes[:, k]] for k, label in enumerate(labels)}
    eta = np.moveaxis((newx.rows_times(np.arange(newx.n), _columns(slopes))).reshape(newx.n, -1, K), 1, 2)
    eta = eta + a0.T
    if call.has_offset:
        shift = np.asarray(newoffset, dtype=np.float64)
        if shift.shape != (newx.n, K):
            raise InputError(f"newoffset must have the shape {(newx.n, K)}, one column for every output.")
        eta = eta + shift[:, :, None]
    if type_ == "link" or call.family == "mgaussian":
        return eta
    if type_ == "class":
        return np.asarray(labels)[eta.argmax(axis=1)]
    return np.moveaxis(call.problem.loss.mean(np.moveaxis(eta, 1, 2)), 2, 1)


def _columns(slopes: np.ndarray) -> np.ndarray:
    """Models (k, K, p) as columns (p, k K)."""
    return np.ascontiguousarray(slopes.reshape(-1, slopes.shape[2]).T)
