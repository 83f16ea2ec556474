"""`autograd.function`: custom functions."""

from ..core.function import Context as FunctionCtx
from ..core.function import Function as Function
from ..core.function import once_differentiable as once_differentiable

__all__ = ["Function", "FunctionCtx", "once_differentiable"]
