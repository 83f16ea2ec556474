"""All transforms."""

from .transform import ComposeTransform as ComposeTransform
from .transform import IndependentTransform as IndependentTransform
from .transform import ReshapeTransform as ReshapeTransform
from .transform import Transform as Transform
from .transform import identity_transform as identity_transform
from .transforms_of_numbers import AbsTransform as AbsTransform
from .transforms_of_numbers import AffineTransform as AffineTransform
from .transforms_of_numbers import (
    CumulativeDistributionTransform as CumulativeDistributionTransform,
)
from .transforms_of_numbers import ExpTransform as ExpTransform
from .transforms_of_numbers import PowerTransform as PowerTransform
from .transforms_of_numbers import SigmoidTransform as SigmoidTransform
from .transforms_of_numbers import SoftplusTransform as SoftplusTransform
from .transforms_of_numbers import TanhTransform as TanhTransform
from .transforms_of_vectors import CatTransform as CatTransform
from .transforms_of_vectors import CorrCholeskyTransform as CorrCholeskyTransform
from .transforms_of_vectors import LowerCholeskyTransform as LowerCholeskyTransform
from .transforms_of_vectors import PositiveDefiniteTransform as PositiveDefiniteTransform
from .transforms_of_vectors import SoftmaxTransform as SoftmaxTransform
from .transforms_of_vectors import StackTransform as StackTransform
from .transforms_of_vectors import StickBreakingTransform as StickBreakingTransform
