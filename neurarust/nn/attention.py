"""Multi-head attention: the function and its module."""

from __future__ import annotations

import math
from typing import Any

from ..core.define import function
from ..core.ops.activation import softmax
from ..core.ops.attention import scaled_dot_product_attention
from ..core.ops.contraction import linear
from ..core.ops.create import ones, zeros
from ..core.ops.movement import cat, pad
from ..core.ops.random import dropout
from ..core.tensor.tensor import Tensor
from . import init
from .factory import not_a_tensor
from .linear import Linear
from .module import Module
from .parameter import made


def _additive(mask: Tensor | None, query: Tensor) -> Tensor | None:
    """A mask as numbers added to scores: -inf where a bool mask forbids."""
    if mask is None:
        return None
    if mask.dtype.name == "bool":
        blank = zeros(mask.shape, dtype=query.dtype, device=mask.device)
        return blank.masked_fill(mask, -math.inf)
    if not mask.is_floating_point():
        raise RuntimeError(
            f"multi_head_attention_forward: only bool and floating types of masks are supported, "
            f"but got {mask.dtype}"
        )
    return mask.to(query.dtype)


def _joined(
    attn_mask: Tensor | None, key_padding_mask: Tensor | None, query: Tensor, heads: int,
    length: int,
) -> Tensor | None:  # fmt: skip
    """Both masks as one that broadcasts to (batch, heads, queries, keys)."""
    steps, batch = query.shape[:2]
    if attn_mask is not None:
        shapes = {2: (steps, length), 3: (batch * heads, steps, length)}
        if tuple(attn_mask.shape) != shapes.get(attn_mask.ndim):
            raise RuntimeError(
                f"The shape of the attn_mask is {list(attn_mask.shape)}, but should be "
                f"{list(shapes.get(attn_mask.ndim, shapes[2]))}."
            )
        if attn_mask.ndim == 3:
            attn_mask = attn_mask.reshape(batch, heads, steps, length)
    if key_padding_mask is None:
        return attn_mask
    if tuple(key_padding_mask.shape) != (batch, length):
        raise RuntimeError(
            f"The shape of the key_padding_mask is {list(key_padding_mask.shape)}, but should be "
            f"{[batch, length]}."
        )
    spread = key_padding_mask.reshape(batch, 1, 1, length)
    return spread if attn_mask is None else attn_mask + spread


def _projected(
    query: Tensor, key: Tensor, value: Tensor, weight: Tensor, bias: Tensor | None
) -> tuple[Tensor, ...]:
    """Query, key and value by one packed weight; in one product where they are one tensor."""
    if query is key and key is value:
        return linear(query, weight, bias).chunk(3, -1)
    width = query.shape[-1]
    first = linear(query, weight[:width], None if bias is None else bias[:width])
    rest, rest_bias = weight[width:], None if bias is None else bias[width:]
    if key is value:
        return first, *linear(key, rest, rest_bias).chunk(2, -1)
    biases = (None, None) if rest_bias is None else rest_bias.chunk(2)
    weights = rest.chunk(2)
    return first, linear(key, weights[0], biases[0]), linear(value, weights[1], biases[1])


@function(method=False, namespace="nn.functional")
def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int,
    in_proj_weight: Tensor | None, in_proj_bias: Tensor | None, bias_k: Tensor | None,
    bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float, out_proj_weight: Tensor,
    out_proj_bias: Tensor | None, training: bool = True, key_padding_mask: Tensor | None = None,
    need_weights: bool = True, attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False, q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None, v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None, static_v: Tensor | None = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """Attention of several heads with its projections: see `nn.MultiheadAttention`.

    Shape: query (L, N, E), key and value (S, N, ...), or all without N; result (L, N, E) and
    weights (N, L, S), (N, heads, L, S) if not averaged.
    """
    for name, one in (("query", query), ("key", key), ("value", value)):
        if not isinstance(one, Tensor):
            not_a_tensor("multi_head_attention_forward", name, one)
    single = query.ndim == 2
    if single:
        same = query is key, key is value
        query = query.unsqueeze(1)
        key = query if same[0] else key.unsqueeze(1)
        value = key if same[1] else value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    if query.ndim != 3 or key.ndim != 3 or value.ndim != 3:
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D "
            f"query tensor, with key {key.ndim}-D and value {value.ndim}-D"
        )
    steps, batch, width = query.shape
    if width != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {width} of query "
            f"{list(query.shape)}"
        )
    if key.shape[:2] != value.shape[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {[*key.shape[:2]]} do not match value's "
            f"{[*value.shape[:2]]}"
        )
    for name, one, weight in (("key", key, k_proj_weight), ("value", value, v_proj_weight)):
        wanted = weight.shape[1] if use_separate_proj_weight and weight is not None else width
        if one.shape[2] != wanted:
            raise RuntimeError(
                f"was expecting {wanted} features of the {name}, but got {name} {list(one.shape)}"
            )
    head = width // num_heads
    if use_separate_proj_weight:
        biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
        q = linear(query, q_proj_weight, biases[0])
        k = linear(key, k_proj_weight, biases[1])
        v = linear(value, v_proj_weight, biases[2])
    else:
        assert in_proj_weight is not None, "use_separate_proj_weight=False needs in_proj_weight"
        q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias)
    # The hint is enough where nothing else is masked and the weights are not asked for.
    causal = is_causal and not (need_weights or key_padding_mask is not None)
    if is_causal and attn_mask is None and not causal:
        attn_mask = causal_mask(steps, k.shape[0], query)
    mask = None if causal else _additive(attn_mask, query)
    padding = _additive(key_padding_mask, query)
    if bias_k is not None and bias_v is not None:
        k = cat([k, bias_k.expand(1, batch, width)])
        v = cat([v, bias_v.expand(1, batch, width)])
        mask, padding, causal = _widened(mask, padding, causal, steps, query)
    # (length, batch, width) -> (batch, heads, length, head)
    q = q.reshape(steps, batch, num_heads, head).permute(1, 2, 0, 3)
    k = static_k.reshape(batch, num_heads, -1, head) if static_k is not None else (
        k.reshape(k.shape[0], batch, num_heads, head).permute(1, 2, 0, 3)
    )  # fmt: skip
    v = static_v.reshape(batch, num_heads, -1, head) if static_v is not None else (
        v.reshape(v.shape[0], batch, num_heads, head).permute(1, 2, 0, 3)
    )  # fmt: skip
    if add_zero_attn:
        k, v = (pad(one, (0, 0, 0, 1)) for one in (k, v))
        mask, padding, causal = _widened(mask, padding, causal, steps, query)
    joined = _joined(mask, padding, query, num_heads, k.shape[2])
    drop = dropout_p if training else 0.0
    weights = None
    if need_weights:
        scores = (q * head**-0.5) @ k.transpose(-2, -1)
        weights = softmax(scores if joined is None else scores + joined, -1)
        weights = dropout(weights, drop) if drop else weights
        mixed = weights @ v
        weights = weights.mean(1) if average_attn_weights else weights
        weights = weights.squeeze(0) if single else weights
    else:
        mixed = scaled_dot_product_attention(q, k, v, joined, drop, causal)
    # (batch, heads, length, head) -> (length, batch, width)
    mixed = mixed.permute(2, 0, 1, 3).reshape(steps, batch, width)
    output = linear(mixed, out_proj_weight, out_proj_bias)
    return output.squeeze(1) if single else output, weights


