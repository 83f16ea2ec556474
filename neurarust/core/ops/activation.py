"""Activations and what goes with them: softmax, normalize, one_hot."""

from __future__ import annotations

import functools
import inspect
import math
from typing import Any

import jax
import jax.numpy as jnp

from .. import dtype as dtypes
from ..define import function, op
from ..errors import dimension, fail
from ..op import Array, Scalar
from .arithmetic import numbers_held
from .elementwise import absolute
from .indexing import outside
from .reduce import axes_of, p_norm

FUNCTIONAL = ("nn.functional",)
BOTH = ("neurarust", "nn.functional")

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def with_inplace(operation):
    """`operation` as nn.functional has it: with a last argument `inplace=False`.

    Registers `operation_`, which always works in place, beside it.
    """
    signature = inspect.signature(operation)
    last = inspect.Parameter("inplace", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=False)
    count = len(signature.parameters)

    @functools.wraps(operation)
    def activation(*arguments, inplace=False, **named):
        if len(arguments) > count:
            *arguments, inplace = arguments
        output = operation(*arguments, **named)
        if not inplace:
            return output
        return (arguments[0] if arguments else named["input"]).copy_(output)

    shown = signature.replace(parameters=[*signature.parameters.values(), last])
    # Functions take attributes.
    activation.__signature__ = shown  # type: ignore[attr-defined]

    def written(*arguments, **named):
        return activation(*arguments, **named, inplace=True)

    name = operation.__name__
    function(name=f"{name}_", namespace=FUNCTIONAL, method=False)(written)
    return function(name=name, namespace=FUNCTIONAL, method=False)(activation)


def strict_clamp(input: Array, low: float | Array, high: float | Array) -> Array:
    """Numbers brought into `[low, high]`, with no gradient at the bounds."""
    low, high = jnp.asarray(low, input.dtype), jnp.asarray(high, input.dtype)
    return jax.lax.clamp(low, input, high)


def _known(*numbers: Any) -> bool:
    """Whether these are Python numbers, which a check can look at."""
    return all(isinstance(one, (int, float)) for one in numbers)


def below_zero(input: Array) -> Array:
    """The negative part: keeps `exp` of what is not chosen from overflowing."""
    return jnp.where(input > 0, 0, input)


@op(inplace=True)
def relu(input: Array):
    """Rectifier `max(x, 0)`; its gradient at 0 is 0."""
    return jax.nn.relu(input)


@op(inplace=True)
def selu(input: Array):
    """Self-normalizing unit: `elu(x, 1.6733) * 1.0507` (arXiv:1706.02515)."""
    negative = SELU_ALPHA * jnp.expm1(below_zero(input))
    return SELU_SCALE * jnp.where(input > 0, input, negative)


def _not_zero(input: Any = None, alpha: Any = 1.0, **_: Any) -> None:
    if _known(alpha) and alpha == 0:
        fail("celu", "alpha=0", "an alpha other than 0")


@op(inplace=True, check=_not_zero)
def celu(input: Array, alpha: Scalar = 1.0):
    """`max(x, 0) + min(0, alpha * (e^(x / alpha) - 1))` (arXiv:1704.07483)."""
    return jnp.where(input > 0, input, alpha * jnp.expm1(below_zero(input) / alpha))


@op(inplace=True, check=numbers_held)
def threshold(input: Array, threshold: Scalar, value: Scalar):
    """`x` above the threshold, `value` elsewhere."""
    threshold, value = (jnp.asarray(one).astype(input.dtype) for one in (threshold, value))
    return jnp.where(input <= threshold, value, input)


functional_relu = with_inplace(relu)
functional_selu = with_inplace(selu)
functional_celu = with_inplace(celu)
functional_threshold = with_inplace(threshold)


@with_inplace
@op(namespace=(), method=False)
def relu6(input: Array):
    """`min(max(x, 0), 6)`; no gradient at 0 and 6."""
    return strict_clamp(input, 0, 6)


@with_inplace
@op(namespace=(), method=False)
def leaky_relu(input: Array, negative_slope: Scalar = 0.01):
    """`x` above 0, `negative_slope * x` elsewhere."""
    return jnp.where(input > 0, input, negative_slope * input)


@with_inplace
@op(namespace=(), method=False)
def elu(input: Array, alpha: Scalar = 1.0):
    """`x` above 0, `alpha * (e^x - 1)` elsewhere (arXiv:1511.07289)."""
    return jnp.where(input > 0, input, alpha * jnp.expm1(below_zero(input)))


