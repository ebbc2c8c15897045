"""Regularisers of neural nets: in a loop of your own, in a trainer, as scikit-learn estimators, and in lockstep.

>>> from regularfit import nets

Needs the extra: ``pip install 'regularfit[nets]'``. Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .._optional import need

# module -> its public names; several modules may be packages
_HOMES: dict[str, str] = {
    # in a loop of your own, and in every list of regularisers
    "parameters.audit": "audit",
    "averages": "EMA SWA Lookahead SnapshotEnsemble",
    "evaluation.batch_stats": "freeze_batch_stats refresh_batch_stats",
    "stepping.clipping": "GradClip",
    "parameters.decay": "WeightDecay decay_groups",
    "dropout.alpha": "AlphaDropout",
    "dropout.dropconnect": "DropConnect",
    "dropout.dropout": "Dropout",
    "dropout.gaussian": "GaussianDropout",
    "dropout.monte_carlo": "MonteCarlo monte_carlo",
    "dropout.spatial": "SpatialDropout",
    "dropout.stochastic_depth": "StochasticDepth",
    "dropout.variational": "VariationalDropout",
    "parameters.grouped": "Grouped",
    "augment.input_noise": "InputNoise",
    "parameters.max_norm": "MaxNorm",
    "normalisation": "GhostBatchNorm",
    "stepping.noise": "GradientNoise WeightNoise",
    "parameters.orthogonal": "Orthogonal",
    "parameters.penalise": "Penalise",
    "parameters.proximal": "Proximal",
    "parameters.roles": "Role assign_role roles",
    "stepping.sharpness": "SAM",
    "terms.smoothing": "LabelSmoothing",
    "parameters.spectral": "Spectral",
    "parameters.step_metric": "register_step_metric",
    "evaluation.stopping": "EarlyStopping",
    "parameters.targets": "inputs weights",
    # inputs that vary
    "augment.images.affine": "Affine",
    "augment.images.chain": "ImageAugmentation",
    "augment.images.colour": "Colour Noise",
    "augment.images.erase": "Cutout Erase",
    "augment.images.flip": "Flip",
    "augment.images.kornia": "Kornia",
    "augment.images.pad_crop": "PadCrop",
    "augment.tables.feature_mask": "FeatureMask RowCutout",
    "augment.tables.feature_swap": "FeatureSwap",
    "augment.tables.row_cutmix": "RowCutMix",
    "mixing.cutmix": "CutMix",
    "mixing.manifold": "ManifoldMixup",
    "mixing.mixup": "Mixup",
    "mixing.pairs": "mixed_accuracy",
    "augment.text": "EDA ArgosTranslator BackTranslation CTranslate2Translator PhraseTable Prepared RandomDelete "
    "RandomInsert RandomSwap Synonyms TextAugmentation TextStep Translator",
    # adversarial training and consistency
    "adversarial.fast": "FastAdversarial",
    "adversarial.fgsm": "FGSM",
    "adversarial.free": "FreeAdversarial",
    "adversarial.pgd": "PGD",
    "adversarial.robust": "robust_accuracy",
    "adversarial.trades": "Trades",
    "adversarial.training": "Adversarial",
    "adversarial.vat": "VAT",
    "terms.consistency": "ConfidencePenalty RDrop",
    "adversarial.domain": "Domain",
    "terms.gradient_penalty": "GradientPenalty JacobianPenalty",
    # the information bottleneck and implicit regularisation
    "bottleneck.lanes": "beta_nets",
    "bottleneck.layer": "Bottleneck",
    "bottleneck.path": "beta_path",
    "bottleneck.vib": "VIB sampled_probabilities",
    "stepping.implicit": "SGDNoise noise_scale",
    "stepping.probe": "BatchSizeProbe",
    # training
    "estimators": "NetClassifier NetRegressor",
    "evaluation.metrics": "Metric",
    "estimators.recipe": "recipe",
    "schedules": "schedule",
    "trainer": "Trainer",
    # choosing: settings and folds as lanes
    "auto": "AutoNetClassifier AutoNetRegressor",
    "lanes.halving": "Halving",
    "lanes.lockstep": "lockstep",
    "lanes.result": "LockstepResult",
    "lanes.settings": "NetSettings",
    # what a regulariser is
    "randomness": "Stream",
    "regulariser": "Active Batch Block Effect Pixels Regulariser Run",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}
_WITHOUT_TORCH = frozenset({"augment.text"})  # homes that work without torch

__all__ = sorted(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Load a public name from its module, once."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(
            f"module 'regularfit.nets' has no attribute {name!r}; it offers {', '.join(__all__)}."
        )
    if home not in _WITHOUT_TORCH:
        need("torch", "nets")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
