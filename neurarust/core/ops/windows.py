"""Window functions: a table of formulas, in PyTorch's two spellings.

`hann_window(n, periodic)` and its like, and `signal.windows.hann(n, sym=)`. A periodic window
is a symmetric one of one more point, without its last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax.scipy.special import i0

from .. import device as devices
from .. import dtype as dtypes
from ..define import function, op
from ..errors import fail
from ..layout import strided
from ..op import Array
from ..tensor.dispatch import call
from ..tensor.tensor import Tensor
from .create import finished

SIGNAL = ("signal.windows",)


def cosines(step: Array, last: float, *weights: float) -> Array:
    """`a0 - a1 cos(u) + a2 cos(2 u) - ...` for `u = 2 pi step / last`."""
    angle = step * (2 * math.pi / last)
    terms = [(-1) ** k * weight * jnp.cos(k * angle) for k, weight in enumerate(weights)]
    return jnp.asarray(sum(terms[1:], terms[0]))


def kaiser_shape(step: Array, last: float, beta: float) -> Array:
    """`i0(beta sqrt(1 - u^2)) / i0(beta)` for u from -1 to 1."""
    place = 2 * step / last - 1
    inside = jnp.sqrt(jnp.maximum(1 - place * place, 0))
    return i0(beta * inside) / i0(jnp.asarray(beta, step.dtype))


def exponential_shape(step: Array, last: float, center: float | None, tau: float) -> Array:
    """`e^(-|step - center| / tau)`."""
    return jnp.exp(-jnp.abs(step - (last / 2 if center is None else center)) / tau)


# Name -> function of the steps 0..n-1, the last step of the symmetric window, and its own
# parameters.
SHAPES: dict[str, Callable[..., Array]] = {
    "bartlett": lambda step, last: 1 - jnp.abs(2 * step / last - 1),
    "cosine": lambda step, last: jnp.sin((step + 0.5) * (math.pi / (last + 1))),
    "exponential": exponential_shape,
    "gaussian": lambda step, last, std: jnp.exp(-(((step - last / 2) / std) ** 2) / 2),
    "general_cosine": cosines,
    "kaiser": kaiser_shape,
}


@op(name="_window", method=False, namespace=(), differentiable=False)
def _window(*, shape, length, symmetric, given, dtype):
    if not length or length == 1 and shape != "exponential":
        return jnp.ones(length, dtype)
    last = length - 1 if symmetric or length == 1 else length
    step = jnp.arange(length, dtype=jnp.float64)
    return SHAPES[shape](step, last, *given).astype(dtype)


def windowed(
    name: str, shape: str, length: int, symmetric: bool, given: tuple, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A window of a shape from the table, with the arguments that all factories share."""
    kind = dtypes.default_dtype() if dtype is None else dtypes.of(dtype)
    newer = not name.endswith("_window")
    error = ValueError if newer else RuntimeError
    if length < 0:
        fail(name, f"a window of length {length}", "a length of 0 or more", kind=error)
    if layout not in (None, strided):
        fail(name, f"layout={layout}", "a strided layout", kind=error)
    if kind.category != dtypes.FLOATING or newer and kind.itemsize < 4:
        fail(name, f"dtype={kind}", "float32 or float64", kind=error)
    static = {"shape": shape, "length": length, "symmetric": symmetric, "given": given,
              "dtype": kind}  # fmt: skip
    return finished(call(_window.op, (), static, devices.of(device)), requires_grad)


# ------------------------------------------------------------------ the older spelling


@function(method=False)
def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """Triangle that is 0 at both ends."""
    return windowed("bartlett_window", "bartlett", window_length, not periodic, (), **options)


@function(method=False)
def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """`0.42 - 0.5 cos(u) + 0.08 cos(2 u)`."""
    return windowed(
        "blackman_window", "general_cosine", window_length, not periodic, BLACKMAN, **options
    )


@function(method=False)
def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46,
    **options: Any,
) -> Tensor:  # fmt: skip
    """`alpha - beta cos(u)`."""
    weights = (float(alpha), float(beta))
    return windowed(
        "hamming_window", "general_cosine", window_length, not periodic, weights, **options
    )


