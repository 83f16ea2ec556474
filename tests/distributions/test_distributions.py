"""Distributions against SciPy, samples by their moments, gradients of samples, validation."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from scipy import stats

import neurarust as nr
from neurarust import distributions as D
from tests.distributions.rows import MATRIX, ROWS

# What PyTorch has no formula for, either.
NO_ENTROPY = {"FisherSnedecor", "VonMises", "NegativeBinomial", "Poisson"}
NO_CDF = {
    "Beta", "StudentT", "FisherSnedecor", "VonMises", "Bernoulli", "Geometric", "Binomial",
    "NegativeBinomial", "Poisson",
}  # fmt: skip
NO_ICDF = {"Gamma", "Chi2", "InverseGamma"}
NO_MOMENTS = {
    "RelaxedBernoulli", "RelaxedOneHotCategorical", "LogisticNormal", "LKJCholesky",
    "TransformedDistribution",
}  # fmt: skip


def lacking(absent: bool):
    """A block that raises NotImplementedError if something is absent, and else does not."""
    return pytest.raises(NotImplementedError) if absent else contextlib.nullcontext()


NUMBERS = np.array([0.2, 0.5, 0.9])
COUNTS = np.array([0.0, 1.0, 3.0])
# ours, SciPy's, where to look.
FAMILIES = {
    "Normal": (lambda: D.Normal(0.5, 2.0), stats.norm(0.5, 2), NUMBERS),
    "Laplace": (lambda: D.Laplace(0.5, 2.0), stats.laplace(0.5, 2), NUMBERS),
    "Cauchy": (lambda: D.Cauchy(0.5, 2.0), stats.cauchy(0.5, 2), NUMBERS),
    "Uniform": (lambda: D.Uniform(-1.0, 2.0), stats.uniform(-1, 3), NUMBERS),
    "Exponential": (lambda: D.Exponential(2.0), stats.expon(scale=0.5), NUMBERS),
    "Gamma": (lambda: D.Gamma(2.5, 2.0), stats.gamma(2.5, scale=0.5), NUMBERS),
    "Chi2": (lambda: D.Chi2(3.0), stats.chi2(3), NUMBERS),
    "Beta": (lambda: D.Beta(2.5, 1.5), stats.beta(2.5, 1.5), NUMBERS),
    "StudentT": (lambda: D.StudentT(3.5, 0.5, 2.0), stats.t(3.5, 0.5, 2), NUMBERS),
    "FisherSnedecor": (lambda: D.FisherSnedecor(3.0, 6.0), stats.f(3, 6), NUMBERS),
    "VonMises": (lambda: D.VonMises(0.5, 2.0), stats.vonmises(2.0, 0.5), NUMBERS),
    "Gumbel": (lambda: D.Gumbel(0.5, 2.0), stats.gumbel_r(0.5, 2), NUMBERS),
    "HalfNormal": (lambda: D.HalfNormal(2.0), stats.halfnorm(scale=2), NUMBERS),
    "HalfCauchy": (lambda: D.HalfCauchy(2.0), stats.halfcauchy(scale=2), NUMBERS),
    "LogNormal": (lambda: D.LogNormal(0.5, 0.7), stats.lognorm(0.7, scale=np.exp(0.5)), NUMBERS),
    "Pareto": (lambda: D.Pareto(1.5, 2.5), stats.pareto(2.5, scale=1.5), NUMBERS + 1.5),
    "Weibull": (lambda: D.Weibull(2.0, 1.5), stats.weibull_min(1.5, scale=2), NUMBERS),
    "InverseGamma": (lambda: D.InverseGamma(3.5, 2.0), stats.invgamma(3.5, scale=2), NUMBERS),
    "GeneralizedPareto": (
        lambda: D.GeneralizedPareto(0.1, 2.0, 0.2), stats.genpareto(0.2, 0.1, 2), NUMBERS
    ),
    "Bernoulli": (lambda: D.Bernoulli(0.3), stats.bernoulli(0.3), COUNTS[:2]),
    "Geometric": (lambda: D.Geometric(0.3), stats.geom(0.3, loc=-1), COUNTS),
    "Binomial": (lambda: D.Binomial(5, nr.tensor(0.3)), stats.binom(5, 0.3), COUNTS),
    "NegativeBinomial": (
        lambda: D.NegativeBinomial(4.0, nr.tensor(0.3)), stats.nbinom(4, 0.7), COUNTS
    ),
    "Poisson": (lambda: D.Poisson(2.5), stats.poisson(2.5), COUNTS),
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_scipy(name):
    make, other, points = FAMILIES[name]
    ours, value = make(), nr.tensor(points.astype(np.float32))
    density = getattr(other, "logpdf", None) or other.logpmf
    np.testing.assert_allclose(ours.log_prob(value), density(points), rtol=1e-4, atol=1e-5)
    if name not in ("Cauchy", "HalfCauchy", "VonMises"):
        np.testing.assert_allclose(ours.mean, other.mean(), rtol=1e-5)
        np.testing.assert_allclose(ours.variance, other.var(), rtol=1e-4)
    with lacking(name in NO_ENTROPY):
        np.testing.assert_allclose(ours.entropy(), other.entropy(), rtol=1e-4, atol=1e-5)
    with lacking(name in NO_CDF):
        np.testing.assert_allclose(ours.cdf(value), other.cdf(points), rtol=1e-4, atol=1e-6)
    with lacking(name in NO_CDF | NO_ICDF):
        np.testing.assert_allclose(ours.icdf(ours.cdf(value)), points, rtol=1e-3, atol=1e-5)


def test_scipy_of_vectors():
    loc = np.array([0.5, -1.0, 2.0])
    ours = D.MultivariateNormal(nr.tensor(loc), nr.tensor(MATRIX))
    other = stats.multivariate_normal(loc, MATRIX)
    x = np.random.default_rng(0).standard_normal((4, 3))
    np.testing.assert_allclose(ours.log_prob(nr.tensor(x)), other.logpdf(x), rtol=1e-9)
    np.testing.assert_allclose(ours.entropy(), other.entropy(), rtol=1e-9)
    concentration = np.array([1.5, 2.0, 0.7])
    point = np.array([0.2, 0.5, 0.3])
    ours, other = D.Dirichlet(nr.tensor(concentration)), stats.dirichlet(concentration)
    np.testing.assert_allclose(ours.log_prob(nr.tensor(point)), other.logpdf(point), rtol=1e-9)
    ours, other = D.Wishart(nr.tensor(4.5), nr.tensor(MATRIX)), stats.wishart(4.5, MATRIX)
    x = MATRIX + np.eye(3)
    np.testing.assert_allclose(ours.log_prob(nr.tensor(x)), other.logpdf(x), rtol=1e-9)
    np.testing.assert_allclose(ours.entropy(), other.entropy(), rtol=1e-9)
    probs = np.array([0.2, 0.5, 0.3])
    ours, other = D.Multinomial(4, nr.tensor(probs)), stats.multinomial(4, probs)
    wanted = other.logpmf([1, 2, 1])
    np.testing.assert_allclose(ours.log_prob(nr.tensor([1.0, 2, 1])), wanted, rtol=1e-6)
    np.testing.assert_allclose(ours.entropy(), other.entropy(), rtol=1e-6)


# ------------------------------------------------------------------ samples

COUNT = 10_000
# No moments, or none that a few samples show.
HEAVY = ("FisherSnedecor", "Cauchy", "HalfCauchy", "StudentT", "Pareto", "InverseGamma",
         "VonMises", "Categorical", "Categorical of logits", "LogNormal",
         "GeneralizedPareto")  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_moments_of_samples(name):
    nr.manual_seed(1)
    ours = ROWS[name](nr, D, nr.tensor)
    sample = ours.sample((COUNT,))
    assert tuple(sample.shape) == (COUNT, *ours.batch_shape, *ours.event_shape)
    assert not sample.requires_grad
    if name in HEAVY:
        return
    with lacking(name in NO_MOMENTS):
        mean, variance = ours.mean.numpy(), ours.variance.numpy()
    if name in NO_MOMENTS:
        return
    error = 6 * np.sqrt(variance / COUNT) + 1e-6
    assert np.all(np.abs(sample.numpy().mean(0) - mean) < error)
    np.testing.assert_allclose(sample.numpy().var(0), variance, rtol=0.25, atol=0.02)


def test_samples_of_angles_and_choices():
    nr.manual_seed(0)
    angles = D.VonMises(nr.tensor(0.5), nr.tensor(2.0)).sample((COUNT,)).numpy()
    assert stats.kstest(angles, stats.vonmises(2.0, 0.5).cdf).pvalue > 1e-3
    assert np.abs(angles).max() <= np.pi
    chosen = D.Categorical(nr.tensor([0.1, 0.6, 0.3])).sample((COUNT,))
    assert chosen.dtype is nr.int64
    counts = np.bincount(chosen.numpy()) / COUNT
    np.testing.assert_allclose(counts, [0.1, 0.6, 0.3], atol=0.02)
    correlation = D.LKJCholesky(3, 1.5).sample((5,))
    assert bool(D.constraints.corr_cholesky.check(correlation).all())


def test_the_seed_decides():
    samples = []
    for _ in range(2):
        nr.manual_seed(3)
        samples.append(D.Gamma(nr.tensor([0.5, 2.0]), 1.0).sample((3,)).tolist())
    assert samples[0] == samples[1]
    assert D.Normal(0.0, 1.0).sample().tolist() != D.Normal(0.0, 1.0).sample().tolist()


def test_changing_parameters_compiles_nothing():
    for k in range(6):
        if k == 3:
            before = nr.explain().compilations
        q = D.Normal(0.1 * k, 1.0 + k)
        x = q.rsample((4,))
        (q.log_prob(x).sum() + D.kl_divergence(q, D.Normal(0.0, 1.0))).item()
    assert nr.explain().compilations == before


@pytest.mark.parametrize(
    ("make", "mean"),
    [
        (lambda a: D.Normal(a, a), lambda a: a),
        (lambda a: D.Gamma(a, 2.0), lambda a: a / 2),
        (lambda a: D.Gamma(2.0, a), lambda a: 2 / a),
        (lambda a: D.Beta(a, 2.0), lambda a: a / (a + 2)),
        (lambda a: D.Dirichlet(nr.stack([a, a * 0 + 2], -1)), None),
        (lambda a: D.StudentT(a + 9, a, 1.0), lambda a: a),
        (lambda a: D.LogNormal(a, 0.5), lambda a: (a + 0.125).exp()),
        (lambda a: D.Weibull(a, 2.0), lambda a: a * np.sqrt(np.pi) / 2),
        (lambda a: D.Laplace(a, 1.0), lambda a: a),
        (lambda a: D.ContinuousBernoulli(logits=a), None),
        (lambda a: D.RelaxedBernoulli(nr.tensor(0.5), logits=a), None),
    ],
)
def test_samples_have_gradients(make, mean):
    """The gradient of the mean of samples is that of the mean."""
    nr.manual_seed(0)
    a = nr.tensor(1.5, requires_grad=True)
    sample = make(a).rsample((4_000,))
    sample = sample[..., 0] if sample.ndim > 1 else sample
    (gradient,) = nr.autograd.grad(sample.mean(), a)
    assert np.isfinite(gradient.item()) and gradient.item() != 0
    if mean is not None:
        (expected,) = nr.autograd.grad(mean(a), a)
        assert gradient.item() == pytest.approx(expected.item(), rel=0.1)


def test_scores_have_gradients():
    logits = nr.tensor([0.1, 0.5, -0.2], requires_grad=True)
    policy = D.Categorical(logits=logits)
    policy.log_prob(nr.tensor(1)).backward()
    expected = np.array([0, 1, 0]) - policy.probs.detach().numpy()
    np.testing.assert_allclose(logits.grad, expected, rtol=1e-5)


# ------------------------------------------------------------------ shapes and validation


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: D.Normal(0.0, -1.0), "parameter scale"),
        (lambda: D.Bernoulli(1.5), "parameter probs"),
        (lambda: D.Uniform(2.0, 1.0), "parameter low"),
        (lambda: D.Chi2(-1.0), "parameter df"),
        (lambda: D.Categorical(nr.tensor([-1.0, 2.0])), "parameter probs"),
        (
            lambda: D.MultivariateNormal(
                nr.zeros(2), scale_tril=nr.tensor([[1.0, 1.0], [1.0, 1.0]])
            ),
            "scale_tril",
        ),
        (lambda: D.Bernoulli(), "Either `probs` or `logits`"),
        (lambda: D.Normal("0", 1.0), "instances of Number or Tensor"),
        (lambda: D.LKJCholesky(1), "greater than or equal to 2"),
        (lambda: D.Normal(0.0, 1.0).log_prob(1.0), "must be a Tensor"),
        (lambda: D.Exponential(1.0).log_prob(nr.tensor(-1.0)), "within the support"),
        (lambda: D.Normal(nr.zeros(3), 1.0).log_prob(nr.zeros(2)), "not broadcastable"),
        (lambda: D.Dirichlet(nr.ones(3)).log_prob(nr.ones(2) / 2), "must match event_shape"),
    ],
)
def test_bad_arguments(make, message):
    nr.synchronize()
    with pytest.raises(ValueError, match=message):
        made = make()
        nr.synchronize()
        assert made is None


def test_values_that_are_not_known_yet_are_not_waited_for():
    pending = nr.zeros(3) - 1
    before = nr.explain().hits + nr.explain().compilations
    D.Normal(0.0, pending)
    assert nr.explain().hits + nr.explain().compilations == before
    with pytest.raises(ValueError, match="parameter scale"):
        D.Normal(0.0, nr.zeros(3) - 1, validate_args=True)
    D.Normal(0.0, -1.0, validate_args=False)


def test_validation_can_be_switched_off():
    D.Distribution.set_default_validate_args(False)
    try:
        D.Normal(0.0, -1.0)
    finally:
        D.Distribution.set_default_validate_args(True)


def test_registering_a_divergence():
    class Mine(D.Normal):
        pass

    @D.register_kl(Mine, Mine)
    def _(p, q):
        return "mine"

    assert D.kl_divergence(Mine(0.0, 1.0), Mine(0.0, 1.0)) == "mine"
    assert D.kl_divergence(Mine(0.0, 1.0), D.Normal(0.0, 1.0)).item() == 0.0
    with pytest.raises(NotImplementedError, match="No KL"):
        D.kl_divergence(D.Laplace(0.0, 1.0), D.Cauchy(0.0, 1.0))


def test_a_family_of_ones_own():
    class Shifted(D.ExponentialFamily):
        """Exponential numbers, with nothing but a normalizer."""

        arg_constraints = {"rate": D.constraints.positive}
        _mean_carrier_measure = 0

        def __init__(self, rate):
            self._set(None, rate=rate)

        @property
        def _natural_params(self):
            return (-self.rate,)

        def _log_normalizer(self, x):
            return -(-x).log()

    p, q = Shifted(nr.tensor([1.0, 2.0])), Shifted(nr.tensor(3.0))
    ours, other = D.Exponential(p.rate), D.Exponential(q.rate)
    np.testing.assert_allclose(p.entropy().detach(), ours.entropy(), rtol=1e-5)
    np.testing.assert_allclose(
        D.kl_divergence(p, q).detach(), D.kl_divergence(ours, other), rtol=1e-5
    )


def test_a_cached_transform_inverts_exactly():
    transform = D.TanhTransform(cache_size=1)
    x = nr.tensor([10.0, -20.0])
    y = transform(x)
    assert transform.inv(y) is x
    assert transform.with_cache(0).inv(y).tolist() != x.tolist()


def test_printing():
    zeros, ones = nr.zeros(2), nr.ones(2)
    normal = D.Normal(zeros, ones)
    assert repr(D.Normal(0.0, 1.0)) == "Normal(loc: 0.0, scale: 1.0)"
    assert repr(normal) == "Normal(loc: neurarust.Size([2]), scale: neurarust.Size([2]))"
    assert repr(D.Pareto(1.0, 2.0)) == "Pareto(alpha: 2.0, scale: 1.0)"
    choice = D.Categorical(ones)
    assert repr(choice) == "Categorical(probs: neurarust.Size([2]))"
    assert choice.logits.shape == (2,)
    assert repr(choice) == "Categorical(probs: neurarust.Size([2]), logits: neurarust.Size([2]))"
    mixture = D.MixtureSameFamily(choice, normal)
    assert repr(mixture) == f"MixtureSameFamily(\n  {choice},\n  {normal})"
