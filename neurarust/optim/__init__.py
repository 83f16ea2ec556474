"""Optimizers and learning-rate schedules.

How to add an optimizer: subclass `Optimizer` in the file of its family and write two pure
functions, `init_state` (a parameter's state) and `update` (one step for one parameter, in jax).
Or take one of optax: `nr.optim.from_optax(optax.lion)`.
"""

import importlib as _importlib
from typing import Any as _Any

from . import lr_scheduler as lr_scheduler
from .adagrad import Adadelta as Adadelta
from .adagrad import Adagrad as Adagrad
from .adam import Adam as Adam
from .adam import AdamW as AdamW
from .adam_variants import Adamax as Adamax
from .adam_variants import NAdam as NAdam
from .adam_variants import RAdam as RAdam
from .adam_variants import SparseAdam as SparseAdam
from .lbfgs import LBFGS as LBFGS
from .matrix import Adafactor as Adafactor
from .matrix import Muon as Muon
from .optimizer import Optimizer as Optimizer
from .rmsprop import RMSprop as RMSprop
from .rmsprop import Rprop as Rprop
from .schedule_free import ScheduleFreeAdamW as ScheduleFreeAdamW
from .sgd import ASGD as ASGD
from .sgd import SGD as SGD

# On first use: `swa_utils` stands above `nn`, and importing optax takes its time.
_OPTAX = ("AdaBelief", "AdEMAMix", "Lamb", "Lars", "Lion", "Prodigy", "from_optax")


def __getattr__(name: str) -> _Any:
    """`swa_utils` and what optax serves, on first use."""
    if name == "swa_utils":
        return _importlib.import_module("neurarust.optim.swa_utils")
    if name not in _OPTAX:
        raise AttributeError(f"module 'neurarust.optim' has no attribute {name!r}")
    return getattr(_importlib.import_module("neurarust.optim.transformation"), name)
