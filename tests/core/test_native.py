"""The kernels in C: the numbers of XLA's own operations, and what happens without them."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import neurarust as nr
from neurarust.core import native
from neurarust.core.engine import contents, layout, program
from neurarust.core.native import build, products

from .subprocesses import run

compiled = pytest.mark.skipif(not native.available(), reason="no C compiler on this machine")


def arrays(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.standard_normal(shape, dtype=np.float32) for shape in shapes]


def assert_alike(found, wanted, within=5e-6):
    for one, other in zip(found, wanted, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=0, atol=within * np.abs(other).max())


def by_kernels(function, *given, replayed=layout.channels_last):
    """The function's results as programs compute them, and the kernels that they call."""
    placed = jax.jit(replayed(jax.make_jaxpr(function)(*given)))
    text = placed.lower(*given).as_text()
    names = [part.partition("(")[0] for part in text.split("custom_call @neurarust_")[1:]]
    return placed(*given), sorted(name for name in names if name != "transpose")


# Picture, outputs, kernel and options: pixels and channels that fill no vector or tile, several
# tasks a picture, several pictures a task, kernels that are added up in no parts, and every form.
FORMS = {
    "plain": ((2, 5, 9, 10), 7, (3, 3), {"padding": ((1, 1), (0, 2))}),
    "many channels": ((2, 34, 6, 17), 37, (3, 3), {"padding": ((1, 1), (1, 1))}),
    "one pixel wide": ((3, 3, 40, 1), 33, (5, 1), {"padding": ((2, 2), (0, 0))}),
    "small pictures": ((9, 16, 4, 4), 16, (3, 3), {"padding": ((1, 1), (1, 1))}),
    "steps": ((2, 3, 17, 20), 20, (7, 5), {"padding": ((3, 3), (0, 1)), "window_strides": (2, 3)}),
    "gaps": ((1, 4, 12, 13), 6, (3, 2), {"padding": ((2, 0), (1, 1)), "rhs_dilation": (2, 3)}),
    "wide margins": ((1, 3, 5, 6), 4, (2, 2), {"padding": ((4, 5), (3, 7))}),
    "spread": ((2, 5, 7, 6), 18, (4, 3), {"padding": ((2, 2), (1, 0)), "lhs_dilation": (2, 3)}),
    "spread beyond": ((1, 2, 3, 4), 3, (1, 2), {"padding": ((1, 1), (0, 0)),
                                                "lhs_dilation": (3, 1)}),
    "taps that meet nothing": ((1, 2, 5, 2), 3, (3, 1), {"padding": ((1, 1), (0, 0)),
                                                         "window_strides": (2, 2)}),
    "fewer results than phases": ((1, 2, 3, 1), 3, (2, 2), {"padding": ((1, 1), (1, 0)),
                                                            "lhs_dilation": (2, 3)}),
    "groups": ((2, 12, 8, 9), 15, (3, 3), {"padding": ((1, 1), (1, 1)), "feature_group_count": 3}),
    "by channel": ((2, 21, 8, 9), 21, (3, 5), {"padding": ((1, 1), (2, 2)),
                                               "feature_group_count": 21}),
    "by channel, steps": ((1, 16, 9, 9), 16, (2, 3), {"padding": ((0, 0), (1, 1)),
                                                      "window_strides": (2, 2),
                                                      "feature_group_count": 16}),
    "by channel, whole vectors": ((2, 32, 7, 9), 32, (3, 3), {"padding": ((1, 1), (1, 1)),
                                                              "feature_group_count": 32}),
    "rows that nothing needs": ((2, 5, 11, 12), 7, (2, 3), {"padding": ((1, 0), (1, 1)),
                                                            "window_strides": (3, 2)}),
    "one tap": ((2, 20, 7, 9), 18, (1, 1), {"padding": ((0, 0), (0, 0)), "window_strides": (2, 3)}),
    "one tap, margins": ((2, 6, 5, 6), 7, (1, 1), {"padding": ((1, 2), (0, 3)),
                                                   "window_strides": (2, 2)}),
    "one tap, groups": ((2, 12, 5, 9), 15, (1, 1), {"padding": ((0, 0), (0, 0)),
                                                    "window_strides": (2, 2),
                                                    "feature_group_count": 3}),
    "one tap, pages apart": ((1, 512, 3, 5), 9, (1, 1), {"padding": ((0, 0), (0, 0)),
                                                         "window_strides": (2, 2)}),
    "large kernel": ((3, 256, 3, 4), 130, (3, 3), {"padding": ((1, 1), (1, 1))}),
}  # fmt: skip


