"""Written by tools/stubs.py from the tables of operations."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ..core.tensor.tensor import Size, Tensor

Number: TypeAlias = builtins.complex

def adaptive_avg_pool1d(input: Tensor, output_size: builtins.int | tuple) -> Tensor:
    """Means over `output_size` windows. Shape: (N, C, L) or (C, L)."""
def adaptive_avg_pool2d(input: Tensor, output_size: builtins.int | tuple) -> Tensor:
    """Means over windows that divide the image into `output_size`; None keeps a size."""
def adaptive_avg_pool3d(input: Tensor, output_size: builtins.int | tuple) -> Tensor:
    """Means over windows of three axes. See `adaptive_avg_pool2d`."""
def adaptive_max_pool1d(input: Tensor, output_size: builtins.int | tuple, return_indices: builtins.bool = ...) -> Tensor:
    """Maxima over `output_size` windows. See `adaptive_max_pool2d`."""
def adaptive_max_pool1d_with_indices(input: Tensor, output_size: builtins.int | tuple, return_indices: builtins.bool = ...) -> Tensor:
    """`adaptive_max_pool1d` with its indices."""
def adaptive_max_pool2d(input: Tensor, output_size: builtins.int | tuple, return_indices: builtins.bool = ...) -> Tensor:
    """Maxima over windows that divide the image into `output_size`; None keeps a size."""
def adaptive_max_pool2d_with_indices(input: Tensor, output_size: builtins.int | tuple, return_indices: builtins.bool = ...) -> Tensor:
    """`adaptive_max_pool2d` with its indices."""
def adaptive_max_pool3d(input: Tensor, output_size: builtins.int | tuple, return_indices: builtins.bool = ...) -> Tensor:
    """Maxima over windows of three axes. See `adaptive_max_pool2d`."""
def adaptive_max_pool3d_with_indices(input: Tensor, output_size: builtins.int | tuple, return_indices: builtins.bool = ...) -> Tensor:
    """`adaptive_max_pool3d` with its indices."""
def affine_grid(theta: Tensor, size: Sequence[builtins.int], align_corners: builtins.bool | None = ...) -> Tensor:
    """Where an affine map sends each pixel of an image, for `grid_sample`."""
def alpha_dropout(input: Tensor, p: builtins.float = ..., training: builtins.bool = ..., inplace: builtins.bool = ...) -> Tensor:
    """Dropout that keeps mean and variance of SELU's outputs (Klambauer et al. 2017)."""
def avg_pool1d(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., count_include_pad: builtins.bool = ...) -> Tensor:
    """Means over windows of one axis. See `avg_pool2d`."""
def avg_pool2d(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., count_include_pad: builtins.bool = ..., divisor_override: builtins.int | None = ...) -> Tensor:
    """Means over windows."""
def avg_pool3d(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., count_include_pad: builtins.bool = ..., divisor_override: builtins.int | None = ...) -> Tensor:
    """Means over windows of three axes. See `avg_pool2d`."""
def batch_norm(input: Any, running_mean: Any, running_var: Any, weight: Any = ..., bias: Any = ..., training: builtins.bool = ..., momentum: builtins.float = ..., eps: builtins.float = ...) -> Any:
    """`(x - mean) / sqrt(var + eps) * weight + bias` per channel."""
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = ...) -> Tensor:
    """`input1 @ weight[k] @ input2 + bias[k]` for each output k."""
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ...) -> Tensor:
    """`-weight * (y log p + (1 - y) log(1 - p))` of probabilities; logarithms stop at -100."""
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ..., pos_weight: Tensor | None = ...) -> Tensor:
    """`-weight * (pos_weight * y log s(x) + (1 - y) log(1 - s(x)))`, s the logistic function."""
def celu(input: Tensor, alpha: Number = ..., inplace: Any = ...) -> Tensor:
    """`max(x, 0) + min(0, alpha * (e^(x / alpha) - 1))` (arXiv:1704.07483)."""
def celu_(*arguments: Any, **named: Any) -> Any:
    """"""
def channel_shuffle(input: Tensor, groups: builtins.int) -> Tensor:
    """Channels of `groups` groups dealt out in turn. Shape: (N, C, ...)."""
def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple | str = ..., dilation: builtins.int | tuple = ..., groups: builtins.int = ...) -> Tensor:
    """Cross-correlation over one axis. See `conv2d`."""
def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple | str = ..., dilation: builtins.int | tuple = ..., groups: builtins.int = ...) -> Tensor:
    """Cross-correlation `y[n, o] = bias[o] + sum over c of weight[o, c] * x[n, c]`."""
