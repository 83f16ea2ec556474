"""What a row of the sample table is, and the makers of its arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Maker = Callable[[np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Sample:
    """One operation: how it is called, and what NumPy says it gives.

    Args:
        name: public name ("add", "linalg.det") or "Tensor.name" for what is only a method.
        reference: function of the same arguments over NumPy arrays.
        cases: argument tuples of makers and plain values; a dict at the end holds keywords.
        order: how often the operation can be differentiated (2 is all that is checked).
        integers: dtype of the result for int64 input: "float32", "int64", "bool"; None if the
            operation has no rule for integers.
        tolerance: relative, in float64.
        after: what is done to the result before it is compared, where it is not unique.
        open_at_ties: PyTorch leaves the second result, the indices, open where numbers are equal.
        floats: whole numbers make no sense as input, even where PyTorch computes something.
        differs: why gradients are not PyTorch's, where they are not.
        symmetric: only the symmetric part of the first matrix counts.
        out: whether `out=` is taken; None for what the decorator `op` gives.
        torch: PyTorch's name if it differs; "" if it has no such function.
        elementwise: NaN, infinities and kinks are tried too.
    """

    name: str
    reference: Callable[..., Any]
    cases: tuple[tuple, ...]
    order: int = 2
    integers: str | None = None
    tolerance: float = 1e-9
    after: Callable[..., Any] | None = None
    out: bool | None = None
    torch: str | None = None
    elementwise: bool = False
    symmetric: bool = False
    open_at_ties: bool = False
    floats: bool = False
    differs: str = ""

    @property
    def method(self) -> str:
        """The last part of the name."""
        return self.name.split(".")[-1]

    def arguments(self, case: int = 0) -> tuple[list, dict[str, Any]]:
        """Positional arguments, arrays as NumPy arrays, and keywords."""
        generator = np.random.default_rng(sum(map(ord, self.name)) + case)
        given = list(self.cases[case])
        keywords = given.pop() if given and isinstance(given[-1], dict) else {}
        made = mapped(lambda one: one(generator) if callable(one) else one, given)
        return made, {key: one(generator) if callable(one) else one
                      for key, one in keywords.items()}  # fmt: skip


def mapped(function: Callable[[Any], Any], arguments: list) -> list:
    """`function` of each argument, and of each member of a list or tuple of arrays."""
    return [
        type(one)(mapped(function, list(one))) if type(one) in (list, tuple) else function(one)
        for one in arguments
    ]


def row(name: str, reference: Callable[..., Any], *cases: tuple, **options: Any) -> Sample:
    """A Sample; a single array instead of a case stands for that case."""
    return Sample(name, reference, tuple(one if type(one) is tuple else (one,) for one in cases),
                  **options)  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A maker: `draw(generator, shape)`."""

    draw: Callable[[np.random.Generator, tuple[int, ...]], Any]
    shape: tuple[int, ...] = field(default=())

    def __call__(self, generator: np.random.Generator) -> np.ndarray:
        return np.asarray(self.draw(generator, self.shape))


def maker(draw: Callable[[np.random.Generator, tuple[int, ...]], Any]) -> Callable[..., Drawn]:
    """`maker(draw)(2, 3)` draws arrays of shape (2, 3)."""
    return lambda *shape: Drawn(draw, shape)


def uniform(low: float, high: float) -> Callable[..., Drawn]:
    """Numbers between two bounds."""
    return maker(lambda generator, shape: generator.uniform(low, high, shape))


def integers(low: int, high: int) -> Callable[..., Drawn]:
    """Whole numbers in [low, high)."""
    return maker(lambda generator, shape: generator.integers(low, high, shape))


def constant(*values: Any, dtype: Any = None) -> Maker:
    """Always the same numbers."""
    return lambda generator: np.array(values, dtype)


def _distinct(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    steps = generator.permutation(int(np.prod(shape))).reshape(shape)
    return steps * 0.37 - 1.3


def _complex(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return generator.standard_normal(shape) + 1j * generator.standard_normal(shape)


def _invertible(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return generator.standard_normal(shape) * 0.5 + np.eye(*shape[-2:]) * (
        1.0 + np.arange(shape[-1])
    )


def _definite(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    matrix = _invertible(generator, shape)
    return matrix @ matrix.swapaxes(-1, -2)


normal = maker(lambda generator, shape: generator.standard_normal(shape))
positive = uniform(0.3, 2.5)
unit = uniform(-0.9, 0.9)
share = uniform(0.1, 0.9)
above_one = uniform(1.2, 3.0)
whole = integers(-4, 5)
natural = integers(1, 7)
truth = maker(lambda generator, shape: generator.random(shape) < 0.5)
distinct = maker(_distinct)
complex_normal = maker(_complex)
invertible = maker(_invertible)
definite = maker(_definite)
