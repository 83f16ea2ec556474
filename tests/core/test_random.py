"""Random numbers: streams, their state, and distributions by their moments."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import neurarust as nr

COUNT = 20_000


@pytest.fixture(autouse=True)
def seeded():
    nr.manual_seed(1234)


# ------------------------------------------------------------------ streams


def draws():
    return [nr.rand(3).tolist(), nr.randn(2).tolist(), nr.randint(100, (4,)).tolist(),
            nr.randperm(6).tolist(), nr.dropout(nr.ones(8), 0.5).tolist()]  # fmt: skip


def test_a_seed_gives_its_stream():
    nr.manual_seed(7)
    first = draws()
    second = draws()
    nr.manual_seed(7)
    assert draws() == first and first != second
    assert nr.initial_seed() == 7
    nr.manual_seed(8)
    assert draws() != first


def test_streams_of_neighbouring_seeds_share_no_draw():
    seeds, seen = (0, 1, 2, 1 << 32, (1 << 32) + 1, 2 << 32), set()
    for seed in seeds:
        nr.manual_seed(seed)
        seen.update(nr.randint(2**62, (1,)).item() for _ in range(16))
    assert len(seen) == 16 * len(seeds)


def test_recorded_and_eager_streams_are_one():
    nr.manual_seed(3)
    recorded = draws()
    nr.manual_seed(3)
    with nr.eager_mode():
        assert draws() == recorded


def test_the_default_streams_state():
    nr.rand(5)
    state = nr.get_rng_state()
    assert state.dtype is nr.uint8
    first = draws()
    nr.set_rng_state(state)
    assert draws() == first
    nr.set_rng_state(state.clone())
    assert draws() == first


def test_generators_are_independent():
    one, other = nr.Generator().manual_seed(5), nr.Generator().manual_seed(5)
    nr.manual_seed(5)
    expected = nr.rand(4).tolist()
    assert nr.rand(4, generator=one).tolist() == expected
    nr.rand(100)
    assert nr.rand(4, generator=other).tolist() == expected
    state = one.get_state()
    third = nr.randn(2, generator=one).tolist()
    assert one.set_state(state) is one
    assert nr.randn(2, generator=one).tolist() == third
    assert one.initial_seed() == 5 and isinstance(one.seed(), int)
    assert nr.default_generator.initial_seed() == 5


def test_seeds_of_any_size():
    drawn = set()
    for seed in (0, 1, -1, 2**31, 2**32, 2**32 + 1, 2**63):
        nr.manual_seed(seed)
        drawn.add(nr.rand(1, dtype=nr.float64).item())
    assert len(drawn) == 7
    assert nr.seed() != nr.seed()


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: nr.manual_seed(1.5), TypeError, "manual_seed: expected an integer"),
        (lambda: nr.rand(2, generator=3), TypeError, "must be a nr.Generator, but got int"),
        (lambda: nr.set_rng_state(nr.zeros(3, dtype=nr.uint8)), RuntimeError, "expected 16 bytes"),
        (lambda: nr.randint(5, 5, (2,)), RuntimeError, "'from' to be less than 'to'"),
        (lambda: nr.dropout(nr.ones(2), 1.5), ValueError, "between 0 and 1, but got 1.5"),
        (lambda: nr.multinomial(nr.ones(2), 3), RuntimeError, "without replacement"),
        (lambda: nr.multinomial(nr.ones(2, dtype=nr.int64), 1), RuntimeError, "multinomial"),
        (lambda: nr.rand(-1), RuntimeError, "negative dimension"),
        (lambda: nr.normal(0.0, 1.0), TypeError, "needs size="),
    ],
)
def test_errors(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


# ------------------------------------------------------------------ distributions


@pytest.mark.parametrize(
    ("draw", "mean", "deviation", "low", "high"),
    [
        (lambda: nr.rand(COUNT), 0.5, 12**-0.5, 0, 1),
        (lambda: nr.randn(COUNT), 0, 1, -6, 6),
        (lambda: nr.normal(2.0, 3.0, (COUNT,)), 2, 3, -16, 20),
        (lambda: nr.normal(nr.full((COUNT,), 1.0), 0.5), 1, 0.5, -2, 4),
        (lambda: nr.normal(0.0, nr.full((COUNT,), 2.0)), 0, 2, -12, 12),
        (lambda: nr.randint(10, (COUNT,)), 4.5, 8.25**0.5, 0, 9),
        (lambda: nr.randint(-5, 5, (COUNT,)), -0.5, 8.25**0.5, -5, 4),
        (lambda: nr.bernoulli(nr.full((COUNT,), 0.3)), 0.3, 0.21**0.5, 0, 1),
        (lambda: nr.empty(COUNT).bernoulli_(0.8), 0.8, 0.4, 0, 1),
        (lambda: nr.empty(COUNT).uniform_(-2, 4), 1, 3**0.5, -2, 4),
        (lambda: nr.empty(COUNT).normal_(5, 0.1), 5, 0.1, 4, 6),
        (lambda: nr.empty(COUNT).exponential_(2.0), 0.5, 0.5, 0, 12),
        (lambda: nr.empty(COUNT, dtype=nr.int64).random_(3, 9), 5.5, (35 / 12) ** 0.5, 3, 8),
        (lambda: nr.dropout(nr.ones(COUNT), 0.25), 1, 3**-0.5, 0, 4 / 3 + 1e-6),
        (lambda: nr.rand(COUNT, dtype=nr.float16), 0.5, 12**-0.5, 0, 1),
        (lambda: nr.randn_like(nr.empty(COUNT, dtype=nr.float64)), 0, 1, -6, 6),
    ],
)  # fmt: skip
def test_moments(draw, mean, deviation, low, high):
    drawn = draw().double().numpy()
    assert drawn.shape == (COUNT,) and low <= drawn.min() and drawn.max() <= high
    assert abs(drawn.mean() - mean) < 5 * deviation / COUNT**0.5
    assert drawn.std() == pytest.approx(deviation, rel=0.05)


def test_complex_normal_numbers_have_variance_one():
    drawn = nr.randn(COUNT, dtype=nr.complex64).numpy()
    assert drawn.dtype == np.complex64
    assert np.mean(np.abs(drawn) ** 2) == pytest.approx(1, rel=0.05)


def test_randperm():
    for count in (0, 1, 10):
        drawn = nr.randperm(count)
        assert drawn.dtype is nr.int64 and sorted(drawn.tolist()) == list(range(count))
    orders = Counter(tuple(nr.randperm(3).tolist()) for _ in range(1200))
    # Chi-squared of 5 degrees of freedom: above 20.5 once in a thousand.
    assert len(orders) == 6 and sum((one - 200) ** 2 / 200 for one in orders.values()) < 20.5
    assert abs(np.corrcoef(nr.randperm(COUNT).numpy(), np.arange(COUNT))[0, 1]) < 0.05


def test_multinomial():
    weights = nr.tensor([0.0, 1.0, 3.0])
    drawn = nr.multinomial(weights, COUNT, replacement=True).numpy()
    assert np.bincount(drawn, minlength=3)[0] == 0
    assert (drawn == 2).mean() == pytest.approx(0.75, abs=0.02)
    rows = nr.multinomial(nr.tensor([[1.0, 1.0, 1.0], [0.0, 1.0, 1.0]]), 2)
    assert rows.shape == (2, 2) and rows.dtype is nr.int64
    assert sorted(rows[1].tolist()) == [1, 2] and len(set(rows[0].tolist())) == 2


def test_poisson():
    drawn = nr.poisson(nr.full((COUNT,), 3.0)).numpy()
    assert drawn.mean() == pytest.approx(3, abs=0.1) and drawn.var() == pytest.approx(3, abs=0.3)


@pytest.mark.parametrize(
    ("name", "given", "median"),
    [
        ("cauchy_", (1.0, 2.0), 1),
        ("log_normal_", (0.5, 1.0), np.exp(0.5)),
        ("geometric_", (0.4,), 2),
    ],
)
def test_families_in_place(name, given, median):
    drawn = getattr(nr.zeros(COUNT), name)(*given)
    assert np.median(drawn.numpy()) == pytest.approx(median, abs=0.1)


def test_low_rank():
    matrix = nr.randn(5, 2, dtype=nr.float64) @ nr.randn(2, 4, dtype=nr.float64)
    U, S, V = nr.svd_lowrank(matrix, 3)
    np.testing.assert_allclose((U * S @ V.mT).numpy(), matrix.numpy(), atol=1e-9)
    U, S, V = nr.pca_lowrank(matrix, 3)
    centered = (matrix - matrix.mean(0)).numpy()
    np.testing.assert_allclose((U * S @ V.mT).numpy(), centered, atol=1e-9)


def test_dropout_and_its_gradient_share_a_mask():
    x = nr.ones(1000, requires_grad=True)
    y = nr.dropout(x, 0.4)
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()
    assert 300 < (y == 0).sum().item() < 500
    assert nr.dropout(x, 0.4, training=False) is x
    assert nr.dropout(x, 1.0).abs().sum().item() == 0


def test_masks_differ_between_steps_of_one_program():
    masks = set()
    for _ in range(5):
        masks.add(tuple(nr.dropout(nr.ones(40), 0.5).tolist()))
    assert len(masks) == 5


def test_shapes_dtypes_and_flags():
    assert nr.rand(2, 3).shape == nr.rand((2, 3)).shape == nr.randn([2, 3]).shape == (2, 3)
    assert nr.rand(2, requires_grad=True).requires_grad
    assert nr.randint(3, (2,), dtype=nr.int8).dtype is nr.int8
    assert nr.randint_like(nr.ones(2), 5).dtype is nr.float32
    assert nr.rand_like(nr.ones(2, dtype=nr.float64)).dtype is nr.float64
    assert nr.randperm(3, dtype=nr.int32).dtype is nr.int32
    assert nr.empty(2, 3).shape == (2, 3) and nr.empty_like(nr.ones(2)).shape == (2,)


@pytest.mark.parametrize("arguments", [(10,), (10, 5), (0, 10, 3)])
def test_randint_says_that_it_needs_sizes(arguments):
    with pytest.raises(TypeError, match="randint: expected a sequence of sizes, as in"):
        nr.randint(*arguments)
