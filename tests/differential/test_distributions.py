"""Distributions, divergences and transforms against PyTorch's, in double precision."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import neurarust as nr
from tests.distributions.rows import OTHER, POSITIVE, REAL, ROWS, SIMPLEX, UNIT

torch = pytest.importorskip("torch")
# PyTorch's Wishart warns of singular samples where there are none.
pytestmark = pytest.mark.filterwarnings("ignore:Singular sample detected:UserWarning")
ATTRIBUTES = ("mean", "mode", "variance", "stddev")


def made(name):
    """PyTorch's distribution and ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ROWS[name](torch, torch.distributions, torch.tensor)
    return theirs, ROWS[name](nr, nr.distributions, nr.tensor)


def check(wanted, got, rtol=1e-6, atol=1e-9):
    wanted, got = wanted.detach().numpy(), got.detach().numpy()
    assert wanted.shape == got.shape and wanted.dtype == got.dtype
    np.testing.assert_allclose(got, wanted, rtol=rtol, atol=atol)


def missing(function):
    """The function's result, or None where the distribution has none."""
    try:
        return function()
    except (NotImplementedError, AttributeError):
        return None


@pytest.mark.parametrize("name", ROWS)
def test_values(name):
    theirs, ours = made(name)
    # PyTorch's Bessel functions of von Mises are approximations; float32.
    rtol = {"VonMises": 1e-5, "GeneralizedPareto": 1e-4}.get(name, 1e-6)
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape)
    assert tuple(ours.event_shape) == tuple(theirs.event_shape)
    assert ours.has_rsample == theirs.has_rsample
    assert ours.has_enumerate_support == theirs.has_enumerate_support
    for attribute in ATTRIBUTES:
        wanted = missing(lambda attribute=attribute: getattr(theirs, attribute))
        # PyTorch's mode of Kumaraswamy is NaN.
        if wanted is not None and (name, attribute) != ("Kumaraswamy", "mode"):
            check(wanted, getattr(ours, attribute), rtol)
    wanted = missing(theirs.entropy)
    if wanted is not None:
        check(wanted, ours.entropy(), rtol)
    torch.manual_seed(0)
    # Off the ends, where both are infinite.
    value = theirs.sample((5,))
    other = nr.tensor(value.numpy())
    check(theirs.log_prob(value), ours.log_prob(other), rtol)
    wanted = missing(lambda: theirs.cdf(value))
    if wanted is not None:
        check(wanted, ours.cdf(other), max(rtol, 1e-5))
    probs = torch.linspace(0.1, 0.9, 3, dtype=value.dtype)
    wanted = missing(lambda: theirs.icdf(probs))
    if wanted is not None:
        check(wanted, ours.icdf(nr.tensor(probs.numpy())), rtol)
    if theirs.has_enumerate_support:
        for expand in (False, True):
            check(theirs.enumerate_support(expand), ours.enumerate_support(expand))


@pytest.mark.parametrize("name", ROWS)
def test_expanding(name):
    theirs, ours = made(name)
    shape = (4, *theirs.batch_shape)
    try:
        theirs = theirs.expand(shape)
    except (NotImplementedError, RuntimeError):
        pytest.skip("PyTorch cannot")
    ours = ours.expand(shape)
    assert tuple(ours.batch_shape) == shape
    assert tuple(ours.event_shape) == tuple(theirs.event_shape)
    torch.manual_seed(0)
    value = theirs.sample()
    check(theirs.log_prob(value), ours.log_prob(nr.tensor(value.numpy())), 1e-5)
    assert tuple(ours.sample((2,)).shape) == (2, *theirs.batch_shape, *theirs.event_shape)


