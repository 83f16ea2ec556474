"""Random bits: Threefry-2x32 with 20 rounds, written out.

The same numbers as JAX's `threefry2x32`, which on CPU is a loop over arrays in memory. Written out,
the rounds become one kernel with what is made of the bits: a million uniform numbers take 1.2 ms in
place of 5.1 (2 cores), a program that draws two 0.07 s to compile in place of 0.10.

Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ..op import Array

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def keys(words: Array) -> Array:
    """JAX's keys of pairs of words, uint32 (*, 2), that draw with the functions below."""
    return jax.random.wrap_key_data(words, impl=_implementation())


@functools.cache
def _implementation() -> Any:
    extension: Any = importlib.import_module("jax.extend.random")  # takes 20 ms
    return extension.define_prng_impl(
        key_shape=(2,), seed=_seed, split=_split, random_bits=_bits, fold_in=_fold_in,
        name="neurarust_threefry", tag="nrt",
    )  # fmt: skip


def _rotated(word: Array, by: int) -> Array:
    return lax.shift_left(word, jnp.uint32(by)) | lax.shift_right_logical(word, jnp.uint32(32 - by))


def _block(key: Array, first: Array, second: Array) -> tuple[Array, Array]:
    """The two words, uint32, that a key makes of two words of a counter."""
    schedule = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(_PARITY))
    first, second = first + schedule[0], second + schedule[1]
    for group in range(5):
        for by in _ROTATIONS[group % 2]:
            first = first + second
            second = _rotated(second, by) ^ first
        first = first + schedule[(group + 1) % 3]
        second = second + schedule[(group + 2) % 3] + jnp.uint32(group + 1)
    return first, second


def _counted(key: Array, count: int) -> tuple[Array, Array]:
    """The blocks of the counters 0, 1, ... `count` - 1."""
    low = lax.iota(jnp.uint32, count)
    high = jnp.zeros_like(low)
    if count > 1 << 32:
        number = lax.iota(jnp.uint64, count)
        low, high = number.astype(jnp.uint32), (number >> 32).astype(jnp.uint32)
    return _block(key, high, low)


def _bits(key: Array, bit_width: int, shape: tuple[int, ...]) -> Array:
    """Unsigned integers of 8, 16, 32 or 64 random bits."""
    high, low = _counted(key, math.prod(shape))
    if bit_width == 64:
        return (high.astype(jnp.uint64) << 32 | low.astype(jnp.uint64)).reshape(shape)
    return (high ^ low).astype(f"uint{bit_width}").reshape(shape)


def _split(key: Array, shape: tuple[int, ...]) -> Array:
    """Keys (*shape, 2) of streams of their own."""
    return jnp.stack(_counted(key, math.prod(shape)), -1).reshape(*shape, 2)


def _seed(number: Array) -> Array:
    """The key of an integer."""
    wide = number.dtype.itemsize == 8
    high = (number >> 32).astype(jnp.uint32) if wide else jnp.zeros((), jnp.uint32)
    return jnp.stack([high, number.astype(jnp.uint32)])


def _fold_in(key: Array, number: Any) -> Array:
    """The key of the stream that belongs to an integer, 32 bits of it."""
    return jnp.stack(_block(key, *_seed(jnp.asarray(number, jnp.uint32))))