def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple | str = ..., dilation: builtins.int | tuple = ..., groups: builtins.int = ...) -> Tensor:
    """Cross-correlation over three axes. See `conv2d`."""
def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple = ..., output_padding: builtins.int | tuple = ..., groups: builtins.int = ..., dilation: builtins.int | tuple = ...) -> Tensor:
    """Transposed convolution over one axis. See `conv_transpose2d`."""
def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple = ..., output_padding: builtins.int | tuple = ..., groups: builtins.int = ..., dilation: builtins.int | tuple = ...) -> Tensor:
    """Transposed convolution: the gradient of `conv2d` with respect to its input, plus bias."""
def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple = ..., output_padding: builtins.int | tuple = ..., groups: builtins.int = ..., dilation: builtins.int | tuple = ...) -> Tensor:
    """Transposed convolution over three axes. See `conv_transpose2d`."""
def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: builtins.float = ..., size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ...) -> Tensor:
    """`1 - cos` for pairs with target 1, `max(0, cos - margin)` for target -1."""
def cosine_similarity(x1: Tensor, x2: Tensor, dim: builtins.int = ..., eps: builtins.float = ...) -> Tensor:
    """Cosine `x1 . x2 / (max(|x1|, eps) max(|x2|, eps))` along `dim`, broadcasting."""
def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: builtins.bool | None = ..., ignore_index: builtins.int = ..., reduce: builtins.bool | None = ..., reduction: str = ..., label_smoothing: builtins.float = ...) -> Tensor:
    """Cross entropy of logits: `-weight[y] * log_softmax(input)[y]`, or `-sum(p * log_softmax)`."""
def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: builtins.int = ..., reduction: str = ..., zero_infinity: builtins.bool = ...) -> Tensor:
    """Connectionist temporal classification: -log of the total probability of all alignments."""
def dropout(input: Tensor, p: builtins.float = ..., training: builtins.bool = ..., inplace: builtins.bool = ...) -> Tensor:
    """Zeros with probability `p`, the rest scaled by 1/(1-p)."""
def dropout1d(input: Tensor, p: builtins.float = ..., training: builtins.bool = ..., inplace: builtins.bool = ...) -> Tensor:
    """`dropout` of whole channels. Shape: (N, C, ...)."""
def dropout2d(input: Tensor, p: builtins.float = ..., training: builtins.bool = ..., inplace: builtins.bool = ...) -> Tensor:
    """`dropout` of whole channels. Shape: (N, C, ...)."""
def dropout3d(input: Tensor, p: builtins.float = ..., training: builtins.bool = ..., inplace: builtins.bool = ...) -> Tensor:
    """`dropout` of whole channels. Shape: (N, C, ...)."""
def elu(input: Tensor, alpha: Number = ..., inplace: Any = ...) -> Tensor:
    """`x` above 0, `alpha * (e^x - 1)` elsewhere (arXiv:1511.07289)."""
def elu_(*arguments: Any, **named: Any) -> Any:
    """"""
def embedding(input: Any, weight: Any, padding_idx: builtins.int | None = ..., max_norm: builtins.float | None = ..., norm_type: builtins.float = ..., scale_grad_by_freq: builtins.bool = ..., sparse: builtins.bool = ...) -> Any:
    """`weight[input]`: a row of the table for each index."""
def embedding_bag(input: Any, weight: Any, offsets: Any = ..., max_norm: builtins.float | None = ..., norm_type: builtins.float = ..., scale_grad_by_freq: builtins.bool = ..., mode: str = ..., sparse: builtins.bool = ..., per_sample_weights: Any = ..., include_last_offset: builtins.bool = ..., padding_idx: builtins.int | None = ...) -> Any:
    """Sum, mean or maximum of the rows of each bag of indices, without keeping the rows."""
def feature_alpha_dropout(input: Tensor, p: builtins.float = ..., training: builtins.bool = ..., inplace: builtins.bool = ...) -> Tensor:
    """`alpha_dropout` of whole channels."""
def fold(input: Tensor, output_size: builtins.int | tuple, kernel_size: builtins.int | tuple, dilation: builtins.int | tuple = ..., padding: builtins.int | tuple = ..., stride: builtins.int | tuple = ...) -> Tensor:
    """The transpose of `unfold`: adds the columns into an image where their patches lie."""
