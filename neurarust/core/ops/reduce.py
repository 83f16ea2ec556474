"""Reductions: functions that take dimensions away."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy
from jax.scipy.special import logsumexp as jax_logsumexp

from ..define import function, op
from ..errors import dimension, dimensions, fail
from ..op import Array
from .arithmetic import maximum, minimum
from .elementwise import HALF, absolute, cast, is_complex, is_float, narrow, wide
from .extremes import of_memory, position, shared

# XLA's CPU code for a sum over rows of more columns than this is 30 times slower than a product.
WIDE = 8192


def axes_of(operation: str, dim: object, input: Array) -> tuple[int, ...]:
    """The reduced axes; None and an empty tuple stand for all, as in PyTorch."""
    return dimensions(operation, None if dim in ((), []) else dim, input.ndim)


def nonempty(operation: str, input: Array, axes: tuple[int, ...], dim: object = ...) -> None:
    """Raises if a reduction that has no neutral element meets a dimension of size 0.

    Args:
        dim: what the caller was given; of no dimension at all PyTorch's error is another one.
    """
    if 0 in [input.shape[axis] for axis in axes]:
        fail(
            operation,
            f"shape {tuple(input.shape)}",
            f"dimensions {axes} of non-zero size",
            kind=RuntimeError if dim in (None, (), []) else IndexError,
        )


def with_sum_dtype(input: Array, dtype) -> Array:
    """The input in `dtype`; by default integers and bools are summed in int64."""
    if dtype is None:
        dtype = input.dtype if is_float(input) else jnp.int64
    return cast(input, dtype)


def with_mean_dtype(operation: str, input: Array, dtype) -> Array:
    """The input in `dtype`; integers have no mean without one."""
    input = input if dtype is None else input.astype(dtype)
    if not is_float(input):
        fail(
            operation,
            f"{input.dtype}",
            "floating-point or complex numbers",
            "Convert the input with .float() or give dtype=",
        )
    return input


def total(input: Array, axes: tuple[int, ...], keepdim: bool = False) -> Array:
    """Sum over `axes`, by the faster of two ways."""
    columns = math.prod(input.shape[len(axes) :])
    leading = axes == tuple(range(len(axes)))
    if not (leading and columns > WIDE and input.dtype in (jnp.float32, jnp.float64)):
        return jnp.sum(input, axes, keepdims=keepdim, promote_integers=False)

    def product(input):
        rows = input.reshape(-1, columns)
        shape = [1] * len(axes) * keepdim + list(input.shape[len(axes) :])
        return (jnp.ones(rows.shape[0], rows.dtype) @ rows).reshape(shape)

    return jax.lax.platform_dependent(
        input, cpu=product, default=lambda input: jnp.sum(input, axes, keepdims=keepdim)
    )


def safe_root(input: Array) -> Array:
    """Square root whose gradient at 0 is 0."""
    positive = input > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, input, 1)), input * 0)


@op()
def sum(input: Array, dim: int | tuple | None = None, keepdim: bool = False, *, dtype=None):
    """Sum over `dim` (all by default); of integers and bools in int64."""
    return total(with_sum_dtype(input, dtype), axes_of("sum", dim, input), keepdim)


@op()
def mean(input: Array, dim: int | tuple | None = None, keepdim: bool = False, *, dtype=None):
    """Mean over `dim` (all by default)."""
    input, axes = with_mean_dtype("mean", input, dtype), axes_of("mean", dim, input)
    if input.dtype in HALF:
        return jnp.mean(input, axes, keepdims=keepdim)
    count = math.prod(input.shape[axis] for axis in axes)
    return total(input, axes, keepdim) / jnp.asarray(count, input.dtype)


@op(refuses="complex")
def nansum(input: Array, dim: int | tuple | None = None, keepdim: bool = False, *, dtype=None):
    """Sum over `dim`, with NaN as 0."""
    input = with_sum_dtype(input, dtype)
    return total(jnp.where(jnp.isnan(input), 0, input), axes_of("nansum", dim, input), keepdim)


@op()
def nanmean(input: Array, dim: int | tuple | None = None, keepdim: bool = False, *, dtype=None):
    """Mean over `dim` of the numbers that are not NaN."""
    input, axes = with_mean_dtype("nanmean", input, dtype), axes_of("nanmean", dim, input)
    missing = jnp.isnan(input)
    count = jnp.sum(~missing, axes, keepdims=keepdim).astype(input.dtype)
    return jnp.sum(jnp.where(missing, 0, input), axes, keepdims=keepdim) / count


def _product(input: Array, axes: tuple[int, ...], keepdim: bool, dtype) -> Array:
    input = with_sum_dtype(input, dtype)
    result = jnp.prod(wide(input), axes, keepdims=keepdim, promote_integers=False)
    return narrow(result, input)


def _prod_gradient(
    cotangent: Array, input: Array, dim: int | None = None, keepdim: bool = False, *, dtype=None
):
    """The product of the others, by division; JAX's takes ten times as long.

    A gradient of it again is that of JAX's: beside a zero the other gradients are 0, and theirs
    are not.
    """
    axes = axes_of("prod", dim, input)

    def exact(input, given):
        return jax.vjp(lambda x: _product(x, axes, True, dtype), input)[1](given)[0]

    @jax.custom_jvp
    def gradient(input, given):
        zero = input == 0
        others = given * _product(jnp.where(zero, 1, input), axes, True, dtype)
        zeros = jnp.sum(zero, axes, keepdims=True)
        beside = jnp.where(zeros == 0, others / jnp.where(zero, 1, input), 0)
        return jnp.where(zero & (zeros == 1), others, beside).astype(input.dtype)

    @gradient.defjvp
    def again(primals, tangents):
        return jax.jvp(exact, primals, tangents)

    given = cotangent.reshape([1 if k in axes else n for k, n in enumerate(input.shape)])
    return (gradient(input, given),)


@op(gradient=_prod_gradient)
def prod(input: Array, dim: int | None = None, keepdim: bool = False, *, dtype=None):
    """Product over `dim` (all by default); of integers and bools in int64."""
    return _product(input, axes_of("prod", dim, input), keepdim and dim is not None, dtype)


@op(refuses="complex", out="same dtype")
def amax(input: Array, dim: int | tuple = (), keepdim: bool = False):
    """Largest number over `dim`; ties share the gradient."""
    axes = axes_of("amax", dim, input)
    nonempty("amax", input, axes, dim)
    return shared(jnp.max, input, axes, keepdim)


@op(refuses="complex", out="same dtype")
def amin(input: Array, dim: int | tuple = (), keepdim: bool = False):
    """Smallest number over `dim`; ties share the gradient."""
    axes = axes_of("amin", dim, input)
    nonempty("amin", input, axes, dim)
    return shared(jnp.min, input, axes, keepdim)


class AminmaxResult(NamedTuple):
    """The result of `aminmax`."""

    min: Array
    max: Array


@op(refuses="complex", out="same dtype")
def aminmax(input: Array, *, dim: int | None = None, keepdim: bool = False):
    """Smallest and largest number over `dim`, as the named tuple `(min, max)`."""
    axes = axes_of("aminmax", dim, input)
    nonempty("aminmax", input, axes, dim)
    return AminmaxResult(
        shared(jnp.min, input, axes, keepdim), shared(jnp.max, input, axes, keepdim)
    )


def extreme(reduce, operation: str, input: Array, dim: int, keepdim: bool):
    """`reduce` (jnp.max or jnp.min) along one dimension, and where its result stands."""
    axis = dimension(operation, dim, input.ndim)
    if input.ndim == 0:
        return input, jnp.zeros((), jnp.int64)
    nonempty(operation, input, (axis,))

    @jax.custom_jvp
    def reduced(input) -> tuple[Array, Any]:
        def found(x: Array) -> tuple[Array, Array]:
            best = reduce(x, axis, keepdims=True)
            return best, position(x, best, axis)

        return of_memory(found, input)

    @reduced.defjvp
    def reduced_jvp(primals, tangents):
        # The whole gradient goes to the index; jnp would share it among ties.
        best, index = reduced(*primals)
        picked = jax.lax.broadcasted_iota(jnp.int64, input.shape, axis) == index
        tangent = jnp.sum(jnp.where(picked, tangents[0], 0), axis, keepdims=True)
        return (best, index), (tangent, numpy.zeros(index.shape, jax.dtypes.float0))

    best, index = reduced(input)
    return (best, index) if keepdim else (best.squeeze(axis), index.squeeze(axis))


class MaxResult(NamedTuple):
    """The result of `max` along a dimension."""

    values: Array
    indices: Array


class MinResult(NamedTuple):
    """The result of `min` along a dimension."""

    values: Array
    indices: Array


@op(namespace=(), method=False, refuses="complex")
def max_along(input: Array, dim: int, keepdim: bool = False):
    """Largest numbers along `dim` and their indices; the first of a tie is taken."""
    return MaxResult(*extreme(jnp.max, "max", input, dim, keepdim))


@op(namespace=(), method=False, refuses="complex")
def min_along(input: Array, dim: int, keepdim: bool = False):
    """Smallest numbers along `dim` and their indices; the first of a tie is taken."""
    return MinResult(*extreme(jnp.min, "min", input, dim, keepdim))


@function(method=True, out=True)
def max(input, dim=None, keepdim=False, *, other=None):
    """Largest number of the tensor; ties share the gradient.

    `max(input, dim)` is the named tuple `(values, indices)` along a dimension, and
    `max(input, other)` the elementwise maximum of two tensors.
    """
    if other is None and dim is None:
        return amax(input)
    if other is None and isinstance(dim, int):
        return max_along(input, dim, keepdim)
    return maximum(input, dim if other is None else other)


@function(method=True, out=True)
def min(input, dim=None, keepdim=False, *, other=None):
    """Smallest number of the tensor; ties share the gradient.

    `min(input, dim)` is the named tuple `(values, indices)` along a dimension, and
    `min(input, other)` the elementwise minimum of two tensors.
    """
    if other is None and dim is None:
        return amin(input)
    if other is None and isinstance(dim, int):
        return min_along(input, dim, keepdim)
    return minimum(input, dim if other is None else other)


def best_index(reduce, operation: str, input: Array, dim: int | None, keepdim: bool) -> Array:
    """Index of the extreme number along `dim`, or in the flattened tensor."""
    shape = (1,) * input.ndim if keepdim else ()
    if dim is None:
        input, dim = input.reshape(-1), 0
        return extreme(reduce, operation, input, 0, False)[1].reshape(shape)
    return extreme(reduce, operation, input, dim, keepdim)[1]


@op(differentiable=False, refuses="bool complex")
def argmax(input: Array, dim: int | None = None, keepdim: bool = False):
    """Index of the (first) largest number along `dim`, or in the flattened tensor."""
    return best_index(jnp.max, "argmax", input, dim, keepdim)


@op(differentiable=False, refuses="bool complex")
def argmin(input: Array, dim: int | None = None, keepdim: bool = False):
    """Index of the (first) smallest number along `dim`, or in the flattened tensor."""
    return best_index(jnp.min, "argmin", input, dim, keepdim)


def truth(input: Array, result: Array) -> Array:
    """PyTorch's dtype of `all` and `any`: uint8 for uint8, else bool."""
    return result.astype(jnp.uint8) if input.dtype == jnp.uint8 else result


