"""First values of parameters (torch.nn.init), drawn on the host and written off the tape.

All change the tensor in place and return it. `generator` is a `nr.Generator`; the default
stream otherwise. Differs from PyTorch: the numbers themselves.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.host import numpy_generator, overwrite
from ..core.random import Stream
from ..core.tensor.tensor import Tensor


def _drawn_type(tensor: Tensor) -> Any:
    """What NumPy draws in: double precision only for double-precision tensors."""
    return np.float64 if tensor.dtype.itemsize == 8 else np.float32


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity's inputs are scaled to keep their variance."""
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, int | float):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(
            f"Unsupported nonlinearity {nonlinearity}: known are {', '.join(_GAINS)}, leaky_relu"
        )
    return _GAINS[nonlinearity]


_LINEAR = (
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "sigmoid",
)  # fmt: skip
_GAINS = {**dict.fromkeys(_LINEAR, 1.0), "tanh": 5 / 3, "relu": math.sqrt(2.0), "selu": 3 / 4}


def fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs feed one output of a weight, and how many outputs one input feeds."""
    if tensor.ndim < 2:
        raise ValueError(
            f"Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, "
            f"but got shape {list(tensor.shape)}"
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _fan(tensor: Tensor, mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return fans(tensor)[mode == "fan_out"]


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Stream | None = None
) -> Tensor:
    """Uniform in [a, b)."""
    numbers = numpy_generator(generator).random(tensor.shape, _drawn_type(tensor))
    return overwrite(tensor, numbers * _drawn_type(tensor)(b - a) + _drawn_type(tensor)(a))


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Stream | None = None
) -> Tensor:
    """Normal with the given mean and standard deviation."""
    numbers = numpy_generator(generator).standard_normal(tensor.shape, _drawn_type(tensor))
    return overwrite(tensor, numbers * _drawn_type(tensor)(std) + _drawn_type(tensor)(mean))


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Stream | None = None,
) -> Tensor:  # fmt: skip
    """Normal, with values outside [a, b] drawn again."""
    rng = numpy_generator(generator)
    low, high = (a - mean) / std, (b - mean) / std
    numbers = rng.standard_normal(tensor.shape)
    inside = 0.5 * (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2)))
    # The most likely value of the interval; far from it the density is nothing.
    peak = min(max(0.0, low), high)
    reach = 40 / max(abs(peak), 1.0)
    low, high = max(low, peak - reach), min(high, peak + reach)
    outside = (numbers < low) | (numbers > high)
    while outside.any():
        count = int(outside.sum())
        if inside > 0.25:
            drawn = rng.standard_normal(count)
        else:
            # Rejection below the density itself: exact, and quick for narrow or far intervals.
            drawn = rng.uniform(low, high, count)
            refused = rng.random(count) > np.exp((peak * peak - drawn * drawn) / 2)
            drawn[refused] = np.nan
        numbers[outside] = drawn
        outside = ~((numbers >= low) & (numbers <= high))
    return overwrite(tensor, np.clip(numbers * std + mean, a, b))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element is `val`."""
    return overwrite(tensor, np.full(tensor.shape, val, tensor.dtype.dtype))


def ones_(tensor: Tensor) -> Tensor:
    """Every element is 1."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Every element is 0."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix; rows and columns beyond it are 0."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return overwrite(tensor, np.eye(*tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """A convolution's weight that passes as many channels through as it can, in each group."""
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    weight = np.zeros(tensor.shape)
    centre = tuple(size // 2 for size in tensor.shape[2:])
    out = tensor.shape[0] // groups
    for group in range(groups):
        for channel in range(min(out, tensor.shape[1])):
            weight[(group * out + channel, channel, *centre)] = 1
    return overwrite(tensor, weight)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Stream | None = None) -> Tensor:
    """Uniform in (-a, a) with `a = gain sqrt(6 / (fan_in + fan_out))`.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward
    neural networks", AISTATS 2010.
    """
    bound = gain * math.sqrt(6.0 / max(sum(fans(tensor)), 1))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Stream | None = None) -> Tensor:
    """Normal with `std = gain sqrt(2 / (fan_in + fan_out))`; source as `xavier_uniform_`."""
    std = gain * math.sqrt(2.0 / max(sum(fans(tensor)), 1))
    return normal_(tensor, 0.0, std, generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Stream | None = None,
) -> Tensor:  # fmt: skip
    """Uniform in (-b, b) with `b = gain sqrt(3 / fan)`.

    Args:
        a: slope of the leaky rectifier that follows.
        mode: "fan_in" keeps the variance forward, "fan_out" backward.

    Source: He et al., "Delving deep into rectifiers", ICCV 2015.
    """
    gain = calculate_gain(nonlinearity, a)
    bound = gain * math.sqrt(3.0 / max(_fan(tensor, mode), 1))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Stream | None = None,
) -> Tensor:  # fmt: skip
    """Normal with `std = gain / sqrt(fan)`; arguments and source as `kaiming_uniform_`."""
    std = calculate_gain(nonlinearity, a) / math.sqrt(max(_fan(tensor, mode), 1))
    return normal_(tensor, 0.0, std, generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Stream | None = None) -> Tensor:
    """A (semi-)orthogonal matrix times `gain`; further dimensions count as columns.

    Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear
    neural networks", ICLR 2014.
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    if not rows * columns:
        return tensor
    tall = (rows, columns) if rows >= columns else (columns, rows)
    q, r = np.linalg.qr(numpy_generator(generator).standard_normal(tall))
    # Makes the distribution uniform (Mezzadri 2007).
    q = q * np.sign(np.diagonal(r))
    return overwrite(tensor, gain * (q if rows >= columns else q.T))


def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Stream | None = None
) -> Tensor:
    """Normal, with a share `sparsity` of each column set to 0 (Martens 2010)."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rng = numpy_generator(generator)
    weight = rng.normal(0, std, tensor.shape)
    zeros = math.ceil(sparsity * tensor.shape[0])
    order = rng.permuted(np.tile(np.arange(tensor.shape[0])[:, None], tensor.shape[1]), axis=0)
    weight[order < zeros] = 0
    return overwrite(tensor, weight)