def _widened(
    mask: Tensor | None, padding: Tensor | None, causal: bool, steps: int, query: Tensor
) -> tuple[Tensor | None, Tensor | None, bool]:
    """The masks with one more key at the end, which all may look at."""
    if causal:
        mask = causal_mask(steps, steps, query)
    mask = None if mask is None else pad(mask, (0, 1))
    return mask, None if padding is None else pad(padding, (0, 1)), False


def causal_mask(steps: int, length: int, like: Tensor) -> Tensor:
    """Numbers to add to scores: -inf where a query would look at a later key."""
    above = ones(steps, length, dtype="bool", device=like.device).triu(1)
    blank = zeros(steps, length, dtype=like.dtype, device=like.device)
    return blank.masked_fill(above, -math.inf)


class MultiheadAttention(Module):
    """`concat(head_1, ..., head_h) W_o` with `head_i = attention(q W_q, k W_k, v W_v)`.

    Args:
        kdim, vdim: widths of key and value, if they differ from embed_dim.
        add_bias_kv: one more learned key and value.
        add_zero_attn: one more key and value of zeros.
        batch_first: (N, L, E) instead of (L, N, E).

    `forward` takes query, key, value; key_padding_mask (N, S) and attn_mask (L, S) or
    (N * heads, L, S), where True (or -inf) forbids looking; need_weights=False is faster and
    returns None for the weights. Differs from PyTorch: is_causal alone makes the mask.

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True,
        add_bias_kv: bool = False, add_zero_attn: bool = False, kdim: int | None = None,
        vdim: int | None = None, batch_first: bool = False, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        if embed_dim % num_heads:
            raise AssertionError(
                f"embed_dim must be divisible by num_heads, but got {embed_dim} and {num_heads}"
            )
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.head_dim, self.batch_first = embed_dim // num_heads, batch_first
        self.add_zero_attn = add_zero_attn
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        packed = self._qkv_same_embed_dim
        shapes = {
            "q_proj_weight": None if packed else (embed_dim, embed_dim),
            "k_proj_weight": None if packed else (embed_dim, self.kdim),
            "v_proj_weight": None if packed else (embed_dim, self.vdim),
            "in_proj_weight": (3 * embed_dim, embed_dim) if packed else None,
            "in_proj_bias": (3 * embed_dim,) if bias else None,
        }
        for name, shape in shapes.items():
            one = None if shape is None else made(*shape, dtype=dtype, device=device)
            self.register_parameter(name, one)
        self.out_proj = Linear(embed_dim, embed_dim, bias, device, dtype)
        for name in ("bias_k", "bias_v"):
            one = made(1, 1, embed_dim, dtype=dtype, device=device) if add_bias_kv else None
            self.register_parameter(name, one)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for name in ("q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_weight"):
            if getattr(self, name) is not None:
                init.xavier_uniform_(getattr(self, name))
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)
        for name in ("bias_k", "bias_v"):
            if getattr(self, name) is not None:
                init.xavier_normal_(getattr(self, name))

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
        need_weights: bool = True, attn_mask: Tensor | None = None,
        average_attn_weights: bool = True, is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        swap = self.batch_first and getattr(query, "ndim", 0) == 3
        if swap:
            same = query is key, key is value
            query = query.transpose(0, 1)
            key = query if same[0] else key.transpose(0, 1)
            value = key if same[1] else value.transpose(0, 1)
        output, weights = multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight,
            self.in_proj_bias, self.bias_k, self.bias_v, self.add_zero_attn, self.dropout,
            self.out_proj.weight, self.out_proj.bias, self.training, key_padding_mask,
            need_weights, attn_mask, not self._qkv_same_embed_dim, self.q_proj_weight,
            self.k_proj_weight, self.v_proj_weight,
            average_attn_weights=average_attn_weights, is_causal=is_causal,
        )  # fmt: skip
        return output.transpose(0, 1) if swap else output, weights