def fractional_max_pool2d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], output_size: builtins.int | Sequence[builtins.int] | None = ..., output_ratio: builtins.float | Sequence[builtins.float] | None = ..., return_indices: builtins.bool = ..., _random_samples: Tensor | None = ...) -> Any:
    """Maxima over windows of random places that give the wanted size; 2 axes."""
def fractional_max_pool2d_with_indices(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], output_size: builtins.int | Sequence[builtins.int] | None = ..., output_ratio: builtins.float | Sequence[builtins.float] | None = ..., return_indices: builtins.bool = ..., _random_samples: Tensor | None = ...) -> Any:
    """`fractional_max_pool2d` with its indices."""
def fractional_max_pool3d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], output_size: builtins.int | Sequence[builtins.int] | None = ..., output_ratio: builtins.float | Sequence[builtins.float] | None = ..., return_indices: builtins.bool = ..., _random_samples: Tensor | None = ...) -> Any:
    """Maxima over windows of random places that give the wanted size; 3 axes."""
def fractional_max_pool3d_with_indices(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], output_size: builtins.int | Sequence[builtins.int] | None = ..., output_ratio: builtins.float | Sequence[builtins.float] | None = ..., return_indices: builtins.bool = ..., _random_samples: Tensor | None = ...) -> Any:
    """`fractional_max_pool3d` with its indices."""
def gaussian_nll_loss(input: Tensor, target: Tensor, var: Tensor | Number, full: builtins.bool = ..., eps: builtins.float = ..., reduction: str = ...) -> Tensor:
    """`(log v + (input - target)^2 / v) / 2` with v = max(var, eps)."""
def gelu(input: Tensor, approximate: str = ...) -> Tensor:
    """`x * Phi(x)`, Phi being the normal distribution's function (arXiv:1606.08415)."""
def glu(input: Tensor, dim: builtins.int = ...) -> Tensor:
    """`a * sigmoid(b)` of the two halves of the input along `dim` (arXiv:1612.08083)."""
def grid_sample(input: Tensor, grid: Tensor, mode: str = ..., padding_mode: str = ..., align_corners: builtins.bool | None = ...) -> Tensor:
    """Values of `input` at the places of `grid`, whose last dimension is (x, y) or (x, y, z)."""
def group_norm(input: Tensor, num_groups: builtins.int, weight: Tensor | None = ..., bias: Tensor | None = ..., eps: builtins.float = ...) -> Tensor:
    """`(x - mean) / sqrt(var + eps) * weight + bias`, statistics over groups of channels."""
def gumbel_softmax(logits: Tensor, tau: builtins.float = ..., hard: builtins.bool = ..., eps: builtins.float = ..., dim: builtins.int = ...) -> Tensor:
    """Softmax of logits plus Gumbel noise, over `tau`: a sample that lets gradients through."""
def hardshrink(input: Tensor, lambd: Number = ...) -> Tensor:
    """`x`, but 0 in `[-lambd, lambd]`."""
def hardsigmoid(input: Tensor, inplace: Any = ...) -> Tensor:
    """`relu6(x + 3) / 6`."""
def hardsigmoid_(*arguments: Any, **named: Any) -> Any:
    """"""
def hardswish(input: Tensor, inplace: Any = ...) -> Tensor:
    """`x * relu6(x + 3) / 6` (arXiv:1905.02244)."""
def hardswish_(*arguments: Any, **named: Any) -> Any:
    """"""
def hardtanh(input: Tensor, min_val: Number = ..., max_val: Number = ..., inplace: Any = ...) -> Tensor:
    """Numbers brought into `[min_val, max_val]`; no gradient at the bounds."""
def hardtanh_(*arguments: Any, **named: Any) -> Any:
    """"""
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: builtins.float = ..., size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ...) -> Tensor:
    """Distances `x` where the target is 1, `max(0, margin - x)` where it is -1."""
def huber_loss(input: Tensor, target: Tensor, reduction: str = ..., delta: builtins.float = ..., weight: Tensor | None = ...) -> Tensor:
    """`d^2 / 2` where |d| <= delta, else `delta (|d| - delta / 2)`, with d = input - target."""
def instance_norm(input: Any, running_mean: Any = ..., running_var: Any = ..., weight: Any = ..., bias: Any = ..., use_input_stats: builtins.bool = ..., momentum: builtins.float = ..., eps: builtins.float = ...) -> Any:
    """As `batch_norm`, with statistics of each image and channel by itself."""