@op(differentiable=False)
def all(input: Array, dim: int | tuple | None = None, keepdim: bool = False):
    """Whether every element along `dim` is true."""
    return truth(input, jnp.all(input, axes_of("all", dim, input), keepdims=keepdim))


@op(differentiable=False)
def any(input: Array, dim: int | tuple | None = None, keepdim: bool = False):
    """Whether some element along `dim` is true."""
    return truth(input, jnp.any(input, axes_of("any", dim, input), keepdims=keepdim))


@op(differentiable=False)
def count_nonzero(input: Array, dim: int | tuple | None = None):
    """How many elements along `dim` are not 0."""
    return jnp.sum(input != 0, axes_of("count_nonzero", dim, input), dtype=jnp.int64)


@op()
def logsumexp(input: Array, dim: int | tuple, keepdim: bool = False):
    """`log(sum(e^x))` over `dim` without overflow."""
    if not is_float(input):
        input = input.astype(jnp.float32)
    return jax_logsumexp(input, axes_of("logsumexp", dim, input), keepdims=keepdim)


def moments(operation, input, dim, unbiased, keepdim, correction):
    """Variance and mean, of half precision in float32.

    A bool in the place of `dim` is `unbiased`, as in PyTorch.
    """
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased else 0
    input, axes = wide(with_mean_dtype(operation, input, None)), axes_of(operation, dim, input)
    count = math.prod(input.shape[axis] for axis in axes)
    average = jnp.mean(input, axes, keepdims=True)
    distance = input - average
    square = jnp.real(distance * jnp.conj(distance)) if is_complex(input) else distance * distance
    divisor = count - correction if count > correction else 0
    variance = jnp.sum(square, axes, keepdims=keepdim) / jnp.asarray(divisor, square.dtype)
    return variance, average if keepdim else average.squeeze(axes)


