"""Classes and functions of PyTorch's that have a meaning here, though there is no such thing."""

from __future__ import annotations

import enum
import itertools
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from .. import Tensor, cat, cuda, testing
from .hints import NoEffect, Options

DYNAMO = Options(
    suppress_errors=False, cache_size_limit=8, recompile_limit=8, verbose=False,
    optimize_ddp=False, capture_scalar_outputs=False, automatic_dynamic_shapes=True,
)  # fmt: skip
INDUCTOR = Options(debug=False, coordinate_descent_tuning=False, fallback_random=False)
FUNCTORCH = Options(donated_buffer=False, activation_memory_budget=1.0)


# ------------------------------------------------------------------ attention
class SDPBackend(enum.IntEnum):
    """PyTorch's kernels of attention, to be named."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


class sdpa_kernel(NoEffect):
    """A block for which PyTorch's kernel of attention would be chosen; here it is XLA's or ours."""

    def __init__(self, backends: SDPBackend | list[SDPBackend], set_priority: bool = False):
        given = backends if isinstance(backends, (list, tuple)) else [backends]
        if not all(isinstance(one, SDPBackend) for one in given):
            raise TypeError(f"sdpa_kernel: expected SDPBackend or a list of them, got {backends!r}")


# ------------------------------------------------------------------ autograd
class _Variable(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_Variable):
    """PyTorch's old name of a Tensor: `Variable(x)` is `x` apart from the history of `x`."""

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: Any = None) -> Any:
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        if volatile is not None:
            warnings.warn("volatile was removed and now has no effect. Use "
                          "`with torch.no_grad():` instead.", stacklevel=2)  # fmt: skip
        return data.detach().requires_grad_(bool(requires_grad))


# ------------------------------------------------------------------ distributed
class ReduceOp(enum.Enum):
    """How processes would add up, to be named."""

    SUM, AVG, PRODUCT, MIN, MAX, BAND, BOR, BXOR = range(8)


class group:
    """`group.WORLD` of no processes."""

    WORLD = None


# ------------------------------------------------------------------ helpers
def assert_true(condition: Any, message: str) -> None:
    assert condition, message


def typename(obj: Any) -> str:
    """The full name of an object's type; of a tensor, its old one, `torch.FloatTensor`."""
    if isinstance(obj, Tensor):
        return obj.type()
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(kind, "__module__", None) or ""
    return kind.__qualname__ if module in ("", "builtins") else f"{module}.{kind.__qualname__}"


def flatten_dense_tensors(tensors: Sequence[Tensor]) -> Tensor:
    """All elements in one row."""
    return cat([one.reshape(-1) for one in tensors])


def unflatten_dense_tensors(flat: Tensor, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """A row's elements in the shapes of some tensors."""
    ends = list(itertools.accumulate(one.numel() for one in tensors))
    return tuple(
        flat[end - one.numel() : end].view_as(one) for one, end in zip(tensors, ends, strict=True)
    )


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether an argument would take over PyTorch's functions."""
    return any(hasattr(type(one), "__torch_function__") for one in relevant_args)


def is_tensor_like(inp: Any) -> bool:
    """Whether it is a Tensor or would pass for one."""
    return isinstance(inp, Tensor) or hasattr(type(inp), "__torch_function__")


def assert_allclose(
    actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None,
    equal_nan: bool = True, msg: str = "",
) -> None:  # fmt: skip
    """PyTorch's old name of `assert_close`, which let dtypes and NaN be."""
    testing.assert_close(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan,
                         check_dtype=False, msg=msg or None)  # fmt: skip


def get_rng_state_all() -> list[Tensor]:
    """The state of the one stream of random numbers, once for each CUDA device."""
    return [cuda.get_rng_state() for _ in range(cuda.device_count())]


def set_rng_state_all(new_states: Iterable[Tensor]) -> None:
    """Sets the one stream of random numbers to the first of some states."""
    for one in list(new_states)[:1]:
        cuda.set_rng_state(one)


def sizes(kind: str, number: Any) -> dict[str, Any]:
    """Types of `torch.nn.common_types`: `_size_2_t` is a number or two of them."""
    made = {f"_{kind}_any_t": number | tuple[number, ...]}
    for n in range(1, 7):
        made[f"_{kind}_{n}_t"] = number | tuple.__class_getitem__((number,) * n)
    return made
