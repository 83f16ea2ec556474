"""Programs with channels last: the same numbers, and few transpositions."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import neurarust as nr
from neurarust import nn
from neurarust.core.engine import contents, layout

KERNEL = np.random.default_rng(1).standard_normal((5, 3, 3, 2))


def picture(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape or (2, 3, 6, 7))


def convolved(x, kernel=KERNEL, **options):
    options = {"window_strides": (1, 1), "padding": ((1, 1), (0, 1))} | options
    return lax.conv_general_dilated(x, jnp.asarray(kernel, x.dtype), **options)


def pooled(x):
    window = {"window_dimensions": (1, 1, 2, 3), "window_strides": (1, 1, 1, 2)}
    return lax.reduce_window(
        x, -jnp.inf, lax.max, padding=((0, 0), (0, 0), (1, 0), (0, 1)), **window
    )


# What comes after a convolution, with results of every rank.
AFTER = {
    "elementwise": lambda y: jnp.where(y > 0, jnp.tanh(y) * y, 0.5 * y + 1),
    "with another order": lambda y: y * jnp.arange(y.size, dtype=y.dtype).reshape(y.shape),
    "with few elements": lambda y: y * jnp.arange(5.0)[:, None, None] - jnp.ones((1, 5, 1, 1)),
    "broadcast": lambda y: y + jnp.broadcast_to(jnp.arange(5.0)[:, None], (5, 6))[None, ..., None],
    "a number": lambda y: jnp.where(lax.broadcast_in_dim(True, y.shape, ()), y, 1.0),
    "statistics": lambda y: (y - y.mean((0, 2, 3), keepdims=True)) / y.std((0, 2))[:, None, :],
    "reductions": lambda y: (y.sum(1), y.max((0, 3)), (y > 0).any((1, 2)), y.prod(2), y.min()),
    "moved": lambda y: (jnp.moveaxis(y, 1, 3) * 2, y.transpose(3, 1, 0, 2)),
    "sliced": lambda y: (y[:, 1:4, ::2], y[..., 3:], y[1:]),
    "padded": lambda y: jnp.pad(y, ((0, 0), (1, 0), (0, 2), (3, 1)), constant_values=2.0),
    "joined": lambda y: jnp.concatenate([y, 2 * y, jnp.ones_like(y[:, :2])], 1),
    "split": lambda y: tuple(jnp.split(y, [2, 3], 1)),
    "reversed": lambda y: y[:, ::-1, :, ::-1],
    "windows": pooled,
    "average windows": lambda y: lax.reduce_window(
        y, 0.0, lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID"
    ),
    "reshaped": lambda y: (y.reshape(2, -1), y[:, :, :1, :1].reshape(2, 5), y[:1].reshape(5, 6, 7)),
    "axes split and joined": lambda y: (
        jnp.tanh(y[:, :4].reshape(2, 2, 1, 2, *y.shape[2:])).sum(3),
        jnp.tanh(y.reshape(2, 5, -1)) * 2,
        jnp.tanh(y.reshape(10, *y.shape[2:])) * 2,
        y[:, :, :0].reshape(2, 0, 5),
        lax.reshape(y, (y.shape[2], 10, y.shape[3]), (2, 0, 1, 3)) * 2,
    ),
    "squeezed": lambda y: (lax.squeeze(y[:, :, :1], (2,)), jnp.expand_dims(y, (0, 3))),
    "product": lambda y: jnp.einsum("nchw,oc->nohw", y, jnp.arange(10.0).reshape(2, 5)),
    "batched product": lambda y: jnp.einsum("nchw,nchv->nwvc", y, y),
    "convolved again": lambda y: convolved(y, np.ones((4, 5, 2, 2))),
    "grouped": lambda y: convolved(y[:, :4], np.ones((4, 2, 2, 2)), feature_group_count=2),
    "strided and dilated": lambda y: convolved(
        y, np.ones((4, 5, 2, 2)), window_strides=(2, 1), rhs_dilation=(1, 2)
    ),
    "without a rule": lambda y: (jnp.sort(y, 1), jnp.cumsum(y, 2), jnp.argmax(y, 1)),
    "in functions": lambda y: (jax.nn.relu(y), jax.nn.silu(y), jax.jit(jnp.sin)(y)),
    "in loops": lambda y: lax.fori_loop(0, 3, lambda _, z: z * 0.5 + y, y),
}


@pytest.mark.parametrize("name", AFTER)
def test_same_numbers(name):
    def function(x):
        return jax.tree.leaves(AFTER[name](convolved(x)))

    x = picture().astype(np.float32)
    found = jax.jit(layout.channels_last(jax.make_jaxpr(function)(x)))(x)
    for one, other in zip(found, function(x), strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, 1e-5, 1e-5)


@pytest.mark.parametrize("name", AFTER)
def test_same_gradients(name):
    def function(x, kernel):
        results = jax.tree.leaves(AFTER[name](convolved(x, kernel)))
        return sum(one.astype(jnp.float32).reshape(-1)[::3].sum() for one in results)

    x, kernel = picture().astype(np.float32), KERNEL.astype(np.float32)
    gradient = jax.grad(function, (0, 1))
    found = jax.jit(layout.channels_last(jax.make_jaxpr(gradient)(x, kernel)))(x, kernel)
    for one, other in zip(found, gradient(x, kernel), strict=True):
        np.testing.assert_allclose(one, other, 1e-4, 1e-3)


@pytest.mark.parametrize(("shape", "make"), [
    ((2, 4, 9), lambda: nn.Conv1d(4, 6, 3, padding=1)),
    ((2, 4, 9), lambda: nn.Conv1d(4, 6, 3, groups=2)),
    ((2, 4, 5, 6), lambda: nn.Conv2d(4, 6, 1, stride=2)),
    ((2, 4, 5, 6), lambda: nn.Conv2d(4, 8, 3, groups=4, padding="same")),
    ((1, 64, 3, 3), lambda: nn.Conv2d(64, 8, 3, groups=4)),
    ((2, 4, 4, 3), lambda: nn.ConvTranspose2d(4, 6, 3, stride=2, output_padding=1)),
    ((2, 4, 4, 3), lambda: nn.ConvTranspose2d(4, 6, 3, groups=2)),
    ((1, 2, 4, 3, 3), lambda: nn.Conv3d(2, 3, 2, dilation=(1, 2, 1))),
    ((1, 2, 3, 2, 2), lambda: nn.ConvTranspose3d(2, 3, 2)),
])  # fmt: skip
def test_layers_and_their_gradients(shape, make):
    """By differences, in float64."""
    module = make().double()
    x = nr.from_numpy(picture(*shape)).requires_grad_()
    names = [name for name, _ in module.named_parameters()]

    def function(x, *parameters):
        return nr.func.functional_call(module, dict(zip(names, parameters, strict=True)), (x,))

    assert nr.autograd.gradcheck(function, (x, *module.parameters()))


def transpositions(function, *arrays) -> list[int]:
    """The sizes of the arrays that are transposed."""
    placed = layout.channels_last(jax.make_jaxpr(function)(*arrays))
    return [
        equation.invars[0].aval.size
        for equation in jax.make_jaxpr(placed)(*arrays).eqns
        if equation.primitive.name == "transpose"
        and sum(size > 1 for size in equation.invars[0].aval.shape) > 1
    ]


@pytest.fixture
def without_kernels(monkeypatch):
    """Convolutions are XLA's own, as on a machine without a C compiler."""
    monkeypatch.setattr(layout.native, "convolution", lambda *_: None)


