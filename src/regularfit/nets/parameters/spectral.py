"""A limit on the largest singular value of a layer's weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from ...errors import InputError
from .._settings import check_count
from ..randomness import Stream
from ..regulariser import Active, Effect, Regulariser, Run
from .on_parameters import OnParameters, check_number, check_optimizer, trained
from .roles import Role
from .step_metric import wide
from .targets import TargetLike, check_target

__all__ = ["Spectral"]

BLOCK = 4  # vectors: where two singular values change places a single one would lag behind
FIRST = (
    30  # power iterations before the first step, from a random vector; later ones start where the last ended
)


@final
@dataclass(frozen=True)
class Spectral(OnParameters):
    r"""Limit how much a layer can stretch its input: its largest singular value stays at or below a limit.

    .. math:: \sigma_{\max}(W) \le c, \qquad W \leftarrow W \min(1, c / \sigma_{\max}(W)) \text{ after each step}

    The largest singular value comes from a power iteration whose vectors (four) are kept from step to step, so a step
    costs three products of the matrix with them. The weight is *scaled* back, and not projected (which would cut
    singular values off one by one and take a decomposition a step): scaling keeps zeros, directions and the shape of
    the spectrum. A weight within the limit is left alone, where torch's ``spectral_norm`` always sets it to one.
    As power iterations approach from below, the limit holds up to the error of the iteration: within a percent or
    so while weights move fast, and to 1e-3 and better as they settle.

    A kernel of a convolution counts as the matrix (outputs, inputs x positions), as is usual; the convolution itself
    may stretch up to sqrt(positions) times as much.

    Prefer it for critics, for robustness and for nets that must be Lipschitz; for plain fitting ``WeightDecay`` is
    cheaper and better known. Works with every optimiser.

    Parameters
    ----------
    limit : c > 0, finite.
    iterations : power iterations a step, >= 1.
    on : "weights", a pattern of names, a function of a Role, or a list of parameters.

    Raises
    ------
    InputError
        If a number is out of range; for a vector among the parameters.

    Examples
    --------
    >>> net = torch.nn.Linear(2, 2, bias=False)
    >>> net.weight.data.copy_(torch.diag(torch.tensor([3.0, 1.0])))
    tensor([[3., 0.],
            [0., 1.]])
    >>> Spectral(1.5).start(Run(net, torch.optim.SGD(net.parameters(), lr=0.1))).prox()
    >>> net.weight.detach().round(decimals=4)
    tensor([[1.5000, 0.0000],
            [0.0000, 0.5000]])

    References
    ----------
    Yoshida, Y. and Miyato, T. (2017). Spectral norm regularization for improving the generalizability of deep
    learning. arXiv:1705.10941. Gouk, H. and others (2021). Regularisation of neural networks by enforcing Lipschitz
    continuity. Machine Learning 110.
    """

    limit: float = 1.0
    iterations: int = 1
    on: TargetLike = "weights"
    kind: ClassVar[str] = "constraint"
    whole: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the settings."""
        object.__setattr__(self, "limit", check_number(self.limit, "Spectral(limit)"))
        object.__setattr__(self, "iterations", check_count(self.iterations, "Spectral(iterations)"))
        check_target(self.on, "Spectral")

    @property
    def label(self) -> str:
        """The limit."""
        return f"Spectral({self.limit:g})"

    def start(self, run: Run) -> Active:
        """Return the scaling of one run."""
        picked = self.chosen(run.model)
        for role in picked:
            if role.parameter.ndim < 2:
                raise InputError(f"Spectral: {role.name} is a vector; choose matrices by on=.")
        check_optimizer(run.optimizer, run.model)
        return _Scaling(run, picked, self)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one and a tight one."""
        return [cls(), cls(0.2, iterations=2)]


class _Scaling(Active):
    def __init__(self, run: Run, picked: Sequence[Role], settings: Spectral) -> None:
        super().__init__(run)
        self.picked, self.settings = trained(run.optimizer, picked), settings
        self._vectors: dict[str, Tensor] = {}
        self._acted = False
        self._largest = 0.0
        for place, role in enumerate(self.picked):
            matrix = _matrix(role)
            stream = Stream.of(run.seed, "power iteration", place)
            width = min(BLOCK, *matrix.shape)
            start = stream.normal(matrix.shape[1], width, device=matrix.device).to(matrix.dtype)
            _, self._vectors[role.name] = _power(matrix, start, FIRST)

    def prox(self) -> None:
        """Scale back what stretches too much."""
        with torch.no_grad():
            sizes: list[Tensor] = []
            for role in self.picked:
                size, vector = _power(_matrix(role), self._vectors[role.name], self.settings.iterations)
                self._vectors[role.name] = vector
                role.parameter.mul_((self.settings.limit / size.clamp(min=1e-30)).clamp(max=1.0))
                sizes.append(size)
            self._sizes = sizes

    def effect(self) -> Effect:
        """Return the limit and the largest singular value before it was cut."""
        self._look()
        return Effect(
            self.settings.limit, acted=self._acted, note=f"largest singular value {self._largest:.3g}"
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the vectors of the power iteration."""
        self._look()
        return {"vectors": {name: v.clone() for name, v in self._vectors.items()}, "acted": self._acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        for role in self.picked:
            self._vectors[role.name] = state["vectors"][role.name].to(role.parameter.device).clone()
        self._acted = bool(state["acted"])

    def _look(self) -> None:
        """Ask the device for the sizes of the last step."""
        self._largest = max((float(size) for size in getattr(self, "_sizes", [])), default=0.0)
        self._acted = self._acted or self._largest > self.settings.limit


def _matrix(role: Role) -> Tensor:
    p = wide(role.parameter.detach()).movedim(role.neuron_axis, 0)
    return p.reshape(len(p), -1)


def _power(matrix: Tensor, block: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Return the largest singular value, approached from below, and an orthonormal block that spans its vector."""
    matrix = torch.nan_to_num(
        matrix, posinf=0.0, neginf=0.0
    )  # whoever trains stops at such weights, not this
    for _ in range(iterations):
        block = torch.linalg.qr(matrix.T @ (matrix @ block))[0]
    image = matrix @ block
    return torch.linalg.eigvalsh(image.T @ image)[-1].clamp(min=0.0).sqrt(), block