def interpolate(input: Tensor, size: builtins.int | Sequence[builtins.int] | None = ..., scale_factor: builtins.float | Sequence[builtins.float] | None = ..., mode: str = ..., align_corners: builtins.bool | None = ..., recompute_scale_factor: builtins.bool | None = ..., antialias: builtins.bool = ...) -> Tensor:
    """`input` at another size. Shape: (N, C, L), (N, C, H, W) or (N, C, D, H, W)."""
def kl_div(input: Tensor, target: Tensor, size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ..., log_target: builtins.bool = ...) -> Tensor:
    """Kullback-Leibler divergence `y * (log y - input)`, input and perhaps target in logs."""
def l1_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ..., weight: Tensor | None = ...) -> Tensor:
    """Absolute error `weight * |input - target|`; a weighted mean divides by the weights' sum."""
def layer_norm(input: Tensor, normalized_shape: builtins.int | tuple, weight: Tensor | None = ..., bias: Tensor | None = ..., eps: builtins.float = ...) -> Tensor:
    """`(x - mean) / sqrt(var + eps) * weight + bias` over the last dimensions."""
def leaky_relu(input: Tensor, negative_slope: Number = ..., inplace: Any = ...) -> Tensor:
    """`x` above 0, `negative_slope * x` elsewhere."""
def leaky_relu_(*arguments: Any, **named: Any) -> Any:
    """"""
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = ...) -> Tensor:
    """`input @ weight.T + bias`."""
def linear_cross_entropy(input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = ..., weight: Tensor | None = ..., reduction: str = ..., ignore_index: builtins.int | None = ..., label_smoothing: builtins.float = ..., options: Any = ...) -> Tensor:
    """Cross entropy of the logits `input @ linear_weight^T + linear_bias`."""
def local_response_norm(input: Tensor, size: builtins.int, alpha: builtins.float = ..., beta: builtins.float = ..., k: builtins.float = ...) -> Tensor:
    """`x / (k + alpha / size * sum of x^2 over size neighbouring channels)^beta`."""
def log_softmax(input: Tensor, dim: builtins.int | None = ..., dtype: Any = ...) -> Tensor:
    """`x - log(sum(e^x))` along `dim`."""
def logsigmoid(input: Tensor) -> Tensor:
    """`log(sigmoid(x)) = -log(1 + e^-x)`."""
def lp_pool1d(input: Tensor, norm_type: builtins.float, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., ceil_mode: builtins.bool = ...) -> Tensor:
    """`(sum over a window of x^p)^(1 / p)`; sums that are not positive give 0."""
def lp_pool2d(input: Tensor, norm_type: builtins.float, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., ceil_mode: builtins.bool = ...) -> Tensor:
    """`(sum over a window of x^p)^(1 / p)`; sums that are not positive give 0."""
def lp_pool3d(input: Tensor, norm_type: builtins.float, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., ceil_mode: builtins.bool = ...) -> Tensor:
    """`(sum over a window of x^p)^(1 / p)`; sums that are not positive give 0."""
def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: builtins.float = ..., size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ...) -> Tensor:
    """`max(0, -y (x1 - x2) + margin)`: y = 1 asks for x1 above x2, y = -1 for the reverse."""
def max_pool1d(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., dilation: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., return_indices: builtins.bool = ...) -> Tensor:
    """Maxima over windows of one axis. See `max_pool2d`."""
def max_pool1d_with_indices(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., dilation: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., return_indices: builtins.bool = ...) -> Tensor:
    """`max_pool1d` with its indices."""
def max_pool2d(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., dilation: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., return_indices: builtins.bool = ...) -> Tensor:
    """Maxima over windows; of equal values the first gets the gradient."""
def max_pool2d_with_indices(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., dilation: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., return_indices: builtins.bool = ...) -> Tensor:
    """`max_pool2d` with its indices."""
def max_pool3d(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., dilation: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., return_indices: builtins.bool = ...) -> Tensor:
    """Maxima over windows of three axes. See `max_pool2d`."""
def max_pool3d_with_indices(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., dilation: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., return_indices: builtins.bool = ...) -> Tensor:
    """`max_pool3d` with its indices."""
def max_unpool1d(input: Tensor, indices: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., output_size: tuple | None = ...) -> Tensor:
    """Puts maxima back where `indices` say, zeros elsewhere: undoes `max_pool1d`."""
def max_unpool2d(input: Tensor, indices: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., output_size: tuple | None = ...) -> Tensor:
    """Puts maxima back where `indices` say, zeros elsewhere: undoes `max_pool2d`."""
