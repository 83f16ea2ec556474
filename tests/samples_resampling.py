"""Rows of the sample table: interpolation, grids, pixels as channels, pairs of rows."""

from __future__ import annotations

import itertools

import numpy as np

from .samples_base import constant, normal, row


def resized(x, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """Interpolation by its definition, one axis after the other."""
    sizes = [int(n * scale_factor) for n in x.shape[2:]] if size is None else list(size)
    for axis, count in enumerate(sizes, 2):
        n = x.shape[axis]
        ratio = n / count if scale_factor is None else 1 / scale_factor
        place = (np.arange(count) + 0.5) * ratio - 0.5
        if align_corners:
            place = np.arange(count) * (n - 1) / (count - 1)
        if mode == "nearest":
            matrix = np.eye(n)[np.floor(np.arange(count) * ratio).astype(int)]
        elif mode == "nearest-exact":
            matrix = np.eye(n)[np.floor(place + 0.5).astype(int)]
        else:
            tent = 1 - np.abs(np.clip(place, 0, n - 1)[:, None] - np.arange(n))
            matrix = np.maximum(tent, 0)
        x = np.moveaxis(np.tensordot(x, matrix, (axis, 1)), -1, axis)
    return x


def sampled(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False):
    """Bilinear or nearest values at the places of a grid."""
    height, width = x.shape[2:]
    result = np.zeros((*x.shape[:2], *grid.shape[1:3]))
    for n, i, j in np.ndindex(grid.shape[:3]):
        places = []
        for number, size in ((grid[n, i, j, 1], height), (grid[n, i, j, 0], width)):
            place = (number + 1) / 2 * (size - 1)
            if not align_corners:
                place = ((number + 1) * size - 1) / 2
            places.append(np.clip(place, 0, size - 1) if padding_mode == "border" else place)
        for row_, column in itertools.product(range(height), range(width)):
            away = np.abs(np.array(places) - [row_, column])
            share = np.maximum(1 - away, 0) if mode == "bilinear" else (away < 0.5) * 1.0
            result[n, :, i, j] += share.prod() * x[n, :, row_, column]
    return result


def grid_of(theta, size, align_corners=False):
    lines = []
    for count in size[2:]:
        line = np.linspace(-1, 1, count)
        lines.append(line if align_corners else line * (count - 1) / count)
    rows, columns = np.meshgrid(*lines, indexing="ij")
    return np.einsum("hwk,nrk->nhwr", np.stack([columns, rows, np.ones_like(rows)], -1), theta)


def pixels(x, r):
    n, channels, height, width = x.shape
    x = x.reshape(n, channels // r**2, r, r, height, width)
    return x.transpose(0, 1, 4, 2, 5, 3).reshape(n, -1, height * r, width * r)


def channels_of(x, r):
    n, channels, height, width = x.shape
    x = x.reshape(n, channels, height // r, r, width // r, r)
    return x.transpose(0, 1, 3, 5, 2, 4).reshape(n, -1, height // r, width // r)


def shuffled(x, groups):
    return x[:, np.arange(x.shape[1]).reshape(groups, -1).T.ravel()]


def pairs(x, p=2.0):
    both = itertools.combinations(x, 2)
    return np.array([np.linalg.norm(one - other, p) for one, other in both])


def linear_loss(x, weight, target):
    logits = x @ weight.T
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return -logs[np.arange(len(x)), target].mean()


NN = "nn.functional."
image = normal(1, 2, 3, 4)

ROWS = [
    row(f"{NN}interpolate", resized,
        *[(image, {"size": size, "mode": mode, "align_corners": align})
          for size in ((5, 3), (6, 8))
          for mode, align in (("nearest", None), ("nearest-exact", None), ("bilinear", False),
                              ("bilinear", True))],
        (normal(1, 2, 5), {"scale_factor": 1.6, "mode": "linear"}),
        (normal(1, 1, 2, 3, 2), {"scale_factor": 2, "mode": "trilinear"}), out=False),
    row(f"{NN}upsample", resized, (image, {"scale_factor": 2}), out=False),
    row(f"{NN}upsample_nearest", resized, (image, (6, 8)), out=False),
    row(f"{NN}upsample_bilinear", lambda x, size: resized(x, size, None, "bilinear", True),
        (image, (5, 6)), out=False),
    row(f"{NN}grid_sample", sampled,
        *[(image, normal(1, 2, 3, 2), mode, padding, align)
          for mode, padding, align in (("bilinear", "zeros", False), ("bilinear", "border", True),
                                       ("nearest", "border", False))], out=False, order=1),
    row(f"{NN}affine_grid", grid_of, (normal(2, 2, 3), (2, 1, 3, 4)),
        (normal(2, 2, 3), (2, 1, 3, 4), True), out=False),
    row(f"{NN}pixel_shuffle", pixels, (normal(2, 8, 2, 3), 2), out=False),
    row(f"{NN}pixel_unshuffle", channels_of, (normal(2, 2, 4, 6), 2), out=False),
    row(f"{NN}channel_shuffle", shuffled, (normal(2, 6, 3), 3), out=False),
    row(f"{NN}pdist", pairs, (normal(4, 3),), (normal(4, 3), 1.0), out=False, tolerance=1e-8),
    row(f"{NN}linear_cross_entropy", linear_loss,
        (normal(3, 4), normal(5, 4), constant(2, 0, 4)),  out=False),
]  # fmt: skip
