"""Formulas of optimizers' steps.

XLA reads and writes the arrays once for each result, and compiles an operation for each result of
each parameter. The first step of a GPT of 24 blocks, which has 292 parameters, takes 6.2 s without
these kernels, and 4.7 with Adam's; the step of an MLP of width 1024 8.6 ms, and 6.9.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from .formulas import Shape, formula


def _fitting(arrays: int, numbers: int) -> Callable[..., bool]:
    """So many arrays of one shape, then so many numbers in one, and what the step waits for."""

    def fits(*shapes: Shape) -> bool:
        return len({*shapes[:arrays]}) == 1 and shapes[arrays] == (numbers,)

    return fits


# The last argument, `after`, is an array that is there when nothing reads the old parameter any
# more. Without it, XLA would copy the parameter first, for the kernel writes over it.


@formula(_fitting(4, 7), aliases={0: 0, 2: 1, 3: 2})
def adam(
    param: Any, grad: Any, average: Any, squares: Any, numbers: Any, after: Any
) -> tuple[Any, Any, Any]:
    """One parameter's step of Adam: the new parameter and averages."""
    del after
    decay, weight, kept, fresh, rate, root, epsilon = numbers
    average = average + weight * (grad - average)
    squares = kept * squares + fresh * (grad * grad)
    step = average / (jnp.sqrt(squares) / root + epsilon)
    return param * decay - rate * step, average, squares


def _decayed(grad: Any, param: Any, decay: Any) -> Any:
    """The gradient with weight decay; without any, parameters that are infinite do no harm."""
    return jnp.where(decay == 0, grad, grad + decay * param)


@formula(_fitting(3, 4), aliases={0: 0, 2: 1})
def momentum(param: Any, grad: Any, buffer: Any, numbers: Any, after: Any) -> tuple[Any, Any]:
    """Gradient descent with momentum: the new parameter and buffer."""
    del after
    decay, kept, taken, rate = numbers
    buffer = kept * buffer + taken * _decayed(grad, param, decay)
    return param - rate * buffer, buffer


@formula(_fitting(3, 4), aliases={0: 0, 2: 1})
def nesterov(param: Any, grad: Any, buffer: Any, numbers: Any, after: Any) -> tuple[Any, Any]:
    """As `momentum`, by Nesterov's rule."""
    del after
    decay, kept, taken, rate = numbers
    grad = _decayed(grad, param, decay)
    buffer = kept * buffer + taken * grad
    return param - rate * (grad + kept * buffer), buffer


@formula(_fitting(2, 2), aliases={0: 0})
def descent(param: Any, grad: Any, numbers: Any, after: Any) -> Any:
    """Plain gradient descent: the new parameter."""
    del after
    decay, rate = numbers
    return param - rate * _decayed(grad, param, decay)


@formula(lambda array: True)
def squares(array: Any) -> Any:
    """The sum of the squares of all elements."""
    return jnp.sum(jnp.square(array))


@formula(lambda array, factor: not factor, aliases={0: 0})
def scaled(array: Any, factor: Any) -> Any:
    """An array times a number."""
    return array * factor
