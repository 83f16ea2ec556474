"""`utils.data`: PyTorch's path of `nr.data`."""

from ..data import *  # noqa: F403 (what `nr.data` gives)
