"""Attention over many keys: tiles of the scores, never all of them.

Memory grows with the length and not with its square, and with `is_causal` the tiles above the
diagonal are left out. The gradient makes each tile of weights again, from the logarithm of its
row's sum. (4,096 steps, 4 heads of 32, causal, forward and backward on 2 cores: 200 ms;
differentiating a loop over rows of the scores 1,100.)

Source: Rabe and Staats, "Self-attention does not need O(n^2) memory", 2021; Dao et al.,
"FlashAttention: fast and memory-efficient exact attention with IO-awareness", NeurIPS 2022.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax

from ..op import Array

# So many scores (queries times keys) are made tile by tile.
WHOLE = 1 << 18
# Queries and keys of a tile; heads that are computed together.
TILE, HEADS = 512, 4
# Stands for minus infinity where differences are taken.
_LOWEST = -1e30


class _Tiles(NamedTuple):
    """How the scores of one head are cut."""

    queries: int
    keys: int
    is_causal: bool
    factor: float

    def places(self) -> tuple[Array, Array]:
        """The tiles in turn: their rows and columns, in units of tiles."""
        found = [
            (i, j)
            for i in range(-(-self.queries // TILE))
            for j in range(-(-self.keys // TILE))
            if not self.is_causal or j <= i
        ]
        rows, columns = zip(*found, strict=True)
        return jnp.array(rows, jnp.int32), jnp.array(columns, jnp.int32)

    def scores(self, query: Array, key: Array, place: tuple[Array, Array]) -> Array:
        """The scores of one tile, minus infinity where a query may not look."""
        wide = jnp.promote_types(query.dtype, jnp.float32)
        scores = jnp.matmul(query, key.T, preferred_element_type=wide) * self.factor
        row, column = (
            place[axis] * TILE + lax.broadcasted_iota(jnp.int32, scores.shape, axis)
            for axis in (0, 1)
        )
        seen = column < self.keys
        return jnp.where(seen & (column <= row) if self.is_causal else seen, scores, _LOWEST)


def _tile(array: Array, index: Array) -> Array:
    return lax.dynamic_slice_in_dim(array, index * TILE, TILE)


def _put(array: Array, tile: Array, index: Array) -> Array:
    return lax.dynamic_update_slice_in_dim(array, tile.astype(array.dtype), index * TILE, 0)


def _product(first: Array, second: Array, wide: jnp.dtype) -> Array:
    return jnp.matmul(first.astype(second.dtype), second, preferred_element_type=wide)


def _of_head(tiles: _Tiles, query: Array, key: Array, value: Array) -> tuple[Array, Array]:
    """The result of one head, and the logarithms of its rows' sums; lengths are padded."""
    wide = jnp.promote_types(query.dtype, jnp.float32)

    def step(state: tuple, place: tuple) -> tuple:
        result, highest, total = state
        i, j = place
        scores = tiles.scores(_tile(query, i), _tile(key, j), place)
        before = _tile(highest, i)
        now = jnp.maximum(before, jnp.max(scores, -1))
        weights = jnp.exp(scores - now[:, None])
        shrunk = jnp.exp(before - now)
        added = _product(weights, _tile(value, j), wide)
        return (
            _put(result, _tile(result, i) * shrunk[:, None] + added, i),
            _put(highest, now, i),
            _put(total, _tile(total, i) * shrunk + jnp.sum(weights, -1), i),
        ), None

    start = (
        jnp.zeros((len(query), value.shape[1]), wide),
        jnp.full(len(query), _LOWEST, wide),
        jnp.zeros(len(query), wide),
    )
    (result, highest, total), _ = lax.scan(step, start, tiles.places())
    return (result / total[:, None]).astype(query.dtype), highest + jnp.log(total)


def _gradient_of_head(
    tiles: _Tiles, cotangent: Array, query: Array, key: Array, value: Array
) -> tuple[Array, ...]:
    """The gradients of one head's query, key and value."""
    wide = jnp.promote_types(query.dtype, jnp.float32)
    # In the forward's program this is the same loop again, which XLA runs once.
    result, sums = _of_head(tiles, query, key, value)
    along = jnp.sum(cotangent.astype(wide) * result.astype(wide), -1)

    def step(state: tuple, place: tuple) -> tuple:
        by_query, by_key, by_value = state
        i, j = place
        queries, keys, values = _tile(query, i), _tile(key, j), _tile(value, j)
        given = _tile(cotangent, i)
        weights = jnp.exp(tiles.scores(queries, keys, place) - _tile(sums, i)[:, None])
        by_weights = jnp.matmul(given, values.T, preferred_element_type=wide)
        by_scores = weights * (by_weights - _tile(along, i)[:, None]) * tiles.factor
        by_scores = lax.optimization_barrier(by_scores)
        return (
            _put(by_query, _tile(by_query, i) + _product(by_scores, keys, wide), i),
            _put(by_key, _tile(by_key, j) + _product(by_scores.T, queries, wide), j),
            _put(by_value, _tile(by_value, j) + _product(weights.T, given, wide), j),
        ), None

    start = tuple(jnp.zeros(one.shape, wide) for one in (query, key, value))
    gradients, _ = lax.scan(step, start, tiles.places())
    return tuple(
        given.astype(one.dtype)
        for given, one in zip(gradients, (query, key, value), strict=True)
    )  # fmt: skip


def _over_heads(function: Callable, *arrays: Array) -> tuple:
    """`function` of every head; lengths are padded to whole tiles."""
    lead = jnp.broadcast_shapes(*(one.shape[:-2] for one in arrays))
    flat = []
    for one in arrays:
        one = jnp.broadcast_to(one, (*lead, *one.shape[-2:]))
        one = one.reshape(math.prod(lead), *one.shape[-2:])
        flat.append(jnp.pad(one, [(0, 0), (0, -one.shape[1] % TILE), (0, 0)]))
    results = lax.map(lambda heads: function(*heads), tuple(flat), batch_size=HEADS)
    return tuple(one.reshape(*lead, *one.shape[1:]) for one in results)


def _tiles_of(query: Array, key: Array, is_causal: bool, scale: float | None) -> _Tiles:
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    return _Tiles(query.shape[-2], key.shape[-2], is_causal, factor)


def is_worth_it(query: Array, key: Array) -> bool:
    """Whether there are so many scores that tiles are faster, or the only way."""
    return query.shape[-2] * key.shape[-2] >= WHOLE


def attended(query: Array, key: Array, value: Array, is_causal: bool, scale: float | None) -> Array:
    """`softmax(scale query key^T) value`, shapes as in `scaled_dot_product_attention`."""
    function = partial(_of_head, _tiles_of(query, key, is_causal, scale))
    result, _ = _over_heads(function, query, key, value)
    return result[..., : query.shape[-2], :]


def gradient(
    cotangent: Array, query: Array, key: Array, value: Array, is_causal: bool,
    scale: float | None,
) -> tuple[Array, ...]:  # fmt: skip
    """The gradients of query, key and value, whose leading shapes are equal."""
    function = partial(_gradient_of_head, _tiles_of(query, key, is_causal, scale))
    found = _over_heads(function, cotangent, query, key, value)
    return tuple(
        padded[..., : one.shape[-2], :]
        for padded, one in zip(found, (query, key, value), strict=True)
    )
