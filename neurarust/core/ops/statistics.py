"""Statistics: covariance, counts in bins, the commonest number, integrals and differences."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..define import function, op
from ..errors import dimension, dimensions, fail
from ..op import Array, Arrays, Operand, Scalar
from ..tensor.tensor import Tensor, known_host
from .create import tensor
from .elementwise import is_complex, is_float
from .reduce import nonempty, p_norm
from .sorting import sorted_along
from .views import reshape


class ModeResult(NamedTuple):
    """The result of `mode`."""

    values: Array
    indices: Array


class HistogramResult(NamedTuple):
    """The result of `histogram`."""

    hist: Tensor
    bin_edges: Tensor


class HistogramddResult(NamedTuple):
    """The result of `histogramdd`."""

    hist: Tensor
    bin_edges: tuple[Tensor, ...]


# ------------------------------------------------------------------ covariance


def covariance(input: Array, correction: int, fweights: Array | None, aweights: Array | None):
    """Covariance of the rows of a matrix; columns are observations."""
    if input.ndim > 2:
        fail("cov", f"shape {tuple(input.shape)}", "at most two dimensions")
    rows = input.reshape(1, -1) if input.ndim < 2 else input
    count = rows.shape[1]
    for name, weights in (("fweights", fweights), ("aweights", aweights)):
        if weights is not None and weights.shape not in ((count,), ()):
            fail("cov", f"{name} of shape {tuple(weights.shape)}", f"({count},)")
    if fweights is not None and is_float(fweights):
        fail("cov", f"fweights of {fweights.dtype}", "integers")
    if aweights is not None and not is_float(aweights):
        fail("cov", f"aweights of {aweights.dtype}", "floating-point numbers")
    if not is_float(rows):
        rows = rows.astype(jnp.float32)
    real = jnp.real(rows).dtype
    weights = None if fweights is None else fweights.astype(real)
    if aweights is not None:
        weights = aweights.astype(real) if weights is None else weights * aweights
    if weights is None:
        total = jnp.asarray(count, real)
        weights = jnp.ones(count, real)
    else:
        total = jnp.sum(weights)
    freedom = total - correction
    if aweights is not None and correction != 0:
        freedom = total - correction * jnp.sum(weights * aweights) / total
    distance = rows - (jnp.sum(rows * weights, 1) / total)[:, None]
    result = (distance * weights) @ jnp.conj(distance).T / jnp.maximum(freedom, 0)
    return result.reshape(()) if rows.shape[0] == 1 else result


@op(name="_cov", method=False, namespace=())
def _cov(input: Array, correction: int, fweights: Array | None, aweights: Array | None):
    return covariance(input, correction, fweights, aweights)


@function()
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Covariance of variables, the rows, over observations, the columns.

    Args:
        fweights: how often each observation counts, integers.
        aweights: how much each observation counts.
    """
    for name, weights in (("fweights", fweights), ("aweights", aweights)):
        known = None if weights is None else known_host(weights)
        if known is not None and (known < 0).any():
            fail("cov", f"negative {name}", "weights of 0 or more")
    return _cov(input, correction, fweights, aweights)


@op(out=False)
def corrcoef(input: Array):
    """Correlation of variables, the rows, over observations: `cov` over both deviations."""
    if input.ndim > 2:
        fail("corrcoef", f"shape {tuple(input.shape)}", "at most two dimensions")
    result = covariance(input, 1, None, None)
    if not result.ndim:
        return result / result
    deviation = jnp.sqrt(jnp.real(jnp.diagonal(result)))
    result = result / deviation[:, None] / deviation
    if is_complex(result):
        return jax.lax.complex(clipped(jnp.real(result)), clipped(jnp.imag(result)))
    return clipped(result)


def clipped(input: Array) -> Array:
    """Within [-1, 1]; the gradient passes at the bounds, where a deviation rounds to."""
    return jnp.where(input > 1, 1, jnp.where(input < -1, -1, input))


# ------------------------------------------------------------------ the commonest number


