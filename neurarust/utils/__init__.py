"""`utils`: `checkpoint`, and `data` under PyTorch's path."""

from . import checkpoint as checkpoint
from . import data as data