@with_inplace
@op(namespace=(), method=False)
def silu(input: Array):
    """`x * sigmoid(x)`, also known as swish (arXiv:1606.08415)."""
    return input * jax.lax.logistic(input)


@with_inplace
@op(namespace=(), method=False)
def mish(input: Array):
    """`x * tanh(softplus(x))` (arXiv:1908.08681)."""
    return input * jnp.tanh(jnp.logaddexp(input, 0))


def _ordered(input: Any = None, min_val: Any = -1.0, max_val: Any = 1.0, **_: Any) -> None:
    if _known(min_val, max_val) and min_val > max_val:
        fail(
            "hardtanh", f"min_val={min_val} and max_val={max_val}",
            "min_val that is not greater than max_val", kind=ValueError,
        )  # fmt: skip


@with_inplace
@op(namespace=(), method=False, check=_ordered)
def hardtanh(input: Array, min_val: Scalar = -1.0, max_val: Scalar = 1.0):
    """Numbers brought into `[min_val, max_val]`; no gradient at the bounds."""
    return strict_clamp(input, min_val, max_val)


@with_inplace
@op(namespace=(), method=False)
def hardsigmoid(input: Array):
    """`relu6(x + 3) / 6`."""
    return strict_clamp(input + 3, 0, 6) / 6


@with_inplace
@op(namespace=(), method=False)
def hardswish(input: Array):
    """`x * relu6(x + 3) / 6` (arXiv:1905.02244)."""
    return input * strict_clamp(input + 3, 0, 6) / 6


@op(namespace=FUNCTIONAL, method=False)
def gelu(input: Array, approximate: str = "none"):
    """`x * Phi(x)`, Phi being the normal distribution's function (arXiv:1606.08415).

    Args:
        approximate: "tanh" for `x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))`.
    """
    if approximate == "tanh":
        inner = math.sqrt(2 / math.pi) * (input + 0.044715 * input * input * input)
        return 0.5 * input * (1 + jnp.tanh(inner))
    if approximate != "none":
        fail("gelu", f"approximate={approximate!r}", "'none' or 'tanh'")
    return 0.5 * input * (1 + jax.lax.erf(input * math.sqrt(0.5)))


@op(namespace=FUNCTIONAL, method=False)
def softplus(input: Array, beta: Scalar = 1.0, threshold: Scalar = 20.0):
    """`log(1 + e^(beta x)) / beta`; x itself where `beta x` is above the threshold."""
    scaled = beta * input
    return jnp.where(scaled > threshold, input, jnp.logaddexp(scaled, 0) / beta)


@op(promote="float", namespace=FUNCTIONAL, method=False)
def softsign(input: Array):
    """`x / (1 + |x|)`."""
    return input / (1 + absolute(input))


@op(namespace=FUNCTIONAL, method=False)
def logsigmoid(input: Array):
    """`log(sigmoid(x)) = -log(1 + e^-x)`."""
    return -jnp.logaddexp(-input, 0)


@op(promote="float", namespace=FUNCTIONAL, method=False)
def tanhshrink(input: Array):
    """`x - tanh(x)`."""
    return input - jnp.tanh(input)


def _not_negative(input: Any = None, lambd: Any = 0.5, **_: Any) -> None:
    if _known(lambd) and not 0 <= lambd < math.inf:
        fail("softshrink", f"lambd={lambd}", "a finite number of at least 0")


@op(namespace=FUNCTIONAL, method=False, check=_not_negative)
def softshrink(input: Array, lambd: Scalar = 0.5):
    """`x` moved towards 0 by `lambd`, and 0 within it."""
    above = jnp.where(input < -lambd, input + lambd, input * 0)
    return jnp.where(input > lambd, input - lambd, above)


@op(namespace=BOTH)
def hardshrink(input: Array, lambd: Scalar = 0.5):
    """`x`, but 0 in `[-lambd, lambd]`."""
    return jnp.where((input >= -lambd) & (input <= lambd), 0, input)


@op(namespace=BOTH)
def prelu(input: Array, weight: Array):
    """`x` above 0, `weight * x` elsewhere (arXiv:1502.01852).

    Shape: weight holds one number, or one for each channel (dimension 1 of the input).
    """
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.ndim > 1 or weight.size not in (1, channels):
        fail("prelu", f"weight {list(weight.shape)} and input {list(input.shape)}",
             f"a weight of 1 or {channels} numbers")  # fmt: skip
    if weight.size > 1:
        weight = weight.reshape(-1, *[1] * (input.ndim - 2))
    elif weight.ndim:
        weight = weight.reshape(())
    return jnp.where(input > 0, input, weight * input)