def max_unpool3d(input: Tensor, indices: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., output_size: tuple | None = ...) -> Tensor:
    """Puts maxima back where `indices` say, zeros elsewhere: undoes `max_pool3d`."""
def mish(input: Tensor, inplace: Any = ...) -> Tensor:
    """`x * tanh(softplus(x))` (arXiv:1908.08681)."""
def mish_(*arguments: Any, **named: Any) -> Any:
    """"""
def mse_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ..., weight: Tensor | None = ...) -> Tensor:
    """Squared error `weight * (input - target)^2`; a weighted mean divides by the weights' sum."""
def multi_head_attention_forward(query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: builtins.int, num_heads: builtins.int, in_proj_weight: Tensor | None, in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: builtins.bool, dropout_p: builtins.float, out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: builtins.bool = ..., key_padding_mask: Tensor | None = ..., need_weights: builtins.bool = ..., attn_mask: Tensor | None = ..., use_separate_proj_weight: builtins.bool = ..., q_proj_weight: Tensor | None = ..., k_proj_weight: Tensor | None = ..., v_proj_weight: Tensor | None = ..., static_k: Tensor | None = ..., static_v: Tensor | None = ..., average_attn_weights: builtins.bool = ..., is_causal: builtins.bool = ...) -> tuple[Tensor, Tensor | None]:
    """Attention of several heads with its projections: see `nn.MultiheadAttention`."""
def multi_margin_loss(input: Tensor, target: Tensor, p: builtins.int = ..., margin: builtins.float = ..., weight: Tensor | None = ..., size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ...) -> Tensor:
    """`sum over i != y of weight[y] * max(0, margin - x[y] + x[i])^p / C`."""
def multilabel_margin_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ...) -> Tensor:
    """`sum over labels y and classes i that are no label of max(0, 1 - x[y] + x[i]) / C`."""
def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ...) -> Tensor:
    """Mean over the classes of the binary cross entropy of logits."""
def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: builtins.bool | None = ..., ignore_index: builtins.int = ..., reduce: builtins.bool | None = ..., reduction: str = ...) -> Tensor:
    """Negative log likelihood `-weight[y] * input[y]` of log probabilities `input`."""
def normalize(input: Tensor, p: builtins.float = ..., dim: builtins.int | tuple = ..., eps: builtins.float = ...) -> Tensor:
    """`x / max(norm(x, p), eps)` along `dim`."""
def one_hot(tensor: Any, num_classes: Any = ...) -> Any:
    """Integers as rows that hold 1 at their place and 0 elsewhere, in int64."""
def pad(input: Tensor, pad: Any, mode: Any = ..., value: Tensor | Number = ...) -> Tensor:
    """Elements added before and after: `pad` holds (before, after) from the last dimension on."""
def pairwise_distance(x1: Tensor, x2: Tensor, p: builtins.float = ..., eps: builtins.float = ..., keepdim: builtins.bool = ...) -> Tensor:
    """p-norm of `x1 - x2 + eps` over the last dimension."""
def pdist(input: Tensor, p: builtins.float = ...) -> Tensor:
    """p-norm distances of all pairs of rows, the first row's first: (N, D) to (N (N - 1) / 2)."""
def pixel_shuffle(input: Tensor, upscale_factor: builtins.int) -> Tensor:
    """Channels as pixels: (..., C r^2, H, W) to (..., C, r H, r W)."""
def pixel_unshuffle(input: Tensor, downscale_factor: builtins.int) -> Tensor:
    """Pixels as channels, undoing `pixel_shuffle`: (..., C, r H, r W) to (..., C r^2, H, W)."""
