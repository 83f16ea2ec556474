"""What autocast does with each operation; PyTorch's lists, by device.

https://docs.pytorch.org/docs/stable/amp.html#autocast-op-reference
"""

from __future__ import annotations

# Arguments go to the fast type, to float32, or to the widest type among them.
FAST, FLOAT32, WIDEST = "fast", "float32", "widest"


def _table(**rows: str) -> dict[str, str]:
    return {name: rule for rule, names in rows.items() for name in names.split()}


_PRODUCTS = """
    conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d matmul mm
    addmm linear bmm addbmm baddbmm vecdot einsum_of tensordot attention attention_weights prelu
    lstm_layer rnn_layer
"""
_LOSSES = """
    cosine_embedding_loss cross_entropy _ctc_loss hinge_embedding_loss huber_loss kl_div l1_loss
    margin_ranking_loss mse_loss multi_margin_loss multilabel_margin_loss nll_loss
    poisson_nll_loss smooth_l1_loss soft_margin_loss triplet_margin_loss
    binary_cross_entropy_with_logits
"""

ACCELERATOR = _table(
    fast=_PRODUCTS + "gru_layer addmv addr mv lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell",
    float32=_LOSSES
    + """
    acos asin cosh erfinv exp expm1 log log10 log2 log1p reciprocal rsqrt sinh tan pow softplus
    layer_norm group_norm norm cosine_similarity dist cdist renorm logsumexp prod softmax
    log_softmax cumprod cumsum sum
    """,
    widest="addcdiv addcmul atan2 bilinear cat cross dot grid_sample stack vdot",
)
CPU = _table(
    fast=_PRODUCTS,
    float32=_LOSSES
    + """
    avg_pool3d binary_cross_entropy cdist max_pool3d adaptive_avg_pool3d prod quantile nanquantile
    trace cholesky inverse inv_ex grid_sample
    """,
    widest="cat stack index_copy",
)
RULES = {"cpu": CPU, "cuda": ACCELERATOR, "tpu": ACCELERATOR}
LISTED = frozenset(CPU) | frozenset(ACCELERATOR)
