"""Random bits: JAX's own Threefry is the reference."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurarust.core.ops import threefry

WORDS = np.array([123456, 987654321], np.uint32)


def both():
    """A key of ours and one of JAX's, of the same words."""
    words = jnp.asarray(WORDS)
    return threefry.keys(words), jax.random.wrap_key_data(words, impl="threefry2x32")


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("shape", [(), (7,), (3, 5), (0, 2)])
def test_bits(bits, shape):
    with jax.enable_x64(True):
        ours, theirs = (jax.random.bits(key, shape, f"uint{bits}") for key in both())
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("shape", [3, (2, 3)])
def test_split(shape):
    ours, theirs = (jax.random.key_data(jax.random.split(key, shape)) for key in both())
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("number", [0, 7, 2**31, 2**32 - 1])
def test_fold_in(number):
    ours, theirs = (jax.random.key_data(jax.random.fold_in(key, number)) for key in both())
    np.testing.assert_array_equal(ours, theirs)


def test_what_jax_draws_with_them():
    for name, options in {
        "normal": {}, "gumbel": {}, "randint": {"minval": 0, "maxval": 100}, "gamma": {"a": 2.0},
        "binomial": {"n": 10.0, "p": 0.3},
    }.items():  # fmt: skip
        draw = getattr(jax.random, name)
        ours, theirs = (draw(key, shape=(9,), **options) for key in both())
        np.testing.assert_array_equal(ours, theirs, err_msg=name)


def test_mapped_over_keys():
    words = jnp.arange(6, dtype=jnp.uint32).reshape(3, 2)
    mapped = jax.vmap(lambda one: jax.random.uniform(threefry.keys(one), (4,)))(words)
    for k, one in enumerate(words):
        expected = jax.random.uniform(jax.random.wrap_key_data(one, impl="threefry2x32"), (4,))
        np.testing.assert_array_equal(mapped[k], expected)