@function(method=False)
def hann_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """`(1 - cos(u)) / 2`."""
    return windowed(
        "hann_window", "general_cosine", window_length, not periodic, (0.5, 0.5), **options
    )


@function(method=False)
def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any
) -> Tensor:
    """`i0(beta sqrt(1 - u^2)) / i0(beta)`."""
    given = (float(beta),)
    return windowed("kaiser_window", "kaiser", window_length, not periodic, given, **options)


# ------------------------------------------------------------------ torch.signal.windows

BLACKMAN = (0.42, 0.5, 0.08)
NUTTALL = (0.3635819, 0.4891775, 0.1365995, 0.0106411)


@function(method=False, namespace=SIGNAL)
def bartlett(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """Triangle that is 0 at both ends."""
    return windowed("bartlett", "bartlett", M, sym, (), **options)


@function(method=False, namespace=SIGNAL)
def blackman(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """`0.42 - 0.5 cos(u) + 0.08 cos(2 u)`."""
    return windowed("blackman", "general_cosine", M, sym, BLACKMAN, **options)


@function(method=False, namespace=SIGNAL, name="cosine")
def cosine_window(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """`sin(pi (k + 1/2) / M)`."""
    return windowed("cosine", "cosine", M, sym, (), **options)


@function(method=False, namespace=SIGNAL, name="exponential")
def exponential_window(
    M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, **options: Any
) -> Tensor:
    """`e^(-|k - center| / tau)`, by default around the middle."""
    if tau <= 0:
        fail("exponential", f"tau={tau}", "tau above 0", kind=ValueError)
    if sym and center is not None:
        fail("exponential", f"center={center} and sym", "center only with sym=False",
             kind=ValueError)  # fmt: skip
    return windowed("exponential", "exponential", M, sym, (center, float(tau)), **options)


@function(method=False, namespace=SIGNAL, name="gaussian")
def gaussian_window(M: int, *, std: float = 1.0, sym: bool = True, **options: Any) -> Tensor:
    """`e^(-(k - middle)^2 / (2 std^2))`."""
    if std <= 0:
        fail("gaussian", f"std={std}", "std above 0", kind=ValueError)
    return windowed("gaussian", "gaussian", M, sym, (float(std),), **options)


@function(method=False, namespace=SIGNAL)
def general_cosine(M: int, *, a: Any, sym: bool = True, **options: Any) -> Tensor:
    """`a[0] - a[1] cos(u) + a[2] cos(2 u) - ...`."""
    if not hasattr(a, "__len__"):
        fail("general_cosine", f"a={a!r}", "a list of numbers", kind=TypeError)
    if not len(a):
        fail("general_cosine", "no coefficient", "at least one", kind=ValueError)
    return windowed("general_cosine", "general_cosine", M, sym, tuple(map(float, a)), **options)


@function(method=False, namespace=SIGNAL)
def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, **options: Any) -> Tensor:
    """`alpha - (1 - alpha) cos(u)`."""
    weights = (float(alpha), 1.0 - float(alpha))
    return windowed("general_hamming", "general_cosine", M, sym, weights, **options)


@function(method=False, namespace=SIGNAL)
def hamming(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """`0.54 - 0.46 cos(u)`."""
    return windowed("hamming", "general_cosine", M, sym, (0.54, 0.46), **options)


@function(method=False, namespace=SIGNAL)
def hann(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """`(1 - cos(u)) / 2`."""
    return windowed("hann", "general_cosine", M, sym, (0.5, 0.5), **options)


@function(method=False, namespace=SIGNAL)
def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, **options: Any) -> Tensor:
    """`i0(beta sqrt(1 - u^2)) / i0(beta)`."""
    if beta < 0:
        fail("kaiser", f"beta={beta}", "beta of 0 or more", kind=ValueError)
    return windowed("kaiser", "kaiser", M, sym, (float(beta),), **options)


@function(method=False, namespace=SIGNAL)
def nuttall(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """Four cosines, the minimum of their kind by A. Nuttall (1981)."""
    return windowed("nuttall", "general_cosine", M, sym, NUTTALL, **options)
