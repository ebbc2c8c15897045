"""What every parameter of a net is for, told by the type of the module that owns it: never by its name or its shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from torch import nn
from torch.nn.modules.batchnorm import _NormBase  # pyright: ignore[reportPrivateUsage]
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd  # pyright: ignore[reportPrivateUsage]
from torch.nn.parameter import UninitializedParameter
from torch.nn.utils.parametrizations import _WeightNorm  # pyright: ignore[reportPrivateUsage]
from torch.nn.utils.parametrize import ParametrizationList

from ..._checks import check_choice, did_you_mean
from ...errors import InputError

__all__ = ["ROLES", "Role", "assign_role", "roles"]

# weight: matrices and kernels; norm: gains and shifts of norms, slopes of activations; other: nobody has said.
ROLES = ("weight", "bias", "norm", "embedding", "other")
DECLARED = "regularfit_roles"  # a module's own word: {"gamma": "norm"}, on its class or on one module

_RECURRENT = (nn.RNNBase, nn.RNNCellBase)
_NORMS = tuple(
    kind
    for kind in (_NormBase, nn.LayerNorm, nn.GroupNorm, getattr(nn, "RMSNorm", None), nn.PReLU)
    if kind is not None
)
_OF_TYPE: tuple[tuple[type[nn.Module] | tuple[type[nn.Module], ...], tuple[tuple[str, str], ...]], ...] = (
    ((nn.Linear, nn.Bilinear, _ConvNd), (("weight", "weight"), ("bias", "bias"))),
    ((nn.Embedding, nn.EmbeddingBag), (("weight", "embedding"),)),
    (_NORMS, (("weight", "norm"), ("bias", "norm"))),
    (_RECURRENT, (("weight_*", "weight"), ("bias_*", "bias"))),
    (
        nn.MultiheadAttention,
        (("*_proj_weight", "weight"), ("in_proj_bias", "bias"), ("bias_k", "bias"), ("bias_v", "bias")),
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """One parameter and what it is for.

    Parameters
    ----------
    name : as ``model.named_parameters()`` has it.
    role : one of :data:`ROLES`.
    parameter : the parameter itself.
    layer : the module whose tensor it is; for a parametrised weight the layer, not the parametrisation.
    also : its further names, where it is tied.
    parametrised : what computes the layer's tensor from it (``torch.nn.utils.parametrize``), or "" for nothing.
    """

    name: str
    role: str
    parameter: nn.Parameter
    layer: nn.Module
    also: tuple[str, ...] = ()
    parametrised: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the parameter."""
        return tuple(self.parameter.shape)

    @property
    def input_axis(self) -> int:
        """The axis that counts the layer's inputs; 0 of a vector."""
        rows_are_inputs = isinstance(self.layer, (nn.Embedding, nn.EmbeddingBag, _ConvTransposeNd))
        return 0 if rows_are_inputs or self.parameter.ndim < 2 else 1

    @property
    def neuron_axis(self) -> int:
        """The axis that counts the layer's outputs: neurons or channels; 0 of a vector."""
        return 0 if self.input_axis == 1 or self.parameter.ndim < 2 else 1


def roles(model: nn.Module) -> dict[str, Role]:
    """Return the role of every parameter, by name, in the order of ``model.named_parameters()``; tied ones once.

    The role follows from the type of the owning module: the weight of a linear layer, a convolution, a recurrent
    layer or attention's projections is a "weight", however it is called; gains and shifts of norms (and the slopes
    of ``PReLU``) are "norm"; tables of embeddings "embedding". A parameter that is tied to a role of another kind is
    no "weight": an embedding that is also the output layer stays an "embedding". What a module of your own holds is
    "other" until its class says ``regularfit_roles = {"gamma": "norm"}``, or :func:`assign_role` does.

    Raises
    ------
    InputError
        For a lazy layer that has not seen a batch yet, or a declared role that does not exist.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    >>> {name: role.role for name, role in roles(net).items()}
    {'0.weight': 'weight', '0.bias': 'bias', '1.weight': 'norm', '1.bias': 'norm',
     '2.weight': 'weight', '2.bias': 'bias'}
    """
    found: dict[int, Role] = {}
    for role in _each(model):
        known = found.get(id(role.parameter))
        found[id(role.parameter)] = role if known is None else _tied(known, role)
    return {role.name: role for role in found.values()}