@op()
def var(
    input: Array,
    dim: int | tuple | bool | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
):
    """Variance over `dim`: `sum((x - mean)^2) / (n - correction)`.

    Args:
        unbiased: whether `correction` is 1 (the default) or 0.
    """
    return narrow(moments("var", input, dim, unbiased, keepdim, correction)[0], input)


@op()
def std(
    input: Array,
    dim: int | tuple | bool | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
):
    """Standard deviation over `dim`, the root of `var`; its gradient at 0 is 0."""
    variance = moments("std", input, dim, unbiased, keepdim, correction)[0]
    return narrow(safe_root(variance), input)


@op()
def var_mean(
    input: Array,
    dim: int | tuple | bool | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
):
    """Variance and mean over `dim`."""
    found = moments("var_mean", input, dim, unbiased, keepdim, correction)
    return tuple(narrow(one, input) for one in found)


@op()
def std_mean(
    input: Array,
    dim: int | tuple | bool | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
):
    """Standard deviation and mean over `dim`."""
    variance, average = moments("std_mean", input, dim, unbiased, keepdim, correction)
    return narrow(safe_root(variance), input), narrow(average, input)


def p_norm(input: Array, p: float, axes: tuple[int, ...], keepdim: bool = False) -> Array:
    """`(sum |x|^p)^(1/p)`, the norm of vectors; its gradient at 0 is 0."""
    if input.dtype in HALF:
        # Squares of half precision overflow.
        return narrow(p_norm(wide(input), p, axes, keepdim), input)
    size = absolute(input)
    if p == 2:
        square = size * size if is_complex(input) else input * input
        return safe_root(total(square, axes, keepdim))
    if p == math.inf:
        return shared(jnp.max, size, axes, keepdim)
    if p == -math.inf:
        return shared(jnp.min, size, axes, keepdim)
    if p == 0:
        return jnp.sum((input != 0).astype(size.dtype), axes, keepdims=keepdim)
    if p == 1:
        return total(size, axes, keepdim)
    zero = size == 0
    powers = jnp.where(zero, 0.0 if p > 0 else math.inf, jnp.where(zero, 1, size) ** p)
    result = jnp.sum(powers, axes, keepdims=keepdim)
    positive = result > 0
    return jnp.where(positive, jnp.where(positive, result, 1) ** (1 / p), result)


@op()
def norm(
    input: Array,
    p: float | str | None = "fro",
    dim: int | tuple | None = None,
    keepdim: bool = False,
    dtype=None,
):
    """Norm of the vector made of the dimensions `dim` (all by default).

    Args:
        p: exponent of the norm; "fro" is 2, "nuc" the sum of the singular values.
    """
    input = with_mean_dtype("norm", input, dtype)
    axes = axes_of("norm", dim, input)
    if p == "nuc":
        matrix = jnp.moveaxis(input, axes, (-2, -1))
        result = jnp.sum(jnp.linalg.svd(matrix, compute_uv=False), -1)
        return jnp.expand_dims(result, axes) if keepdim else result
    if isinstance(p, str) and p != "fro":
        fail("norm", f"p={p!r}", "a number, 'fro' or 'nuc'")
    return p_norm(input, 2 if p in ("fro", None) else p, axes, keepdim)


@op(refuses="bool integer")
def dist(input: Array, other: Array, p: float = 2):
    """`norm(input - other, p)` over all elements."""
    difference = input - other
    return p_norm(difference, p, tuple(range(difference.ndim)))
