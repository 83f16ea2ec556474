"""Single operations against PyTorch and their plain lowering in JAX: forward, and with backward.

python -m benchmarks.operations --rounds 3
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .turns import fastest, in_turn

FRAMEWORKS = ("neurarust", "torch", "jax")


class Operation(NamedTuple):
    """A function of float32 arrays in PyTorch's words, and as one would write it in JAX."""

    name: str
    shapes: tuple[tuple[int, ...], ...]
    function: Callable  # (torch or neurarust, its nn.functional, *tensors) -> tensor
    plain: Callable  # (jax, *arrays) -> array


def _normalized(jax: Any, x: Any, axes: tuple[int, ...]) -> Any:
    centred = x - x.mean(axes, keepdims=True)
    return centred * jax.lax.rsqrt((centred * centred).mean(axes, keepdims=True) + 1e-5)


def _pooled(jax: Any, x: Any, size: int, stride: int, padding: int) -> Any:
    pads = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    window, strides = (1, 1, size, size), (1, 1, stride, stride)
    return jax.lax.reduce_window(x, -np.inf, jax.lax.max, window, strides, pads)


def _attention(jax: Any, q: Any, k: Any, v: Any) -> Any:
    scores = q @ k.swapaxes(-1, -2) * q.shape[-1] ** -0.5
    return jax.nn.softmax(scores, -1) @ v


def _loss(jax: Any, x: Any) -> Any:
    classes = jax.numpy.arange(x.shape[0]) % x.shape[1]
    return -jax.nn.log_softmax(x)[jax.numpy.arange(x.shape[0]), classes].mean()


ROWS = (4096, 256)
PICTURES = (32, 32, 32, 32)
OPERATIONS = [
    Operation("cumsum, rows", (ROWS,), lambda T, F, x: x.cumsum(1), lambda J, x: x.cumsum(1)),
    Operation("cumsum, columns", (ROWS,), lambda T, F, x: x.cumsum(0), lambda J, x: x.cumsum(0)),
    Operation("cumprod, rows", (ROWS,), lambda T, F, x: x.cumprod(1), lambda J, x: x.cumprod(1)),
    Operation("sort, rows", (ROWS,), lambda T, F, x: x.sort(1)[0], lambda J, x: J.numpy.sort(x, 1)),
    Operation(
        "sort, 100,000", ((100_000,),), lambda T, F, x: x.sort()[0], lambda J, x: J.numpy.sort(x)
    ),
    Operation(
        "topk of 10, rows",
        (ROWS,),
        lambda T, F, x: x.topk(10)[0],
        lambda J, x: J.lax.top_k(x, 10)[0],
    ),
    Operation(
        "median, rows",
        (ROWS,),
        lambda T, F, x: x.median(1)[0],
        lambda J, x: J.numpy.sort(x, 1)[:, 127],
    ),
    Operation("sum of all", (ROWS,), lambda T, F, x: x.sum(), lambda J, x: x.sum()),
    Operation("sums of rows", (ROWS,), lambda T, F, x: x.sum(1), lambda J, x: x.sum(1)),
    Operation("sums of columns", (ROWS,), lambda T, F, x: x.sum(0), lambda J, x: x.sum(0)),
    Operation("largest of rows", (ROWS,), lambda T, F, x: x.amax(1), lambda J, x: x.max(1)),
    Operation("variance of rows", (ROWS,), lambda T, F, x: x.var(1), lambda J, x: x.var(1, ddof=1)),
    Operation(
        "logsumexp of rows",
        (ROWS,),
        lambda T, F, x: x.logsumexp(1),
        lambda J, x: J.nn.logsumexp(x, 1),
    ),
    Operation("softmax", (ROWS,), lambda T, F, x: F.softmax(x, -1), lambda J, x: J.nn.softmax(x)),
    Operation(
        "cross entropy of 1,000 classes",
        ((512, 1000),),
        lambda T, F, x: F.cross_entropy(x, T.arange(512)),
        _loss,
    ),
    Operation(
        "layer norm",
        (ROWS,),
        lambda T, F, x: F.layer_norm(x, (256,)),
        lambda J, x: _normalized(J, x, (1,)),
    ),
    Operation(
        "batch norm",
        (PICTURES,),
        lambda T, F, x: F.batch_norm(x, None, None, training=True),
        lambda J, x: _normalized(J, x, (0, 2, 3)),
    ),
    Operation("tanh", (ROWS,), lambda T, F, x: x.tanh(), lambda J, x: J.numpy.tanh(x)),
    Operation(
        "gelu", (ROWS,), lambda T, F, x: F.gelu(x), lambda J, x: J.nn.gelu(x, approximate=False)
    ),
    Operation(
        "max pool 2",
        (PICTURES,),
        lambda T, F, x: F.max_pool2d(x, 2),
        lambda J, x: _pooled(J, x, 2, 2, 0),
    ),
    Operation(
        "max pool 3 / 2",
        (PICTURES,),
        lambda T, F, x: F.max_pool2d(x, 3, 2, 1),
        lambda J, x: _pooled(J, x, 3, 2, 1),
    ),
    Operation(
        "matmul of 64", ((64, 64), (64, 64)), lambda T, F, x, y: x @ y, lambda J, x, y: x @ y
    ),
    Operation(
        "matmul of 512", ((512, 512), (512, 512)), lambda T, F, x, y: x @ y, lambda J, x, y: x @ y
    ),
    Operation(
        "64 matmuls of 32",
        ((64, 32, 32), (64, 32, 32)),
        lambda T, F, x, y: x @ y,
        lambda J, x, y: x @ y,
    ),
    Operation(
        "attention, 32 heads of 64 x 32",
        ((8, 4, 64, 32),) * 3,
        lambda T, F, q, k, v: F.scaled_dot_product_attention(q, k, v),
        _attention,
    ),
    Operation(
        "rows of a table",
        ((10_000, 128),),
        lambda T, F, x: F.embedding(T.arange(0, 8192, 2), x),
        lambda J, x: x[J.numpy.arange(0, 8192, 2)],
    ),
    Operation("transposed copy", (ROWS,), lambda T, F, x: x.t() + 0, lambda J, x: x.T + 0),
    Operation(
        "concatenation",
        (ROWS, ROWS),
        lambda T, F, x, y: T.cat([x, y], 1),
        lambda J, x, y: J.numpy.concatenate([x, y], 1),
    ),
]