FAMILIES = {
    "Beta": lambda D, t: D.Beta(t(POSITIVE), t(OTHER)),
    "ContinuousBernoulli": lambda D, t: D.ContinuousBernoulli(t(UNIT)),
    "Exponential": lambda D, t: D.Exponential(t(POSITIVE)),
    "Gamma": lambda D, t: D.Gamma(t(POSITIVE), t(OTHER)),
    "Gumbel": lambda D, t: D.Gumbel(t(REAL), t(OTHER)),
    "Laplace": lambda D, t: D.Laplace(t(REAL), t(OTHER)),
    "Normal": lambda D, t: D.Normal(t(REAL), t(OTHER)),
    "Pareto": lambda D, t: D.Pareto(t(POSITIVE), t(OTHER * 2)),
    "Uniform": lambda D, t: D.Uniform(t(UNIT / 2 - 0.2), t(UNIT / 2 + 0.4)),
    "Poisson": lambda D, t: D.Poisson(t(POSITIVE)),
    "Bernoulli": lambda D, t: D.Bernoulli(t(UNIT)),
    "Geometric": lambda D, t: D.Geometric(t(UNIT)),
    "Binomial": lambda D, t: D.Binomial(5, t(UNIT)),
    "Categorical": lambda D, t: D.Categorical(t(SIMPLEX)),
    "OneHotCategorical": lambda D, t: D.OneHotCategorical(t(SIMPLEX)),
    "Dirichlet": lambda D, t: D.Dirichlet(t(POSITIVE)),
    "HalfNormal": lambda D, t: D.HalfNormal(t(POSITIVE)),
    "Cauchy": lambda D, t: D.Cauchy(t(REAL), t(OTHER)),
    "Independent": lambda D, t: D.Independent(D.Gamma(t(POSITIVE), t(OTHER)), 1),
    "LogNormal": lambda D, t: D.LogNormal(t(REAL), t(OTHER)),
    "Chi2": lambda D, t: D.Chi2(t(POSITIVE)),
}
SECOND = {
    "Uniform": lambda D, t: D.Uniform(t(UNIT - 1), t(UNIT + 1)),
    "Normal": lambda D, t: D.Normal(t(REAL[0]), t(POSITIVE)),
    "Pareto": lambda D, t: D.Pareto(t(UNIT / 9), t(OTHER)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_divergences(name):
    p = FAMILIES[name](torch.distributions, torch.tensor)
    ours_p = FAMILIES[name](nr.distributions, nr.tensor)
    done = 0
    for other in FAMILIES:
        make = SECOND.get(other, FAMILIES[other])
        q = make(torch.distributions, torch.tensor)
        wanted = missing(lambda q=q: torch.distributions.kl_divergence(p, q))
        if wanted is None:
            continue
        if (name, other) == ("Uniform", "ContinuousBernoulli"):
            continue  # PyTorch's is infinite at the very ends too.
        got = nr.distributions.kl_divergence(ours_p, make(nr.distributions, nr.tensor))
        np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-9, err_msg=other)
        done += 1
    assert done


def test_divergences_of_normal_vectors():
    names = [name for name in ROWS if "MultivariateNormal" in name]
    for one, two in itertools.product(names, names):
        theirs, ours = zip(made(one), made(two), strict=True)
        check(torch.distributions.kl_divergence(*theirs), nr.distributions.kl_divergence(*ours))


@pytest.mark.parametrize("name", ["Wishart", "MultivariateNormal"])
def test_divergence_from_itself(name):
    _, ours = made(name)
    found = nr.distributions.kl_divergence(ours, ours).detach()
    np.testing.assert_allclose(found, [0, 0], atol=1e-9)


TRANSFORMS = {
    "Exp": lambda D, t: (D.ExpTransform(), REAL),
    "Power": lambda D, t: (D.PowerTransform(t(OTHER)), POSITIVE),
    "Sigmoid": lambda D, t: (D.SigmoidTransform(), REAL),
    "Tanh": lambda D, t: (D.TanhTransform(), REAL),
    "Softplus": lambda D, t: (D.SoftplusTransform(), REAL),
    "Affine": lambda D, t: (D.AffineTransform(t(REAL), t(-OTHER), event_dim=1), REAL),
    "Compose": lambda D, t: (
        D.ComposeTransform([D.AffineTransform(1.0, -2.0), D.StickBreakingTransform()]), REAL
    ),
    "Independent": lambda D, t: (D.IndependentTransform(D.ExpTransform(), 1), REAL),
    "Reshape": lambda D, t: (D.ReshapeTransform((3,), (3, 1)), REAL),
    "StickBreaking": lambda D, t: (D.StickBreakingTransform(), REAL),
    "Softmax": lambda D, t: (D.SoftmaxTransform(), REAL),
    "LowerCholesky": lambda D, t: (D.LowerCholeskyTransform(), REAL[:, :2]),
    "PositiveDefinite": lambda D, t: (D.PositiveDefiniteTransform(), REAL[:, :2]),
    "CorrCholesky": lambda D, t: (D.CorrCholeskyTransform(), REAL),
    "Cat": lambda D, t: (
        D.CatTransform([D.ExpTransform(), D.TanhTransform()], -1, [1, 2]), REAL
    ),
    "Stack": lambda D, t: (
        D.StackTransform([D.ExpTransform(), D.SigmoidTransform()], 0), REAL
    ),
    "CumulativeDistribution": lambda D, t: (
        D.CumulativeDistributionTransform(D.Normal(t(OTHER), 2.0)), REAL
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name):
    results = []
    for T in (torch, nr):
        transform, x = TRANSFORMS[name](T.distributions, T.tensor)
        x = T.tensor(x)
        y = transform(x)
        row = [y, transform.inv(y)]
        if name not in ("Softmax", "LowerCholesky", "PositiveDefinite"):
            row.append(transform.log_abs_det_jacobian(x, y))
        shape = transform.forward_shape(x.shape)
        assert tuple(shape) == tuple(y.shape)
        assert tuple(transform.inverse_shape(shape)) == tuple(x.shape)
        results.append(row)
    for wanted, got in zip(*results, strict=True):
        check(wanted, got)


@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
@pytest.mark.parametrize(
    "name", ["positive", "unit_interval", "simplex", "real_vector", "corr_cholesky"]
)
def test_registries(registry, name):
    results = []
    for T in (torch, nr):
        constraint = getattr(T.distributions.constraints, name)
        y = getattr(T.distributions, registry)(constraint)(T.tensor(REAL))
        assert bool(constraint.check(y).all())
        results.append(y)
    check(*results)
