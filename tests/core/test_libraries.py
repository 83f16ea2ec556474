"""Which library computes products and convolutions: by the shapes that a program multiplies."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurarust as nr
from neurarust.core import native
from neurarust.core.engine import libraries
from neurarust.core.native import products
from neurarust.core.ops.contraction import transposed_product


def option(function, *shapes, dtype=jnp.float32, convolves=False):
    """What a program of such shapes is compiled with: the libraries that XLA may take."""
    arrays = [jax.ShapeDtypeStruct(shape, dtype) for shape in shapes]
    found = libraries.options(jax.make_jaxpr(function)(*arrays).jaxpr, convolves)
    return "".join(found.values()).replace("LIBRARY_FUSION_TYPE_", "")


def linear(x, weight):
    return x @ weight.T


DEFAULT, EIGEN = "", "REDUCE"


@pytest.fixture(autouse=True)
def without_kernels(monkeypatch):
    """All products are XLA's, as on a machine without a C compiler."""
    monkeypatch.setattr(libraries.native, "multiplies", lambda _: False)
    monkeypatch.setattr(libraries.native, "available", lambda: False)


@pytest.mark.skipif(not native.available(), reason="no C compiler on this machine")
def test_what_kernels_compute_does_not_count(monkeypatch):
    shapes = (512, 128), (128, 128)
    assert option(linear, *shapes) == EIGEN
    monkeypatch.setattr(libraries.native, "multiplies", products.multiplies)
    assert option(linear, *shapes) == DEFAULT


@pytest.mark.parametrize(
    ("rows", "weight", "expected"),
    [((512,), (128, 128), EIGEN), ((8, 64), (128, 384), EIGEN), ((2048,), (256, 256), EIGEN),
     ((32,), (128, 128), DEFAULT), ((511,), (128, 128), DEFAULT), ((512,), (512, 512), DEFAULT),
     ((512,), (257, 256), DEFAULT), ((0,), (128, 128), DEFAULT)],
)  # fmt: skip
def test_many_rows_with_small_weights(rows, weight, expected):
    assert option(linear, (*rows, weight[1]), weight) == expected
    assert option(jax.jit(linear), (*rows, weight[1]), weight) == expected


def test_gradients_of_weights_do_not_count():
    def step(x, weight):
        y, pull = jax.vjp(linear, x, weight)
        return pull(y)

    assert option(step, (512, 128), (128, 128)) == EIGEN

    def by_rows(x, gradient):
        return jax.lax.dot_general(x, gradient, (((0,), (0,)), ((), ())))

    assert option(by_rows, (128, 512), (128, 128)) == DEFAULT


def test_most_of_the_work_decides():
    def two(x, small, y, large):
        return linear(x, small), jnp.einsum("...ij,...kj->...ik", y, large)

    small = (512, 128), (128, 128)
    assert option(two, *small, (16, 128), (128, 128)) == EIGEN
    assert option(two, *small, (512, 512), (512, 512)) == DEFAULT
    heads = (8, 64, 32), (8, 64, 32)  # an eighth of the work
    assert option(two, *small, *heads) == EIGEN
    assert option(two, *small, (64, 64, 32), (64, 64, 32)) == DEFAULT
    assert option(linear, (512, 128), (128, 128), dtype=jnp.bfloat16) == DEFAULT


def test_convolutions():
    assert option(jnp.tanh, (3,), convolves=True) == "INDIVIDUAL_DOT,REDUCE"


def test_both_libraries_give_the_same_numbers():
    generator = np.random.default_rng(0)
    x, weight = generator.normal(size=(600, 64)), generator.normal(size=(32, 64))
    for rows in (600, 300):
        mine = nr.nn.functional.linear(nr.tensor(x[:rows]).float(), nr.tensor(weight).float())
        np.testing.assert_allclose(mine.numpy(), x[:rows] @ weight.T, rtol=1e-4, atol=1e-4)


def test_products_in_loops_count_at_every_step():
    def projected_and_looped(x, small, states, weights):
        def step(state, _):
            return state @ weights, None

        return linear(x, small), jax.lax.scan(step, states, None, length=32)[0]

    # The loop has a third of the work; one of its 32 products would be 1 %.
    shapes = (512, 128), (128, 128), (8, 128), (128, 128)
    assert option(projected_and_looped, *shapes) == DEFAULT
    assert option(lambda x, w, s, v: (linear(x, w), s @ v), *shapes) == EIGEN


def test_gradients_of_weights_by_a_copied_factor_do_not_count():
    def step(x, weight):
        return transposed_product(x, x @ weight)

    assert option(step, (512, 128), (128, 128)) == EIGEN
