"""PyTorch's older names, `torch.cuda.amp`: the device is CUDA."""

from __future__ import annotations

import functools

from ..core import dtype as dtypes
from . import casting
from .scaler import GradScaler as GradScaler

custom_fwd = functools.partial(casting.custom_fwd, device_type="cuda")
custom_bwd = functools.partial(casting.custom_bwd, device_type="cuda")


class autocast(casting.autocast):
    """`amp.autocast("cuda", ...)`."""

    def __init__(
        self, enabled: bool = True, dtype: dtypes.dtype = dtypes.float16,
        cache_enabled: bool = True,
    ):  # fmt: skip
        super().__init__("cuda", dtype, enabled, cache_enabled)
