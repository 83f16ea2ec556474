"""Rows of the sample table: convolution, pooling, normalization, attention, cells, losses."""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy import special as sp

from .samples_base import (
    Sample,
    constant,
    distinct,
    normal,
    positive,
    row,
    share,
)  # fmt: skip


def each(value, rank: int) -> tuple:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank


# ------------------------------------------------------------------ windows


def windows(x, kernel, stride=1, dilation=1):
    """All windows of the last dimensions. Shape: (N, C, *input) to (N, C, *output, *kernel)."""
    rank = x.ndim - 2
    kernel, stride, dilation = (each(one, rank) for one in (kernel, stride, dilation))
    extent = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    seen = np.lib.stride_tricks.sliding_window_view(x, extent, tuple(range(2, x.ndim)))
    steps = [slice(None, None, s) for s in (1, 1, *stride, *dilation)]
    return seen[tuple(steps)]


def widened(x, padding, fill=0.0):
    widths = [(0, 0), (0, 0), *[(p, p) for p in each(padding, x.ndim - 2)]]
    return np.pad(x, widths, constant_values=fill)


def convolved(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    rank = x.ndim - 2
    if padding == "same":
        padding = [d * (k - 1) // 2 for k, d in zip(weight.shape[2:], each(dilation, rank),
                                                    strict=True)]  # fmt: skip
    elif padding == "valid":
        padding = 0
    seen = windows(widened(x, padding), weight.shape[2:], stride, dilation)
    parts = []
    for part, kernel in zip(np.split(seen, groups, 1), np.split(weight, groups, 0), strict=True):
        axes = (1, *range(2 + rank, 2 + 2 * rank))
        product = np.tensordot(part, kernel, (axes, (1, *range(2, 2 + rank))))
        parts.append(np.moveaxis(product, -1, 1))
    result = np.concatenate(parts, 1)
    return result if bias is None else result + bias.reshape(-1, *[1] * rank)


def transposed(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    rank = x.ndim - 2
    stride, padding, more, dilation = (
        each(one, rank) for one in (stride, padding, output_padding, dilation)
    )
    size = [
        (n - 1) * s + d * (k - 1) + 1 + o
        for n, s, d, k, o in zip(x.shape[2:], stride, dilation, weight.shape[2:], more, strict=True)
    ]
    whole = np.zeros((x.shape[0], weight.shape[1] * groups, *size))
    channels, width = x.shape[1] // groups, weight.shape[1]
    for place in itertools.product(*map(range, weight.shape[2:])):
        at = tuple(
            slice(k * d, k * d + (n - 1) * s + 1, s)
            for k, d, n, s in zip(place, dilation, x.shape[2:], stride, strict=True)
        )
        for group in range(groups):
            taken = slice(group * channels, (group + 1) * channels)
            kernel = weight[(taken, slice(None), *place)]
            target = (slice(None), slice(group * width, (group + 1) * width), *at)
            whole[target] += np.einsum("nc...,co->no...", x[:, taken], kernel)
    inner = tuple(slice(p, n - p) for p, n in zip(padding, size, strict=True))
    result = whole[(slice(None), slice(None), *inner)]
    return result if bias is None else result + bias.reshape(-1, *[1] * rank)


def unfolded(x, kernel_size, dilation=1, padding=0, stride=1):
    seen = windows(widened(x, padding), each(kernel_size, 2), stride, dilation)
    n, c, h, w, kh, kw = seen.shape
    return seen.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * kh * kw, h * w)


def folded(x, output_size, kernel_size):
    """Adds up columns where `unfolded` took them from."""
    kernel = each(kernel_size, 2)
    channels = x.shape[1] // math.prod(kernel)
    places = unfolded(np.arange(1.0 * channels * math.prod(output_size)).reshape(
        1, channels, *output_size), kernel)[0].astype(int)  # fmt: skip
    result = np.zeros((x.shape[0], channels * math.prod(output_size)))
    for one, columns in zip(result, x, strict=True):
        np.add.at(one, places.reshape(-1), columns.reshape(-1))
    return result.reshape(x.shape[0], channels, *output_size)


def pooled(reduce, fill=0.0):
    def pool(x, kernel, stride=None, padding=0, dilation=1):
        rank = x.ndim - 2
        kernel = each(kernel, rank)
        seen = windows(widened(x, padding, fill), kernel, stride or kernel, dilation)
        return reduce(seen, axis=tuple(range(-rank, 0)))

    return pool


max_pooled, mean_pooled = pooled(np.max, -np.inf), pooled(np.mean)


