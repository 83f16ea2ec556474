"""Learning-rate schedules. A rate is a number that travels as data: none of these recompiles."""

from .composed import ChainedScheduler as ChainedScheduler
from .composed import ReduceLROnPlateau as ReduceLROnPlateau
from .composed import SequentialLR as SequentialLR
from .cycles import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from .cycles import CyclicLR as CyclicLR
from .cycles import OneCycleLR as OneCycleLR
from .schedules import ConstantLR as ConstantLR
from .schedules import CosineAnnealingLR as CosineAnnealingLR
from .schedules import ExponentialLR as ExponentialLR
from .schedules import LambdaLR as LambdaLR
from .schedules import LinearLR as LinearLR
from .schedules import LRScheduler as LRScheduler
from .schedules import MultiplicativeLR as MultiplicativeLR
from .schedules import MultiStepLR as MultiStepLR
from .schedules import PolynomialLR as PolynomialLR
from .schedules import StepLR as StepLR

# PyTorch's older name of the base.
_LRScheduler = LRScheduler
