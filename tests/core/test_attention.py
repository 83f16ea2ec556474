"""Attention over long sequences, tile by tile."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import neurarust as nr
from neurarust.core.ops import attention, tiled_attention

F = nr.nn.functional


def gradients(arrays: list, causal: bool) -> list:
    tensors = [nr.tensor(one, requires_grad=True) for one in arrays[:3]]
    made = F.scaled_dot_product_attention(*tensors, is_causal=causal)
    made.backward(nr.tensor(arrays[3]))
    return [made.tolist(), *[one.grad.tolist() for one in tensors]]


@pytest.fixture
def small_tiles(monkeypatch):
    """Switches to tiles of 8 x 8 from 100 scores on."""

    def switch() -> None:
        monkeypatch.setattr(tiled_attention, "WHOLE", 100)
        monkeypatch.setattr(tiled_attention, "TILE", 8)
        attention.attention.op.signatures.clear()

    yield switch
    attention.attention.op.signatures.clear()


@pytest.mark.parametrize("causal", [False, True])
def test_tiles_give_the_numbers_of_the_whole(causal, small_tiles):
    random = np.random.default_rng(0)
    shapes = [(2, 21, 4), (2, 19, 4), (2, 19, 5), (2, 21, 5)]
    arrays = [random.standard_normal(one).astype(np.float32) for one in shapes]
    whole = gradients(arrays, causal)
    small_tiles()
    for one, other in zip(gradients(arrays, causal), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def test_tiles_with_shared_heads_and_second_derivatives(small_tiles):
    random = np.random.default_rng(1)
    query = nr.tensor(random.standard_normal((1, 4, 17, 3)), requires_grad=True)
    key, value = (
        nr.tensor(random.standard_normal((1, 2, 17, 3)), requires_grad=True) for _ in range(2)
    )

    def attended(*arrays):
        return F.scaled_dot_product_attention(*arrays, is_causal=True, enable_gqa=True)

    def results() -> list:
        made = attended(query, key, value)
        first = nr.autograd.grad(made.sin().sum(), (query, key, value), create_graph=True)
        second = nr.autograd.grad(sum(one.square().sum() for one in first), (query, key, value))
        _, forward = nr.func.jvp(attended, (query, key, value), (query, key, value))
        return [one.tolist() for one in (made, *first, *second, forward)]

    whole = results()
    small_tiles()
    for one, other in zip(results(), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_memory_grows_with_the_length_and_not_its_square():
    def bytes_of(length: int) -> int:
        x = jax.ShapeDtypeStruct((1, 2, length, 16), np.float32)
        step = jax.jit(lambda *given: attention._attention_gradient(*given, is_causal=True))
        return step.lower(x, x, x, x).compile().memory_analysis().temp_size_in_bytes

    assert bytes_of(4096) < 2.3 * bytes_of(2048)
