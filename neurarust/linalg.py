"""Linear algebra (torch.linalg); the names come from the table of operations."""

from .core import methods as _methods  # noqa: F401 (fills the table)
from .core.define import NAMESPACES as _NAMESPACES
from .core.errors import LinAlgError as LinAlgError

globals().update(_NAMESPACES["linalg"])
