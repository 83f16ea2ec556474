"""Scaled dot-product attention."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from ..define import NAMESPACES, function, op
from ..errors import fail
from ..op import Array
from . import tiled_attention


def _check(query: Array, key: Array, value: Array, is_causal: bool, masked: bool) -> None:
    got = f"query {list(query.shape)}, key {list(key.shape)} and value {list(value.shape)}"
    if min(query.ndim, key.ndim, value.ndim) < 2:
        fail("scaled_dot_product_attention", got=got, expected="at least 2 dimensions each")
    if query.shape[-1] != key.shape[-1]:
        fail("scaled_dot_product_attention", got=got, expected="query and key of one width")
    if key.shape[-2] != value.shape[-2]:
        fail("scaled_dot_product_attention", got=got, expected="key and value of one length")
    if not query.dtype == key.dtype == value.dtype:
        fail(
            "scaled_dot_product_attention",
            got=f"{query.dtype.name}, {key.dtype.name} and {value.dtype.name}",
            expected="query, key and value of the same type",
        )
    if is_causal and masked:
        fail(
            "scaled_dot_product_attention",
            got="attn_mask and is_causal=True",
            expected="only one of them",
            fix="Explicit attn_mask should not be set when is_causal=True.",
        )


def _weights(
    query: Array,
    key: Array,
    attn_mask: Array | None,
    is_causal: bool,
    scale: float | None,
) -> Array:
    """`softmax(scale query key^T + mask)`, in float32 for half precision; (..., T, S)."""
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    wide = jnp.promote_types(query.dtype, jnp.float32)
    scores = jnp.einsum("...td,...sd->...ts", query, key, preferred_element_type=wide) * factor
    if is_causal:
        row = jax.lax.broadcasted_iota(jnp.int32, scores.shape[-2:], 0)
        column = jax.lax.broadcasted_iota(jnp.int32, scores.shape[-2:], 1)
        scores = jnp.where(column <= row, scores, -jnp.inf)
    if attn_mask is None:
        return jax.nn.softmax(scores, -1)
    if attn_mask.dtype == jnp.bool_:
        scores = jnp.where(attn_mask, scores, -jnp.inf)
    else:
        scores = scores + attn_mask
    # A row that may look at nothing gives zeros, as in PyTorch, and gets no gradient.
    nothing = jnp.max(scores, -1, keepdims=True) == -jnp.inf
    return jnp.where(nothing, 0, jax.nn.softmax(jnp.where(nothing, 0, scores), -1))


def _shared(query: Array, shared: Array, enable_gqa: bool) -> Array:
    """Key or value heads, each repeated for the query heads that share it."""
    if not enable_gqa:
        return shared
    heads, groups = query.shape[-3], shared.shape[-3]
    if groups == 0 or heads % groups:
        fail(
            "scaled_dot_product_attention",
            got=f"{heads} query heads and {groups} key or value heads",
            expected="a number of query heads divisible by the others with enable_gqa",
        )
    return jnp.repeat(shared, heads // groups, axis=-3)


def _of_one_shape(enable_gqa: bool, query: Array, key: Array, value: Array) -> tuple:
    """Query, key and value with the same heads and batches."""
    arrays = query, *(_shared(query, one, enable_gqa) for one in (key, value))
    lead = jnp.broadcast_shapes(*(one.shape[:-2] for one in arrays))
    return tuple(jnp.broadcast_to(one, (*lead, *one.shape[-2:])) for one in arrays)


def _attended(query: Array, key: Array, value: Array, attn_mask, is_causal, scale) -> Array:
    weights = _weights(query, key, attn_mask, is_causal, scale)
    return jnp.einsum("...ts,...sd->...td", weights.astype(value.dtype), value)


def _attention(
    query: Array, key: Array, value: Array, attn_mask=None, is_causal=False, scale=None,
    enable_gqa=False,
) -> Array:  # fmt: skip
    key, value = (_shared(query, one, enable_gqa) for one in (key, value))
    if attn_mask is None and tiled_attention.is_worth_it(query, key):
        return tiled_attention.attended(query, key, value, is_causal, scale)
    return _attended(query, key, value, attn_mask, is_causal, scale)


def _attention_gradient(
    cotangent: Array, query: Array, key: Array, value: Array, attn_mask=None, is_causal=False,
    scale=None, enable_gqa=False,
) -> tuple:  # fmt: skip
    if attn_mask is not None:
        options = {"is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa}
        arrays = query, key, value, attn_mask
        return jax.vjp(lambda *given: _attention(*given, **options), *arrays)[1](cotangent)
    if not query.shape[:-2] == key.shape[:-2] == value.shape[:-2]:
        arrays, pull = jax.vjp(partial(_of_one_shape, enable_gqa), query, key, value)
        return pull(_attention_gradient(cotangent, *arrays, is_causal=is_causal, scale=scale))
    if tiled_attention.is_worth_it(query, key):
        return tiled_attention.gradient(cotangent, query, key, value, is_causal, scale)
    # Products of a width of their own, with all that is elementwise between them in one loop.
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    weights = _weights(query, key, None, is_causal, scale)
    result = jnp.einsum("...ts,...sd->...td", weights.astype(value.dtype), value)
    wide = weights.dtype
    by_weights = jnp.einsum("...td,...sd->...ts", cotangent, value, preferred_element_type=wide)
    along = jnp.sum(cotangent.astype(wide) * result.astype(wide), -1, keepdims=True)
    by_scores = jax.lax.optimization_barrier(weights * (by_weights - along) * factor)
    by_scores = by_scores.astype(query.dtype)
    return (
        jnp.einsum("...ts,...sd->...td", by_scores, key),
        jnp.einsum("...ts,...td->...sd", by_scores, query),
        jnp.einsum("...ts,...td->...sd", weights.astype(value.dtype), cotangent),
    )


@op(namespace=(), method=False, gradient=_attention_gradient)
def attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
):
    """`softmax(scale query key^T + mask) value` without dropout.

    Plain products are the fastest on CPU (forward and backward, batch 8, 4 heads, 64 steps,
    width 32: 1.0 ms; normalizing after the product 1.5, jax.nn.dot_product_attention 2.0).
    """
    _check(query, key, value, is_causal, attn_mask is not None)
    return _attention(query, key, value, attn_mask, is_causal, scale, enable_gqa)


@op(namespace=(), method=False)
def attention_weights(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
):
    """The weights of `attention`, and the value heads they multiply."""
    _check(query, key, value, is_causal, attn_mask is not None)
    key, value = (_shared(query, one, enable_gqa) for one in (key, value))
    return _weights(query, key, attn_mask, is_causal, scale).astype(query.dtype), value


@function(namespace=("nn.functional",), method=False)
def scaled_dot_product_attention(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
):
    """`dropout(softmax(scale query key^T + mask)) value`.

    Args:
        attn_mask: bool, True where a query may look at a key, or numbers added to the scores;
            broadcasts to (..., T, S).
        is_causal: query t looks at keys 0 to t.
        scale: 1 / sqrt(width) if left out.
        enable_gqa: each key and value head serves several query heads.

    Shape: query (..., heads, T, E), key (..., heads, S, E), value (..., heads, S, V);
    result (..., heads, T, V).

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """
    if dropout_p == 0.0:
        return attention(query, key, value, attn_mask, is_causal, scale, enable_gqa)
    weights, value = attention_weights(query, key, value, attn_mask, is_causal, scale, enable_gqa)
    # Looked up where it is used: random operations are defined after these.
    dropout = NAMESPACES["nn.functional"]["dropout"]
    return dropout(weights, dropout_p, training=True).matmul(value)
