"""Optimizers and learning-rate schedules.

How to add an optimizer: subclass `Optimizer` in the file of its family and write two pure
functions, `init_state` (a parameter's state) and `update` (one step for one parameter, in jax).
"""

from . import lr_scheduler as lr_scheduler
from .adam import Adam as Adam
from .adam import AdamW as AdamW
from .optimizer import Optimizer as Optimizer
from .rmsprop import RMSprop as RMSprop
from .sgd import SGD as SGD