def test_pictures_are_transposed_at_the_ends_only(without_kernels):
    def network(x, first, second):
        y = jax.nn.relu(convolved(x, first))
        y = y - y.mean((0, 2, 3), keepdims=True)
        y = pooled(convolved(y, second)) * 2
        return [y.mean((2, 3)).sum()]

    x, first, second = picture(), KERNEL, np.ones((4, 5, 3, 2))
    assert transpositions(network, x, first, second) == [x.size, first.size, second.size]


def test_programs_without_convolutions_are_left_alone():
    plain = jax.make_jaxpr(lambda x: jnp.tanh(x).sum(1))(picture())
    assert not contents.convolves(plain.jaxpr)
    inside = jax.make_jaxpr(jax.jit(lambda x: convolved(x)))(picture())
    assert contents.convolves(inside.jaxpr)


@pytest.mark.parametrize("strides", [(1, 1), (2, 1)])
def test_mapped_convolutions_are_made_one_by_one(without_kernels, strides):
    """Kernels and pictures of several models: values, gradients, and no groups are left."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(3, 2, 6, 7, 8)).astype(np.float32)
    kernel = generator.normal(size=(3, 4, 6, 3, 3)).astype(np.float32)

    def total(x, kernel):
        def one(x, kernel):
            return jax.lax.conv_general_dilated(
                x, kernel, strides, [(1, 1), (0, 2)], dimension_numbers=("NCHW", "OIHW", "NCHW")
            )

        return (jax.vmap(one)(x, kernel) ** 2).sum()

    gradient = jax.grad(total, (0, 1))
    closed = jax.make_jaxpr(gradient)(x, kernel)
    placed = layout.channels_last(closed)
    for found, wanted in zip(placed(x, kernel), gradient(x, kernel), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)
    text = str(jax.make_jaxpr(placed)(x, kernel))
    assert text.count("conv_general_dilated[") == 9
    assert set(re.findall(r"(?:batch|feature)_group_count=(\d+)", text)) == {"1"}


def both_ways(function, *given):
    """The function's value and gradients, as written and with channels last."""

    def measured(*given):
        def total(*given):
            result = function(*given)
            return jnp.tanh(result).sum() + (result**2).sum(), result

        return jax.value_and_grad(total, argnums=(0, 1), has_aux=True)(*given)

    plain = jax.tree.leaves(jax.jit(measured)(*given))
    placed = jax.jit(layout.channels_last(jax.make_jaxpr(measured)(*given)))(*given)
    return plain, placed