@op(residuals=True, out="same dtype")
def mode(input: Array, dim: int = -1, keepdim: bool = False):
    """The commonest number along `dim`, the smallest of a tie, and an index of it (the last)."""
    axis = dimension("mode", dim, input.ndim)
    if not input.ndim:
        return ModeResult(input, jnp.zeros((), jnp.int64))
    nonempty("mode", input, (axis,))
    values, indices = sorted_along(input, axis)
    size = input.shape[axis]
    steps = jax.lax.broadcasted_iota(jnp.int64, input.shape, axis)
    starts = jnp.concatenate([
        jnp.ones_like(jax.lax.slice_in_dim(values, 0, 1, axis=axis), dtype=bool),
        jax.lax.slice_in_dim(values, 1, size, axis=axis)
        != jax.lax.slice_in_dim(values, 0, size - 1, axis=axis),
    ], axis)  # fmt: skip
    # How far into its run of equal numbers each one stands; the longest run wins.
    place = steps - jax.lax.cummax(jnp.where(starts, steps, 0), axis)
    best = jnp.argmax(place, axis, keepdims=True)
    found = [jnp.take_along_axis(one, best, axis) for one in (values, indices)]
    return ModeResult(*(found if keepdim else [one.squeeze(axis) for one in found]))


# ------------------------------------------------------------------ counts in bins


def spread(low: Array, high: Array) -> tuple[Array, Array]:
    """A range that is not empty: widened by one (half of it on each side for `histogram`)."""
    same = low == high
    return jnp.where(same, low - 1, low), jnp.where(same, high + 1, high)


@op(differentiable=False, refuses="bool complex", out="same dtype")
def histc(input: Array, bins: int = 100, min: float = 0, max: float = 0):
    """How many numbers lie in each of `bins` equal parts of `[min, max]`.

    By default the range of the data. NaN and numbers outside are left out.
    """
    if bins <= 0:
        fail("histc", f"bins={bins}", "a number above 0")
    if is_complex(input):
        fail("histc", str(input.dtype), "real numbers")
    if not (np.isfinite([min, max]).all() and min <= max):
        fail("histc", f"min={min} and max={max}", "finite bounds, max above min")
    kind = input.dtype if is_float(input) else jnp.dtype(jnp.float64)
    flat = input.reshape(-1).astype(kind)
    low, high = jnp.asarray(min).astype(kind), jnp.asarray(max).astype(kind)
    if flat.size:
        low, high = (
            jnp.where(low == high, of_data, given)
            for of_data, given in ((jnp.min(flat), low), (jnp.max(flat), high))
        )
    low, high = spread(low, high)
    place = jnp.floor((flat - low) / (high - low) * bins)
    place = jnp.where(flat == high, bins - 1, place)
    inside = (flat >= low) & (flat <= high)
    place = jnp.where(inside, place, bins).astype(jnp.int32)
    return jnp.zeros(bins, input.dtype).at[place].add(1, mode="drop")


def counted(points: Array, edges: list[Array], weight: Array | None, density: bool) -> Array:
    """Counts of points (rows) in the boxes between edges."""
    places = []
    inside = jnp.ones(points.shape[0], bool)
    for column, edge in zip(points.T, edges, strict=True):
        place = jnp.searchsorted(edge, column, side="right") - 1
        last = edge.shape[0] - 2
        places.append(jnp.where(column == edge[-1], last, place))
        inside = inside & (column >= edge[0]) & (column <= edge[-1])
    places[0] = jnp.where(inside, places[0], edges[0].shape[0])
    each = jnp.ones(points.shape[0], points.dtype) if weight is None else weight.reshape(-1)
    shape = [edge.shape[0] - 1 for edge in edges]
    hist = jnp.zeros(shape, points.dtype).at[tuple(places)].add(each, mode="drop")
    if density:
        hist = hist / jnp.sum(hist)
        for axis, edge in enumerate(edges):
            hist = hist / jnp.diff(edge).reshape([-1 if k == axis else 1 for k in range(hist.ndim)])
    return hist


