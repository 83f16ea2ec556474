"""Pictures with channels last: transpositions are carried along instead of performed.

PyTorch's order of axes is (batch, channels, *sizes). On CPU, XLA's convolutions are two
to three times faster with the channels last, but a transposition around each of them would cost
what it gains. `channels_last` replays a traced program on *placed* arrays, whose axes lie in
memory in another order than the program believes: a convolution places its result
with channels last, sums, products, reductions, windows and paddings take what they get as it
lies, and only an operation without a rule here, or the end, puts the axes back.

On the way, convolutions and products become calls of the kernels in C where these are faster
(`core.native`). `with_kernels` does only that.

(The same idea as layout assignment in compilers; see "Layout" in XLA's documentation. XLA's own
assignment for CPU keeps every array in the order of its axes.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .. import native
from .contents import PIXELS, calls_kernels
from .jaxprs import CALLS, ELEMENTWISE, bind, evaluate

Order = tuple[int, ...]


class Placed(NamedTuple):
    """An array whose axis k lies where the program believes axis `order[k]` to be."""

    array: Any
    order: Order


class Spread(NamedTuple):
    """A broadcast that has not been performed: axis k of `array` is axis `axes[k]`."""

    array: Any
    shape: tuple[int, ...]
    axes: tuple[int, ...]


def channels_last(closed: Any) -> Callable[..., list]:
    """The function of arrays that a jaxpr stands for, with channels last between its ends."""

    def neurarust_program(*arrays: Any) -> list:
        results = _evaluate(closed, arrays, _RULES)
        return [believed(one) for one in results]

    return neurarust_program


def with_kernels(closed: Any, small: bool = False) -> Callable[..., list]:
    """The function of arrays that a jaxpr stands for, with what it calls in the calls' places;
    kernels compute what products they can, in a small program those that are large for it."""

    def neurarust_program(*arrays: Any) -> list:
        rules = _SMALL if small else _PRODUCTS
        return [believed(one) for one in _evaluate(closed, arrays, rules)]

    return neurarust_program


def _evaluate(closed: Any, inputs: Sequence[Any], rules: dict[str, Callable]) -> list:
    """The results; inputs, results and all between may be placed or spread."""
    return evaluate(closed, inputs, partial(_results, rules))


def _results(rules: dict[str, Callable], equation: Any, given: list) -> list:
    name = equation.primitive.name
    rule = rules.get(name)
    if rule is not None and (name in _ALWAYS or any(map(_is_placed, given))):
        result = rule(equation, given)
        if result is not None:
            return result if isinstance(result, list) else [result]
    inner = CALLS.get(name)
    if inner is None:
        return bind(equation, [believed(one) for one in given])
    return _evaluate(equation.params[inner], given, rules)


def _is_placed(one: Any) -> bool:
    return type(one) is Placed or type(one) is Spread


def _place(array: Any, order: Sequence[int]) -> Any:
    """An array that lies in this order; plain if that is its own."""
    order = tuple(order)
    return array if order == tuple(range(len(order))) else Placed(array, order)


def _inverse(order: Order) -> Order:
    return tuple(sorted(range(len(order)), key=order.__getitem__))


def believed(one: Any) -> Any:
    """The array with its axes where the program believes them."""
    if type(one) is Placed:
        return native.transpose(one.array, _inverse(one.order))
    if type(one) is Spread:
        return lax.broadcast_in_dim(one.array, one.shape, one.axes)
    return one


def _stored(one: Any, order: Order) -> Any:
    """The array with its axes lying in this order."""
    if type(one) is Placed:
        if one.order == order:
            return one.array
        return native.transpose(one.array, tuple(one.order.index(axis) for axis in order))
    if type(one) is Spread:
        places = [order.index(axis) for axis in one.axes]
        array = lax.transpose(one.array, _inverse(tuple(places)))
        shape = tuple(one.shape[axis] for axis in order)
        return lax.broadcast_in_dim(array, shape, tuple(sorted(places)))
    return native.transpose(one, order) if order != tuple(range(len(order))) else one


def _permuted(values: Sequence[Any], order: Order) -> tuple:
    return tuple(values[axis] for axis in order)


# ------------------------------------------------------------------ rules
# Each gets the equation and its inputs, at least one of them placed or spread, and gives the
# results, or None to have the axes put back.


def _in_one_order(
    equation: Any, given: list, change: Callable[[Order], dict[str, Any]] = lambda _: {}
) -> Any:
    """The operation on arrays that lie as the first placed one does; None if there is none.

    `change` gives the parameters for that order. What has fewer axes stays as it is.
    """
    order = next((one.order for one in given if type(one) is Placed), None)
    if order is None:
        return None
    stored = [
        _stored(one, order) if _is_placed(one) or getattr(one, "ndim", 0) == len(order) else one
        for one in given
    ]
    return [_place(one, order) for one in bind(equation, stored, change(order))]


def _elementwise(equation: Any, given: list) -> Any:
    placed = _in_one_order(equation, given)
    if placed is not None:
        return placed
    arrays = [one for one in given if getattr(one, "ndim", 1)]
    first = next(one for one in arrays if type(one) is Spread)
    alike = all(
        type(one) is Spread and one.axes == first.axes and one.array.shape == first.array.shape
        for one in arrays
    )
    if not alike:
        return None
    small = [one.array if type(one) is Spread else one for one in given]
    return [Spread(one, first.shape, first.axes) for one in bind(equation, small, {})]


def _broadcast(equation: Any, given: list) -> Any:
    (one,) = given
    shape, axes = equation.params["shape"], equation.params["broadcast_dimensions"]
    if type(one) is Spread:
        return Spread(one.array, shape, tuple(axes[axis] for axis in one.axes))
    if type(one) is Placed:
        return None
    aval = equation.invars[0].aval
    # What has one element an axis is spread by the operations themselves.
    if len(shape) < 3 or math.prod(shape) == aval.size:
        return None
    if not hasattr(one, "shape"):  # a number of Python's
        one = np.asarray(one, aval.dtype)
    return Spread(one, shape, axes)


def _transpose(equation: Any, given: list) -> Any:
    (one,) = given
    permutation = equation.params["permutation"]
    if type(one) is Spread:
        back = _inverse(permutation)
        axes = tuple(back[axis] for axis in one.axes)
        kept = tuple(sorted(range(len(axes)), key=axes.__getitem__))
        array = lax.transpose(one.array, kept)
        return Spread(array, _permuted(one.shape, permutation), tuple(sorted(axes)))
    array, order = one if type(one) is Placed else (one, tuple(range(one.ndim)))
    back = _inverse(permutation)
    return _place(array, [back[axis] for axis in order])


def _removing(name: str) -> Callable:
    """A rule for operations after which the axes that a parameter names are gone."""

    def rule(equation: Any, given: list) -> Any:
        (one,) = given
        if type(one) is not Placed:
            return None
        gone = equation.params[name]
        left = [axis for axis in one.order if axis not in gone]
        lying = tuple(k for k, axis in enumerate(one.order) if axis in gone)
        (result,) = bind(equation, [one.array], {name: lying})
        return _place(result, [sorted(left).index(axis) for axis in left])

    return rule


def _per_axis(*names: str) -> Callable:
    """A rule for operations with parameters of one value an axis."""

    def rule(equation: Any, given: list) -> Any:
        old = {name: equation.params[name] for name in names}
        return _in_one_order(
            equation, given,
            lambda order: {k: None if one is None else _permuted(one, order)
                           for k, one in old.items()},
        )  # fmt: skip

    return rule


def _along(name: str) -> Callable:
    """A rule for operations with a parameter that names an axis, or several."""

    def rule(equation: Any, given: list) -> Any:
        axes = equation.params[name]
        if isinstance(axes, int):
            return _in_one_order(equation, given, lambda order: {name: order.index(axes)})
        return _in_one_order(
            equation, given, lambda order: {name: tuple(order.index(one) for one in axes)}
        )

    return rule


def _reshape(equation: Any, given: list) -> Any:
    """Axes of one element come and go, and axes that lie side by side are split and joined."""
    (one,) = given
    if type(one) is not Placed:
        return None
    # The axes may be taken in another order, as `vmap` does.
    back = _inverse(equation.params["dimensions"] or tuple(range(len(one.order))))
    one = Placed(one.array, tuple(back[axis] for axis in one.order))
    old = dict(sorted(zip(one.order, one.array.shape, strict=True)))
    new = dict(enumerate(equation.params["new_sizes"]))
    if 0 in new.values():
        return None
    lying = [axis for axis in one.order if old[axis] != 1]
    order: dict[int, list[int]] = {}
    for axes, becoming in _matched(old, new):
        start = lying.index(axes[0])
        if lying[start : start + len(axes)] != axes:
            return None
        order[axes[0]] = becoming
    places = [axis for first in lying for axis in order.get(first, [])]
    places += [axis for axis, size in new.items() if size == 1]
    return _place(lax.reshape(one.array, _permuted(tuple(new.values()), tuple(places))), places)


def _matched(old: dict[int, int], new: dict[int, int]) -> Iterator[tuple[list[int], list[int]]]:
    """Which axes become which, a few at a time; axes of one element are left out."""
    left = [axis for axis, size in old.items() if size != 1]
    right = [axis for axis, size in new.items() if size != 1]
    while left:
        some, others = [left.pop(0)], [right.pop(0)]
        have, want = old[some[0]], new[others[0]]
        while have != want:
            if have < want:
                some.append(left.pop(0))
                have *= old[some[-1]]
            else:
                others.append(right.pop(0))
                want *= new[others[-1]]
        yield some, others


def _product(equation: Any, given: list, small: bool = False) -> Any:
    (left, right), (left_batch, right_batch) = equation.params["dimension_numbers"]
    arrays, contracted, batched, free = [], [], [], []
    for one, axes, batch in zip(given, (left, right), (left_batch, right_batch), strict=True):
        if type(one) is not Placed:
            array = believed(one)
            one = Placed(array, tuple(range(array.ndim)))
        arrays.append(one.array)
        contracted.append(tuple(one.order.index(axis) for axis in axes))
        batched.append(tuple(one.order.index(axis) for axis in batch))
        lying = [axis for axis in one.order if axis not in axes and axis not in batch]
        free.append([sorted(lying).index(axis) for axis in lying])
    numbers = tuple(contracted), tuple(batched)
    of_pictures = _of_pictures(equation, arrays, numbers, free[0])
    if of_pictures is not None:
        return of_pictures
    order = list(range(len(left_batch)))
    for one in free:
        order += [len(order) + axis for axis in one]
    compute = native.product(equation.params, arrays[0], arrays[1], numbers, small)
    if compute is not None:
        return _place(compute(*arrays), order)
    (result,) = bind(equation, arrays, {"dimension_numbers": numbers})
    return _place(result, order)


def _loop(equation: Any, given: list) -> Any:
    """A `scan` whose steps multiply: they are computed by kernels, too."""
    closed = equation.params["jaxpr"]
    if not calls_kernels(closed.jaxpr):
        return None
    inside = jax.make_jaxpr(with_kernels(closed))(*closed.in_avals)
    return bind(equation, [believed(one) for one in given], {"jaxpr": inside})


def _formula(equation: Any, given: list) -> Any:
    """A call of a formula that a kernel computes."""
    return native.call(equation, [*map(believed, given)]) if native.is_formula(equation) else None


def _of_pictures(equation: Any, arrays: list, numbers: tuple, free: list[int]) -> Any:
    """A product over the channels of pictures (batch, channels, *sizes), or the pixels of two.

    XLA transposes them for one product; a product for each picture takes a third of the time
    (8 pictures of 64 channels, 56 x 56, to 256 channels: 15 to 5 ms). `free` are the places in the
    result of the first one's other axes.
    """
    (left, right), (batch, _) = numbers
    first, second = arrays
    sizes = tuple(range(2, first.ndim))
    if batch or first.ndim < 3 or math.prod(first.shape[2:]) < PIXELS:
        return None
    flat = first.reshape(*first.shape[:2], -1)
    if left == (1,) and second.ndim == 2:
        matrices = jnp.broadcast_to(second, (first.shape[0], *second.shape))
        along = (((1 + right[0],), (1,)), ((0,), (0,)))
        (result,) = bind(equation, [matrices, flat], {"dimension_numbers": along})
        order = (free[0], len(free), *free[1:])
        return _place(result.reshape(*result.shape[:2], *first.shape[2:]), order)
    pixels = {0, *sizes}
    if second.ndim == first.ndim and set(left) == pixels and left == right:
        other = second.reshape(*second.shape[:2], -1)
        along = (((2,), (2,)), ((0,), (0,)))
        (result,) = bind(equation, [flat, other], {"dimension_numbers": along})
        return result.sum(0)
    return None


def _convolution(equation: Any, given: list) -> Any:
    """Pictures with channels last; XLA's own have kernels with output channels last."""
    numbers = equation.params["dimension_numbers"]
    rank = len(numbers.lhs_spec)
    sizes = tuple(range(2, rank))
    picture, kernel = (0, *sizes, 1), (*sizes, 1, 0)
    # The gradient of the kernel has pictures as both operands, and channels as its batch.
    of_kernel = numbers.lhs_spec[:2] == (1, 0)
    if not of_kernel and numbers.lhs_spec[:2] != (0, 1):
        return None
    types = [one.aval for one in (*equation.invars, *equation.outvars)]
    compute = native.convolution(equation.params, *types)
    if compute is not None:
        one = _stored(_once(given[0]), picture)
        if of_kernel:
            return compute(one, _stored(_once(given[1]), picture))
        return _place(compute(one, believed(given[1])), picture)
    orders = (picture, kernel, picture)
    if of_kernel:
        orders = ((1, *sizes, 0), (*sizes, 0, 1), (1, *sizes, 0))
    specs = (numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec)
    moved = lax.ConvDimensionNumbers(
        *(
            tuple(order.index(axis) for axis in spec)
            for order, spec in zip(orders, specs, strict=True)
        )
    )
    given = [_once(one) if of_kernel or not k else one for k, one in enumerate(given)]
    first, second = (_stored(one, order) for one, order in zip(given, orders[:2], strict=True))
    return _place(_in_groups(equation, first, second, moved), orders[2])


