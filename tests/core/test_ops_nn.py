"""Operations of layers: what one row of the sample table cannot say."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
import neurarust.nn.functional as F
from neurarust.testing import gradcheck

GENERATOR = np.random.default_rng(0)


def drawn(*shape: int, **keywords) -> nr.Tensor:
    return nr.tensor(GENERATOR.standard_normal(shape), **keywords)


# ------------------------------------------------------------------ windows


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pooled_and_put_back(rank):
    """max_unpool1d, max_unpool2d and max_unpool3d undo the poolings where the maxima stood."""
    x = drawn(1, 2, *(4,) * rank)
    pool, unpool = getattr(F, f"max_pool{rank}d"), getattr(F, f"max_unpool{rank}d")
    values, indices = pool(x, 2, return_indices=True)
    assert indices.dtype is nr.int64
    flat = x.reshape(1, 2, -1).gather(2, indices.reshape(1, 2, -1))
    assert flat.tolist() == values.reshape(1, 2, -1).tolist()
    back = unpool(values, indices, 2)
    kept = back != 0
    assert back.shape == x.shape and int(kept.sum()) == values.numel()
    assert back[kept].tolist() == x[kept].tolist()
    assert gradcheck(lambda one: unpool(one, indices, 2), values.clone().requires_grad_())


def test_indices_of_adaptive_maxima():
    x = drawn(1, 2, 5)
    values, indices = F.adaptive_max_pool1d(x, 2, return_indices=True)
    assert x.gather(2, indices).tolist() == values.tolist()


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_poolings_that_always_give_indices(rank):
    """Both ways to ask for the indices agree.

    max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices
    adaptive_max_pool1d_with_indices adaptive_max_pool2d_with_indices
    adaptive_max_pool3d_with_indices
    """
    x = drawn(1, 2, *(4,) * rank)
    for name in (f"max_pool{rank}d", f"adaptive_max_pool{rank}d"):
        wanted = getattr(F, name)(x, 2, return_indices=True)
        given = getattr(F, f"{name}_with_indices")(x, 2)
        assert [one.tolist() for one in given] == [one.tolist() for one in wanted]


@pytest.mark.parametrize("rank", [2, 3])
def test_fractional_poolings(rank):
    """Maxima of windows of random places, in order.

    fractional_max_pool2d fractional_max_pool3d fractional_max_pool2d_with_indices
    fractional_max_pool3d_with_indices
    """
    x = drawn(2, 3, *(7,) * rank)
    pool = getattr(F, f"fractional_max_pool{rank}d")
    values, indices = getattr(F, f"fractional_max_pool{rank}d_with_indices")(x, 2, 4)
    assert values.shape == (2, 3, *(4,) * rank)
    flat = x.reshape(2, 3, -1).gather(2, indices.reshape(2, 3, -1))
    assert flat.tolist() == values.reshape(2, 3, -1).tolist()
    samples = nr.zeros(2, 3, rank, dtype=nr.float64)
    # Steps of (7 - 2) / (2 - 1) from 0: windows at 0 and 5.
    corner = pool(x, 2, 2, _random_samples=samples)
    assert corner[(0, 0, *(0,) * rank)].item() == x[(0, 0, *(slice(2),) * rank)].max().item()
    assert pool(x, 2, output_ratio=0.5).shape == (2, 3, *(3,) * rank)
    with pytest.raises(RuntimeError, match="output_size"):
        pool(x, 4, 5)


def test_gradient_of_ctc_behind_log_softmax():
    x = drawn(4, 2, 3).requires_grad_()
    targets, lengths = nr.tensor([[1, 2], [2, 2]]), (nr.tensor([4, 3]), nr.tensor([2, 1]))
    assert gradcheck(lambda one: F.ctc_loss(one.log_softmax(2), targets, *lengths), x)
    assert F.ctc_loss(x.log_softmax(2), targets, (4, 3), (2, 1)).item() > 0


def test_rrelu_in_place():
    x = nr.tensor([-1.0, 2.0])
    assert F.rrelu_(x, 0.5, 0.5) is x and x.tolist() == [-0.5, 2.0]


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
def test_antialiased_interpolation_keeps_constants(mode):
    x = nr.full((1, 1, 9, 7), 2.0)
    y = F.interpolate(x, (4, 3), mode=mode, antialias=True)
    np.testing.assert_allclose(y, np.full((1, 1, 4, 3), 2.0), rtol=1e-6)
    with pytest.raises(ValueError, match="exactly one"):
        F.interpolate(x, (4, 3), 2.0)
    with pytest.raises(NotImplementedError, match="4-D"):
        F.interpolate(x[0], 4, mode=mode)


def test_pooling_of_part_windows():
    x = nr.arange(1.0, 6.0).reshape(1, 1, 5)
    assert F.max_pool1d(x, 2, ceil_mode=True).tolist() == [[[2, 4, 5]]]
    assert F.avg_pool1d(x, 2, ceil_mode=True).tolist() == [[[1.5, 3.5, 5]]]
    assert F.avg_pool1d(x, 3, 2, 1).tolist() == [[[1, 3, 3]]]
    assert F.avg_pool1d(x, 3, 2, 1, count_include_pad=False).tolist() == [[[1.5, 3, 4.5]]]
    assert F.avg_pool2d(x[None], (1, 2), divisor_override=4).tolist() == [[[[0.75, 1.75]]]]


@pytest.mark.parametrize("operation", [
    lambda x: F.max_pool2d(x, 2), lambda x: F.avg_pool2d(x, 2),
    lambda x: F.adaptive_avg_pool2d(x, 2), lambda x: F.conv2d(x, nr.ones(3, 2, 2, 2).double()),
    lambda x: F.unfold(x, 2),
])  # fmt: skip
def test_one_image_without_batch(operation):
    x = drawn(2, 4, 4)
    np.testing.assert_allclose(operation(x), operation(x[None])[0], rtol=1e-12)


def test_ties_of_a_pool_go_to_the_first():
    x = nr.ones(1, 1, 4, requires_grad=True)
    F.max_pool1d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[1, 0, 1, 0]]]


@pytest.mark.parametrize("call, message", [
    (lambda: F.conv2d(nr.ones(1, 3, 4, 4), nr.ones(2, 4, 2, 2)), "channels"),
    (lambda: F.conv2d(nr.ones(1, 4, 4, 4), nr.ones(3, 2, 2, 2), groups=2), "groups"),
    (lambda: F.conv1d(nr.ones(1, 1, 2), nr.ones(1, 1, 3)), "kernel"),
    (lambda: F.conv2d(nr.ones(4, 4), nr.ones(1, 1, 2, 2)), "expected an input"),
    (lambda: F.max_pool2d(nr.ones(1, 1, 4, 4), 2, padding=2), "pad"),
])  # fmt: skip
def test_window_errors(call, message):
    with pytest.raises(RuntimeError, match=message):
        call()


# ------------------------------------------------------------- normalization


@pytest.mark.parametrize("operation", [F.batch_norm, F.instance_norm])
def test_running_statistics(operation):
    x = drawn(3, 2, 4)
    mean, var = nr.zeros(2).double(), nr.ones(2).double()
    training = {"training": True} if operation is F.batch_norm else {}
    operation(x, mean, var, momentum=0.3, **training)
    axes = (0, 2) if operation is F.batch_norm else 2
    array = x.numpy()
    np.testing.assert_allclose(mean, 0.3 * array.mean(axes).reshape(-1, 2).mean(0))
    unbiased = array.var(axes, ddof=1).reshape(-1, 2).mean(0)
    np.testing.assert_allclose(var, 0.7 + 0.3 * unbiased)


def test_normalization_refuses_a_single_value():
    with pytest.raises(ValueError, match="more than 1 value"):
        F.batch_norm(nr.ones(1, 2), None, None, training=True)
    with pytest.raises(ValueError, match="more than 1 spatial"):
        F.instance_norm(nr.ones(2, 2, 1))


def test_constant_rows_have_no_gradient_explosion():
    x = nr.ones(2, 3, requires_grad=True)
    F.layer_norm(x, (3,)).sum().backward()
    assert x.grad.abs().max().item() < 1e-3


# ----------------------------------------------------------------- attention


def test_row_that_may_look_at_nothing():
    query = drawn(2, 3, requires_grad=True)
    mask = nr.tensor([[True, False], [False, False]])
    result = F.scaled_dot_product_attention(query, query, query, mask)
    assert result[1].tolist() == [0, 0, 0]
    result.sum().backward()
    assert bool(query.grad.isfinite().all())


def test_multi_head_attention_forward():
    """One head with identity projections is plain attention."""
    x = drawn(3, 1, 2)
    weight, bias = nr.eye(2).double().repeat(3, 1), nr.zeros(6).double()
    result, weights = F.multi_head_attention_forward(
        x, x, x, 2, 1, weight, bias, None, None, False, 0.0, nr.eye(2).double(), None
    )
    plain = x.transpose(0, 1)
    wanted = F.scaled_dot_product_attention(plain, plain, plain).transpose(0, 1)
    np.testing.assert_allclose(result, wanted, rtol=1e-9)
    np.testing.assert_allclose(weights.sum(-1), np.ones((1, 3)), rtol=1e-9)


# -------------------------------------------------------- random activations


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_channel_dropout(rank):
    """dropout1d, dropout2d and dropout3d drop whole channels."""
    nr.manual_seed(0)
    x = nr.ones(8, 16, *(2,) * rank)
    drop = getattr(F, f"dropout{rank}d")
    rows = drop(x, 0.5).reshape(128, -1)
    assert set(rows.sum(1).tolist()) == {0.0, 2.0 * rows.shape[1]}
    assert drop(x, 0.5, training=False).tolist() == x.tolist()


@pytest.mark.parametrize("drop", [F.alpha_dropout, F.feature_alpha_dropout])
def test_alpha_dropout(drop):
    nr.manual_seed(0)
    x = nr.randn(64, 64, 4)
    kept = drop(x, 0.3, True)
    assert abs(kept.mean().item()) < 0.1 and abs(kept.std().item() - 1) < 0.15
    assert drop(x, 0.3, False).tolist() == x.tolist()


def test_rrelu():
    nr.manual_seed(0)
    x = nr.full((200,), -1.0)
    slopes = -F.rrelu(x, 0.1, 0.4, training=True)
    assert 0.1 <= slopes.min().item() < 0.15 and 0.35 < slopes.max().item() <= 0.4
    assert F.rrelu(x, 0.1, 0.4)[0].item() == pytest.approx(-0.25)


def test_gumbel_softmax():
    nr.manual_seed(0)
    logits = nr.zeros(50, 3, requires_grad=True)
    soft = F.gumbel_softmax(logits, tau=0.5)
    np.testing.assert_allclose(soft.sum(-1).detach(), np.ones(50), rtol=1e-5)
    hard = F.gumbel_softmax(logits, hard=True)
    assert sorted(set(hard.detach().reshape(-1).tolist())) == [0, 1]
    (hard * nr.arange(3.0)).sum().backward()
    assert float(logits.grad.abs().sum()) > 0


# ---------------------------------------------------------- tables and losses


def test_embedding_settings():
    table = drawn(4, 3, requires_grad=True)
    index = nr.tensor([1, 1, 2])
    F.embedding(index, table, padding_idx=2).sum().backward()
    assert table.grad.sum(1).tolist() == [0, 6, 0, 0]
    small = nr.full((2, 4), 3.0)
    norms = F.embedding(nr.tensor([0]), small, max_norm=1.0).norm(dim=1)
    assert norms.tolist() == pytest.approx([1.0], abs=1e-5)
    assert small[0].norm().item() == pytest.approx(1.0, abs=1e-5) and small[1, 0].item() == 3


def test_embedding_bag_offsets():
    table = drawn(4, 2)
    index, offsets = nr.tensor([0, 1, 3, 3]), nr.tensor([0, 1, 1])
    sums = F.embedding_bag(index, table, offsets, mode="sum")
    rows = table.numpy()
    np.testing.assert_allclose(sums, [rows[0], [0, 0], rows[1] + 2 * rows[3]], rtol=1e-12)
    scale = nr.tensor([1.0, 2, 3, 4]).double()
    scaled = F.embedding_bag(index, table, offsets, mode="sum", per_sample_weights=scale)
    np.testing.assert_allclose(scaled[2], 2 * rows[1] + 7 * rows[3], rtol=1e-12)


def test_targets_that_are_ignored():
    scores = drawn(3, 4, requires_grad=True)
    F.cross_entropy(scores, nr.tensor([1, -100, 2])).backward()
    assert scores.grad[1].tolist() == [0, 0, 0, 0]
    nothing = F.cross_entropy(scores.detach(), nr.tensor([-100, -100, -100]))
    assert nothing.isnan().item()


def test_images_of_classes():
    scores, target = drawn(2, 3, 2, 2), nr.tensor(GENERATOR.integers(0, 3, (2, 2, 2)))
    rows = scores.permute(0, 2, 3, 1).reshape(-1, 3)
    whole, flat = F.cross_entropy(scores, target), F.cross_entropy(rows, target.reshape(-1))
    np.testing.assert_allclose(whole, flat, rtol=1e-12)


@pytest.mark.parametrize("call, kind, message", [
    (lambda: F.mse_loss(nr.ones(2), nr.ones(2), reduction="most"), ValueError, "reduction"),
    (lambda: F.binary_cross_entropy(nr.ones(2), nr.ones(3)), ValueError, "shape|size"),
    (lambda: F.nll_loss(nr.ones(2, 3), nr.tensor([0])), ValueError, "batch|shape"),
    (lambda: F.cross_entropy(nr.ones(2, 3), nr.tensor([0, 1]), nr.ones(2)), RuntimeError,
     "weight"),
    (lambda: F.cross_entropy(nr.ones(4, 2), nr.ones(5, 2)), ValueError, r"\[4, 2\].*\[5, 2\]"),
    (lambda: F.cross_entropy(nr.ones(4, 2), nr.ones(4, 3)), RuntimeError, r"\[4, 2\].*\[4, 3\]"),
])  # fmt: skip
def test_loss_errors(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_logits_far_out():
    x = nr.tensor([1e4, -1e4], requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(x, nr.tensor([0.0, 1.0]), reduction="sum")
    loss.backward()
    assert loss.item() == 2e4 and x.grad.tolist() == [1, -1]
    certain = F.binary_cross_entropy(nr.tensor([0.0]), nr.tensor([1.0]))
    assert certain.item() == 100


@pytest.mark.parametrize("shape", [(6, 2), (3, 2, 4), (2, 3, 2, 2)])
@pytest.mark.parametrize("affine", [True, False])
def test_gradients_of_batch_statistics(shape, affine):
    """Those of the mean and the variance, too, and their own gradients."""
    train = nr.core.ops.normalization.batch_norm_train
    x = nr.randn(*shape, dtype=nr.float64, requires_grad=True)
    vectors = [
        nr.rand(shape[1], dtype=nr.float64, requires_grad=True) for _ in range(2 if affine else 0)
    ]
    assert nr.autograd.gradcheck(train, (x, *vectors))
    assert nr.autograd.gradgradcheck(train, (x, *vectors))


@pytest.mark.parametrize(
    "distance",
    [lambda x, y: nr.cdist(x, y).amax(1), lambda x, y: nr.cdist(x, y, p=3.0).amax(1),
     lambda x, y: F.pdist(x, 1.5)[:29].amax(0, keepdim=True), F.pairwise_distance,
     F.cosine_similarity, lambda x, y: F.triplet_margin_loss(x, y, y, reduction="none")],
)  # fmt: skip
def test_distances_keep_nan(distance):
    x = nr.randn(30, 5)
    x[0, 2] = float("nan")
    found = distance(x, nr.randn(30, 5))
    assert found[0].isnan()
    assert not found[1:].isnan().any()


def test_distances_of_half_precision_do_not_overflow():
    x = nr.full((2, 4), 300.0, dtype=nr.float16)
    assert F.cosine_similarity(x, -x).tolist() == [-1, -1]
    assert F.pairwise_distance(x, -x / 2).tolist() == [900, 900]
    rough = nr.full((3,), 300.0, dtype=nr.bfloat16)
    # 510 squared; the difference in bfloat16 would be squared to 262144.
    assert F.mse_loss(rough, -rough * 0.7).item() == 260096


@pytest.mark.parametrize("dtype", [nr.int64, nr.bool])
def test_layer_norm_refuses_whole_numbers(dtype):
    with pytest.raises(RuntimeError, match="layer_norm.*no bool or integer ones"):
        F.layer_norm(nr.ones(2, 4, dtype=dtype), (4,))
