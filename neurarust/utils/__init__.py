"""`utils`: `checkpoint`, and `data` under PyTorch's path."""

from .. import data as data
from . import checkpoint as checkpoint
