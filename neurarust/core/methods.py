"""Binds the operations to Tensor: methods, Python's operators, and jax's pytrees."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from . import ops
from .define import METHODS
from .engine.value import export, value_of
from .layout import layout, strided
from .op import OPS
from .ops import (
    activation,
    adaptive_pooling,
    arithmetic,
    assembling,
    attention,
    bessel,
    comparison,
    contraction,
    conversion,
    convolution,
    create,
    cumulative,
    decompositions,
    elementwise,
    embedding,
    equations,
    fft,
    gamma,
    gathering,
    indexing,
    inspect,
    layers,
    ldl,
    linalg,
    memory,
    movement,
    normalization,
    patches,
    polynomials,
    pooling,
    random,
    random_families,
    recurrent,
    reduce,
    reinterpreting,
    scattering,
    segments,
    sorting,
    sparse,
    sparse_functions,
    special,
    spectral,
    statistics,
    svd,
    views,
    windows,
)  # fmt: skip
from .tensor import gradients, printing
from .tensor.dispatch import call, call_pair
from .tensor.tensor import Tensor, fill, new_object

# Python's operators: name of the method -> name of the op.
BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "pow", "matmul": "matmul", "and": "bitwise_and",
    "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
}  # fmt: skip
COMMUTATIVE = {"add", "mul", "bitwise_and", "bitwise_or", "bitwise_xor"}
# Those that look at their operands first.
CHECKED = {"floor_divide", "remainder"}
COMPARISONS = {"eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
UNARY = {"neg": "neg", "pos": "positive", "abs": "abs", "invert": "bitwise_not"}
_OPERANDS = (Tensor, int, float, complex)


def _operand(other: Any) -> Any:
    """What an operator takes for another kind of operand; NotImplemented for what it does not."""
    if isinstance(other, np.ndarray):
        return create.tensor(other)
    return other if hasattr(other, "item") else NotImplemented


def _binary(name: str) -> tuple[Callable, Callable, Callable]:
    record = OPS[name]
    # Swapped arguments: the op itself where it commutes, a twin for subtraction.
    swapped = OPS["rsub"] if name == "sub" else record
    keeps_order = name in COMMUTATIVE or name == "sub"
    checked = METHODS[name] if name in CHECKED else None

    def forward(self: Tensor, other: Any) -> Any:
        if not isinstance(other, _OPERANDS):
            other = _operand(other)
        if other is NotImplemented:
            return other
        return call_pair(record, self, other) if checked is None else checked(self, other)

    def reflected(self: Tensor, other: Any) -> Any:
        if not isinstance(other, _OPERANDS):
            other = _operand(other)
        if other is NotImplemented:
            return other
        if checked is not None:
            return checked(other, self)
        return call_pair(swapped, self, other) if keeps_order else call(swapped, (other, self))

    inplace = METHODS.get(f"{name}_")

    def written(self: Tensor, other: Any) -> Any:
        return inplace(self, other) if inplace is not None else NotImplemented

    return forward, reflected, written


def _comparison(name: str) -> Callable:
    record = OPS[name]

    def compare(self: Tensor, other: Any) -> Any:
        if not isinstance(other, _OPERANDS):
            other = _operand(other)
        return other if other is NotImplemented else call_pair(record, self, other)

    return compare


# Numbers that old code gives before the tensors: `x.add_(alpha, y)`.
_OLD_ORDER = {
    "add": ("alpha",), "sub": ("alpha",), "addcmul": ("value",), "addcdiv": ("value",),
    "addmm": ("beta", "alpha"), "addmv": ("beta", "alpha"), "addr": ("beta", "alpha"),
    "addbmm": ("beta", "alpha"), "baddbmm": ("beta", "alpha"),
}  # fmt: skip


def _taking_old_order(name: str, method: Callable, keywords: tuple[str, ...]) -> Callable:
    @functools.wraps(method)
    def taking(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        if len(args) > 1 and type(args[0]) in (int, float) and isinstance(args[-1], Tensor):
            first = next(k for k, one in enumerate(args) if isinstance(one, Tensor))
            kwargs |= zip(keywords, args[:first], strict=False)
            args = args[first:]
            given = ", ".join(f"{one}=" for one in keywords[:first])
            warnings.warn(
                f"{name}: numbers before the tensors are deprecated; give them as {given}",
                UserWarning, stacklevel=2,
            )  # fmt: skip
        return method(self, *args, **kwargs)

    return taking


def bind() -> None:
    """Puts every method and operator on Tensor; once, at import."""
    for name, method in METHODS.items():
        if name not in Tensor.__dict__:
            keywords = _OLD_ORDER.get(name.rstrip("_"))
            if keywords is not None:
                method = _taking_old_order(name, method, keywords)
            setattr(Tensor, name, method)
    for operator, name in BINARY.items():
        forward, reflected, written = _binary(name)
        setattr(Tensor, f"__{operator}__", forward)
        setattr(Tensor, f"__r{operator}__", reflected)
        if f"{name}_" in METHODS:
            setattr(Tensor, f"__i{operator}__", written)
    for operator, name in COMPARISONS.items():
        setattr(Tensor, f"__{operator}__", _comparison(name))
    for operator, name in UNARY.items():
        setattr(Tensor, f"__{operator}__", METHODS[name])
    Tensor.__hash__ = lambda self: id(self)
    for name, reader in {
        "T": _reversed, "mT": _matrix, "mH": _adjoint, "H": _adjoint, "data": _data,
        "real": METHODS["real"], "imag": METHODS["imag"], "layout": _strided,
    }.items():  # fmt: skip
        setattr(Tensor, name, property(reader, _SETTERS.get(name), doc=reader.__doc__))


def _reversed(self: Tensor) -> Tensor:
    """The dimensions in reverse order."""
    return views.permute(self, tuple(reversed(range(self.ndim))))


def _matrix(self: Tensor) -> Tensor:
    """The last two dimensions exchanged."""
    if self.ndim < 2:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. "
            f"Got {self.ndim}-D tensor."
        )
    return views.transpose(self, -2, -1)


def _adjoint(self: Tensor) -> Tensor:
    """The conjugate of the last two dimensions exchanged."""
    return reinterpreting.conj(_matrix(self))


def _strided(self: Tensor) -> layout:
    """How the elements are kept: always `strided`."""
    return strided


def _data(self: Tensor) -> Tensor:
    """The same memory, off the tape; assigning makes this tensor share another's memory."""
    return views.detach(self)


