"""Attention over long sequences, block by block."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import neurarust as nr
from neurarust.core.ops import attention

F = nr.nn.functional


def gradients(arrays: list, causal: bool) -> list:
    tensors = [nr.tensor(one, requires_grad=True) for one in arrays[:3]]
    made = F.scaled_dot_product_attention(*tensors, is_causal=causal)
    made.backward(nr.tensor(arrays[3]))
    return [made.tolist(), *[one.grad.tolist() for one in tensors]]


@pytest.mark.parametrize("causal", [False, True])
def test_blocks_give_the_numbers_of_the_whole(causal, monkeypatch):
    random = np.random.default_rng(0)
    shapes = [(2, 21, 4), (2, 19, 4), (2, 19, 5), (2, 21, 5)]
    arrays = [random.standard_normal(one).astype(np.float32) for one in shapes]
    whole = gradients(arrays, causal)
    monkeypatch.setattr(attention, "_WHOLE", 100)
    monkeypatch.setattr(attention, "_BLOCK", 8)
    attention.attention.op.signatures.clear()
    try:
        for one, other in zip(gradients(arrays, causal), whole, strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)
    finally:
        attention.attention.op.signatures.clear()


def test_memory_grows_with_the_length_and_not_its_square():
    def bytes_of(length: int) -> int:
        x = jax.ShapeDtypeStruct((1, 2, length, 16), np.float32)
        step = jax.jit(lambda *given: attention._attention_gradient(*given, is_causal=True))
        return step.lower(x, x, x, x).compile().memory_analysis().temp_size_in_bytes

    assert bytes_of(4096) < 2.3 * bytes_of(2048)
