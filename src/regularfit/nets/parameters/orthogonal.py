"""Weights whose rows (or columns) stay orthonormal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from ...errors import InputError
from ..regulariser import Active, Effect, Regulariser, Run
from .on_parameters import OnParameters, check_number, check_optimizer, trained
from .roles import Role
from .step_metric import wide
from .targets import TargetLike, check_target

__all__ = ["Orthogonal"]

NEAR = 0.3  # Newton and Schulz's iteration is safe while all squared singular values are this near to one
ROUNDS = 8


@final
@dataclass(frozen=True)
class Orthogonal(OnParameters):
    r"""Keep a weight orthogonal: it turns and reflects, and neither stretches nor loses anything.

    .. math:: W W^\top = g^2 I \ (\text{or } W^\top W = g^2 I \text{ where it is tall}), \qquad
              W \leftarrow g\, U V^\top \text{ after each step, with } W = U S V^\top

    After the optimiser's step the weight goes back to the nearest orthogonal matrix (the retraction by polar
    decomposition). A penalty :math:`\lVert W W^\top - I \rVert^2` is not offered: it holds only roughly, needs a
    strength of its own and fights an adaptive optimiser, while the way back costs about three matrix products
    (Newton and Schulz's iteration; a singular value decomposition only where the weight is far off, as at the first
    step of a net that was not initialised with ``torch.nn.init.orthogonal_``).

    Prefer it in deep or recurrent nets whose signals fade or explode. It fixes the size of a weight, so decay and
    sparse penalties on the same one are refused. Works with every optimiser.

    Parameters
    ----------
    gain : g > 0, finite; sqrt(2) before ReLU.
    on : "weights", a pattern of names, a function of a Role, or a list of parameters. Kernels count as matrices
        (outputs, inputs x positions).

    Raises
    ------
    InputError
        If ``gain`` is not positive; for a vector among the parameters.

    Examples
    --------
    >>> net = torch.nn.Linear(5, 3)
    >>> run = Run(net, torch.optim.SGD(net.parameters(), lr=0.1))
    >>> Orthogonal(on="weight").start(run).prox()
    >>> bool(torch.allclose(net.weight @ net.weight.T, torch.eye(3), atol=1e-5))
    True

    References
    ----------
    Saxe, A., McClelland, J. and Ganguli, S. (2014). Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks. ICLR. Absil, P.-A., Mahony, R. and Sepulchre, R. (2008). Optimization algorithms on
    matrix manifolds. Princeton.
    """

    gain: float = 1.0
    on: TargetLike = "weights"
    kind: ClassVar[str] = "constraint"
    whole: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the settings."""
        object.__setattr__(self, "gain", check_number(self.gain, "Orthogonal(gain)"))
        check_target(self.on, "Orthogonal")

    @property
    def label(self) -> str:
        """The name, and the gain if it is not one."""
        return "Orthogonal()" if self.gain == 1 else f"Orthogonal({self.gain:g})"

    def start(self, run: Run) -> Active:
        """Return the retractions of one run."""
        picked = self.chosen(run.model)
        for role in picked:
            if role.parameter.ndim < 2:
                raise InputError(f"Orthogonal: {role.name} is a vector; choose matrices by on=.")
        check_optimizer(run.optimizer, run.model, picked)
        return _Retracting(run, picked, self)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return both gains that are usual."""
        return [cls(), cls(2.0**0.5, on="*.weight")]


class _Retracting(Active):
    def __init__(self, run: Run, picked: Sequence[Role], settings: Orthogonal) -> None:
        super().__init__(run)
        self.picked, self.settings = trained(run.optimizer, picked), settings
        self._steps = 0

    def prox(self) -> None:
        """Put the nearest orthogonal matrix in place of each weight."""
        with torch.no_grad():
            for role in self.picked:
                moved = wide(role.parameter.detach()).movedim(role.neuron_axis, 0)
                near = nearest_orthogonal(moved.reshape(len(moved), -1) / self.settings.gain)
                role.parameter.copy_(
                    (self.settings.gain * near).reshape(moved.shape).movedim(0, role.neuron_axis)
                )
        self._steps += 1

    def effect(self) -> Effect:
        """Return the gain."""
        return Effect(self.settings.gain, acted=self._steps > 0)

    def state_dict(self) -> dict[str, Any]:
        """Return the count of steps: the weights themselves are all the state."""
        return {"steps": self._steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up."""
        self._steps = int(state["steps"])


def nearest_orthogonal(matrix: Tensor) -> Tensor:
    """Return U V' of the singular value decomposition of a matrix, (r, c), of full rank.

    >>> nearest_orthogonal(torch.diag(torch.tensor([2.0, -0.5])))
    tensor([[ 1.,  0.],
            [ 0., -1.]])
    """
    if matrix.shape[0] > matrix.shape[1]:
        return nearest_orthogonal(matrix.T).T
    eye = torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    off = matrix @ matrix.T - eye
    size = float(off.norm())
    if not math.isfinite(size):
        return matrix  # whoever trains stops at a loss that is not a number
    if size >= NEAR:
        u, _, v = torch.linalg.svd(matrix, full_matrices=False)
        return u @ v
    enough = 4.0 * torch.finfo(matrix.dtype).eps * len(matrix) ** 0.5
    for _ in range(ROUNDS):
        if bool(off.norm() <= enough):
            break
        matrix = matrix - 0.5 * (off @ matrix)  # the error is squared each time
        off = matrix @ matrix.T - eye
    return matrix
