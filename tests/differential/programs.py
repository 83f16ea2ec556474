"""Random imperative programs, drawn from a seed, that run on NeuraRust and on PyTorch.

A program keeps a pool of tensors. Each of its steps draws a tensor and an action from the
tables below; what the action returns joins the pool. In the end everything in the pool is squared
and summed, and goes backward. Actions draw only from the program's own generator and look only at
shapes and dtypes, so that both libraries do the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

# PyTorch keeps memory that a later write spoils, and then refuses to go backward; and it has a bug
# with gradients that meet integers.
SPOILED = ("modified by an inplace operation", "INTERNAL ASSERT FAILED")
ERRORS = (RuntimeError, IndexError, ValueError, TypeError)
LARGEST = 24
# Actions whose arguments PyTorch checks more narrowly than we do (bool arithmetic, the dtype of
# assigned values, surplus or out-of-range positions).
LENIENT = {
    "absolute", "divide", "gather", "index_add_", "index_select", "mask with a tensor", "matmul",
    "positions with a leaf", "relu", "roll", "scatter_add", "subtract", "where the largest is",
}  # fmt: skip

Action = Callable[["Program", Any], Any]


class Outcome(NamedTuple):
    """What a program did: its pool and gradients as arrays, and the steps that failed."""

    kinds: list[tuple]
    values: list[np.ndarray]
    gradients: list[np.ndarray | None]
    failures: list[tuple[int, str]]
    messages: list[str]

    @property
    def spoiled(self) -> bool:
        """Whether PyTorch would not go backward, which we always can."""
        return any(one in message for message in self.messages for one in SPOILED)

    @property
    def refused(self) -> frozenset[int]:
        """The failed steps that we are known to allow."""
        return frozenset(step for step, name in self.failures if name in LENIENT)


class Program:
    """One run of the program that belongs to a seed.

    Args:
        library: `neurarust` or `torch`.
        look: read the newest tensor after every step.
        refused: steps to leave out, which PyTorch refused and we are known to allow.
    """

    def __init__(
        self, library: Any, seed: int, look: bool = False, refused: frozenset[int] = frozenset()
    ):
        self.library = library
        self.seed = seed
        self.random = random.Random(seed)
        self.look = look
        self.refused = refused
        self.failures: list[tuple[int, str]] = []
        self.messages: list[str] = []
        # Views of which several elements are one; PyTorch lets parts of them be written.
        self.overlapping: set[int] = set()
        drawn = np.random.default_rng(seed)
        self.leaves = [
            self.leaf(drawn.standard_normal(shape).astype(dtype))
            for shape, dtype in [
                ((2, 3), "float32"), ((2, 3), "float32"), ((2, 3), "float64"), ((3,), "float32"),
                ((), "float32"),
            ]
        ]  # fmt: skip
        self.index = library.tensor(drawn.integers(0, 2, 3))
        self.pool = [
            *[one * 1.0 for one in self.leaves[:3]],
            *self.leaves[3:],
            library.tensor(drawn.integers(-4, 5, (2, 3))),
            library.tensor(drawn.integers(-4, 5, 3).astype("int32")),
            library.tensor(drawn.random((2, 3)) > 0.5),
        ]

    def leaf(self, array: np.ndarray) -> Any:
        return self.library.tensor(array).requires_grad_()

    # ------------------------------------------------------------ draws

    def number(self) -> float:
        return self.random.choice([-1.5, -0.5, 0.25, 0.5, 1.25])

    def other(self) -> Any:
        return self.random.choice(self.pool)

    def below(self, length: int) -> int:
        return self.random.randrange(length)

    # ------------------------------------------------------------ running

    def run(self) -> Outcome:
        for step in range(self.random.randint(5, 14)):
            # A step that is left out must not shift what the later ones draw.
            self.random.seed(1000 * self.seed + step)
            table = self.random.choice([VIEWS, RESULTS, RESULTS, WRITES])
            name = self.random.choice(list(table))
            x = self.other()
            if table is WRITES and id(x) in self.overlapping:
                continue
            if step in self.refused:
                continue
            try:
                self.keep(table, x, table[name](self, x))
            except ERRORS as error:
                self.failures.append((step, name))
                self.messages.append(f"{name}: {error}")
            if self.look:
                self.pool[-1].detach().numpy()
        try:
            self.loss().backward()
        except RuntimeError as error:
            self.failures.append((-1, "backward"))
            self.messages.append(f"backward: {error}")
        return self.outcome()

    def keep(self, table: dict, x: Any, made: Any) -> None:
        if made is None or made.numel() > LARGEST or made.dim() > 3:
            return
        if table is RESULTS:
            # PyTorch hands strides on to results, which decide whether `reshape` copies.
            made = made.contiguous()
        elif id(x) in self.overlapping or made.numel() > x.numel():
            self.overlapping.add(id(made))
        self.pool.append(made)

    def loss(self) -> Any:
        # Large numbers are scaled down: single precision would drown in their squares.
        parts = [one for one in self.pool if one.requires_grad and one.numel()]
        return sum((one.double() * one.double() / 16).sum() for one in parts)

    def outcome(self) -> Outcome:
        kinds = [
            (*one.shape, str(one.dtype).split(".")[-1], one.requires_grad, one.is_leaf)
            for one in self.pool
        ]
        values = [one.detach().numpy() for one in self.pool]
        gradients = [None if one.grad is None else one.grad.numpy() for one in self.leaves]
        return Outcome(kinds, values, gradients, self.failures, self.messages)


# ------------------------------------------------------------------ the actions


def part(p: Program, x: Any) -> slice:
    start = p.below(x.shape[0])
    return slice(start, start + 2)


VIEWS: dict[str, Action] = {
    "transpose": lambda p, x: x.transpose(0, -1),
    "T of a matrix": lambda p, x: x.t(),
    "entry": lambda p, x: x[p.below(x.shape[0])],
    "column": lambda p, x: x[:, p.below(x.shape[1])],
    "slice": lambda p, x: x[part(p, x)],
    "step": lambda p, x: x[..., ::2],
    "new axis": lambda p, x: x[None],
    "flat view": lambda p, x: x.view(-1),
    "reshape": lambda p, x: x.reshape(-1),
    "unsqueeze": lambda p, x: x.unsqueeze(-1),
    "squeeze": lambda p, x: x.squeeze(),
    "expand": lambda p, x: x.expand(2, *x.shape),
    "diagonal": lambda p, x: x.diagonal(),
    "narrow": lambda p, x: x.narrow(-1, 1, 2),
    "detach": lambda p, x: x.detach(),
    "movedim": lambda p, x: x.movedim(0, -1),
    "unfold": lambda p, x: x.unfold(0, 2, 1),
}  # fmt: skip

RESULTS: dict[str, Action] = {
    "add": lambda p, x: x + p.other(),
    "subtract": lambda p, x: p.other() - x,
    "multiply": lambda p, x: x * p.other(),
    "scale": lambda p, x: x * p.number(),
    "whole scale": lambda p, x: 2 - x * 3,
    "divide": lambda p, x: x / (p.other().abs() + 1),
    "floor divide": lambda p, x: x.detach() // 2,
    "remainder": lambda p, x: (x * 4).floor() % 3,
    "power": lambda p, x: x**2,
    "tanh": lambda p, x: p.library.tanh(x),
    "sigmoid": lambda p, x: x.sigmoid(),
    "relu": lambda p, x: p.library.relu(x),
    "sine": lambda p, x: x.sin(),
    "absolute": lambda p, x: x.abs(),
    "clamp": lambda p, x: x.clamp(-0.5, 0.75),
    "greater": lambda p, x: x > p.number(),
    "where": lambda p, x: p.library.where(x > 0, x, p.other()),
    "masked": lambda p, x: x.masked_fill(x > 0.3, p.number()),
    "minimum": lambda p, x: p.library.minimum(x, p.other()),
    "not": lambda p, x: ~x,
    "sum": lambda p, x: x.sum(0),
    "sum of all": lambda p, x: x.sum(),
    "mean": lambda p, x: x.mean(-1, keepdim=True),
    "largest": lambda p, x: x.max(0).values,
    "where the largest is": lambda p, x: x.argmax(-1),
    "cumulative": lambda p, x: x.cumsum(0),
    "softmax": lambda p, x: x.softmax(-1),
    "sorted": lambda p, x: x.sort(-1, descending=True).values,
    "norm": lambda p, x: x.norm(),
    "matmul": lambda p, x: x @ x.transpose(-1, -2),
    "clone": lambda p, x: x.clone(),
    "to double": lambda p, x: x.double(),
    "to float": lambda p, x: x.to(p.library.float32),
    "to whole": lambda p, x: x.to(p.library.int64),
    "cat": lambda p, x: p.library.cat([x, p.other()]),
    "stack": lambda p, x: p.library.stack([x, x * 2], -1),
    "split": lambda p, x: x.split(2)[0] * p.number(),
    "chunk": lambda p, x: p.library.cat(list(x.chunk(2, -1))[::-1], -1),
    "unbind": lambda p, x: sum(x.unbind(0)),
    "index": lambda p, x: x[p.index],
    "index a column": lambda p, x: x[:, p.index],
    "index both": lambda p, x: x[p.index, p.index],
    "index_select": lambda p, x: x.index_select(-1, p.index),
    "gather": lambda p, x: x.gather(0, (p.index.expand(2, 3) if x.dim() == 2 else p.index)),
    "scatter_add": lambda p, x: x.scatter_add(0, p.index, x[p.index] * 2),
    "index_put": lambda p, x: x.index_put((p.index,), x[0], accumulate=True),
    "masked select": lambda p, x: x[x > 0.1].sum(),
    "flip": lambda p, x: x.flip(0),
    "roll": lambda p, x: x.roll(1, 0),
    "tril": lambda p, x: x.tril(),
    "outer": lambda p, x: x.unsqueeze(-1) * p.leaves[3],
    "branch": lambda p, x: x * 2 if x.sum().item() > 0.01 else x + -1,
    "loop": lambda p, x: sum(x * k for k in range(min(3, abs(int(x.sum().item())) + 1))) + x,
    "under no_grad": lambda p, x: without_gradients(p, lambda: x * 3),
}  # fmt: skip


def without_gradients(p: Program, action: Callable[[], Any]) -> Any:
    with p.library.no_grad():
        return action()


def hooked(p: Program, x: Any) -> None:
    x.register_hook(lambda gradient: gradient * 2)


def assign(index: Callable[[Program, Any], Any], value: Callable[[Program, Any], Any]) -> Action:
    def run(p: Program, x: Any) -> None:
        x[index(p, x)] = value(p, x)

    return run


def in_turn(*actions: Action) -> Action:
    """Several actions on one tensor, each on what the one before returned; no result."""

    def run(p: Program, x: Any) -> None:
        for action in actions:
            x = action(p, x)

    return run


# Methods in place return the tensor, which is in the pool already; writes keep nothing.
WRITES: dict[str, Action] = {
    name: in_turn(action)
    for name, action in {
        "mul_": lambda p, x: x.mul_(p.number()),
        "add_ a leaf": lambda p, x: x.add_(p.leaves[4]),
        "add_ another": lambda p, x: x.add_(p.other(), alpha=0.5),
        "sub_ a whole number": lambda p, x: x.sub_(1),
        "div_": lambda p, x: x.div_(2),
        "tanh_": lambda p, x: x.tanh_(),
        "clamp_": lambda p, x: x.clamp_(-1, 1),
        "copy_": lambda p, x: x.copy_(p.other()),
        "fill_": lambda p, x: x.fill_(p.number()),
        "zero_": lambda p, x: x.zero_(),
        "masked_fill_": lambda p, x: x.masked_fill_(x > 0.5, 0.25),
        "number into an entry": assign(lambda p, x: p.below(x.shape[0]), lambda p, x: p.number()),
        "row into a row": assign(lambda p, x: 0, lambda p, x: x[-1] * 2 + 1),
        "tensor everywhere": assign(lambda p, x: ..., lambda p, x: p.other()),
        "slice from a slice": assign(lambda p, x: slice(0, 1), lambda p, x: x[-1:].cos()),
        "mask with a number": assign(lambda p, x: x > 0.5, lambda p, x: 0.25),
        "mask with a tensor": assign(lambda p, x: x > 0.2, lambda p, x: x[x > 0.2] * 0.5),
        "positions with a leaf": assign(lambda p, x: p.index[:1], lambda p, x: p.leaves[4]),
        "index_add_": lambda p, x: x.index_add_(0, p.index, x[p.index] * 0.5),
        "column of a view": lambda p, x: x.transpose(0, -1)[0].mul_(1.5),
        "every other": lambda p, x: x[..., ::2].add_(1.0),
        "flat half": lambda p, x: x.view(-1)[:2].mul_(-1),
        "diagonal": lambda p, x: x.diagonal().fill_(0.5),
        "through detach": lambda p, x: x.detach().mul_(0.5),
        "under no_grad": lambda p, x: without_gradients(p, lambda: x.mul_(0.5)),
        "hook": hooked,
    }.items()
}  # fmt: skip
