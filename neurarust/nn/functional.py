"""Every function of layers, activations, losses and poolings (torch.nn.functional).

The names come from the table that the operations register in.
"""

from ..core import methods as _methods
from ..core.define import NAMESPACES as _NAMESPACES
from . import activation as _activation
from . import attention as _attention
from . import loss as _loss
from . import loss_pairs as _loss_pairs
from . import loss_regression as _loss_regression

globals().update(_NAMESPACES["nn.functional"])
