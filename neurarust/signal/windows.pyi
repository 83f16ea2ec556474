"""Written by tools/stubs.py from the tables of operations."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ..core.tensor.tensor import Size, Tensor

Number: TypeAlias = builtins.complex

def bartlett(M: builtins.int, *, sym: builtins.bool = ..., **options: Any) -> Tensor:
    """Triangle that is 0 at both ends."""
def blackman(M: builtins.int, *, sym: builtins.bool = ..., **options: Any) -> Tensor:
    """`0.42 - 0.5 cos(u) + 0.08 cos(2 u)`."""
def cosine(M: builtins.int, *, sym: builtins.bool = ..., **options: Any) -> Tensor:
    """`sin(pi (k + 1/2) / M)`."""
def exponential(M: builtins.int, *, center: builtins.float | None = ..., tau: builtins.float = ..., sym: builtins.bool = ..., **options: Any) -> Tensor:
    """`e^(-|k - center| / tau)`, by default around the middle."""
def gaussian(M: builtins.int, *, std: builtins.float = ..., sym: builtins.bool = ..., **options: Any) -> Tensor:
    """`e^(-(k - middle)^2 / (2 std^2))`."""
def general_cosine(M: builtins.int, *, a: Any, sym: builtins.bool = ..., **options: Any) -> Tensor:
    """`a[0] - a[1] cos(u) + a[2] cos(2 u) - ...`."""
def general_hamming(M: builtins.int, *, alpha: builtins.float = ..., sym: builtins.bool = ..., **options: Any) -> Tensor:
    """`alpha - (1 - alpha) cos(u)`."""
def hamming(M: builtins.int, *, sym: builtins.bool = ..., **options: Any) -> Tensor:
    """`0.54 - 0.46 cos(u)`."""
def hann(M: builtins.int, *, sym: builtins.bool = ..., **options: Any) -> Tensor:
    """`(1 - cos(u)) / 2`."""
def kaiser(M: builtins.int, *, beta: builtins.float = ..., sym: builtins.bool = ..., **options: Any) -> Tensor:
    """`i0(beta sqrt(1 - u^2)) / i0(beta)`."""
def nuttall(M: builtins.int, *, sym: builtins.bool = ..., **options: Any) -> Tensor:
    """Four cosines, the minimum of their kind by A. Nuttall (1981)."""
