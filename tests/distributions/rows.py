"""One table of distributions for all tests: name -> function of the library and an array maker."""

from __future__ import annotations

import numpy as np

GENERATOR = np.random.default_rng(0)
REAL = GENERATOR.standard_normal((2, 3))
POSITIVE = GENERATOR.uniform(0.5, 3.0, (2, 3))
OTHER = GENERATOR.uniform(0.6, 2.5, 3)
UNIT = GENERATOR.uniform(0.1, 0.9, (2, 3))
SIMPLEX = GENERATOR.dirichlet(np.ones(4), 2)
ROOT = np.tril(GENERATOR.standard_normal((3, 3)), -1) + np.diag([1.0, 0.7, 1.5])
MATRIX = ROOT @ ROOT.T

# In double precision. Rows (T: the library, D: its distributions, t: makes a tensor).
ROWS = {
    "Normal": lambda T, D, t: D.Normal(t(REAL), t(OTHER)),
    "Normal of numbers": lambda T, D, t: D.Normal(0.5, 2.0),
    "Laplace": lambda T, D, t: D.Laplace(t(REAL), t(OTHER)),
    "Cauchy": lambda T, D, t: D.Cauchy(t(REAL), t(OTHER)),
    "Uniform": lambda T, D, t: D.Uniform(t(REAL), t(REAL + POSITIVE)),
    "Exponential": lambda T, D, t: D.Exponential(t(POSITIVE)),
    # PyTorch's has no double precision.
    "GeneralizedPareto": lambda T, D, t: D.GeneralizedPareto(
        *(t(one.astype(np.float32)) for one in (REAL, OTHER + 0 * REAL, REAL / 4))
    ),
    "VonMises": lambda T, D, t: D.VonMises(t(REAL), t(POSITIVE)),
    "Gamma": lambda T, D, t: D.Gamma(t(POSITIVE), t(OTHER)),
    "Chi2": lambda T, D, t: D.Chi2(t(POSITIVE)),
    "Beta": lambda T, D, t: D.Beta(t(POSITIVE), t(OTHER)),
    "Dirichlet": lambda T, D, t: D.Dirichlet(t(POSITIVE + 0.7)),
    "FisherSnedecor": lambda T, D, t: D.FisherSnedecor(t(POSITIVE), t(OTHER + 5)),
    "StudentT": lambda T, D, t: D.StudentT(t(POSITIVE), t(REAL), t(OTHER)),
    "Bernoulli": lambda T, D, t: D.Bernoulli(t(UNIT)),
    "Bernoulli of logits": lambda T, D, t: D.Bernoulli(logits=t(REAL)),
    "Geometric": lambda T, D, t: D.Geometric(t(UNIT)),
    "Geometric of logits": lambda T, D, t: D.Geometric(logits=t(REAL)),
    "Binomial": lambda T, D, t: D.Binomial(5, t(UNIT)),
    "NegativeBinomial": lambda T, D, t: D.NegativeBinomial(4.0, t(UNIT)),
    "Poisson": lambda T, D, t: D.Poisson(t(POSITIVE)),
    "ContinuousBernoulli": lambda T, D, t: D.ContinuousBernoulli(t(UNIT)),
    "ContinuousBernoulli near 1/2": lambda T, D, t: D.ContinuousBernoulli(
        t(np.array([0.4995, 0.5, 0.5004]))
    ),
    "Categorical": lambda T, D, t: D.Categorical(t(SIMPLEX)),
    "Categorical of logits": lambda T, D, t: D.Categorical(logits=t(REAL)),
    "OneHotCategorical": lambda T, D, t: D.OneHotCategorical(t(SIMPLEX)),
    "OneHotCategoricalStraightThrough": lambda T, D, t: D.OneHotCategoricalStraightThrough(
        t(SIMPLEX)
    ),
    "Multinomial": lambda T, D, t: D.Multinomial(6, t(SIMPLEX)),
    "RelaxedBernoulli": lambda T, D, t: D.RelaxedBernoulli(t(np.array(0.7)), t(UNIT)),
    "RelaxedOneHotCategorical": lambda T, D, t: D.RelaxedOneHotCategorical(
        t(np.array(0.7)), t(SIMPLEX)
    ),
    "HalfNormal": lambda T, D, t: D.HalfNormal(t(POSITIVE)),
    "HalfCauchy": lambda T, D, t: D.HalfCauchy(t(POSITIVE)),
    "LogNormal": lambda T, D, t: D.LogNormal(t(REAL), t(OTHER)),
    "LogisticNormal": lambda T, D, t: D.LogisticNormal(t(REAL), t(OTHER)),
    "Gumbel": lambda T, D, t: D.Gumbel(t(REAL), t(OTHER)),
    "Pareto": lambda T, D, t: D.Pareto(t(POSITIVE), t(OTHER)),
    "Weibull": lambda T, D, t: D.Weibull(t(POSITIVE), t(OTHER)),
    "Kumaraswamy": lambda T, D, t: D.Kumaraswamy(t(POSITIVE + 1), t(OTHER + 1)),
    "InverseGamma": lambda T, D, t: D.InverseGamma(t(POSITIVE), t(OTHER)),
    "MultivariateNormal": lambda T, D, t: D.MultivariateNormal(t(REAL), t(MATRIX)),
    "MultivariateNormal of scale_tril": lambda T, D, t: D.MultivariateNormal(
        t(REAL), scale_tril=t(ROOT)
    ),
    "MultivariateNormal of precision_matrix": lambda T, D, t: D.MultivariateNormal(
        t(REAL), precision_matrix=t(MATRIX)
    ),
    "LowRankMultivariateNormal": lambda T, D, t: D.LowRankMultivariateNormal(
        t(REAL), t(REAL.T), t(OTHER)
    ),
    "Wishart": lambda T, D, t: D.Wishart(t(np.array([4.5, 6.0])), t(MATRIX)),
    "LKJCholesky": lambda T, D, t: D.LKJCholesky(3, t(np.array([0.7, 2.0]))),
    "Independent": lambda T, D, t: D.Independent(D.Normal(t(REAL), t(OTHER)), 1),
    "MixtureSameFamily": lambda T, D, t: D.MixtureSameFamily(
        D.Categorical(t(SIMPLEX[:, :3])), D.Normal(t(REAL), t(POSITIVE))
    ),
    "MixtureSameFamily of vectors": lambda T, D, t: D.MixtureSameFamily(
        D.Categorical(t(SIMPLEX[0, :2])), D.Independent(D.Normal(t(REAL), t(OTHER)), 1)
    ),
    "TransformedDistribution": lambda T, D, t: D.TransformedDistribution(
        D.Normal(t(REAL), t(OTHER)), [D.AffineTransform(1.0, t(-OTHER)), D.SigmoidTransform()]
    ),
}  # fmt: skip