def inputs(operation: Operation) -> list[np.ndarray]:
    """Normal numbers, the same for each framework."""
    generator = np.random.default_rng(0)
    return [generator.standard_normal(shape, dtype=np.float32) for shape in operation.shapes]


def in_jax(operation: Operation) -> tuple[float, float]:
    """Seconds forward, and forward and backward, of the compiled plain lowering."""
    jax = importlib.import_module("jax")
    arrays = [jax.numpy.asarray(one) for one in inputs(operation)]

    def both(given: Any, *arrays: Any) -> Any:
        result, pull = jax.vjp(lambda *x: operation.plain(jax, *x), *arrays)
        return result, pull(given)

    forward, both = jax.jit(lambda *x: operation.plain(jax, *x)), jax.jit(both)
    given = jax.numpy.ones_like(forward(*arrays))
    return (
        fastest(lambda: jax.block_until_ready(forward(*arrays))),
        fastest(lambda: jax.block_until_ready(both(given, *arrays))),
    )


def imperative(T: Any, operation: Operation) -> tuple[float, float]:
    """The same in torch or neurarust, as one writes it."""
    F, wait = T.nn.functional, getattr(T, "synchronize", lambda: None)
    tensors = [T.from_numpy(one).requires_grad_() for one in inputs(operation)]

    def forward() -> Any:
        with T.no_grad():
            result = operation.function(T, F, *tensors)
        wait()
        return result

    given = T.ones_like(forward())

    def both() -> None:
        for one in tensors:
            one.grad = None
        # It is kept, or nobody would compute it.
        result = operation.function(T, F, *tensors)
        result.backward(given)
        wait()

    return fastest(forward), fastest(both)


def measured(framework: str) -> list[tuple[float, float]]:
    """Seconds of each operation forward, and forward and backward."""
    if framework == "jax":
        return [in_jax(one) for one in OPERATIONS]
    T: Any = importlib.import_module(framework)
    if framework == "torch":
        T.set_num_threads(2)
    return [imperative(T, one) for one in OPERATIONS]


def main() -> None:
    best = in_turn("benchmarks.operations", FRAMEWORKS, measured, str(__doc__))
    ours, torch, jax = (best[name] * 1e6 for name in FRAMEWORKS)
    print("| operation | forward, us | torch, us | ratio | jax, us | ratio "
          "| both, us | torch, us | ratio | jax, us | ratio |\n|" + " --- |" * 11)  # fmt: skip
    for one, *figures in zip(OPERATIONS, ours, torch, jax, strict=True):
        cells = [
            f"{a:.0f} | {b:.0f} | {a / b:.2f} | {c:.0f} | {a / c:.2f}"
            for a, b, c in zip(*figures, strict=True)
        ]
        print(f"| {one.name} | {' | '.join(cells)} |")
    for name, other in (("torch", torch), ("jax", jax)):
        forward, both = np.exp(np.log(ours / other).mean(0))
        print(f"\ngeometric means / {name}: forward {forward:.2f}, with backward {both:.2f}")


if __name__ == "__main__":
    main()
