"""Random tensors. Each operation takes its stream's key and counter as data."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import device as devices
from .. import dtype as dtypes
from ..define import function, op
from ..engine.value import export
from ..errors import fail
from ..op import Array, Index, Scalar
from ..random import Stream, taps
from ..tensor.dispatch import call, check_writable, write
from ..tensor.tensor import Tensor, from_host, known_host, wrap
from . import threefry
from .conversion import convert
from .create import finished, into, like, tensor
from .views import sizes


class Generator(Stream):
    """A stream of random numbers: `nr.Generator().manual_seed(0)`.

    Every random operation takes the stream's key and the next number of its counter, so a
    stream is the same eager, recorded, jitted and on every device. Differs from PyTorch: the
    numbers themselves (threefry instead of Mersenne twister and Philox).
    """

    def get_state(self) -> Tensor:
        """The stream's place, as a uint8 tensor that `set_state` takes."""
        return tensor(self.place())

    def set_state(self, new_state: Tensor) -> Generator:
        """Goes back to a place that `get_state` returned."""
        self.go_to(np.asarray(new_state))
        return self


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Starts the default stream from a seed, on every device."""
    default_generator.manual_seed(seed)
    return default_generator


def seed() -> int:
    """Starts the default stream from an unpredictable seed, and returns it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the default stream."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The default stream's place."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Sets the default stream to a place that `get_rng_state` returned."""
    default_generator.set_state(new_state)


def draw(generator: Stream | None, device: Any) -> tuple[Tensor, int]:
    """The next key and counter of a stream, as arguments of a random op."""
    if generator is not None and not isinstance(generator, Stream):
        raise TypeError(f"generator must be a nr.Generator, but got {type(generator).__name__}")
    words, counter = (generator or default_generator).next()
    key = key_on(words.tobytes(), devices.of(device))
    return (key if taps.vary is None else taps.vary(key)), counter


@functools.lru_cache(256)
def key_on(words: bytes, device: devices.device) -> Tensor:
    """A stream's key as a tensor on a device; kept, so that it is one input of a program."""
    value = from_host(np.frombuffer(words, np.uint32), device)
    export(value.force())
    return wrap(value, None)


def _key(key: Array, counter: Array) -> Array:
    """The jax key of one draw: the stream's, with the counter in its bits.

    Threefry needs no keys that look random (its source says so), so no work is spent on making
    one: a small draw takes half the time.
    """
    words = jnp.stack([counter >> 32, counter & 0xFFFFFFFF]).astype(jnp.uint32)
    return threefry.keys(key ^ words)


def _real(dtype: Any) -> Any:
    """The type that numbers are drawn in: float32 for half types, parts of complex ones."""
    kind = dtypes.of(dtype).to_real()
    return jnp.float32 if kind.itemsize < 4 else kind.dtype


# ------------------------------------------------------------------ the ops


@op(name="_uniform", method=False, namespace=(), differentiable=False)
def _uniform(key: Array, counter: Index, low: Scalar, high: Scalar, *, shape, dtype):
    real = _real(dtype)
    unit = jax.random.uniform(_key(key, counter), shape, real)
    return (low.astype(real) + unit * (high - low).astype(real)).astype(dtype)


@op(name="_normal", method=False, namespace=(), differentiable=False)
def _normal(key: Array, counter: Index, mean: Scalar, std: Scalar, *, shape, dtype):
    real = _real(dtype)
    if jnp.issubdtype(dtype, jnp.complexfloating):
        return jax.random.normal(_key(key, counter), shape, dtype) * std.astype(real)
    made = jax.random.normal(_key(key, counter), shape, real)
    return (made * std.astype(real) + mean.astype(real)).astype(dtype)


@op(name="_randint", method=False, namespace=(), differentiable=False)
def _randint(key: Array, counter: Index, low: Index, high: Index, *, shape, dtype):
    return jax.random.randint(_key(key, counter), shape, low, high, jnp.int64).astype(dtype)