def edges_of(column: Array, bins: int, range: tuple | None) -> Array:
    """`bins + 1` evenly spaced edges over a range, by default that of the data."""
    if range is not None:
        low, high = (jnp.asarray(one, column.dtype) for one in range)
    elif column.size:
        low, high = jnp.min(column), jnp.max(column)
    else:
        low, high = jnp.asarray(0, column.dtype), jnp.asarray(1, column.dtype)
    same = low == high
    low, high = jnp.where(same, low - 0.5, low), jnp.where(same, high + 0.5, high)
    return jnp.linspace(low, high, bins + 1, dtype=column.dtype)


@op(name="_histogram", differentiable=False, method=False, namespace=())
def _histogram(input: Array, bins, range, weight: Array | None, density: bool):
    """Counts in boxes of even edges; the input has a row a point."""
    edges = [
        edges_of(column, count, None if range is None else range[2 * k : 2 * k + 2])
        for k, (column, count) in enumerate(zip(input.T, bins, strict=True))
    ]
    return counted(input, edges, weight, density), *edges


@op(name="_histogram_between", differentiable=False, method=False, namespace=())
def _histogram_between(input: Array, edges: Arrays, weight: Array | None, density: bool):
    """Counts in boxes of given edges."""
    return counted(input, edges, weight, density)


def _real_points(operation: str, input: Tensor) -> None:
    if not input.is_floating_point():
        fail(operation, f"{input.dtype}", "floating-point numbers")


def _in_boxes(
    operation: str, points: Tensor, bins: Any, range: Any, weight: Tensor | None, density: bool
) -> tuple[Tensor, tuple[Tensor, ...]]:
    _real_points(operation, points)
    dims = points.shape[-1]
    if weight is not None and (
        weight.dtype is not points.dtype or weight.numel() * dims != points.numel()
    ):
        fail(operation, f"weight of {weight.dtype} and shape {tuple(weight.shape)}",
             "one number a point, in the input's dtype")  # fmt: skip
    if isinstance(bins[0], Tensor):
        for one in bins:
            if one.ndim != 1 or one.dtype is not points.dtype or one.numel() < 2:
                fail(operation, f"edges {one.dtype}{tuple(one.shape)}",
                     "vectors of two or more, in the input's dtype")  # fmt: skip
        if len(bins) != dims:
            fail(operation, f"{len(bins)} vectors of edges", f"one for each of {dims} dimensions")
        return _histogram_between(points, list(bins), weight, density), tuple(bins)
    if len(bins) != dims or any(one <= 0 for one in bins):
        fail(operation, f"bins={list(bins)}", f"{dims} numbers above 0")
    if range is not None:
        pairs = list(zip(range[::2], range[1::2], strict=True))
        if len(pairs) != dims or any(not np.isfinite([a, b]).all() or a > b for a, b in pairs):
            fail(operation, f"range={list(range)}", f"{dims} finite, rising pairs")
        range = tuple(map(float, range))
    hist, *edges = _histogram(points, tuple(bins), range, weight, density)
    return hist, tuple(edges)


@function(out=True)
def histogram(
    input: Tensor, bins: Any, *, range: Sequence[float] | None = None,
    weight: Tensor | None = None, density: bool = False,
) -> HistogramResult:  # fmt: skip
    """How many numbers lie in each bin, and the edges of the bins.

    Args:
        bins: a number of even bins, or a rising vector of edges.
        density: whether the result is divided so that it integrates to 1.
    """
    points = reshape(input, -1, 1)
    if weight is not None and weight.shape != input.shape:
        fail("histogram", f"weight of shape {tuple(weight.shape)}", f"{tuple(input.shape)}")
    hist, edges = _in_boxes("histogram", points, (bins,), range, weight, density)
    return HistogramResult(hist, edges[0])