def power_pooled(x, p, kernel, stride=None):
    return pooled(np.sum)(x**p, kernel, stride) ** (1 / p)


def adaptive(reduce):
    def pool(x, sizes):
        rank = x.ndim - 2
        sizes = [n if s is None else s for s, n in zip(each(sizes, rank), x.shape[2:], strict=True)]
        result = np.empty((*x.shape[:2], *sizes))
        for place in np.ndindex(*sizes):
            part = tuple(slice(i * n // s, -(-(i + 1) * n // s))
                         for i, n, s in zip(place, x.shape[2:], sizes, strict=True))  # fmt: skip
            result[(..., *place)] = reduce(x[(..., *part)], axis=tuple(range(-rank, 0)))
        return result

    return pool


# Sizes by rank: (input), (kernel), for convolutions and poolings.
LONG, SHORT = ((5,), (4, 5), (3, 4, 3)), ((3,), (2, 3), (2, 2, 2))


def _convolutions(rank: int) -> list[Sample]:
    size, kernel = LONG[rank - 1], SHORT[rank - 1]
    order = 2 if rank == 2 else 1
    settings = [{}, {"stride": 2, "padding": 1}]
    if rank < 3:
        settings.append({"dilation": 2, "padding": (2,) * rank, "groups": 2})
    if rank == 2:
        settings += [{"stride": (2, 1), "padding": (1, 0)}, {"padding": "valid"}]
    forward = [
        (normal(2, 2, *size), normal(4, 2 // one.get("groups", 1), *kernel), normal(4), one)
        for one in settings
    ]
    back = [
        (normal(2, 2, *kernel), normal(2, 4 // one.get("groups", 1), *kernel), normal(4), one)
        for one in (
            {},
            {"stride": 2, "padding": 1, "output_padding": 1},
            {"groups": 2, "dilation": 2},
        )
    ]
    same = [(normal(1, 1, *size), normal(1, 1, *(3,) * rank), {"padding": "same"})]
    return [
        row(f"nn.functional.conv{rank}d", convolved, *forward, *same, order=order, out=False),
        row(f"nn.functional.conv_transpose{rank}d", transposed, *back, order=order, out=False),
    ]


def _poolings(rank: int) -> list[Sample]:
    size = LONG[rank - 1]
    cases = [(2,), (2, 1), (3, 2, 1)]
    if rank == 2:
        cases.append(((2, 3), (1, 2)))
    shape, space = (1, 2, *size), "nn.functional."
    sizes = [2, 3] if rank == 1 else [2, (*size[:-1], 2)]
    return [
        row(f"{space}max_pool{rank}d", max_pooled, *[(distinct(*shape), *one) for one in cases],
            (distinct(1, 2, *(6,) * rank), 2, 1, 1, 2), order=1, out=False),
        row(f"{space}avg_pool{rank}d", mean_pooled, *[(normal(*shape), *one) for one in cases],
            order=1, out=False),
        row(f"{space}lp_pool{rank}d", power_pooled, (positive(*shape), 2.0, 2),
            (positive(*shape), 3.0, 2, 1), order=2 if rank == 1 else 1, out=False),
        row(f"{space}adaptive_avg_pool{rank}d", adaptive(np.mean),
            *[(normal(*shape), one) for one in sizes], order=1, out=False),
        row(f"{space}adaptive_max_pool{rank}d", adaptive(np.max),
            *[(distinct(*shape), one) for one in sizes], order=1, out=False),
    ]  # fmt: skip


# ------------------------------------------------------------- normalization


def standard(x, axes, eps=1e-5):
    centred = x - x.mean(axes, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axes, keepdims=True) + eps)


def per_channel(x, weight, bias):
    shape = (1, -1, *[1] * (x.ndim - 2))
    return x * weight.reshape(shape) + bias.reshape(shape)


def layer_norm(x, shape, weight=1.0, bias=0.0, eps=1e-5):
    return standard(x, tuple(range(-len(shape), 0)), eps) * weight + bias


def group_norm(x, groups, weight, bias, eps=1e-5):
    grouped = x.reshape(x.shape[0], groups, -1)
    return per_channel(standard(grouped, -1, eps).reshape(x.shape), weight, bias)


EPSILON = np.finfo(np.float64).eps


def rms_norm(x, shape, weight=1.0, eps=EPSILON):
    mean = (x**2).mean(tuple(range(-len(shape), 0)), keepdims=True)
    return x / np.sqrt(mean + eps) * weight


def batch_norm(x, mean, var, weight, bias, training=False, momentum=0.1, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    if training:
        return per_channel(standard(x, axes, eps), weight, bias)
    shape = (1, -1, *[1] * (x.ndim - 2))
    moved = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    return per_channel(moved, weight, bias)


def response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    square = np.pad(x**2, [(0, 0), (size // 2, (size - 1) // 2), *[(0, 0)] * (x.ndim - 2)])
    total = sum(square[:, i : i + x.shape[1]] for i in range(size))
    return x / (k + alpha * total / size) ** beta


# ------------------------------------------------------- attention and cells


def attention(query, key, value, mask=None, is_causal=False, scale=None, enable_gqa=False):
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = key.repeat(times, -3), value.repeat(times, -3)
    scores = query @ key.swapaxes(-1, -2) * (scale or query.shape[-1] ** -0.5)
    if is_causal:
        mask = np.tril(np.ones(scores.shape[-2:], bool))
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    return sp.softmax(scores, -1) @ value


def rnn_cell(activation):
    def cell(x, h, w, u, b=0, c=0):
        return activation(x @ w.T + b + h @ u.T + c)

    return cell


def lstm_cell(x, state, w, u, b=0, c=0):
    h, cell = state
    i, f, g, o = np.split(x @ w.T + b + h @ u.T + c, 4, 1)
    cell = sp.expit(f) * cell + sp.expit(i) * np.tanh(g)
    return sp.expit(o) * np.tanh(cell), cell


def gru_cell(x, h, w, u, b=0, c=0):
    (r, z, n), (s, y, m) = np.split(x @ w.T + b, 3, 1), np.split(h @ u.T + c, 3, 1)
    update = sp.expit(z + y)
    return (1 - update) * np.tanh(n + sp.expit(r + s) * m) + update * h


def cell_case(gates: int, state=None) -> tuple:
    """Input, state, two weight matrices and two biases of a cell from 2 to 3 numbers."""
    shapes = (gates * 3, 2), (gates * 3, 3), (gates * 3,), (gates * 3,)
    return normal(2, 2), state or normal(2, 3), *[normal(*shape) for shape in shapes]


# ------------------------------------------------------------------- losses


def reduced(loss):
    """`loss(*arrays, **settings)` under `reduction`."""

    def with_reduction(*arrays, reduction="mean", **settings):
        value = loss(*arrays, **settings)
        return {"mean": np.mean, "sum": np.sum, "none": lambda x: x}[reduction](value)

    return with_reduction


def likelihood(scores, target, weight=None, ignore_index=-100, reduction="mean"):
    """Negative log likelihood of class numbers, from log probabilities."""
    weight = np.ones(scores.shape[1]) if weight is None else weight
    kept = target != ignore_index
    safe = np.where(kept, target, 0)
    share = weight[safe] * kept
    loss = -np.take_along_axis(scores, safe[:, None], 1)[:, 0] * share
    return {"mean": loss.sum() / share.sum(), "sum": loss.sum(), "none": loss}[reduction]


def cross_entropy(scores, target, weight=None, label_smoothing=0.0, **settings):
    scores = sp.log_softmax(scores, 1)
    if target.dtype != np.int64:
        return -(scores * target).sum() / len(scores)
    loss = likelihood(scores, target, weight, **settings)
    if not label_smoothing:
        return loss
    return (1 - label_smoothing) * loss - label_smoothing * scores.mean(1).mean()


def smooth_l1(x, y, beta=1.0):
    size = np.abs(x - y)
    return np.where(size < beta, size**2 / (2 * beta), size - beta / 2)


def poisson(x, y, log_input=True, eps=1e-8):
    return np.exp(x) - y * x if log_input else x - y * np.log(x + eps)


def gaussian(x, y, var, full=False):
    loss = (np.log(var) + (x - y) ** 2 / var) / 2
    return loss + math.log(2 * math.pi) / 2 if full else loss


def multi_margin(x, y, p=1, margin=1.0):
    distance = np.maximum(0, margin - x[np.arange(len(x)), y][:, None] + x) ** p
    distance[np.arange(len(x)), y] = 0
    return distance.sum(1) / x.shape[1]


def multilabel_margin(x, y):
    losses = []
    for scores, labels in zip(x, y, strict=True):
        wanted = list(itertools.takewhile(lambda one: one >= 0, labels))
        others = [k for k in range(len(scores)) if k not in wanted]
        losses.append(sum(max(0, 1 - scores[j] + scores[i]) for j in wanted for i in others)
                      / len(scores))  # fmt: skip
    return np.array(losses)


def cosine(a, b, dim=1):
    return (a * b).sum(dim) / np.linalg.norm(a, axis=dim) / np.linalg.norm(b, axis=dim)


def triplet(a, p, n, margin=1.0, swap=False):
    far = np.linalg.norm(a - n + 1e-6, axis=1)
    if swap:
        far = np.minimum(far, np.linalg.norm(p - n + 1e-6, axis=1))
    return np.maximum(0, np.linalg.norm(a - p + 1e-6, axis=1) - far + margin)


def ctc(scores, targets, input_lengths, target_lengths, reduction="mean"):
    """Sums over all alignments, one by one."""
    losses = []
    for n, (steps, length) in enumerate(zip(input_lengths, target_lengths, strict=True)):
        wanted, total = list(targets[n, :length]), 0.0
        for path in itertools.product(range(scores.shape[2]), repeat=int(steps)):
            if [k for k, _ in itertools.groupby(path) if k] == wanted:
                total += math.exp(sum(scores[t, n, k] for t, k in enumerate(path)))
        losses.append(-math.log(total))
    losses = np.array(losses)
    return (losses / target_lengths).mean() if reduction == "mean" else losses.sum()


signs = constant(1, -1, 1)
classes = constant(2, 0, 1)
KINDS = ({}, {"reduction": "none"}, {"reduction": "sum"})


def losses(name, loss, *arrays, **options) -> Sample:
    """The loss under reductions; their sum is the mean without the division."""
    cases = [(*arrays, kind) for kind in KINDS[:2]]
    return more(name, reduced(loss), *cases, **options)


def more(name, loss, *cases, **options) -> Sample:
    return row(f"nn.functional.{name}", loss, *cases, out=False, floats=True, **options)


LOSSES = [
    losses("mse_loss", lambda x, y: (x - y) ** 2, normal(2, 3), normal(2, 3)),
    losses("l1_loss", lambda x, y: np.abs(x - y), normal(2, 3), normal(2, 3), order=1),
    losses("smooth_l1_loss", smooth_l1, normal(2, 3), normal(2, 3)),
    more("smooth_l1_loss", reduced(smooth_l1), (normal(2, 3), normal(2, 3), {"beta": 0.3})),
    losses("huber_loss", smooth_l1, normal(2, 3), normal(2, 3)),
    losses("poisson_nll_loss", poisson, normal(2, 3), positive(2, 3)),
    more("poisson_nll_loss", reduced(poisson), (positive(2, 3), positive(2, 3),
        {"log_input": False})),
    losses("gaussian_nll_loss", gaussian, normal(2, 3), normal(2, 3), positive(2, 3)),
    more("gaussian_nll_loss", reduced(gaussian), (normal(2), normal(2), positive(2),
        {"full": True})),
    losses("binary_cross_entropy", lambda p, y: -sp.xlogy(y, p) - sp.xlogy(1 - y, 1 - p),
        share(2, 3), share(2, 3)),
    losses("binary_cross_entropy_with_logits",
        lambda x, y: -y * sp.log_expit(x) - (1 - y) * sp.log_expit(-x), normal(2, 3), share(2, 3)),
    losses("kl_div", lambda x, y: sp.xlogy(y, y) - y * x, normal(2, 3), share(2, 3)),
    more("kl_div", lambda x, y, **_: (np.exp(y) * (y - x)).sum() / len(x), (normal(2, 3),
        normal(2, 3), {"reduction": "batchmean", "log_target": True})),
    losses("soft_margin_loss", lambda x, y: np.log1p(np.exp(-y * x)), normal(3), signs),
    losses("multilabel_soft_margin_loss",
        lambda x, y: -(y * sp.log_expit(x) + (1 - y) * sp.log_expit(-x)).mean(1), normal(2, 3),
        share(2, 3)),
    losses("multi_margin_loss", multi_margin, normal(3, 4), classes, order=1),
    more("multi_margin_loss", reduced(multi_margin), (normal(3, 4), classes,
        {"p": 2, "margin": 0.7})),
    losses("multilabel_margin_loss", multilabel_margin, normal(2, 4),
        constant([3, 0, -1, 1], [1, -1, 0, 0]), order=1),
    more("nll_loss", likelihood, *[(normal(3, 4), classes, kind) for kind in KINDS],
        (normal(3, 4), constant(2, 0, -100), positive(4))),
    more("cross_entropy", cross_entropy, *[(normal(3, 4), classes, kind) for kind in KINDS],
        (normal(3, 4), constant(2, 0, 1), positive(4), {"ignore_index": 1}),
        (normal(3, 4), classes, {"label_smoothing": 0.2}), (normal(3, 4), share(3, 4))),
    more("cosine_similarity", cosine, (normal(2, 3), normal(2, 3)), (normal(2, 3), normal(3), -1)),
    more("pairwise_distance", lambda a, b: np.linalg.norm(a - b + 1e-6, axis=-1),
        (normal(2, 3), normal(2, 3))),
    losses("cosine_embedding_loss",
        lambda a, b, y: np.where(y > 0, 1 - cosine(a, b), np.maximum(0, cosine(a, b))),
        normal(3, 2), normal(3, 2), signs, tolerance=1e-8),
    losses("hinge_embedding_loss", lambda x, y: np.where(y > 0, x, np.maximum(0, 1 - x)),
        normal(3), signs, order=1),
    losses("margin_ranking_loss", lambda a, b, y: np.maximum(0, -y * (a - b)), normal(3),
        normal(3), signs, order=1),
    losses("triplet_margin_loss", triplet, normal(3, 2), normal(3, 2), normal(3, 2)),
    more("triplet_margin_loss", reduced(triplet), (normal(3, 2), normal(3, 2), normal(3, 2),
        {"swap": True})),
    more("triplet_margin_with_distance_loss", reduced(triplet), (normal(3, 2), normal(3, 2),
        normal(3, 2)), tolerance=1e-6),
    more("ctc_loss", lambda x, *a, **k: ctc(x, *a, **k), *[(normal(4, 2, 3), constant([1, 2],
        [2, 2]), constant(4, 3), constant(2, 1), kind) for kind in ({}, {"reduction": "sum"})],
        order=0),
]  # fmt: skip

ROWS = [one for rank in (1, 2, 3) for one in (*_convolutions(rank), *_poolings(rank))] + [
    row("nn.functional.unfold", unfolded, (normal(1, 2, 3, 4), 2), (normal(1, 2, 5, 4), (2, 3), 1,
        1, 2), out=False),
    row("nn.functional.fold", folded, (normal(2, 8, 6), (3, 4), 2), out=False),
    more("layer_norm", layer_norm, (normal(2, 3), (3,)), (normal(2, 3), (2, 3), normal(2, 3),
        normal(2, 3))),
    more("group_norm", group_norm, (normal(2, 4, 3), 2, normal(4), normal(4))),
    more("rms_norm", rms_norm, (normal(2, 3), (3,)), (normal(2, 3), (3,), normal(3))),
    more("batch_norm", batch_norm, (normal(3, 2), None, None, normal(2), normal(2),
        {"training": True}), (normal(2, 2, 3), normal(2), positive(2), normal(2), normal(2))),
    more("instance_norm", lambda x, m, v, w, b: per_channel(standard(x, -1), w, b),
        (normal(2, 2, 3), None, None, normal(2), normal(2))),
    more("local_response_norm", response_norm, (normal(2, 4, 3), 3), (normal(2, 4, 2), 2, 0.5)),
    more("scaled_dot_product_attention", attention,
        (normal(2, 2, 3), normal(2, 4, 3), normal(2, 4, 2)),
        (normal(3, 2), normal(3, 2), normal(3, 2), {"is_causal": True}),
        (normal(2, 2), normal(3, 2), normal(3, 2), constant([True, False, True], [True] * 3)),
        (normal(2, 2), normal(3, 2), normal(3, 2), normal(2, 3), {"scale": 0.3}),
        (normal(1, 4, 2, 2), normal(1, 2, 3, 2), normal(1, 2, 3, 2), {"enable_gqa": True})),
    row("nn.functional.embedding", lambda index, table: table[index], (constant([0, 2], [1, 2]),
        normal(3, 2)), out=False),
    more("embedding_bag", lambda index, table, mode: getattr(np, mode)(table[index], 1),
        *[(constant([0, 2], [1, 2]), distinct(3, 2), {"mode": mode})
          for mode in ("sum", "mean", "max")]),
    more("one_hot", lambda x, n: np.eye(n, dtype=np.int64)[x], (constant(0, 2, 1), 4), order=0,
        integers="int64"),
    row("rnn_tanh_cell", rnn_cell(np.tanh), cell_case(1), out=False, floats=True),
    row("rnn_relu_cell", rnn_cell(lambda x: np.maximum(x, 0)), cell_case(1), out=False),
    row("lstm_cell", lstm_cell, cell_case(4, [normal(2, 3), normal(2, 3)]), order=1,
        out=False),
    row("gru_cell", gru_cell, cell_case(3), order=1, out=False),
    *LOSSES,
]  # fmt: skip