@op(namespace=FUNCTIONAL, method=False)
def glu(input: Array, dim: int = -1):
    """`a * sigmoid(b)` of the two halves of the input along `dim` (arXiv:1612.08083)."""
    axis = dimension("glu", dim, input.ndim)
    if input.ndim == 0 or input.shape[axis] % 2:
        fail("glu", f"shape {tuple(input.shape)}", f"an even size of dimension {dim}")
    first, gate = jnp.split(input, 2, axis)
    return first * jax.lax.logistic(gate)


def softmax_axis(operation: str, input: Array, dim: int | None) -> int:
    """The dimension of a softmax; without `dim`, PyTorch's old rule."""
    if dim is None:
        dim = 0 if input.ndim in (0, 1, 3) else 1
    return dimension(operation, dim, input.ndim)


def softmax_input(operation: str, input: Array, dtype) -> Array:
    """The input in `dtype`, with a dimension at least."""
    input = input if dtype is None else input.astype(dtype)
    if not jnp.issubdtype(input.dtype, jnp.floating):
        fail(operation, str(input.dtype), "floating-point numbers", "Give dtype=")
    return input if input.ndim else input[None]


def _softmax_gradient(cotangent: Array, input: Array, dim: int | None = None, dtype=None):
    """By the result alone; JAX's goes back through the exponentials, for a third more time."""
    axis = softmax_axis("softmax", input, dim)
    result = jax.nn.softmax(softmax_input("softmax", input, dtype), axis)
    given = cotangent.reshape(result.shape)
    gradient = result * (given - (given * result).sum(axis, keepdims=True))
    return (gradient.reshape(input.shape).astype(input.dtype),)


@op(namespace=BOTH, out="same dtype", gradient=_softmax_gradient)
def softmax(input: Array, dim: int | None = None, dtype=None):
    """`e^x / sum(e^x)` along `dim`."""
    axis = softmax_axis("softmax", input, dim)
    return jax.nn.softmax(softmax_input("softmax", input, dtype), axis).reshape(input.shape)


@op(namespace=BOTH, out="same dtype")
def log_softmax(input: Array, dim: int | None = None, dtype=None):
    """`x - log(sum(e^x))` along `dim`."""
    axis = softmax_axis("log_softmax", input, dim)
    result = jax.nn.log_softmax(softmax_input("log_softmax", input, dtype), axis)
    return result.reshape(input.shape)


@op(namespace=FUNCTIONAL, method=False)
def softmin(input: Array, dim: int | None = None, dtype=None):
    """`softmax(-x)`."""
    axis = softmax_axis("softmin", input, dim)
    return jax.nn.softmax(-softmax_input("softmin", input, dtype), axis).reshape(input.shape)


@op(namespace=FUNCTIONAL, method=False)
def normalize(input: Array, p: float = 2.0, dim: int | tuple = 1, eps: float = 1e-12):
    """`x / max(norm(x, p), eps)` along `dim`."""
    size = p_norm(input, p, axes_of("normalize", dim, input), keepdim=True)
    return input / jnp.where(size < eps, eps, size)


@op(namespace=(), method=False, differentiable=False)
def one_hot_of(input: Array, num_classes: int):
    """`one_hot` with a known number of classes."""
    classes = jnp.arange(num_classes, dtype=input.dtype)
    return (input[..., None] == classes).astype(jnp.int64)


@function(namespace=FUNCTIONAL, method=False)
def one_hot(tensor, num_classes=-1):
    """Integers as rows that hold 1 at their place and 0 elsewhere, in int64.

    An integer outside `[0, num_classes)` raises an error where it is known at the call; one
    that is still to be computed gives a row of zeros.

    Args:
        num_classes: length of a row; -1 for one more than the largest integer, which needs
            to look at the data.
    """
    if tensor.dtype is not dtypes.int64:
        fail("one_hot", f"{tensor.dtype}", "int64 numbers", "Use tensor.long()")
    if num_classes == -1:
        num_classes = int(tensor.max().item()) + 1
    elif num_classes < 1:
        fail("one_hot", f"num_classes={num_classes}", "a number above 0, or -1")
    worst = outside(tensor, 0, num_classes)
    if worst is not None:
        fail("one_hot", f"class {worst}", f"classes within [0, {num_classes})")
    return one_hot_of(tensor, num_classes)