@function(method=False)
def histogramdd(
    input: Tensor, bins: Any, *, range: Sequence[float] | None = None,
    weight: Tensor | None = None, density: bool = False,
) -> HistogramddResult:  # fmt: skip
    """How many points lie in each box of a grid, and the edges of the boxes.

    Shape: (*, d) points of d coordinates; the result has d dimensions.
    """
    if input.ndim < 2:
        fail("histogramdd", f"shape {tuple(input.shape)}", "two dimensions or more")
    dims = input.shape[-1]
    bins = (bins,) * dims if isinstance(bins, int) else tuple(bins)
    points = reshape(input, -1, dims)
    return HistogramddResult(*_in_boxes("histogramdd", points, bins, range, weight, density))


# ------------------------------------------------------------------ integrals and differences


def steps_between(operation: str, x: Array | None, dx: Any, y: Array, axis: int) -> Any:
    """Distances between neighbours along `axis`, as an array that broadcasts with y's."""
    if x is None:
        return dx
    if x.ndim == 1 and y.ndim > 1:
        if x.shape[0] != y.shape[axis]:
            fail(operation, f"{x.shape[0]} points for {y.shape[axis]} values", "as many")
        x = x.reshape([-1 if k == axis else 1 for k in range(y.ndim)])
    elif x.ndim:
        axis = axis - y.ndim + x.ndim
    return jnp.diff(x, axis=axis)


def areas(operation: str, y: Array, x: Array | None, dx: Any, dim: int) -> tuple[Array, int]:
    """Areas of the trapezoids between neighbours along `dim`, and the axis."""
    axis = dimension(operation, dim, y.ndim)
    if not y.ndim:
        fail(operation, "a tensor without dimensions", "at least one", kind=IndexError)
    if not is_float(y):
        y = y.astype(jnp.float32)
    size = y.shape[axis]
    left = jax.lax.slice_in_dim(y, 0, max(size - 1, 0), axis=axis)
    right = jax.lax.slice_in_dim(y, min(1, size), size, axis=axis)
    area = (left + right) * steps_between(operation, x, dx, y, axis) / 2
    return area, area.ndim - y.ndim + axis


def both_given(operation: str, x: Any, dx: Any) -> None:
    if x is not None and dx is not None:
        fail(operation, "x and dx", "one of them")


@op(promote="same", promoted=("y", "x"), method=False, aliases=("trapz",), out=False)
def trapezoid(y: Array, x: Array | None = None, *, dx: Scalar | None = None, dim: int = -1):
    """Integral along `dim` by trapezoids.

    Args:
        x: where the values are taken; by default at distance `dx` (1).
    """
    both_given("trapezoid", x, dx)
    area, axis = areas("trapezoid", y, x, 1 if dx is None else dx, dim)
    return jnp.sum(area, axis)


@op(promote="same", promoted=("y", "x"), method=False, out=False)
def cumulative_trapezoid(
    y: Array, x: Array | None = None, *, dx: Scalar | None = None, dim: int = -1
):
    """Running integral along `dim` by trapezoids; one element fewer than `y`."""
    both_given("cumulative_trapezoid", x, dx)
    area, axis = areas("cumulative_trapezoid", y, x, 1 if dx is None else dx, dim)
    return jnp.cumsum(area, axis)


@op(promote="same", promoted=("input", "prepend", "append"), out="same dtype")
def diff(
    input: Array, n: int = 1, dim: int = -1, prepend: Array | None = None,
    append: Array | None = None,
):  # fmt: skip
    """Differences of neighbours along `dim`, `n` times; of bools exclusive or."""
    if not input.ndim:
        fail("diff", "a tensor without dimensions", "at least one")
    if n < 0:
        fail("diff", f"n={n}", "0 or more")
    axis = dimension("diff", dim, input.ndim)
    for one in (prepend, append):
        if one is not None and one.ndim != input.ndim:
            fail("diff", f"prepend or append of {one.ndim} dimensions", str(input.ndim))
    if n == 0:
        return input
    parts = [one for one in (prepend, input, append) if one is not None]
    joined = jnp.concatenate(parts, axis)
    for _ in range(min(n, joined.shape[axis])):
        size = joined.shape[axis]
        right = jax.lax.slice_in_dim(joined, 1, size, axis=axis)
        left = jax.lax.slice_in_dim(joined, 0, size - 1, axis=axis)
        joined = right ^ left if joined.dtype == jnp.bool_ else right - left
    return joined


