"""Every function of layers, activations, losses and poolings (torch.nn.functional).

The names come from the table in which the operations register; the modules imported here are
those that have functions beside their classes.
"""

from ..core import methods as _methods  # noqa: F401 (fills the table)
from ..core.define import NAMESPACES as _NAMESPACES
from ..core.ops import fractional_pooling as _fractional_pooling  # noqa: F401 (fills the table)
from ..core.ops import grid_sampling as _grid_sampling  # noqa: F401 (fills the table)
from ..core.ops import resampling as _resampling  # noqa: F401 (fills the table)
from . import activation as _activation  # noqa: F401 (fills the table)
from . import attention as _attention  # noqa: F401 (fills the table)
from . import loss as _loss  # noqa: F401 (fills the table)
from . import loss_linear as _loss_linear  # noqa: F401 (fills the table)
from . import loss_pairs as _loss_pairs  # noqa: F401 (fills the table)
from . import loss_regression as _loss_regression  # noqa: F401 (fills the table)

globals().update(_NAMESPACES["nn.functional"])