def assign_role(model: nn.Module, pattern: str, role: str) -> list[str]:
    """Say what parameters are for whose module does not tell: ``assign_role(net, "blocks.*.gamma", "norm")``.

    It is noted on the modules that own them, so it is copied with the model. Returns the names that were matched.

    Raises
    ------
    InputError
        If the pattern matches no parameter or the role does not exist.

    Examples
    --------
    >>> net = nn.ParameterDict({"gamma": nn.Parameter(nn.Linear(1, 3).bias.detach())})
    >>> assign_role(net, "gamma", "norm")
    ['gamma']
    >>> roles(net)["gamma"].role
    'norm'
    """
    check_choice(role, [known for known in ROLES if known != "other"], "assign_role(role)")
    matched: list[str] = []
    for prefix, module in model.named_modules():
        for name, _ in module.named_parameters(recurse=False):
            full = f"{prefix}.{name}" if prefix else name
            if fnmatchcase(full, pattern):
                setattr(module, DECLARED, {**getattr(module, DECLARED, {}), name: role})
                matched.append(full)
    if not matched:
        names = [name for name, _ in model.named_parameters()]
        raise InputError(f"assign_role: no parameter is called {pattern!r}. {did_you_mean(pattern, names)}")
    return matched


# ---------------------------------------------------------------- the parts


def _each(model: nn.Module) -> Iterator[Role]:
    """Every parameter of every module, tied ones as often as they occur."""
    modules = dict(model.named_modules(remove_duplicate=False))
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if isinstance(parameter, UninitializedParameter):
            raise InputError(
                f"{name} has no shape yet (a lazy layer); pass one batch through the model first."
            )
        prefix, _, last = name.rpartition(".")
        owner = modules[prefix]
        if isinstance(owner, ParametrizationList):
            layer_name, _, tensor = prefix.removesuffix("]").rpartition(".parametrizations.")
            if not layer_name and prefix.startswith("parametrizations."):
                tensor = prefix.removeprefix("parametrizations.")
            yield _parametrised(name, last, parameter, owner, modules[layer_name], tensor)
        else:
            yield Role(name, _role_of(owner, last, name), parameter, owner)


def _parametrised(
    name: str, last: str, parameter: nn.Parameter, how: ParametrizationList, layer: nn.Module, tensor: str
) -> Role:
    by = ", ".join(type(step).__name__.strip("_") for step in how)
    length_of_rows = last == "original0" and isinstance(how[0], _WeightNorm)
    role = "norm" if length_of_rows else _role_of(layer, tensor, name)
    declared = getattr(how, DECLARED, {}).get(last)
    return Role(name, declared or role, parameter, layer, parametrised=by)


def _role_of(module: nn.Module, tensor: str, name: str) -> str:
    declared = getattr(module, DECLARED, {}).get(tensor)
    if declared is not None:
        return check_choice(declared, ROLES, f"{type(module).__name__}.{DECLARED}: the role of {name}")
    # torch's older weight_norm, spectral_norm and prune keep a layer's weight under these names
    if tensor == "weight_g" and hasattr(module, "weight_v"):
        return "norm"
    plain = tensor.removesuffix("_orig")
    if tensor == "weight_v" and hasattr(module, "weight_g"):
        plain = "weight"
    for kind, names in _OF_TYPE:
        if isinstance(module, kind):
            for pattern, role in names:
                if fnmatchcase(plain, pattern):
                    return role
    return "other"


def _tied(known: Role, again: Role) -> Role:
    """One parameter with two names: the role that is no weight wins, as excluding is the safer mistake."""
    role = again.role if known.role in ("weight", "other") and again.role != "other" else known.role
    return Role(known.name, role, known.parameter, known.layer, (*known.also, again.name), known.parametrised)