def assert_alike(plain, placed):
    for one, other in zip(plain, placed, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(other, one, rtol=0, atol=4e-6 * np.abs(one).max())


def pointwise(picture, kernel):
    """A 1 x 1 convolution as the operation has it."""
    return jnp.moveaxis(lax.dot_general(picture, kernel, (((1,), (1,)), ((), ()))), -1, 1)


@pytest.mark.parametrize(
    "function",
    [
        pointwise,
        lambda picture, kernel: pointwise(jnp.tanh(pointwise(picture, kernel)), kernel.T[:, :4]),
        lambda picture, kernel: jnp.tanh(pointwise(picture, kernel)).transpose(0, 1, 3, 2) * 2,
        lambda picture, kernel: pointwise(picture, kernel).sum((0, 3)),
    ],
    ids=["alone", "twice", "turned", "summed"],
)
def test_products_of_pictures(function):
    given, kernel = picture(2, 3, 16, 17).astype(np.float32), KERNEL[:4, :, 0, 0].astype(np.float32)
    closed = jax.make_jaxpr(function)(given, kernel)
    assert contents.multiplies_pictures(closed.jaxpr)
    assert_alike(*both_ways(function, given, kernel))
    # No picture is turned around: the products take them as they lie.
    lowered = jax.jit(layout.channels_last(jax.make_jaxpr(pointwise)(given, kernel)))
    assert "transpose" not in lowered.lower(given, kernel).as_text().split("return")[0]


def test_small_pictures_are_one_product():
    given, kernel = picture(2, 3, 8, 8), KERNEL[:4, :, 0, 0]
    assert not contents.multiplies_pictures(jax.make_jaxpr(pointwise)(given, kernel).jaxpr)
