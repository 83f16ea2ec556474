"""Steps of optimizers that a kernel computes in one pass.

XLA reads and writes the arrays once for each result, and compiles three operations for each
parameter. Adam for one of 1024 x 1024 on 2 cores: XLA 870 us, kernel 560; the first step of a GPT
of 24 blocks, of 292 parameters: 6.2 s, and 4.9.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from .build import ready

_ARRAYS, _RESULTS = 4, 3


def _adam(
    param: Any, grad: Any, average: Any, squares: Any, decay: Any, weight: Any, kept: Any,
    fresh: Any, rate: Any, root: Any, epsilon: Any, after: Any,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """One parameter's step.

    Args:
        after: an array that is there when nothing reads the old parameter any more. Without it,
            XLA would copy the parameter first, for the kernel writes over it.
    """
    del after
    average = average + weight * (grad - average)
    squares = kept * squares + fresh * (grad * grad)
    step = average / (jnp.sqrt(squares) / root + epsilon)
    return param * decay - rate * step, average, squares


# By this name programs are searched for it.
_adam.__name__ = "neurarust_adam"
adam = jax.jit(_adam)
_INPUTS = _adam.__code__.co_argcount
_SCALARS = slice(_ARRAYS, _INPUTS - 1)


def is_update(equation: Any) -> bool:
    """Whether an equation is a step that the kernel computes."""
    if equation.primitive.name != "jit" or equation.params["name"] != _adam.__name__:
        return False
    types = [one.aval for one in (*equation.invars, *equation.outvars)]
    return (
        len(types) == _INPUTS + _RESULTS
        and all(one.dtype == jnp.float32 for one in types)
        and _is_plain(equation.params["jaxpr"])
        and ready()
    )


@functools.lru_cache(maxsize=256)
def _is_plain(closed: Any) -> bool:
    """Whether this is the formula itself: not its derivative, nor one of many by `vmap`."""
    types = [jax.ShapeDtypeStruct(one.shape, one.dtype) for one in closed.in_avals]
    shapes = {one.shape for one in types[:_ARRAYS]}
    if len(shapes) > 1 or any(one.shape for one in types[_SCALARS]):
        return False
    return str(jax.make_jaxpr(_adam)(*types)) == str(closed)


def update(*arrays: Any) -> list:
    """The kernel's call for an equation's inputs; it writes over the first, third and fourth."""
    made = [jax.ShapeDtypeStruct(arrays[0].shape, jnp.float32)] * _RESULTS
    call = jax.ffi.ffi_call("neurarust_adam", made, input_output_aliases={0: 0, 2: 1, 3: 2})
    return call(*arrays)
