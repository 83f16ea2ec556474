"""Probability distributions: densities, samples with and without gradients, divergences.

How to add a family: subclass `Distribution`, name its parameters in `arg_constraints` and set
them with `self._set(...)`, then write `log_prob` and `rsample` or `sample`; `expand`, validation
and printing follow. Divergences are registered with `register_kl`.
"""

from . import constraints as constraints
from . import kl_pairs as _kl_pairs  # noqa: F401 (registers them)
from . import transforms as transforms
from .binary import Bernoulli as Bernoulli
from .binary import Binomial as Binomial
from .binary import ContinuousBernoulli as ContinuousBernoulli
from .binary import Geometric as Geometric
from .binary import NegativeBinomial as NegativeBinomial
from .binary import Poisson as Poisson
from .categorical import Categorical as Categorical
from .categorical import Multinomial as Multinomial
from .categorical import OneHotCategorical as OneHotCategorical
from .categorical import OneHotCategoricalStraightThrough as OneHotCategoricalStraightThrough
from .categorical import RelaxedBernoulli as RelaxedBernoulli
from .categorical import RelaxedOneHotCategorical as RelaxedOneHotCategorical
from .constraint_registry import biject_to as biject_to
from .constraint_registry import transform_to as transform_to
from .continuous import Cauchy as Cauchy
from .continuous import Exponential as Exponential
from .continuous import GeneralizedPareto as GeneralizedPareto
from .continuous import Laplace as Laplace
from .continuous import Normal as Normal
from .continuous import Uniform as Uniform
from .continuous import VonMises as VonMises
from .derived import Gumbel as Gumbel
from .derived import HalfCauchy as HalfCauchy
from .derived import HalfNormal as HalfNormal
from .derived import InverseGamma as InverseGamma
from .derived import Kumaraswamy as Kumaraswamy
from .derived import LogisticNormal as LogisticNormal
from .derived import LogNormal as LogNormal
from .derived import Pareto as Pareto
from .derived import Weibull as Weibull
from .distribution import Distribution as Distribution
from .distribution import ExponentialFamily as ExponentialFamily
from .gamma import Beta as Beta
from .gamma import Chi2 as Chi2
from .gamma import Dirichlet as Dirichlet
from .gamma import FisherSnedecor as FisherSnedecor
from .gamma import Gamma as Gamma
from .gamma import StudentT as StudentT
from .kl import kl_divergence as kl_divergence
from .kl import register_kl as register_kl
from .multivariate import LKJCholesky as LKJCholesky
from .multivariate import LowRankMultivariateNormal as LowRankMultivariateNormal
from .multivariate import MultivariateNormal as MultivariateNormal
from .multivariate import Wishart as Wishart
from .transformed import Independent as Independent
from .transformed import MixtureSameFamily as MixtureSameFamily
from .transformed import TransformedDistribution as TransformedDistribution
from .transforms import AbsTransform as AbsTransform
from .transforms import AffineTransform as AffineTransform
from .transforms import CatTransform as CatTransform
from .transforms import ComposeTransform as ComposeTransform
from .transforms import CorrCholeskyTransform as CorrCholeskyTransform
from .transforms import CumulativeDistributionTransform as CumulativeDistributionTransform
from .transforms import ExpTransform as ExpTransform
from .transforms import IndependentTransform as IndependentTransform
from .transforms import LowerCholeskyTransform as LowerCholeskyTransform
from .transforms import PositiveDefiniteTransform as PositiveDefiniteTransform
from .transforms import PowerTransform as PowerTransform
from .transforms import ReshapeTransform as ReshapeTransform
from .transforms import SigmoidTransform as SigmoidTransform
from .transforms import SoftmaxTransform as SoftmaxTransform
from .transforms import SoftplusTransform as SoftplusTransform
from .transforms import StackTransform as StackTransform
from .transforms import StickBreakingTransform as StickBreakingTransform
from .transforms import TanhTransform as TanhTransform
from .transforms import Transform as Transform
from .transforms import identity_transform as identity_transform
