"""Mixed precision: autocast and loss scaling."""

from . import cuda as cuda
from .casting import autocast as autocast
from .casting import custom_bwd as custom_bwd
from .casting import custom_fwd as custom_fwd
from .casting import is_autocast_available as is_autocast_available
from .scaler import GradScaler as GradScaler
