"""Formulas of optimizers' steps.

XLA reads and writes the arrays once for each result, and compiles an operation for each result of
each parameter. The first step of a GPT of 24 blocks, which has 292 parameters, takes 6.2 s without
these kernels, and 4.7 with Adam's; the step of an MLP of width 1024 8.6 ms, and 6.9.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from .formulas import Shape, formula


def _fit_adam(param: Shape, grad: Shape, average: Shape, squares: Shape, *others: Shape) -> bool:
    return param == grad == average == squares and not any(others[:-1])


@formula(_fit_adam, aliases={0: 0, 2: 1, 3: 2})
def adam(
    param: Any, grad: Any, average: Any, squares: Any, decay: Any, weight: Any, kept: Any,
    fresh: Any, rate: Any, root: Any, epsilon: Any, after: Any,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """One parameter's step of Adam: the new parameter and averages.

    Args:
        after: an array that is there when nothing reads the old parameter any more. Without it,
            XLA would copy the parameter first, for the kernel writes over it.
    """
    del after
    average = average + weight * (grad - average)
    squares = kept * squares + fresh * (grad * grad)
    step = average / (jnp.sqrt(squares) / root + epsilon)
    return param * decay - rate * step, average, squares


@formula(lambda array: True)
def squares(array: Any) -> Any:
    """The sum of the squares of all elements."""
    return jnp.sum(jnp.square(array))


@formula(lambda array, factor: not factor, aliases={0: 0})
def scaled(array: Any, factor: Any) -> Any:
    """An array times a number."""
    return array * factor
