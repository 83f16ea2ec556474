"""NeuraRust: PyTorch's API, JAX's transforms, XLA's speed.

Public: the names here, `nn`, `nn.functional`, `optim`, `data`, `linalg`, `fft`, `special`,
`signal`, `autograd`, `testing`, `cuda`, `accelerator`. Deeper paths are private.
"""

import importlib as _importlib
import math as _math
from typing import Any as _Any

from .core import methods as _methods  # noqa: F401 (fills the table)
from .core.autograd.modes import eager_mode as eager_mode
from .core.autograd.modes import enable_grad as enable_grad
from .core.autograd.modes import inference_mode as inference_mode
from .core.autograd.modes import is_grad_enabled as is_grad_enabled
from .core.autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled
from .core.autograd.modes import no_grad as no_grad
from .core.autograd.modes import set_grad_enabled as set_grad_enabled
from .core.define import NAMESPACES as _NAMESPACES
from .core.device import device as device
from .core.device import get_default_device as get_default_device
from .core.device import set_default_device as set_default_device
from .core.dtype import BY_NAME as _DTYPES
from .core.dtype import dtype as dtype
from .core.engine.explain import explain as explain
from .core.engine.recording import synchronize as synchronize
from .core.errors import OutOfMemoryError as OutOfMemoryError
from .core.jit import compile as compile
from .core.jit import jit as jit
from .core.layout import channels_last as channels_last
from .core.layout import channels_last_3d as channels_last_3d
from .core.layout import contiguous_format as contiguous_format
from .core.layout import layout as layout
from .core.layout import memory_format as memory_format
from .core.layout import preserve_format as preserve_format
from .core.layout import sparse_coo as sparse_coo
from .core.layout import sparse_csr as sparse_csr
from .core.layout import strided as strided
from .core.legacy import BFloat16Tensor as BFloat16Tensor
from .core.legacy import BoolTensor as BoolTensor
from .core.legacy import ByteTensor as ByteTensor
from .core.legacy import CharTensor as CharTensor
from .core.legacy import DoubleTensor as DoubleTensor
from .core.legacy import FloatTensor as FloatTensor
from .core.legacy import HalfTensor as HalfTensor
from .core.legacy import IntTensor as IntTensor
from .core.legacy import LongTensor as LongTensor
from .core.legacy import ShortTensor as ShortTensor
from .core.legacy import set_default_tensor_type as set_default_tensor_type
from .core.ops.random import Generator as Generator
from .core.ops.random import default_generator as default_generator
from .core.ops.random import get_rng_state as get_rng_state
from .core.ops.random import initial_seed as initial_seed
from .core.ops.random import manual_seed as manual_seed
from .core.ops.random import seed as seed
from .core.ops.random import set_rng_state as set_rng_state
from .core.settings import get_float32_matmul_precision as get_float32_matmul_precision
from .core.settings import get_num_threads as get_num_threads
from .core.settings import set_float32_matmul_precision as set_float32_matmul_precision
from .core.settings import set_num_threads as set_num_threads
from .core.tensor.printing import set_printoptions as set_printoptions
from .core.tensor.tensor import Size as Size
from .core.tensor.tensor import Tensor as Tensor
from .core.transforms import associative_scan as associative_scan
from .core.transforms import checkpoint as checkpoint
from .core.transforms import cond as cond
from .core.transforms import grad as grad
from .core.transforms import hessian as hessian
from .core.transforms import jacfwd as jacfwd
from .core.transforms import jacrev as jacrev
from .core.transforms import jvp as jvp
from .core.transforms import linearize as linearize
from .core.transforms import scan as scan
from .core.transforms import value_and_grad as value_and_grad
from .core.transforms import vjp as vjp
from .core.transforms import vmap as vmap
from .core.transforms import while_loop as while_loop
from .core.types import can_cast as can_cast
from .core.types import finfo as finfo
from .core.types import get_default_dtype as get_default_dtype
from .core.types import iinfo as iinfo
from .core.types import is_complex as is_complex
from .core.types import is_floating_point as is_floating_point
from .core.types import is_tensor as is_tensor
from .core.types import numel as numel
from .core.types import promote_types as promote_types
from .core.types import result_type as result_type
from .core.types import set_default_dtype as set_default_dtype

__version__ = "0.1.0"

e, inf, nan, pi, newaxis = _math.e, _math.inf, _math.nan, _math.pi, None

# Every operation of the table and every dtype; editors read them from the stub.
globals().update(_NAMESPACES["neurarust"])
globals().update(_DTYPES)
globals().update({"half": _DTYPES["float16"], "float": _DTYPES["float32"],
                  "double": _DTYPES["float64"], "short": _DTYPES["int16"],
                  "int": _DTYPES["int32"], "long": _DTYPES["int64"],
                  "cfloat": _DTYPES["complex64"], "cdouble": _DTYPES["complex128"]})  # fmt: skip

# These find the names above when they are imported, so they come after them (E402).
from . import accelerator as accelerator  # noqa: E402
from . import autograd as autograd  # noqa: E402
from . import backends as backends  # noqa: E402
from . import cuda as cuda  # noqa: E402
from . import fft as fft  # noqa: E402
from . import func as func  # noqa: E402
from . import linalg as linalg  # noqa: E402
from . import signal as signal  # noqa: E402
from . import sparse as sparse  # noqa: E402
from . import special as special  # noqa: E402
from . import testing as testing  # noqa: E402

# Imported on first use, which keeps `import neurarust` short.
_MODULES = (
    "amp", "data", "distributions", "nn", "optim", "profiler", "random", "serialization", "utils",
)  # fmt: skip
_LAZY: dict[str, str] = dict(zip(_MODULES, _MODULES, strict=True))
_LAZY |= {"Event": "streams", "Stream": "streams"}
_LAZY |= {"load": "serialization", "save": "serialization", "GradScaler": "amp"}
_LAZY |= dict.fromkeys(
    ("use_deterministic_algorithms", "are_deterministic_algorithms_enabled",
     "is_deterministic_algorithms_warn_only_enabled"), "core.settings")  # fmt: skip
_LAZY |= dict.fromkeys(("summary", "capture_activations"), "nn.inspection")
# Names of PyTorch's top level that stand in `amp`.
_LAZY |= dict.fromkeys(
    ("autocast", "is_autocast_enabled", "set_autocast_enabled", "get_autocast_dtype",
     "set_autocast_dtype", "is_autocast_available", "is_autocast_cache_enabled",
     "set_autocast_cache_enabled", "clear_autocast_cache"), "amp.casting")  # fmt: skip
# And those that stand in `nn.functional`.
_LAZY |= dict.fromkeys(
    ("channel_shuffle", "cosine_similarity", "ctc_loss", "pairwise_distance", "pdist",
     "pixel_shuffle", "pixel_unshuffle", "rrelu_"), "nn.functional")  # fmt: skip


def _near(name: str) -> str:
    """A hint for a misspelled name; Python's own stops at modules of 750 names."""
    near = _importlib.import_module("difflib").get_close_matches(name, globals(), 1)
    return f". Did you mean: {near[0]!r}?" if near else ""


def __getattr__(name: str) -> _Any:
    """`neurarust.nn`, `optim`, `data`, `save` and `load` on first use."""
    if name not in _LAZY:
        hint = "" if name.startswith("_") else _near(name)
        raise AttributeError(f"module 'neurarust' has no attribute {name!r}{hint}")
    module = _importlib.import_module(f"neurarust.{_LAZY[name]}")
    found = module if _LAZY[name] == name else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
