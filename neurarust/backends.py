"""PyTorch's switches of its libraries (torch.backends), so that scripts that set them run.

`backends.cuda.matmul.allow_tf32` chooses the precision of float32 products; the other switches
choose among PyTorch's own kernels, and are kept without effect: XLA chooses for itself.
"""

from __future__ import annotations

from typing import Any

from .core import device as devices
from .core.settings import get_float32_matmul_precision, set_float32_matmul_precision


class _Backend:
    """Named switches of one library; other names are errors."""

    _name: str
    _kind: str | None

    def __init__(self, name: str, kind: str | None, **switches: Any):
        self.__dict__.update(_name=name, _kind=kind, **switches)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or (name not in self.__dict__ and not hasattr(type(self), name)):
            raise AttributeError(f"backends.{self._name} has no switch {name!r}")
        object.__setattr__(self, name, value)

    def is_available(self) -> bool:
        """Whether this process sees a device of that kind."""
        return self._kind is not None and devices.device_count(self._kind) > 0

    def is_built(self) -> bool:
        """As `is_available`: devices are jaxlib's plugins, not built in."""
        return self.is_available()

    def version(self) -> int | None:
        """None: the library is XLA's own affair."""
        return None


class _Products(_Backend):
    """Products of matrices on CUDA devices."""

    @property
    def allow_tf32(self) -> bool:
        """Whether float32 products may be computed in TF32."""
        return get_float32_matmul_precision() != "highest"

    @allow_tf32.setter
    def allow_tf32(self, allowed: bool) -> None:
        set_float32_matmul_precision("high" if allowed else "highest")


cudnn = _Backend(
    "cudnn", "cuda", enabled=True, benchmark=False, benchmark_limit=10, deterministic=False,
    allow_tf32=True,
)  # fmt: skip
cuda = _Backend(
    "cuda", "cuda",
    matmul=_Products("cuda.matmul", "cuda", allow_fp16_reduced_precision_reduction=True,
                     allow_bf16_reduced_precision_reduction=True),
)  # fmt: skip
mps = _Backend("mps", None)
mkl = _Backend("mkl", None)
mkldnn = _Backend("mkldnn", None, enabled=False)
openmp = _Backend("openmp", None)
opt_einsum = _Backend("opt_einsum", None, enabled=True, strategy="auto")
