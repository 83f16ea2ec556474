"""Reductions over segments against PyTorch: empty segments, ties, starts and later dimensions."""

import numpy as np
import pytest

import neurarust as nr

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("initial", [None, 2.0])
@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min", "prod"])
def test_like_pytorch(reduce, initial, axis):
    data = np.random.default_rng(0).normal(size=(6, 5, 3)).astype(np.float32)
    data[2] = data[1]  # a tie in the first segment but one
    data = np.moveaxis(data, 0, axis).copy()
    lengths = np.array([1, 0, 4, 1])
    lengths = lengths if axis == 0 else np.tile(lengths, (5, 1))
    found = []
    for library in (torch, nr):
        x = library.tensor(data, requires_grad=True)
        made = library.segment_reduce(
            x, reduce, lengths=library.tensor(lengths), axis=axis, initial=initial
        )
        finite = library.where(library.isfinite(made), made, library.zeros_like(made))
        weights = library.arange(made.numel(), dtype=library.float32).reshape(made.shape)
        (finite * weights).sum().backward()
        found.append((made.detach().numpy(), x.grad.numpy()))
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