def poisson_nll_loss(input: Tensor, target: Tensor, log_input: builtins.bool = ..., full: builtins.bool = ..., size_average: builtins.bool | None = ..., eps: builtins.float = ..., reduce: builtins.bool | None = ..., reduction: str = ...) -> Tensor:
    """Negative log likelihood of counts: `exp(x) - y x`, or `x - y log(x + eps)`."""
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`x` above 0, `weight * x` elsewhere (arXiv:1502.01852)."""
def relu(input: Tensor, inplace: Any = ...) -> Tensor:
    """Rectifier `max(x, 0)`; its gradient at 0 is 0."""
def relu6(input: Tensor, inplace: Any = ...) -> Tensor:
    """`min(max(x, 0), 6)`; no gradient at 0 and 6."""
def relu6_(*arguments: Any, **named: Any) -> Any:
    """"""
def relu_(*arguments: Any, **named: Any) -> Any:
    """"""
def rms_norm(input: Tensor, normalized_shape: builtins.int | tuple, weight: Tensor | None = ..., eps: builtins.float | None = ...) -> Tensor:
    """`x / sqrt(mean(x^2) + eps) * weight` over the last dimensions."""
def rrelu(input: Tensor, lower: builtins.float = ..., upper: builtins.float = ..., training: builtins.bool = ..., inplace: builtins.bool = ...) -> Tensor:
    """`x` above 0, else `a x` with a uniform in [lower, upper), or their mean when not training."""
def rrelu_(input: Tensor, lower: builtins.float = ..., upper: builtins.float = ..., training: builtins.bool = ...) -> Tensor:
    """In-place form of `rrelu`."""
def scaled_dot_product_attention(query: Any, key: Any, value: Any, attn_mask: Any = ..., dropout_p: builtins.float = ..., is_causal: builtins.bool = ..., scale: builtins.float | None = ..., enable_gqa: builtins.bool = ...) -> Any:
    """`dropout(softmax(scale query key^T + mask)) value`."""
def selu(input: Tensor, inplace: Any = ...) -> Tensor:
    """Self-normalizing unit: `elu(x, 1.6733) * 1.0507` (arXiv:1706.02515)."""
def selu_(*arguments: Any, **named: Any) -> Any:
    """"""
def sigmoid(input: Tensor) -> Tensor:
    """Logistic function `1 / (1 + e^-x)`."""
def silu(input: Tensor, inplace: Any = ...) -> Tensor:
    """`x * sigmoid(x)`, also known as swish (arXiv:1606.08415)."""
def silu_(*arguments: Any, **named: Any) -> Any:
    """"""
def smooth_l1_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ..., beta: builtins.float = ...) -> Tensor:
    """`d^2 / (2 beta)` where |d| < beta, else `|d| - beta / 2`, with d = input - target."""
def soft_margin_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ...) -> Tensor:
    """`log(1 + exp(-y * x))` for targets y of -1 or 1."""
def softmax(input: Tensor, dim: builtins.int | None = ..., dtype: Any = ...) -> Tensor:
    """`e^x / sum(e^x)` along `dim`."""
def softmin(input: Tensor, dim: builtins.int | None = ..., dtype: Any = ...) -> Tensor:
    """`softmax(-x)`."""
def softplus(input: Tensor, beta: Number = ..., threshold: Number = ...) -> Tensor:
    """`log(1 + e^(beta x)) / beta`; x itself where `beta x` is above the threshold."""
def softshrink(input: Tensor, lambd: Number = ...) -> Tensor:
    """`x` moved towards 0 by `lambd`, and 0 within it."""
def softsign(input: Tensor) -> Tensor:
    """`x / (1 + |x|)`."""
def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent."""
def tanhshrink(input: Tensor) -> Tensor:
    """`x - tanh(x)`."""
def threshold(input: Tensor, threshold: Number, value: Number, inplace: Any = ...) -> Tensor:
    """`x` above the threshold, `value` elsewhere."""
def threshold_(*arguments: Any, **named: Any) -> Any:
    """"""
def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: builtins.float = ..., p: builtins.float = ..., eps: builtins.float = ..., swap: builtins.bool = ..., size_average: builtins.bool | None = ..., reduce: builtins.bool | None = ..., reduction: str = ...) -> Tensor:
    """`max(0, d(anchor, positive) - d(anchor, negative) + margin)`, d the p-norm distance."""
def triplet_margin_with_distance_loss(anchor: Any, positive: Any, negative: Any, *, distance_function: Any = ..., margin: builtins.float = ..., swap: builtins.bool = ..., reduction: str = ...) -> Any:
    """Triplet margin loss with any distance between two tensors, by default the Euclidean."""
def unfold(input: Tensor, kernel_size: builtins.int | tuple, dilation: builtins.int | tuple = ..., padding: builtins.int | tuple = ..., stride: builtins.int | tuple = ...) -> Tensor:
    """The patches a 2-D convolution sees, one per column."""
def upsample(input: Tensor, size: Any = ..., scale_factor: Any = ..., mode: str = ..., align_corners: builtins.bool | None = ...) -> Tensor:
    """The older name of `interpolate`."""
def upsample_bilinear(input: Tensor, size: Any = ..., scale_factor: Any = ...) -> Tensor:
    """`interpolate` with mode='bilinear' and aligned corners."""
def upsample_nearest(input: Tensor, size: Any = ..., scale_factor: Any = ...) -> Tensor:
    """`interpolate` with mode='nearest'."""