@op(name="_randperm", method=False, namespace=(), differentiable=False)
def _randperm(key: Array, counter: Index, *, n, dtype):
    # Numbers in the order of random keys, each in the low bits of its key: seven times as fast on a
    # CPU as `jax.random.permutation`, which sorts pairs, twice. Of 2^20 numbers two have the same
    # key in one of 32 draws, and then lie as they were.
    width = max(n - 1, 1).bit_length()
    keys = jax.random.bits(_key(key, counter), (n,), jnp.uint64)
    packed = (keys >> width << width) | jnp.arange(n, dtype=jnp.uint64)
    return (jnp.sort(packed, stable=False) & ((1 << width) - 1)).astype(dtype)


@op(name="_bernoulli", method=False, namespace=())
def _bernoulli(p: Array, key: Array, counter: Index, *, shape, dtype):
    # Its gradient is 0, as in PyTorch.
    return jax.random.bernoulli(_key(key, counter), p, shape).astype(dtype)


@op(name="_exponential", method=False, namespace=(), differentiable=False)
def _exponential(key: Array, counter: Index, rate: Scalar, *, shape, dtype):
    real = _real(dtype)
    return (jax.random.exponential(_key(key, counter), shape, real) / rate.astype(real)).astype(
        dtype
    )


@op(name="_cauchy", method=False, namespace=(), differentiable=False)
def _cauchy(key: Array, counter: Index, median: Scalar, sigma: Scalar, *, shape, dtype):
    real = _real(dtype)
    made = jax.random.cauchy(_key(key, counter), shape, real)
    return (made * sigma.astype(real) + median.astype(real)).astype(dtype)


@op(name="_log_normal", method=False, namespace=(), differentiable=False)
def _log_normal(key: Array, counter: Index, mean: Scalar, std: Scalar, *, shape, dtype):
    real = _real(dtype)
    made = jax.random.normal(_key(key, counter), shape, real)
    return jnp.exp(made * std.astype(real) + mean.astype(real)).astype(dtype)


@op(name="_geometric", method=False, namespace=(), differentiable=False)
def _geometric(key: Array, counter: Index, p: Scalar, *, shape, dtype):
    return jax.random.geometric(_key(key, counter), p.astype(jnp.float32), shape).astype(dtype)


@op(name="_poisson", method=False, namespace=(), differentiable=False)
def _poisson(rate: Array, key: Array, counter: Index):
    # JAX has this one for keys of its own only.
    words = jax.random.key_data(_key(key, counter))
    own = jax.random.wrap_key_data(words, impl="threefry2x32")
    return jax.random.poisson(own, rate, rate.shape).astype(rate.dtype)


@op(name="_multinomial", method=False, namespace=(), differentiable=False)
def _multinomial(input: Array, key: Array, counter: Index, *, num_samples, replacement):
    logits = jnp.log(input)
    if replacement:
        shape = (num_samples, *input.shape[:-1])
        drawn = jax.random.categorical(_key(key, counter), logits, -1, shape=shape)
        return jnp.moveaxis(drawn, 0, -1).astype(jnp.int64)
    # The largest of Gumbel-perturbed logits are a draw without replacement.
    noise = jax.random.gumbel(_key(key, counter), input.shape, logits.dtype)
    return jax.lax.top_k(logits + noise, num_samples)[1].astype(jnp.int64)


@op(name="_dropout", method=False, namespace=())
def _dropout(input: Array, key: Array, counter: Index, p: Scalar, *, shape):
    keep = jax.random.bernoulli(_key(key, counter), 1 - p, shape)
    scale = jnp.where(p == 1, 0, 1 / jnp.where(p == 1, 1, 1 - p)).astype(input.dtype)
    return jnp.where(keep, input * scale, jnp.zeros((), input.dtype))


@op(name="_alpha_dropout", method=False, namespace=())
def _alpha_dropout(input: Array, key: Array, counter: Index, p: Scalar, *, shape):
    saturated = -1.7580993408473766
    keep = jax.random.bernoulli(_key(key, counter), 1 - p, shape)
    p = p.astype(input.dtype)
    spread = (1 - p) * (1 + p * saturated**2)
    scale = jnp.where(p == 1, 0, jnp.where(p == 1, 1, spread) ** -0.5)
    return jnp.where(keep, input, saturated) * scale - scale * p * saturated