def _once(one: Any) -> Any:
    """The same array, in a form of which XLA makes no second copy.

    Pictures go into the convolution, into the gradient of its kernel and on to the next sum. XLA
    would make them anew for each, with all that they are made of since the convolutions before and
    in an order that lies badly in memory (ResNet: 54 ms a step, and 45 so). It does that with
    operations of one array, as the maximum of a ReLU, but not with those of two; barriers have no
    effect, for they are gone when it decides.
    """
    if type(one) is not Placed or not jnp.issubdtype(one.array.dtype, jnp.floating):
        return one
    array = one.array
    return Placed(lax.select(lax.ne(array, array), jnp.full_like(array, jnp.nan), array), one.order)


# More groups than this, and groups of one channel, stay one convolution.
_MOST_GROUPS = 64


def _in_groups(equation: Any, picture: Any, kernel: Any, numbers: Any) -> Any:
    """A convolution; that of several groups (`vmap` makes such) as one for each.

    XLA's own of 16 groups of 8 to 16 channels takes 20 times as long as 16 of one.
    """
    params = equation.params
    by_features, by_batch = params["feature_group_count"], params["batch_group_count"]
    groups = max(by_features, by_batch)
    along = numbers.lhs_spec[1 if by_features > 1 else 0]
    if groups == 1 or groups > _MOST_GROUPS or picture.shape[along] == groups:
        (result,) = bind(equation, [picture, kernel], {"dimension_numbers": numbers})
        return result
    # Each part would make its share of them anew.
    picture, kernel = lax.optimization_barrier((picture, kernel))
    alone = {"dimension_numbers": numbers, "feature_group_count": 1, "batch_group_count": 1}
    parts = [
        lax.split(array, [array.shape[axis] // groups] * groups, axis)
        for array, axis in ((picture, along), (kernel, numbers.rhs_spec[0]))
    ]
    results = [bind(equation, list(pair), alone)[0] for pair in zip(*parts, strict=True)]
    return lax.concatenate(results, numbers.out_spec[1])


_WINDOW = ("window_dimensions", "window_strides", "padding", "base_dilation", "window_dilation")
# Have something to say of plain arrays too.
_ALWAYS = frozenset(
    {"conv_general_dilated", "dot_general", "broadcast_in_dim", "transpose", "scan", "jit"}
)
# Those of products: kernels take factors that are transposed as they lie.
_PRODUCTS: dict[str, Callable] = {
    "dot_general": _product, "transpose": _transpose, "scan": _loop, "jit": _formula
}  # fmt: skip
_SMALL = _PRODUCTS | {"dot_general": partial(_product, small=True)}
_RULES: dict[str, Callable] = {
    "broadcast_in_dim": _broadcast,
    "squeeze": _removing("dimensions"),
    "reshape": _reshape,
    **_PRODUCTS,
    "conv_general_dilated": _convolution,
    "pad": _per_axis("padding_config"),
    "slice": _per_axis("start_indices", "limit_indices", "strides"),
    "concatenate": _along("dimension"),
    "split": _along("axis"),
    "rev": _along("dimensions"),
    "select_and_scatter_add": _per_axis("window_dimensions", "window_strides", "padding"),
}
_RULES |= {f"reduce_window_{name}": _per_axis(*_WINDOW) for name in ("max", "min", "sum")}
_RULES |= {f"reduce_{name}": _removing("axes") for name in "sum max min prod and or xor".split()}
_RULES |= dict.fromkeys(ELEMENTWISE, _elementwise)