def _set_data(self: Tensor, source: Tensor) -> None:
    if not isinstance(source, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {type(source).__name__}")
    conversion.set_(self, source)


def _set_part(name: str) -> Callable[[Tensor, Tensor], None]:
    def write_part(self: Tensor, source: Tensor) -> None:
        METHODS[name](self).copy_(source)

    return write_part


_SETTERS = {"data": _set_data, "real": _set_part("real"), "imag": _set_part("imag")}

bind()


# ------------------------------------------------------------------ pytrees


def flatten_tensor(tensor: Tensor) -> tuple[tuple, Any]:
    return (export(tensor._array()),), (type(tensor), tensor.requires_grad)


def unflatten_tensor(kind: Any, leaves: tuple) -> Tensor:
    leaf = leaves[0]
    if not isinstance(leaf, jax.Array):
        # JAX passes placeholders through trees while it looks at their structure.
        return leaf
    tensor = new_object(kind[0])
    fill(tensor, value_of(leaf), None)
    if kind[1] and tensor.dtype.category >= 2:
        tensor.requires_grad = True
    return tensor


jax.tree_util.register_pytree_node(Tensor, flatten_tensor, unflatten_tensor)

__all__ = [
    "activation", "adaptive_pooling", "arithmetic", "assembling", "attention", "bessel", "bind",
    "comparison", "contraction", "conversion", "convolution", "create", "cumulative",
    "decompositions", "elementwise", "embedding", "equations", "fft", "gamma", "gathering",
    "gradients", "indexing", "inspect", "layers", "ldl", "linalg", "memory", "movement",
    "normalization", "ops", "patches", "polynomials", "pooling", "printing", "random",
    "random_families", "recurrent", "reduce", "reinterpreting", "scattering", "segments", "sorting",
    "sparse", "sparse_functions", "special", "spectral", "statistics", "svd", "views", "windows",
]  # fmt: skip