# ------------------------------------------------------------------ new tensors


def _made(
    op_: Any, shape: tuple[int, ...], numbers: tuple, dtype: Any, device: Any,
    generator: Stream | None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    if any(one < 0 for one in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension: {list(shape)}")
    place = devices.of(device)
    kind = dtypes.default_dtype() if dtype is None else dtypes.of(dtype)
    key, counter = draw(generator, place)
    static = {"shape": tuple(shape), "dtype": kind}
    return finished(call(op_.op, (key, counter, *numbers), static), requires_grad)


def _drawing(name: str, op_: Any, numbers: tuple, what: str) -> tuple[Any, Any]:
    def new(
        *size: Any, generator: Stream | None = None, out: Tensor | None = None, dtype: Any = None,
        layout: Any = None, device: Any = None, requires_grad: bool = False,
        pin_memory: bool = False,
    ) -> Tensor:  # fmt: skip
        shape = sizes(name, size)
        made = _made(op_, shape, numbers, dtype, device, generator, requires_grad)
        return into(name, made, out, dtype)

    def new_like(
        input: Tensor, *, generator: Stream | None = None, dtype: Any = None, layout: Any = None,
        device: Any = None, requires_grad: bool = False, memory_format: Any = None,
    ) -> Tensor:  # fmt: skip
        kind, place = like(input, dtype, device)
        return _made(op_, input.shape, numbers, kind, place, generator, requires_grad)

    new.__name__ = new.__qualname__ = name
    new.__doc__ = f"A tensor of the given size of {what}."
    new_like.__name__ = new_like.__qualname__ = f"{name}_like"
    new_like.__doc__ = f"`{name}` of the size, dtype and device of another tensor."
    return function(method=False)(new), function(method=False)(new_like)


rand, rand_like = _drawing("rand", _uniform, (0.0, 1.0), "numbers uniform in [0, 1)")
randn, randn_like = _drawing("randn", _normal, (0.0, 1.0), "standard normal numbers")


def _limits(low: int, high: int | None) -> tuple[int, int]:
    if high is None:
        low, high = 0, low
    low, high = int(low), int(high)
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got {low} >= {high}")
    return low, high


@function(method=False, out=True)
def randint(
    low: int, high: Any = None, size: Sequence[int] | None = None, *, generator: Any = None,
    dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Integers uniform in [low, high); `randint(high, size)` starts at 0."""
    if size is None:
        low, high, size = 0, low, high
    if not isinstance(size, Sequence):
        fail("randint", f"size={size!r}", "a sequence of sizes, as in (2, 3)", kind=TypeError)
    kind = dtypes.int64 if dtype is None else dtype
    return _made(_randint, tuple(size), _limits(low, high), kind, device, generator, requires_grad)


@function(method=False)
def randint_like(
    input: Tensor, low: int, high: int | None = None, *, generator: Any = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """`randint` of the size, dtype and device of another tensor."""
    kind, place = like(input, dtype, device)
    return _made(_randint, input.shape, _limits(low, high), kind, place, generator, requires_grad)


@function(method=False, out=True)
def randperm(
    n: int, *, generator: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """The integers 0 to n-1 in random order."""
    if n < 0:
        fail("randperm", f"n={n}", "a length of at least 0")
    static = {"n": n, "dtype": dtypes.int64 if dtype is None else dtypes.of(dtype)}
    return finished(call(_randperm.op, draw(generator, device), static), requires_grad)


@function(method=False, out=True)
def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Sequence[int] | None = None, *, generator: Any = None,
    dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Normal numbers of given means and standard deviations (tensors or numbers)."""
    if isinstance(std, (int, float)) and std < 0:
        fail("normal", f"std={std}", "a standard deviation of at least 0")
    if size is not None:
        return _made(_normal, tuple(size), (mean, std), dtype, device, generator, requires_grad)
    given = mean if isinstance(mean, Tensor) else std
    if not isinstance(given, Tensor):
        raise TypeError("normal: needs size= when mean and std are numbers")
    shape = np.broadcast_shapes(*(one.shape for one in (mean, std) if isinstance(one, Tensor)))
    noise = _made(_normal, shape, (0.0, 1.0), given.dtype, given.device, generator)
    return noise * std + mean


@function(out=True)
def bernoulli(input: Tensor, p: float | None = None, *, generator: Any = None) -> Tensor:
    """Zeros and ones, one with the probability that each element says."""
    _check_chances("bernoulli", input if p is None else p, 1)
    key, counter = draw(generator, input.device)
    chances = input if p is None else filled_like(input, p)
    return call(
        _bernoulli.op, (chances, key, counter), {"shape": tuple(input.shape), "dtype": input.dtype}
    )


@function(method=False)
def poisson(input: Tensor, generator: Any = None) -> Tensor:
    """Poisson numbers of the rates that the elements say."""
    if not input.is_floating_point():
        fail("poisson", f"{input.dtype}", "floating-point rates")
    key, counter = draw(generator, input.device)
    return call(_poisson.op, (input.detach(), key, counter))


def filled_like(input: Tensor, number: float) -> Tensor:
    """A float tensor of one number in the size of another."""
    kind = input.dtype if input.is_floating_point() else dtypes.default_dtype()
    return input.new_full(input.shape, number, dtype=kind)


@function(out="same dtype")
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None
) -> Tensor:
    """Positions drawn with the (unnormalised) probabilities in each row. Shape: (rows, samples)."""
    if input.ndim not in (1, 2) or not input.is_floating_point():
        fail("multinomial", f"{input.dtype}{list(input.shape)}", "1 or 2 dimensions of floats")
    if num_samples <= 0:
        fail("multinomial", f"num_samples={num_samples}", "a number above 0")
    _check_chances("multinomial", input)
    if not replacement and num_samples > input.shape[-1]:
        most = f"at most {input.shape[-1]} of a row without replacement"
        fail("multinomial", f"num_samples={num_samples}", most)
    key, counter = draw(generator, input.device)
    static = {"num_samples": num_samples, "replacement": bool(replacement)}
    return call(_multinomial.op, (input.detach(), key, counter), static)


def _check_chances(operation: str, given: Any, most: float = np.inf) -> None:
    """Raises for numbers that are no probabilities, where they are known already."""
    chances = known_host(given) if isinstance(given, Tensor) else np.asarray(given)
    if chances is None:
        return
    if not (np.isfinite(chances) & (chances >= 0) & (chances <= most)).all():
        fail(operation, f"inf, NaN or an element outside of [0, {most}]", "probabilities")
    if most > 1 and (chances.sum(-1) == 0).any():
        fail(operation, "a row of zeros", "a positive sum of probabilities")


# ------------------------------------------------------------------ in place


def _drawing_inplace(
    name: str, op_: Any, defaults: dict[str, Any], positive: str, whole: bool, doc: str
) -> None:
    def inplace(input: Tensor, *args: Any, generator: Any = None, **kwargs: Any) -> Tensor:
        check_writable(name, input)
        numbers = dict(defaults)
        numbers.update(zip(defaults, args, strict=False))
        numbers.update(kwargs)
        if positive and not numbers[positive] > 0 and not (name == "normal_" and std_zero(numbers)):
            fail(name, f"{positive}={numbers[positive]}", "a number above 0")
        if name == "uniform_" and not numbers["from"] <= numbers["to"]:
            fail(name, f"[{numbers['from']}, {numbers['to']})", "from at most to")
        if name == "geometric_" and not numbers["p"] < 1:
            fail(name, f"p={numbers['p']}", "p in (0, 1)")
        if not whole and input.dtype.category < dtypes.FLOATING:
            fail(name, f"{input.dtype}", "floating-point numbers")
        made = _made(
            op_, input.shape, tuple(numbers.values()), input.dtype, input.device, generator
        )
        write(input, made)
        return input

    inplace.__name__ = inplace.__qualname__ = name
    inplace.__doc__ = doc
    function(namespace=(), method=True)(inplace)


def std_zero(numbers: dict[str, Any]) -> bool:
    """Whether a normal distribution is one number, which is allowed."""
    return numbers["std"] == 0


# Name, op, defaults, the argument that must be positive, whether integers can hold it.
for _row in (
    ("uniform_", _uniform, {"from": 0.0, "to": 1.0}, "", False, "Uniform numbers in [from, to)."),
    ("normal_", _normal, {"mean": 0.0, "std": 1.0}, "std", False, "Normal numbers."),
    ("exponential_", _exponential, {"lambd": 1.0}, "lambd", False, "Exponential numbers."),
    ("cauchy_", _cauchy, {"median": 0.0, "sigma": 1.0}, "sigma", False, "Cauchy numbers."),
    ("log_normal_", _log_normal, {"mean": 1.0, "std": 2.0}, "std", False, "e to normal numbers."),
    ("geometric_", _geometric, {"p": None}, "p", True, "How many trials until one succeeds."),
):
    _drawing_inplace(*_row)


@function(namespace=())
def random_(
    input: Tensor, low: int = 0, high: int | None = None, *, generator: Any = None
) -> Tensor:
    """Integers in [low, high), or in [0, low) for one number, or of the dtype's whole range."""
    check_writable("random_", input)
    if high is None and low == 0:
        whole = input.dtype.category <= dtypes.INTEGER and input.dtype is not dtypes.bool_
        high = 2 if input.dtype is dtypes.bool_ else 2**24
        high = min(np.iinfo(input.dtype.dtype).max, 2**62) if whole else high
    limits = _limits(low, high)
    write(input, _made(_randint, input.shape, limits, input.dtype, input.device, generator))
    return input


@function(namespace=())
def bernoulli_(input: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """Zeros and ones, one with probability `p` (a number or a tensor)."""
    check_writable("bernoulli_", input)
    _check_chances("bernoulli_", p, 1)
    chances = p if isinstance(p, Tensor) else filled_like(input, p)
    write(input, convert(bernoulli(chances, generator=generator), dtype=input.dtype))
    return input


# ------------------------------------------------------------------ dropout


def _dropping(name: str, op_: Any, shape_of: Any, doc: str, on: bool = True) -> Any:
    def drop(input: Tensor, p: float = 0.5, training: bool = on, inplace: bool = False) -> Tensor:
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        if not training or p == 0:
            return input
        key, counter = draw(None, input.device)
        result = call(op_.op, (input, key, counter, float(p)), {"shape": shape_of(input.shape)})
        if not inplace:
            return result
        check_writable(name, input)
        write(input, result)
        return input

    drop.__name__ = drop.__qualname__ = name
    drop.__doc__ = doc
    space = ("nn.functional", "neurarust") if name == "dropout" else "nn.functional"
    return function(method=False, namespace=space)(drop)


def _whole(shape: Any) -> tuple[int, ...]:
    return tuple(shape)


def _channels(shape: Any) -> tuple[int, ...]:
    return (*shape[:2], *(1 for _ in shape[2:]))


dropout = _dropping(
    "dropout", _dropout, _whole, "Zeros with probability `p`, the rest scaled by 1/(1-p)."
)
dropout1d, dropout2d, dropout3d = (
    _dropping(
        f"dropout{n}d", _dropout, _channels, "`dropout` of whole channels. Shape: (N, C, ...)."
    )
    for n in (1, 2, 3)
)
alpha_dropout = _dropping(
    "alpha_dropout", _alpha_dropout, _whole,
    "Dropout that keeps mean and variance of SELU's outputs (Klambauer et al. 2017).", on=False,
)  # fmt: skip
feature_alpha_dropout = _dropping(
    "feature_alpha_dropout",
    _alpha_dropout,
    _channels,
    "`alpha_dropout` of whole channels.",
    on=False,
)
