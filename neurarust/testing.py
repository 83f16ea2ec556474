"""Checks for tests: closeness of tensors, and gradients against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from .core import dtype as dtypes
from .core.autograd.modes import enable_grad, no_grad
from .core.dtype import BY_NAME
from .core.function import grad
from .core.ops.arithmetic import complex
from .core.ops.create import tensor
from .core.ops.random import rand, randint
from .core.tensor.tensor import Tensor, from_host

# dtype -> (rtol, atol), PyTorch's.
TOLERANCES = {
    "float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7), "complex64": (1.3e-6, 1e-5), "complex128": (1e-7, 1e-7),
}  # fmt: skip


class GradcheckError(RuntimeError):
    """Raised by `gradcheck` and `gradgradcheck`."""


def assert_close(
    actual: Any, expected: Any, *, rtol: float | None = None, atol: float | None = None,
    equal_nan: bool = False, check_dtype: bool = True, check_device: bool = True,
    msg: str | None = None,
) -> None:  # fmt: skip
    """Raises AssertionError unless `|actual - expected| <= atol + rtol * |expected|`.

    Sequences and dicts are compared part by part. Tolerances default by dtype as PyTorch's.
    """
    if isinstance(actual, dict):
        assert actual.keys() == expected.keys(), f"keys differ: {set(actual) ^ set(expected)}"
        pairs = [(actual[name], expected[name]) for name in actual]
    elif isinstance(actual, (list, tuple)):
        assert len(actual) == len(expected), f"lengths differ: {len(actual)} and {len(expected)}"
        pairs = list(zip(actual, expected, strict=True))
    else:
        pairs = None
    if pairs is not None:
        for one, other in pairs:
            assert_close(one, other, rtol=rtol, atol=atol, equal_nan=equal_nan,
                         check_dtype=check_dtype, check_device=check_device, msg=msg)  # fmt: skip
        return
    first, second = (one if isinstance(one, Tensor) else tensor(one) for one in (actual, expected))
    if check_device and first.device is not second.device:
        raise AssertionError(msg or f"devices differ: {first.device} and {second.device}")
    if check_dtype and first.dtype is not second.dtype:
        raise AssertionError(msg or f"dtypes differ: {first.dtype} and {second.dtype}")
    if first.shape != second.shape:
        raise AssertionError(msg or f"shapes differ: {first.shape} and {second.shape}")
    if (rtol is None) != (atol is None):
        raise ValueError("rtol and atol must both be specified or both be unspecified")
    usual = [TOLERANCES.get(one.dtype.name, (0.0, 0.0)) for one in (first, second)]
    rtol = max(one[0] for one in usual) if rtol is None else rtol
    atol = max(one[1] for one in usual) if atol is None else atol
    wide = np.complex128 if first.is_complex() else np.float64
    if first.dtype.category <= dtypes.INTEGER and rtol == atol == 0:
        wide = first.dtype.dtype
    a, b = first._host().astype(wide), second._host().astype(wide)
    close = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if not close.all():
        worst = np.nanmax(np.abs(a - b)) if a.size else 0
        raise AssertionError(
            msg
            or f"Tensor-likes are not close! Mismatched elements: {(~close).sum()} / {close.size}. "
            f"Greatest absolute difference: {worst} (up to {atol} allowed, rtol {rtol})"
        )


def make_tensor(
    *shape: Any, dtype: dtypes.dtype, device: Any = None, low: float | None = None,
    high: float | None = None, requires_grad: bool = False, noncontiguous: bool = False,
    exclude_zero: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """A tensor of uniform random numbers, as tests need them.

    Args:
        low, high: the range; by default -9 to 9 for floats, complex numbers and signed
            integers (to 10, exclusive), 0 to 9 for uint8, 0 and 1 for bools.
        noncontiguous: every other column of a wider tensor.
        exclude_zero: the type's smallest number (1 for integers) in the place of zeros.
    """
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    whole = dtype.category <= dtypes.INTEGER
    floor, ceiling = (0, 2) if dtype is BY_NAME["bool"] else (-9, 10 if whole else 9)
    if dtype.category == dtypes.INTEGER and not dtype.is_signed:
        floor = 0
    low, high = floor if low is None else low, ceiling if high is None else high
    if low >= high:
        raise ValueError(f"make_tensor: low must be below high, but got {low} and {high}")
    wide = (*shape[:-1], shape[-1] * 2) if noncontiguous and shape else shape
    if whole:
        made = randint(int(low), int(high), wide, device=device).to(dtype)
    else:
        real = dtype.to_real()
        made = rand(wide, dtype=real, device=device) * (high - low) + low
        if dtype.is_complex:
            imaginary = rand(wide, dtype=real, device=device) * (high - low) + low
            made = complex(made, imaginary)
    if exclude_zero:
        tiny = 1 if whole else float(np.finfo(np.float32).tiny)
        made = made.masked_fill(made == 0, tiny)
    made = made[..., ::2] if noncontiguous and shape else made
    return made.requires_grad_(requires_grad)


def gradcheck(
    func: Callable, inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True, nondet_tol: float = 0.0, **_: Any,
) -> bool:  # fmt: skip
    """Compares gradients with central differences along random directions, in float64.

    Args:
        func: function of Tensors that returns a Tensor or several.
        inputs: its arguments; those that require grad are checked.
    Raises:
        GradcheckError: where they differ (or False is returned, without `raise_exception`).
    """
    given = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
    checked = [k for k, one in enumerate(given) if isinstance(one, Tensor) and one.requires_grad]
    if not checked:
        raise ValueError("gradcheck expects at least one input tensor to require gradient")
    try:
        _check_inputs(func, list(given), checked, eps, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _outputs(func: Callable, given: Sequence[Any]) -> list[Tensor]:
    made = func(*given)
    several = made if isinstance(made, (tuple, list)) else (made,)
    return [one for one in several if isinstance(one, Tensor) and one.dtype.category >= 2]


def _direction(like: Tensor, generator: np.random.Generator) -> np.ndarray:
    drawn = generator.standard_normal(like.shape)
    if like.is_complex():
        drawn = drawn + 1j * generator.standard_normal(like.shape)
    return drawn.astype(like.dtype.dtype)


@contextmanager
def _filled(leaf: Tensor, value: np.ndarray) -> Iterator[None]:
    """The leaf with other elements, for a while."""
    storage = leaf._storage
    before = storage.value
    try:
        storage.value = from_host(np.asarray(value, before.aval.dtype.dtype), leaf.device)
        storage.version += 1
        yield
    finally:
        storage.value = before
        storage.version += 1


def _check_inputs(
    func: Callable, given: list, checked: list[int], eps: float, atol: float, rtol: float
) -> None:
    """Each input along two random directions, the sum over outputs weighted at random."""
    generator = np.random.default_rng(0)
    outputs = _outputs(func, given)
    weights = [_direction(one, generator) for one in outputs]
    live = [(one, tensor(w)) for one, w in zip(outputs, weights, strict=True) if one.requires_grad]
    found: Sequence[Tensor | None] = [None] * len(checked)
    if live:
        # The gradients of all inputs at once: one program instead of one for each.
        found = grad([one for one, _ in live], [given[k] for k in checked],
                     [w for _, w in live], retain_graph=True, allow_unused=True)  # fmt: skip

    def weighted_sum(k: int, value: np.ndarray) -> float:
        one, passed = given[k], given
        with ExitStack() as stack:
            stack.enter_context(no_grad())
            if one.is_leaf and one._steps is None:
                # In place, so that a function may also reach the input in its own way.
                stack.enter_context(_filled(one, value))
            else:
                passed = [*given[:k], tensor(value), *given[k + 1 :]]
            return sum(
                float((w.conj() * part._host()).real.sum())
                for part, w in zip(_outputs(func, passed), weights, strict=True)
            )

    for k, gradient in zip(checked, found, strict=True):
        at = given[k]._host()
        analytic = np.zeros_like(at) if gradient is None else gradient._host()
        for _ in range(2):
            step = _direction(given[k], generator)
            upper, lower = weighted_sum(k, at + eps * step), weighted_sum(k, at - eps * step)
            numeric = (upper - lower) / (2 * eps)
            exact = float((analytic.conj() * step).real.sum())
            if not abs(numeric - exact) <= atol + rtol * abs(numeric):
                raise GradcheckError(
                    f"Jacobian mismatch for input {k}: finite differences along a random "
                    f"direction give {numeric}, backward gives {exact}"
                )


def gradgradcheck(
    func: Callable, inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6,
    atol: float = 1e-5, rtol: float = 1e-3, raise_exception: bool = True, **_: Any,
) -> bool:  # fmt: skip
    """`gradcheck` of the gradient: second derivatives against finite differences."""
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    count = len(given)
    if grad_outputs is None:
        generator = np.random.default_rng(1)
        with no_grad():
            outputs = _outputs(func, given)
        vectors = tuple(tensor(_direction(one, generator), requires_grad=True) for one in outputs)
    else:
        vectors = (
            tuple(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else (grad_outputs,)
        )
    places = [k for k, one in enumerate(given) if isinstance(one, Tensor) and one.requires_grad]

    def first(*arguments: Any) -> tuple:
        leaves = list(arguments[:count])
        for k in places:
            if not leaves[k].requires_grad:
                leaves[k].requires_grad_()
        outputs = _outputs(func, leaves)
        pairs = [
            (one, v) for one, v in zip(outputs, arguments[count:], strict=True) if one.requires_grad
        ]
        with_graph = grad([one for one, _ in pairs], [leaves[k] for k in places],
                          [v for _, v in pairs], create_graph=True, allow_unused=True)  # fmt: skip
        return tuple(one for one in with_graph if one is not None)

    def enabled(*arguments: Any) -> tuple:
        with enable_grad():
            return first(*arguments)

    return gradcheck(enabled, (*given, *vectors), eps=eps, atol=atol, rtol=rtol,
                     raise_exception=raise_exception)  # fmt: skip