@compiled
@pytest.mark.parametrize("form", FORMS)
def test_convolutions_and_their_gradients(form):
    shape, outputs, kernel, options = FORMS[form]
    options = {"window_strides": (1, 1)} | options
    groups = options.get("feature_group_count", 1)

    def convolved(picture, weight):
        return lax.conv_general_dilated(picture, weight, **options)

    def differentiated(picture, weight, cotangent):
        result, pull = jax.vjp(convolved, picture, weight)
        return result, *pull(cotangent)

    given = arrays(shape, (outputs, shape[1] // groups, *kernel))
    given += arrays(jax.eval_shape(convolved, *given).shape)
    found, called = by_kernels(differentiated, *given)
    assert_alike(found, jax.jit(differentiated)(*given))
    # Between spread pixels, the gradient of the kernel is left to XLA.
    assert called == ["convolution"] * 2 + ["convolution_kernel"] * ("lhs_dilation" not in options)


@compiled
@pytest.mark.parametrize("axes", [(0, 0), (None, 0), (0, None)])
def test_convolutions_under_vmap(axes):
    picture, weight, cotangent = arrays((3, 2, 4, 6, 7), (3, 5, 4, 3, 3), (3, 2, 5, 6, 7))
    given = [
        one if axis == 0 else one[0] for one, axis in zip((picture, weight), axes, strict=True)
    ]

    def differentiated(picture, weight, cotangent):
        def convolved(*given):
            return lax.conv_general_dilated(*given, (1, 1), "SAME")

        result, pull = jax.vjp(convolved, picture, weight)
        return result, *pull(cotangent)

    mapped = jax.vmap(differentiated, (*axes, 0))
    found, called = by_kernels(mapped, *given, cotangent)
    assert_alike(found, jax.jit(mapped)(*given, cotangent))
    assert called == ["convolution", "convolution", "convolution_kernel"]


@compiled
@pytest.mark.parametrize(
    "change",
    [
        {"dtype": np.float64}, {"dtype": np.int32}, {"batch": 0},
        {"window_strides": (2, 1), "lhs_dilation": (2, 1)},
    ],
)  # fmt: skip
def test_other_convolutions_are_left_to_xla(change):
    change = {"window_strides": (1, 1), "padding": ((0, 0), (0, 0))} | change
    dtype, batch = change.pop("dtype", np.float32), change.pop("batch", 2)
    with jax.enable_x64(True):
        picture, weight = (one.astype(dtype) for one in arrays((batch, 3, 6, 6), (4, 3, 3, 3)))

        def function(*given):
            return [lax.conv_general_dilated(*given, **change)]

        found, called = by_kernels(function, picture, weight)
        np.testing.assert_allclose(found[0], function(picture, weight)[0], rtol=1e-5, atol=1e-5)
    assert called == []


@compiled
def test_an_infinity_stays_where_it_is():
    picture, weight = arrays((1, 64, 12, 12), (64, 64, 3, 3))
    picture[0, 0, 3, 3] = np.inf
    found = nr.nn.functional.conv2d(nr.from_numpy(picture), nr.from_numpy(weight), padding=1)
    finite = np.isfinite(found.numpy()).all((0, 1))
    assert not finite[2:5, 2:5].any() and finite.sum() == 144 - 9


# Left and right factor, and the axes that are summed and those of the batch.
PRODUCTS = {
    "plain": ((5, 7), (7, 9), (((1,), (0,)), ((), ()))),
    "left transposed": ((70, 45), (70, 33), (((0,), (0,)), ((), ()))),
    "right transposed": ((31, 300), (40, 300), (((1,), (1,)), ((), ()))),
    "both transposed": ((300, 31), (17, 300), (((0,), (1,)), ((), ()))),
    "a batch": ((2, 3, 20, 8), (2, 3, 17, 8), (((3,), (3,)), ((0, 1), (0, 1)))),
    "heads in between": ((2, 20, 3, 8), (2, 17, 3, 8), (((3,), (3,)), ((0, 2), (0, 2)))),
    "turned heads": ((2, 20, 3, 8), (2, 3, 20, 8), (((1,), (2,)), ((0, 2), (0, 1)))),
    "several sums": ((4, 6, 5), (4, 6, 7), (((0, 1), (0, 1)), ((), ()))),
    "several rows": ((3, 4, 5), (5, 4, 3), (((2,), (0,)), ((), ()))),
    "a page apart": ((100, 1024), (1024, 70), (((1,), (0,)), ((), ()))),
    "large ones": ((3, 300, 600), (3, 600, 500), (((2,), (1,)), ((0,), (0,)))),
    "many rows": ((1000, 40), (40, 64), (((1,), (0,)), ((), ()))),
    "a row": ((1, 75), (75, 90), (((1,), (0,)), ((), ()))),
    "a vector": ((75,), (90, 75), (((0,), (1,)), ((), ()))),
    "few rows": ((7, 75), (90, 75), (((1,), (1,)), ((), ()))),
    "few columns": ((90, 75), (75, 3), (((1,), (0,)), ((), ()))),
    "few turned columns": ((75, 90), (8, 75), (((0,), (1,)), ((), ()))),
    "few, all turned": ((75, 4), (90, 75), (((0,), (1,)), ((), ()))),
    "few short rows": ((2, 5), (700, 5), (((1,), (1,)), ((), ()))),
    "few rows, many columns": ((6, 20), (20, 700), (((1,), (0,)), ((), ()))),
    "more rows": ((5, 40), (40, 70), (((1,), (0,)), ((), ()))),
    "few long rows": ((1, 3000), (3000, 1100), (((1,), (0,)), ((), ()))),
    "few for each head": ((2, 1, 3, 8), (2, 17, 3, 8), (((3,), (3,)), ((0, 2), (0, 2)))),
    "few out of line": ((2, 75, 3), (75, 90, 3), (((1,), (0,)), ((2,), (2,)))),
}


@compiled
@pytest.mark.parametrize("form", PRODUCTS)
def test_products(form, monkeypatch):
    *shapes, numbers = PRODUCTS[form]
    for least in ("LEAST", "LEAST_OF_MANY", "LEAST_OF_FEW"):
        monkeypatch.setattr(products, least, 1)
    monkeypatch.setattr(products, "MOST", 1 << 40)

    def function(*factors):
        return [lax.dot_general(*factors, numbers)]

    factors = arrays(*shapes)
    found, called = by_kernels(function, *factors, replayed=layout.with_kernels)
    assert_alike(found, jax.jit(function)(*factors))
    assert called == ["product"]
    # Within a program that holds pictures, they lie as they do here.
    assert by_kernels(function, *factors)[1] == ["product"]


@compiled
@pytest.mark.parametrize("result", [None, jnp.float32])
@pytest.mark.parametrize("form", [form for form in PRODUCTS if "few" in form or "row" in form])
def test_products_of_half_precision(form, result, monkeypatch):
    """A few rows of bfloat16 are added up in float32; all others are XLA's."""
    *shapes, numbers = PRODUCTS[form]
    monkeypatch.setattr(products, "LEAST_OF_FEW", 1)
    factors = [one.astype(jnp.bfloat16) for one in arrays(*shapes)]

    def function(*factors):
        return [lax.dot_general(*factors, numbers, preferred_element_type=result)]

    (found,), called = by_kernels(function, *factors, replayed=layout.with_kernels)
    assert called == (
        [] if form in ("few out of line", "several rows", "many rows") else ["product"]
    )
    assert found.dtype == (result or jnp.bfloat16)
    with jax.enable_x64(True):
        wide = [jnp.asarray(one).astype(jnp.float64) for one in factors]
        exact = np.asarray(lax.dot_general(*wide, numbers))
        of_sizes = np.asarray(lax.dot_general(*map(jnp.abs, wide), numbers))
    # Half of a last bit of eight, and the rounding of the sum.
    last = 2.0**-8 if result is None else 0
    error = np.abs(np.asarray(found, np.float64) - exact)
    assert (error <= last * np.abs(exact) + 1e-6 * of_sizes).all()


def test_what_is_few_is_the_same_in_c():
    header = Path(native.__file__).with_name("product.h").read_text()
    assert f"#define FEW {products.FEW}\n" in header


@compiled
def test_products_of_transposed_factors_and_in_loops(monkeypatch):
    monkeypatch.setattr(products, "LEAST", 1)
    state, weight, inputs = arrays((32, 64), (256, 64), (7, 32, 256))

    def function(state, weight, inputs):
        def step(state, one):
            state = jnp.tanh(one @ weight + state)
            return state, state.T

        last, all_ = lax.scan(step, state, inputs)
        return last @ weight.T, all_, jnp.transpose(weight)

    given = (state, weight, inputs)
    found, called = by_kernels(function, *given, replayed=layout.with_kernels)
    # Each step adds to the rounding of those before.
    assert_alike(found, jax.jit(function)(*given), within=3e-5)
    assert called == ["product", "product"]
    assert contents.calls_kernels(jax.make_jaxpr(function)(*given).jaxpr)


@compiled
@pytest.mark.parametrize(
    ("shapes", "numbers", "dtype"),
    [
        (((64, 784), (784, 128)), (((1,), (0,)), ((), ())), np.float32),
        (((1, 64), (64, 64)), (((1,), (0,)), ((), ())), np.float32),
        (((1, 4096), (4096, 2)), (((1,), (0,)), ((), ())), np.float32),
        (((1024, 512), (512, 512)), (((1,), (0,)), ((), ())), np.float32),
        (((300, 300), (300, 300)), (((1,), (0,)), ((), ())), np.float16),
        (((300, 300), (300, 300)), (((1,), (0,)), ((), ())), jnp.bfloat16),
        (((4, 300), (300, 300)), (((1,), (0,)), ((), ())), np.float16),
        (((300, 300), (300, 300)), (((1,), (0,)), ((), ())), np.float64),
        (((70, 50, 60), (60, 50, 70)), (((1, 2), (1, 0)), ((), ())), np.float32),
    ],
    ids=[
        "small",
        "of a row",
        "few by few",
        "large",
        "half precision",
        "bfloat16",
        "a few rows of half precision",
        "double precision",
        "out of order",
    ],
)
def test_other_products_are_left_to_xla(shapes, numbers, dtype):
    factors = [jax.ShapeDtypeStruct(shape, dtype) for shape in shapes]
    assert native.product({"preferred_element_type": None}, *factors, numbers) is None
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(lambda *given: lax.dot_general(*given, numbers))(*factors)
    assert not contents.calls_kernels(closed.jaxpr)


@compiled
@pytest.mark.parametrize(
    ("shape", "order", "called"),
    [
        ((4, 20, 31, 33), (0, 2, 3, 1), True), ((4, 31, 33, 20), (0, 3, 1, 2), True),
        ((300, 131), (1, 0), True), ((2, 3, 70, 90), (0, 2, 1, 3), False),
        ((300, 131), (0, 1), False), ((40000, 2), (1, 0), False), ((12, 12), (1, 0), False),
    ],
)  # fmt: skip
def test_transposes(shape, order, called):
    (given,) = arrays(shape)
    function = jax.jit(lambda one: native.transpose(one, order))
    np.testing.assert_array_equal(function(given), given.transpose(order))
    assert ("neurarust_transpose" in function.lower(given).as_text()) is called


@compiled
def test_a_transpose_in_a_program_of_its_own_is_carried_along():
    """XLA reads a transposed array in strides, number by number."""
    (given,) = arrays((300, 200))
    x = nr.tensor(given)
    nr.synchronize()

    def text_of(compute):
        result = compute(x).numpy()
        return result, next(reversed(program.state.programs.values())).function.as_text()

    found, text = text_of(lambda x: x.t() + 1)
    np.testing.assert_array_equal(found, given.T + 1)
    assert text.count('custom_call_target="neurarust_transpose"') == 1
    found, text = text_of(lambda x: x.t().tanh().sum(1))
    np.testing.assert_allclose(found, np.tanh(given).sum(0), rtol=1e-5, atol=1e-5)
    assert "neurarust_transpose" not in text


@compiled
def test_a_transpose_that_a_product_takes_in_does_not_count():
    x = jnp.ones((300, 200))

    def of(function):
        return contents.transposes(jax.make_jaxpr(function)(x).jaxpr)

    assert of(lambda x: x.T + 1)
    assert not of(lambda x: x @ x.T)
    assert not of(lambda x: x[:10].T + 1)
    assert not of(lambda x: x.reshape(20, 15, 200).transpose(1, 0, 2) + 1)


TRAINS = """
import sys, warnings
warnings.simplefilter("error" if sys.argv[1] == "quiet" else "always")
import neurarust as nr
nr.manual_seed(0)
model = nr.nn.Sequential(nr.nn.Conv2d(3, 8, 3), nr.nn.Conv2d(8, 8, 3, groups=8))
x = nr.linspace(-1, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8).requires_grad_()
(model(x) ** 2).sum().backward()
print(*x.grad.flatten()[:3].tolist(), model[0].weight.grad.sum().item())
"""


def test_without_kernels_programs_are_xlas_own(tmp_path):
    """Switched off, or with a compiler that fails (of which one is told)."""
    broken = tmp_path / "cc"
    broken.write_text("#!/bin/sh\necho no such luck >&2\nexit 1\n")
    broken.chmod(0o755)
    usual = run(TRAINS, "quiet", NEURARUST_CACHE_DIR=str(tmp_path / "a"))
    off = run(TRAINS, "quiet", NEURARUST_CACHE_DIR=str(tmp_path / "b"), NEURARUST_KERNELS="0")
    failing = run(TRAINS, "loud", NEURARUST_CACHE_DIR=str(tmp_path / "c"), CC=str(broken))
    numbers = [np.array(one.split(), float) for one in (usual, off, failing)]
    np.testing.assert_allclose(numbers[1], numbers[0], rtol=1e-4)
    np.testing.assert_allclose(numbers[2], numbers[0], rtol=1e-4)
    kernels = Path(build.__file__).parent / "__pycache__"
    assert not native.available() or (kernels / f"kernels-{native.digest()}.so").exists()


def test_a_failing_compiler_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "_place", lambda: tmp_path)
    monkeypatch.setattr(build, "_command", lambda: (sys.executable, "-c", "raise SystemExit('oh')"))
    monkeypatch.setattr(build, "digest", lambda: "none")
    failed = build._Build()
    monkeypatch.setattr(build, "begin", lambda: failed)
    with pytest.warns(
        RuntimeWarning, match=r"could not be compiled.*says: oh.*NEURARUST_KERNELS=0"
    ):
        assert not build.ready.__wrapped__()
    assert not os.listdir(tmp_path)


@compiled
def test_the_digest_tells_sources_and_compilers_apart(monkeypatch):
    first = build.digest.__wrapped__()
    assert first == native.digest() and len(first) == 24
    monkeypatch.setattr(build, "_command", lambda: ("other", "-O1"))
    assert build.digest.__wrapped__() != first


def test_an_empty_program_meets_no_kernel():
    assert nr.nn.functional.conv2d(nr.ones(0, 3, 8, 8), nr.ones(4, 3, 3, 3)).shape == (0, 4, 6, 6)
    assert jnp.zeros(3).sum() == 0


# ------------------------------------------------------------------ steps of optimizers


def numbers_of_adam(*shape: int) -> list:
    """A parameter, its gradient, two averages, seven numbers and what the step waits for."""
    param, grad, average, squares, after = arrays(*[shape] * 4, (3,))
    numbers = np.array([0.99, 0.1, 0.999, 0.001, 0.01, 0.3, 1e-8], np.float32)
    return [param, grad, average, squares**2, numbers, after]


@compiled
@pytest.mark.parametrize("shape", [(), (5,), (33, 65), (3, 20_000)])
def test_a_step_of_adam(shape):
    given = numbers_of_adam(*shape)
    found, names = by_kernels(native.adam, *given, replayed=layout.with_kernels)
    assert names == ["adam"]
    assert_alike(found, native.adam(*given), 1e-6)


@compiled
@pytest.mark.parametrize("decay", [0, 0.1])
@pytest.mark.parametrize("shape", [(), (5,), (33, 65), (3, 20_000)])
@pytest.mark.parametrize("rule", ["momentum", "nesterov", "descent"])
def test_a_step_of_gradient_descent(rule, shape, decay):
    param, grad, buffer, after = arrays(shape, shape, shape, (3,))
    numbers = np.array([decay, 0.9, 0.7, 0.01], np.float32)
    given = [param, grad, buffer, numbers, after]
    if rule == "descent":
        given = [param, grad, numbers[[0, 3]], after]
    function = getattr(native, rule)
    found, names = by_kernels(function, *given, replayed=layout.with_kernels)
    assert names == [rule]
    wanted = function(*given)
    assert_alike(found, wanted if isinstance(wanted, tuple) else [wanted], 1e-6)


@compiled
def test_no_weight_decay_reads_no_parameter():
    """Zero times infinity would be no number."""
    param = np.array([np.inf, -np.inf, np.nan, 1], np.float32)
    found, _ = by_kernels(
        native.descent, param, np.ones(4, np.float32), np.array([0, 0.5], np.float32), param,
        replayed=layout.with_kernels,
    )  # fmt: skip
    np.testing.assert_array_equal(found[0], [np.inf, -np.inf, np.nan, 0.5])


@compiled
def test_a_step_of_adam_for_infinities_and_nan():
    given = numbers_of_adam(4)
    given[1] = np.array([np.inf, -np.inf, np.nan, 0], np.float32)
    given[3] = np.zeros(4, np.float32)
    found, _ = by_kernels(native.adam, *given, replayed=layout.with_kernels)
    for one, other in zip(found, native.adam(*given), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@compiled
@pytest.mark.parametrize("axes", [(0, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, None)])
def test_steps_of_adam_under_vmap(axes):
    """Square matrices, so that shapes alone would not tell of another order."""
    param, grad, average, squares, *numbers = numbers_of_adam(6, 6)

    def many(*some):
        return jax.vmap(lambda *one: native.adam(*one, *numbers), axes)(*some)

    squares = squares[0] if axes[3] is None else squares
    found, names = by_kernels(many, param, grad, average, squares, replayed=layout.with_kernels)
    assert names == (["adam"] if axes == (0, 0, 0, 0) else [])
    assert_alike(found, many(param, grad, average, squares), 1e-6)


@compiled
@pytest.mark.parametrize("shape", [(), (3,), (33, 65), (5, 7_001)])
def test_the_parts_of_clipping(shape):
    (array,) = arrays(shape)

    def parts(array):
        return native.squares(array), native.scaled(array, jnp.float32(0.3))

    found, names = by_kernels(parts, array, replayed=layout.with_kernels)
    assert names == ["scaled", "squares"]
    exact = np.sum(np.square(array, dtype=np.float64), dtype=np.float64)
    np.testing.assert_allclose(found[0], exact, rtol=2e-7)
    np.testing.assert_array_equal(found[1], array * np.float32(0.3))


@compiled
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_squares_of_what_is_not_finite(value):
    array = np.ones(20_000, np.float32)
    array[17_001] = value
    (found,), _ = by_kernels(lambda one: [native.squares(one)], array, replayed=layout.with_kernels)
    np.testing.assert_array_equal(found, np.square(value))


@compiled
@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_clipping_in_other_types_is_xlas(dtype):
    with jax.enable_x64(True):
        array = np.ones((3, 4), dtype)
        found, names = by_kernels(
            lambda one: [native.squares(one), native.scaled(one, one.dtype.type(2))],
            array, replayed=layout.with_kernels,
        )  # fmt: skip
        assert names == []
        assert [one.dtype for one in found] == [dtype, dtype]
        np.testing.assert_array_equal(found[0], 12)


@compiled
def test_the_derivative_of_a_step_is_xlas():
    param, *others = numbers_of_adam(7)

    def slope(param):
        return jax.jvp(lambda one: native.adam(one, *others), (param,), (jnp.ones(7),))[1]

    found, names = by_kernels(slope, param, replayed=layout.with_kernels)
    assert names == []
    np.testing.assert_allclose(found[0], np.full(7, 0.99), rtol=1e-6)


@compiled
@pytest.mark.parametrize("jitted", [False, True])
@pytest.mark.parametrize("kind", [nr.optim.Adam, nr.optim.AdamW])
def test_adam_writes_over_its_arrays(kind, jitted):
    """Of what a step updates nothing is copied, whichever results have the same shape."""
    nr.manual_seed(0)
    model = nr.nn.Sequential(nr.nn.Linear(64, 64), nr.nn.Tanh(), nr.nn.Linear(64, 64))
    optimizer = kind(model.parameters(), lr=0.01, weight_decay=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        optimizer.step()
        return loss

    step = nr.jit(step) if jitted else step
    x = nr.randn(300, 64)
    losses = [step(x).item() for _ in range(5)]
    assert losses == sorted(losses, reverse=True)
    found = [one for one in program.state.programs.values() if one.hits]
    text = found[-1].function.as_text()
    assert text.count('custom_call_target="neurarust_adam"') == 4
    assert not re.search(r"= f32\[64,64\]\S* copy\(", text)


# ------------------------------------------------------------------ layer normalization

# Rows that fill no vector, of one number, more than the tasks take, and of several axes.
ROWS = {
    "no vector": ((700, 7), 1),
    "of one number": ((5_000, 1), 1),
    "many": ((3, 777, 33), 1),
    "few and long": ((2, 5_003), 1),
    "of two axes": ((4, 65, 3, 16), 2),
}


@compiled
@pytest.mark.parametrize("name", ROWS)
def test_layer_norm_and_its_gradient(name):
    shape, axes = ROWS[name]
    x, given, weight, bias = arrays(shape, shape, *[shape[-axes:]] * 2)
    inputs = (3 * x + 2, weight, bias)
    tensors = [nr.tensor(one, requires_grad=True) for one in inputs]
    y = nr.nn.functional.layer_norm(tensors[0], shape[-axes:], *tensors[1:], 1e-3)
    y.backward(nr.tensor(given))
    found = [one.numpy() for one in (y.detach(), *(one.grad for one in tensors))]
    texts = [one.function.as_text() for one in program.state.programs.values()]
    assert any("neurarust_layer_norm_gradient" in text for text in texts)

    def exact(x, weight, bias):
        rows = x.reshape(*shape[: len(shape) - axes], -1)
        centred = rows - rows.mean(-1, keepdims=True)
        normal = centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-3)
        return normal.reshape(shape) * weight + bias

    with jax.enable_x64(True):
        wanted, pull = jax.vjp(exact, *map(np.float64, inputs))
        for one, other in zip(found, (wanted, *pull(np.float64(given))), strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=2e-6 * (np.abs(other).max() + 10))


@pytest.mark.parametrize(("shape", "size"), [((0, 4), 4), ((2, 0, 4), 4), ((3, 0), 0)])
def test_layer_norm_of_nothing(shape, size):
    x, weight, bias = (nr.ones(one, requires_grad=True) for one in (shape, (size,), (size,)))
    y = nr.nn.functional.layer_norm(x, (size,), weight, bias)
    y.sum().backward()
    assert y.shape == x.grad.shape == shape
    assert weight.grad.tolist() == bias.grad.tolist() == [0.0] * size


@compiled
def test_layer_norm_under_vmap_and_twice_differentiated_is_xlas():
    x, given = arrays((4, 64, 32), (4, 64, 32))
    weight, bias = arrays((4, 32), (4, 32))

    def normalized(x, weight, bias):
        return nr.nn.functional.layer_norm(x, (32,), weight, bias)

    many = nr.vmap(normalized)(*map(nr.tensor, (x, weight, bias))).numpy()
    for k in range(4):
        one = normalized(*map(nr.tensor, (x[k], weight[k], bias[k]))).numpy()
        np.testing.assert_allclose(many[k], one, rtol=1e-5, atol=1e-5)

    x = nr.tensor(np.float64(x[0, :3]), requires_grad=True)
    factor, shift = (nr.tensor(np.float64(one[0]), requires_grad=True) for one in (weight, bias))
    assert nr.autograd.gradgradcheck(normalized, (x, factor, shift))
