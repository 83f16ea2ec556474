"""Signal processing: the windows of torch.signal."""

from . import windows as windows
