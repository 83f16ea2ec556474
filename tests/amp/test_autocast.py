"""Autocast: which operations change type, how contexts nest, and that it costs nothing off."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import neurarust as nr
from neurarust.core import define, methods
from neurarust.core.op import OPS
from neurarust.core.tensor import dispatch


def dtype_of(function, **options):
    with nr.autocast("cpu", **options):
        return function().dtype


X = nr.tensor(np.random.default_rng(0).standard_normal((4, 4)).astype(np.float32))
H = X.to(nr.bfloat16)
F = nr.nn.functional


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda: X @ X, nr.bfloat16),
        (lambda: X.matmul(X), nr.bfloat16),
        (lambda: nr.einsum("ij,jk->ik", X, X), nr.bfloat16),
        (lambda: F.linear(X, X, bias=X[0]), nr.bfloat16),
        (lambda: F.conv2d(X[None, None], X[None, None]), nr.bfloat16),
        (lambda: X.double() @ X.double(), nr.float64),
        (lambda: F.mse_loss(H, H), nr.float32),
        (lambda: nr.cat([X, H]), nr.float32),
        (lambda: nr.cat([H, H]), nr.bfloat16),
        (lambda: H + H, nr.bfloat16),
        (lambda: X + X, nr.float32),
        (lambda: X.long() + 1, nr.int64),
    ],
)
def test_types(function, expected):
    assert dtype_of(function) is expected


def test_float16():
    assert dtype_of(lambda: X @ X, dtype=nr.float16) is nr.float16


def test_contexts_nest_and_end():
    with nr.autocast("cpu"):
        assert nr.is_autocast_enabled("cpu") and not nr.is_autocast_enabled("cuda")
        with nr.autocast("cpu", enabled=False):
            assert (X @ X).dtype is nr.float32
            with nr.autocast("cpu", dtype=nr.float16):
                assert (X @ X).dtype is nr.float16
        assert (X @ X).dtype is nr.bfloat16
    assert (X @ X).dtype is nr.float32
    with pytest.raises(ZeroDivisionError), nr.autocast("cpu"):
        raise ZeroDivisionError
    assert not nr.is_autocast_enabled("cpu")


def test_decorator():
    @nr.amp.autocast("cpu")
    def product(x):
        return product(x - 1) if x.sum() > 100 else x @ x

    assert product(X).dtype is nr.bfloat16
    assert (X @ X).dtype is nr.float32


def test_off_the_hot_path_is_as_before():
    assert define.call is dispatch.call and methods.call is dispatch.call
    with nr.autocast("cpu"):
        assert define.call is not dispatch.call
    assert define.call is dispatch.call and methods.call is dispatch.call


def test_other_threads_do_not_cast():
    seen = []
    with nr.autocast("cpu"):
        thread = threading.Thread(target=lambda: seen.append((X @ X).dtype))
        thread.start()
        thread.join()
    assert seen == [nr.float32]


def test_gradients_have_the_parameters_type():
    layer = nr.nn.Linear(4, 3)
    with nr.autocast("cpu"):
        loss = F.cross_entropy(layer(X), nr.tensor([0, 1, 2, 0]))
    assert loss.dtype is nr.float32
    loss.backward()
    assert layer.weight.grad.dtype is nr.float32
    half = layer.weight.grad.clone()
    layer.weight.grad = None
    F.cross_entropy(layer(X), nr.tensor([0, 1, 2, 0])).backward()
    np.testing.assert_allclose(half, layer.weight.grad, atol=1e-2)


def test_a_training_step_is_one_program():
    layer = nr.nn.Linear(4, 3)
    optimizer = nr.optim.AdamW(layer.parameters())

    def step():
        optimizer.zero_grad()
        with nr.autocast("cpu"):
            loss = F.cross_entropy(layer(X), nr.tensor([0, 1, 2, 0]))
        loss.backward()
        optimizer.step()

    for _ in range(3):
        step()
    before = nr.explain()
    step()
    after = nr.explain()
    assert (after.compilations - before.compilations, after.hits - before.hits) == (0, 1)


def test_the_lists_name_operations():
    known = set(OPS) | {"conv_tbc", "grid_sample", "gru_layer", "cross", "quantile", "nanquantile"}
    listed = {name for table in nr.amp.lists.RULES.values() for name in table}
    assert not listed - known


class Doubled(nr.autograd.Function):
    @staticmethod
    @nr.amp.custom_fwd(device_type="cpu", cast_inputs=nr.float32)
    def forward(ctx, x):
        ctx.seen = (x.dtype, (x @ x).dtype)
        Doubled.forward_saw = ctx.seen
        return x * 2

    @staticmethod
    @nr.amp.custom_bwd(device_type="cpu")
    def backward(ctx, grad):
        Doubled.backward_saw = (grad @ grad).dtype
        return grad * 2


def test_custom_functions():
    x = H.detach().requires_grad_()
    with nr.autocast("cpu"):
        made = Doubled.apply(x)
    assert Doubled.forward_saw == (nr.float32, nr.float32)
    made.sum().backward()
    assert Doubled.backward_saw is nr.float32
    assert x.grad.float().tolist() == [[2.0] * 4] * 4


def test_bad_arguments():
    with pytest.raises(RuntimeError, match="unsupported autocast device_type 'npu'"):
        nr.autocast("npu")
    with pytest.raises(ValueError, match="of type `str`"):
        nr.autocast(nr.bfloat16)
    with pytest.warns(UserWarning, match="target dtype is not supported"):
        assert dtype_of(lambda: X @ X, dtype=nr.float64) is nr.float32


@pytest.mark.skipif(nr.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_is_disabled_without_one():
    with pytest.warns(UserWarning, match="CUDA is not available"):
        assert not nr.amp.GradScaler().is_enabled()
    with pytest.warns(UserWarning, match="CUDA is not available"), nr.autocast("cuda"):
        assert not nr.is_autocast_enabled("cuda")
