"""Activations: a class is its function with the settings kept."""

from __future__ import annotations

from typing import Any

from ..core.define import function
from ..core.ops import activation as functions
from ..core.ops.elementwise import sigmoid, tanh
from ..core.ops.random import rand_like
from ..core.tensor.tensor import Tensor
from . import init
from .factory import module_of
from .module import Module
from .parameter import made


@function(method=False, namespace="nn.functional")
def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False,
    inplace: bool = False,
) -> Tensor:  # fmt: skip
    """`x` above 0, else `a x` with a uniform in [lower, upper), or their mean when not training.

    Source: Xu et al., "Empirical evaluation of rectified activations", 2015.
    """
    if lower > upper:
        raise RuntimeError(f"rrelu: lower {lower} must be less than or equal to upper {upper}")
    slope: Any = (lower + upper) / 2
    if training:
        slope = rand_like(input) * (upper - lower) + lower
    result = input.where(input >= 0, input * slope)
    return input.copy_(result) if inplace else result


@function(method=False, namespace=("nn.functional", "neurarust"))
def rrelu_(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False
) -> Tensor:
    """In-place form of `rrelu`."""
    return rrelu(input, lower, upper, training, True)


@function(method=False, namespace="nn.functional")
def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """Softmax of logits plus Gumbel noise, over `tau`: a sample that lets gradients through.

    Args:
        hard: one-hot, with the gradient of the soft sample.

    Source: Jang et al., "Categorical reparameterization with Gumbel-softmax", ICLR 2017.
    """
    noise = -(-(rand_like(logits).clamp_min(1e-30).log())).log()
    soft = functions.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    chosen = soft.argmax(dim, keepdim=True)
    one_hot = logits.detach().new_zeros(logits.shape).scatter(dim, chosen, 1.0)
    return one_hot - soft.detach() + soft


@module_of(functions.functional_relu)
class ReLU(Module):
    """Rectifier `max(x, 0)`."""


@module_of(functions.relu6)
class ReLU6(Module):
    """`min(max(x, 0), 6)`."""


@module_of(functions.leaky_relu)
class LeakyReLU(Module):
    """`x` above 0, `negative_slope * x` elsewhere."""


@module_of(rrelu, settings=("lower", "upper", "inplace"))
class RReLU(Module):
    """Leaky rectifier with a random slope in training (arXiv:1505.00853)."""

    def forward(self, input: Tensor) -> Tensor:
        return rrelu(input, self.lower, self.upper, self.training, self.inplace)


@module_of(functions.elu)
class ELU(Module):
    """`x` above 0, `alpha * (e^x - 1)` elsewhere (arXiv:1511.07289)."""


@module_of(functions.functional_selu)
class SELU(Module):
    """Self-normalizing unit (arXiv:1706.02515)."""


@module_of(functions.functional_celu)
class CELU(Module):
    """`max(x, 0) + min(0, alpha * (e^(x / alpha) - 1))` (arXiv:1704.07483)."""


@module_of(functions.gelu)
class GELU(Module):
    """`x * P(X < x)` for a standard normal X (arXiv:1606.08415); approximate="tanh" is quicker."""


@module_of(functions.silu)
class SiLU(Module):
    """`x * sigmoid(x)`, also known as swish."""


@module_of(functions.mish)
class Mish(Module):
    """`x * tanh(softplus(x))` (arXiv:1908.08681)."""


class Hardtanh(Module):
    """`x` brought into [min_val, max_val]; `min_value` and `max_value` are their older names."""

    def __init__(
        self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False,
        min_value: float | None = None, max_value: float | None = None,
    ):  # fmt: skip
        super().__init__()
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise ValueError(f"max_val {self.max_val} must be larger than min_val {self.min_val}")

    def forward(self, input: Tensor) -> Tensor:
        return functions.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        inplace = ", inplace=True" if self.inplace else ""
        return f"min_val={self.min_val}, max_val={self.max_val}{inplace}"


@module_of(functions.hardsigmoid)
class Hardsigmoid(Module):
    """`relu6(x + 3) / 6`."""


@module_of(functions.hardswish)
class Hardswish(Module):
    """`x * relu6(x + 3) / 6` (arXiv:1905.02244)."""


@module_of(sigmoid)
class Sigmoid(Module):
    """Logistic function `1 / (1 + e^-x)`."""


@module_of(tanh)
class Tanh(Module):
    """Hyperbolic tangent."""


@module_of(functions.softplus)
class Softplus(Module):
    """`log(1 + e^(beta x)) / beta`, and `x` where beta x is above the threshold."""


@module_of(functions.softsign)
class Softsign(Module):
    """`x / (1 + |x|)`."""


@module_of(functions.softshrink)
class Softshrink(Module):
    """`x` moved towards 0 by `lambd`, 0 within it."""

    def extra_repr(self) -> str:
        return str(self.lambd)


@module_of(functions.hardshrink)
class Hardshrink(Module):
    """`x` where |x| is above `lambd`, else 0."""

    def extra_repr(self) -> str:
        return str(self.lambd)


@module_of(functions.tanhshrink)
class Tanhshrink(Module):
    """`x - tanh(x)`."""


@module_of(functions.logsigmoid)
class LogSigmoid(Module):
    """`log(sigmoid(x))`."""


@module_of(functions.functional_threshold)
class Threshold(Module):
    """`x` above the threshold, `value` elsewhere."""


@module_of(functions.glu)
class GLU(Module):
    """First half times the sigmoid of the second half of a dimension (arXiv:1612.08083)."""


@module_of(functions.softmax, settings=("dim",))
class Softmax(Module):
    """`e^x / sum(e^x)` along `dim`."""


@module_of(functions.softmin, settings=("dim",))
class Softmin(Module):
    """Softmax of -x along `dim`."""


@module_of(functions.log_softmax, settings=("dim",))
class LogSoftmax(Module):
    """Logarithm of softmax along `dim`."""


class Softmax2d(Module):
    """Softmax over the channels of images. Shape: (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D (got {input.ndim}D)")
        return functions.softmax(input, -3)


class PReLU(Module):
    """`x` above 0, `weight * x` elsewhere, the weight learned (arXiv:1502.01852).

    Args:
        num_parameters: 1, or the number of channels (dimension 1 of the input).
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = made(num_parameters, dtype=dtype, device=device)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return functions.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