@op(name="_gradient_along", promote="float", promoted=("input",), method=False, namespace=())
def _gradient_along(input: Array, spacing: Operand, *, dim: int, edge_order: int):
    moved = jnp.moveaxis(input, dim, 0)
    size = moved.shape[0]
    if size < edge_order + 1:
        fail("gradient", f"{size} elements along dimension {dim}", f"at least {edge_order + 1}")
    h = jnp.asarray(spacing)
    uniform = not h.ndim
    if h.ndim:
        if h.shape != (size,):
            fail("gradient", f"{h.shape[0]} coordinates", f"{size}, one an element")
        h = jnp.diff(h)
    else:
        h = jnp.broadcast_to(h, (size - 1,))
    real = jnp.real(moved).dtype
    h = h.astype(real if not jnp.issubdtype(h.dtype, jnp.complexfloating) else moved.dtype)
    h = h.reshape(-1, *[1] * (moved.ndim - 1))
    slopes = (moved[1:] - moved[:-1]) / h
    before, after = h[:-1], h[1:]
    inner = (slopes[:-1] * after + slopes[1:] * before) / (before + after)
    if uniform:
        # Without the element itself, which may be NaN.
        inner = (moved[2:] - moved[:-2]) / (before + after)
    first, last = slopes[:1], slopes[-1:]
    if edge_order == 2:
        bend = (slopes[1:] - slopes[:-1]) / (before + after)
        first, last = first - h[:1] * bend[:1], last + h[-1:] * bend[-1:]
    return jnp.moveaxis(jnp.concatenate([first, inner, last]), 0, dim)


@function(method=False)
def gradient(
    input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1
) -> list[Tensor]:
    """Estimated derivatives along each dimension of `dim` (all), by differences on both sides.

    Args:
        spacing: distance of the samples (1), or one (number or vector of coordinates) a dimension.
        edge_order: 1 or 2, the order of the one-sided estimates at the ends.
    """
    if edge_order not in (1, 2):
        fail("gradient", f"edge_order={edge_order}", "1 or 2")
    axes = dimensions("gradient", dim, input.ndim)
    many = isinstance(spacing, (list, tuple))
    if many and len(spacing) != len(axes):
        fail("gradient", f"{len(spacing)} spacings", f"{len(axes)}, one a dimension")
    given = spacing if many else [1 if spacing is None else spacing] * len(axes)
    return [
        _gradient_along(input, one, dim=axis, edge_order=edge_order)
        for one, axis in zip(given, axes, strict=True)
    ]


# ------------------------------------------------------------------ norms of slices


@op(inplace=True, out="same dtype")
def renorm(input: Array, p: float, dim: int, maxnorm: float):
    """Slices of `dim` whose p-norm is above `maxnorm` scaled down to it."""
    axis = dimension("renorm", dim, input.ndim)
    if input.ndim < 2 or p <= 0 or maxnorm < 0 or not is_float(input):
        fail("renorm", f"shape {tuple(input.shape)}, p={p}, maxnorm={maxnorm}",
             "two dimensions or more of floats, p > 0 and maxnorm >= 0")  # fmt: skip
    others = tuple(k for k in range(input.ndim) if k != axis)
    size = p_norm(input, p, others, True)
    scale = jnp.where(size > maxnorm, maxnorm / (size + 1e-7), 1).astype(size.dtype)
    return input * scale


# ------------------------------------------------------------------ combinations


@function(method=False)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of `r` elements of a vector, in order, one a row."""
    if input.ndim != 1:
        fail("combinations", f"shape {tuple(input.shape)}", "one dimension")
    if r < 0:
        fail("combinations", f"r={r}", "0 or more")
    if r == 0:
        return input[:0]
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input.shape[0]), r)), np.int64).reshape(-1, r)
    return input[tensor(rows, device=input.device)]
