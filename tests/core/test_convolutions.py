"""Minimal filtering and products of pictures: the numbers of the plain definition."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import neurarust as nr
from neurarust.core.engine import convolutions, layout


def arrays(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.standard_normal(shape, dtype=np.float32) for shape in shapes]


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


@pytest.fixture
def filtered(monkeypatch):
    """Filtering at any size; counts how often it was chosen."""
    monkeypatch.setattr(convolutions, "CHANNELS", 1)
    monkeypatch.setattr(convolutions, "WORK", 1)
    chosen = []
    for name in ("filtered", "filtered_gradient"):
        made = getattr(convolutions, name)
        monkeypatch.setattr(
            convolutions, name, lambda *a, name=name, made=made: chosen.append(name) or made(*a)
        )
    return chosen


@pytest.mark.parametrize("size", [(6, 8), (7, 5), (3, 4)])
@pytest.mark.parametrize("padding", [((1, 1), (1, 1)), ((0, 0), (2, 1)), ((3, 0), (0, 2))])
def test_filtering_computes_convolutions(filtered, size, padding):
    picture, kernel = arrays((2, 3, *size), (5, 3, 3, 3))

    def function(picture, kernel):
        return lax.conv_general_dilated(picture, kernel, (1, 1), padding)

    assert_alike(*both_ways(function, picture, kernel))
    # The gradient of the picture is a convolution too, where no margin of it is negative.
    inner = max(max(pair) for pair in padding) <= 2
    assert sorted(filtered) == ["filtered"] * (1 + inner) + ["filtered_gradient"]


@pytest.mark.parametrize(
    "options",
    [
        {"window_strides": (2, 1)}, {"rhs_dilation": (1, 2)}, {"lhs_dilation": (2, 1)},
        {"feature_group_count": 3},
    ],
)  # fmt: skip
def test_other_convolutions_are_left_to_xla(filtered, options):
    picture, kernel = arrays((2, 3, 8, 8), (6, 3 // options.get("feature_group_count", 1), 3, 3))
    options = {"window_strides": (1, 1), "padding": ((1, 1), (1, 1))} | options
    plain, placed = both_ways(
        lambda *given: lax.conv_general_dilated(*given, **options), picture, kernel
    )
    assert_alike(plain, placed)
    assert not filtered


@pytest.mark.parametrize(
    ("picture", "outputs", "pays"),
    [
        ((32, 64, 16, 16), 64, True), ((8, 512, 14, 14), 512, True), ((1, 64, 56, 56), 64, True),
        ((32, 32, 16, 16), 64, False), ((32, 64, 8, 8), 64, False), ((8, 64, 56, 56), 64, False),
    ],
)  # fmt: skip
def test_where_filtering_pays(picture, outputs, pays):
    def function(picture, kernel):
        return lax.conv_general_dilated(picture, kernel, (1, 1), "SAME")

    kernel = jax.ShapeDtypeStruct((outputs, picture[1], 3, 3), jnp.float32)
    for dtype in (jnp.float32, jnp.float64, jnp.bfloat16):
        with jax.enable_x64(True):
            given = jax.ShapeDtypeStruct(picture, dtype)
            like = jax.ShapeDtypeStruct(kernel.shape, dtype)
            (equation,) = jax.make_jaxpr(function)(given, like).eqns
        avals = [one.aval for one in (*equation.invars, *equation.outvars)]
        assert convolutions.filters(equation.params, *avals) is (pays and dtype == jnp.float32)


def test_a_filtered_layer_trains_as_its_definition():
    picture, weight = arrays((4, 64, 28, 28), (64, 64, 3, 3))
    layer = nr.nn.Conv2d(64, 64, 3, padding=1)
    layer.weight.data = nr.from_numpy(weight)
    x = nr.from_numpy(picture).requires_grad_()
    found = layer(x)
    (found * found).sum().backward()
    exact = np.pad(picture.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(exact, (3, 3), (2, 3))
    wanted = np.einsum("bchwij,ocij->bohw", windows, weight, optimize=True)
    wanted += layer.bias.detach().numpy()[:, None, None]
    gradient = 2 * np.einsum("bchwij,bohw->ocij", windows, wanted, optimize=True)
    for one, exactly in ((found.detach(), wanted), (layer.weight.grad, gradient)):
        np.testing.assert_allclose(one.numpy(), exactly, rtol=0, atol=4e-6 * np.abs(exactly).max())


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
    picture, kernel = arrays((2, 3, 16, 17), (4, 3))
    closed = jax.make_jaxpr(function)(picture, kernel)
    assert layout.multiplies_pictures(closed.jaxpr)
    assert_alike(*both_ways(function, picture, kernel))
    # No picture is turned around: the products take them as they lie.
    lowered = jax.jit(layout.channels_last(jax.make_jaxpr(pointwise)(picture, kernel)))
    assert "transpose" not in lowered.lower(picture, kernel).as_text().split("return")[0]


def test_small_pictures_are_one_product():
    picture, kernel = arrays((2, 3, 8, 8), (4, 3))
    assert not layout.multiplies_pictures(jax.make_jaxpr(pointwise)(picture, kernel).jaxpr)
