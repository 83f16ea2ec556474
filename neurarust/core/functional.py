"""Derivatives of functions of Tensors: `autograd.functional`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .autograd.modes import enable_grad
from .function import grad
from .ops.conversion import clone
from .ops.create import ones_like, zeros_like
from .ops.movement import stack
from .ops.views import detach, reshape
from .tensor.tensor import Tensor


def _tuple(given: Any) -> tuple:
    return given if isinstance(given, tuple) else (given,)


def _prepared(operation: str, inputs: Any, create_graph: bool) -> tuple[Tensor, ...]:
    """Inputs that require grad: themselves on the tape if a graph is wanted, else fresh leaves."""
    given = _tuple(inputs)
    for one in given:
        if not isinstance(one, Tensor):
            raise TypeError(f"{operation}: inputs must be Tensors, but got {type(one).__name__}")
    if create_graph:
        return tuple(
            one.view_as(one) if one.requires_grad else detach(one).requires_grad_() for one in given
        )
    return tuple(clone(detach(one)).requires_grad_() for one in given)


def _like(operation: str, vectors: Any, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    if vectors is None:
        if len(tensors) != 1 or tensors[0].numel() != 1:
            raise RuntimeError(
                f"{operation}: the vector v can only be None if the function has a single output "
                f"(input) with a single element"
            )
        return (ones_like(tensors[0]),)
    given = _tuple(vectors)
    if [one.shape for one in given] != [one.shape for one in tensors]:
        raise RuntimeError(
            f"{operation}: v has shapes {[list(one.shape) for one in given]}, but "
            f"{[list(one.shape) for one in tensors]} are needed"
        )
    return given


def _grads(outputs: Any, inputs: Any, vectors: Any, create_graph: bool, strict: bool) -> tuple:
    outputs, vectors = tuple(outputs), tuple(vectors)
    kept = [k for k, one in enumerate(outputs) if one.requires_grad]
    if not kept:
        if strict:
            raise RuntimeError("the outputs do not depend on the inputs (strict=True)")
        return tuple(zeros_like(one) for one in inputs)
    found = grad(
        [outputs[k] for k in kept], inputs, [vectors[k] for k in kept], retain_graph=True,
        create_graph=create_graph, allow_unused=True,
    )  # fmt: skip
    if strict and any(one is None for one in found):
        raise RuntimeError("an input is independent of the outputs (strict=True)")
    return tuple(
        zeros_like(given) if one is None else one for one, given in zip(found, inputs, strict=True)
    )


def _out(results: tuple, like: Any, create_graph: bool) -> Any:
    made = results if create_graph else tuple(detach(one) for one in results)
    return made if isinstance(like, tuple) else made[0]


def vjp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple:  # fmt: skip
    """`func(*inputs)` and the product of a vector `v` with its Jacobian."""
    with enable_grad():
        given = _prepared("vjp", inputs, create_graph)
        outputs = func(*given)
        vectors = _like("vjp", v, _tuple(outputs))
        found = _grads(_tuple(outputs), given, vectors, create_graph, strict)
    return _out(_tuple(outputs), outputs, create_graph), _out(found, inputs, create_graph)


def jvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple:  # fmt: skip
    """`func(*inputs)` and the product of its Jacobian with a vector `v` (by two backwards)."""
    with enable_grad():
        given = _prepared("jvp", inputs, create_graph)
        vectors = _like("jvp", v, given)
        outputs = func(*given)
        dummies = tuple(zeros_like(one).requires_grad_() for one in _tuple(outputs))
        pulled = _grads(_tuple(outputs), given, dummies, True, strict)
        found = _grads(pulled, dummies, vectors, create_graph, False)
    return _out(_tuple(outputs), outputs, create_graph), _out(found, outputs, create_graph)


def jacobian(
    func: Callable, inputs: Any, create_graph: bool = False, strict: bool = False,
    vectorize: bool = False, strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Jacobian of a function. Shape: output's shape followed by input's, a tuple a side."""
    with enable_grad():
        given = _prepared("jacobian", inputs, create_graph)
        outputs = func(*given)
        table = []
        for output in _tuple(outputs):
            rows = []
            flat = reshape(output, -1)
            for k in range(output.numel()):
                one = flat[k : k + 1]
                rows.append(_grads([one], given, [ones_like(one)], create_graph, strict))
            columns = zip(*rows, strict=True)
            table.append(
                tuple(
                    reshape(stack(list(column)), tuple(output.shape) + tuple(one.shape))
                    for column, one in zip(columns, given, strict=True)
                )
            )
    if not create_graph:
        table = [tuple(detach(one) for one in row) for row in table]
    made = tuple(row if isinstance(inputs, tuple) else row[0] for row in table)
    return made if isinstance(outputs, tuple) else made[0]


def hessian(
    func: Callable, inputs: Any, create_graph: bool = False, strict: bool = False,
    vectorize: bool = False, outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The second derivatives of a function with one element as its result."""

    def gradient(*given: Tensor) -> Any:
        output = func(*given)
        if not isinstance(output, Tensor) or output.numel() != 1:
            raise RuntimeError(
                "The Tensor returned by the function given to hessian should contain a single "
                "element"
            )
        found = _grads([output], given, [ones_like(output)], True, strict)
        return found if isinstance(inputs, tuple) else found[0]

    return jacobian(gradient, inputs, create_graph, strict)


def vhp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple:  # fmt: skip
    """`func(*inputs)` and the product of a vector `v` with its Hessian."""
    with enable_grad():
        given = _prepared("vhp", inputs, create_graph)
        vectors = _like("vhp", v, given)
        output = func(*given)
        first = _grads([output], given, [ones_like(output)], True, strict)
        found = _grads(first, given, vectors, create_graph, False)
    return _out((output,), None, create_graph), _out(found, inputs, create_graph)


def hvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple:  # fmt: skip
    """`func(*inputs)` and the product of its Hessian with a vector `v`."""
    return vhp(func, inputs, v, create_graph, strict)
