"""Special functions (torch.special); the names come from the table of operations."""

from .core import methods as _methods  # noqa: F401 (fills the table)
from .core.define import NAMESPACES as _NAMESPACES

globals().update(_NAMESPACES["special"])
