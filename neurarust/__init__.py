"""NeuraRust: PyTorch's API, JAX's transforms, XLA's speed.

Public: the names here, `nn`, `nn.functional`, `optim`, `data`, `linalg`, `fft`, `special`,
`autograd`, `testing`. Deeper paths are private.
"""

from .core import methods as _methods
from .core.autograd.modes import eager_mode as eager_mode
from .core.autograd.modes import enable_grad as enable_grad
from .core.autograd.modes import inference_mode as inference_mode
from .core.autograd.modes import is_grad_enabled as is_grad_enabled
from .core.autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled
from .core.autograd.modes import no_grad as no_grad
from .core.autograd.modes import set_grad_enabled as set_grad_enabled
from .core.define import NAMESPACES as _NAMESPACES
from .core.device import device as device
from .core.device import set_default_device as set_default_device
from .core.dtype import BY_NAME as _DTYPES
from .core.dtype import dtype as dtype
from .core.ops.random import Generator as Generator
from .core.ops.random import default_generator as default_generator
from .core.ops.random import get_rng_state as get_rng_state
from .core.ops.random import initial_seed as initial_seed
from .core.ops.random import manual_seed as manual_seed
from .core.ops.random import seed as seed
from .core.ops.random import set_rng_state as set_rng_state
from .core.tensor.printing import set_printoptions as set_printoptions
from .core.tensor.tensor import Size as Size
from .core.tensor.tensor import Tensor as Tensor

__version__ = "0.1.0"

# Every operation of the table; editors read them from `__init__.pyi`.
globals().update(_NAMESPACES["neurarust"])
globals().update(_DTYPES)
