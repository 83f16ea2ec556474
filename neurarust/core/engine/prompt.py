"""Small programs run on the thread that calls them, in pieces.

For CPU, XLA hands a program over to another thread if it counts 1,000 operations or more in it.
Who looks at the result then waits for that thread to wake: 15 to 30 us, for a program that itself
takes 2. Steps of a game, scalars of a log and small loops live by that time.

Of a loop XLA counts the body once, and of branches the one with the most operations. So a small
program is cut into pieces of fewer operations, which become the branches of a loop: step k
computes piece k. (200 operations on 16 numbers and a look: 16 to 30 us in one piece, 5 in five.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import dtypes, lax

from .. import native
from .jaxprs import bind, bodies, distinct, executions, is_literal

# XLA compiles a loop over less memory than this into one kernel, as it does with calls marked as
# small, where some programs of slices end the process (`slice_to_buffer_table_index_`).
OPTIONS: dict[str, Any] = {"xla_cpu_small_while_loop_byte_threshold": 0}
# Operations of a piece, as counted here, and how many pieces there may be.
PIECE, PIECES = 850, 8
# Operations of the products that kernels compute, which are calls for XLA and not counted.
PRODUCTS = 1 << 20
# Elements of the largest result.
LARGEST = 1024
# Operations that XLA does not count: those that give (a part of) their operand, and others.
_VIEWS = frozenset({"reshape", "slice", "split", "squeeze", "stop_gradient", "transpose"})
_FORMS = _VIEWS | {
    "broadcast_in_dim", "concatenate", "copy", "copy_p", "iota", "random_wrap", "rev"
}  # fmt: skip
_FREE = _FORMS | {
    "cos", "dynamic_slice", "exp", "expm1", "log", "log1p", "logistic", "rsqrt", "sin", "sqrt",
    "tan", "tanh",
}  # fmt: skip
# Operations an element of the result, where they are more than one.
_DEAR = {
    "digamma": 150, "erf": 40, "erf_inv": 60, "erfc": 60, "lgamma": 150, "rem": 4, "round": 4,
    "sign": 4, "random_bits": 100, "threefry2x32": 100,
}  # fmt: skip
_REDUCED = {"reduce_sum", "reduce_prod"}
_SUMS = _FORMS | _REDUCED | {"add", "add_any", "sub"}
# Operations an element of the operand.
_REDUCTIONS = {"argmax": 8, "argmin": 8, "cumsum": 8, "cumprod": 8, "cummax": 8, "cummin": 8}


class Piece(NamedTuple):
    """Some of a program's equations."""

    equations: list[Any]
    # Where results of earlier pieces are, and where its own go that later ones need.
    before: dict[Any, int]
    after: dict[Any, int]


def is_small(jaxpr: Any) -> bool:
    """Whether a program is to run in pieces: its operations and results are few, but not so few
    that XLA runs it at once."""
    if jaxpr.effects:
        return False
    total = multiplied = 0
    for equation, times in executions(jaxpr, branches=True):
        name = equation.primitive.name
        # XLA counts a step of a loop; who calls shall not wait for all of them.
        if name == "while":
            return False
        operations = 0 if any(bodies(equation)) else times * _operations(equation)
        if name == "dot_general" and native.multiplies(equation, small=True):
            multiplied += operations
        else:
            total += operations
        if total > PIECE * PIECES or multiplied > PRODUCTS:
            return False
        large = any(one.aval.size > LARGEST for one in equation.outvars)
        if large and name not in _VIEWS:
            return False
    return total + multiplied > PIECE


def in_pieces(closed: Any) -> Callable[..., list] | None:
    """The function of arrays that a small jaxpr without calls stands for; None if one of its
    equations is too large for a piece."""
    # (What repeats could differ, in another piece, in its last bits.)
    equations, same = distinct(closed.jaxpr.eqns)
    results = [one if is_literal(one) else same.get(one, one) for one in closed.jaxpr.outvars]
    views = _views(closed.jaxpr, equations)
    cut = _cut([one for one in equations if one.outvars[0] not in views])
    if cut is None or len(cut) > PIECES:
        return None
    pieces, slots = _placed(cut, results)

    def neurarust_program(*arrays: Any) -> list:
        inputs = dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))
        inputs.update(zip(closed.jaxpr.invars, arrays, strict=True))
        known = _Known(inputs, views)
        branches = [_branch(one, inputs, views) for one in pieces]
        start = [jnp.zeros(aval.shape, aval.dtype) for aval in slots]
        ended = _one_after_the_other(branches, start)
        for piece in pieces:
            known.update({one: ended[slot] for one, slot in piece.after.items()})
        return [known.read(one) for one in results]

    return neurarust_program


def _one_after_the_other(branches: list[Callable], start: list) -> list:
    if len(branches) == 1:
        return branches[0](start)
    # XLA must not know how many steps there are, or it might unroll them.
    count = lax.optimization_barrier(np.int32(len(branches)))
    return lax.fori_loop(0, count, lambda k, held: lax.switch(k, branches, held), start)


class _Known(dict):
    """What variables stand for in one piece; views are computed where they are read."""

    def __init__(self, given: dict[Any, Any], views: dict[Any, Any]):
        super().__init__(given)
        self.views = views

    def read(self, one: Any) -> Any:
        if is_literal(one):
            return one.val
        if one not in self:
            self.compute(self.views[one])
        return self[one]

    def compute(self, equation: Any) -> None:
        results = bind(equation, [self.read(one) for one in equation.invars])
        self.update(zip(equation.outvars, results, strict=True))


def _branch(piece: Piece, inputs: dict[Any, Any], views: dict[Any, Any]) -> Callable[[list], list]:
    def run(held: list) -> list:
        known = _Known(inputs | {one: held[slot] for one, slot in piece.before.items()}, views)
        for equation in piece.equations:
            known.compute(equation)
        held = list(held)
        for one, slot in piece.after.items():
            # A type that is told in full, as that of the slot.
            held[slot] = lax.convert_element_type(known[one], one.aval.dtype)
        return held

    return run


def _views(jaxpr: Any, equations: Sequence[Any]) -> dict[Any, Any]:
    """Variable -> equation, for what is but another form of a program's inputs or of numbers: a
    piece that reads it computes it anew."""
    views: dict[Any, Any] = {}
    known = {*jaxpr.invars, *jaxpr.constvars}
    for equation in equations:
        given = [one for one in equation.invars if not is_literal(one)]
        if equation.primitive.name in _FORMS and all(one in known for one in given):
            known.update(equation.outvars)
            views.update(dict.fromkeys(equation.outvars, equation))
    return views


def _cut(equations: Sequence[Any]) -> list[list[Any]] | None:
    """The equations in pieces, in their order; None if some that belong together are too many."""
    cut: list[list[Any]] = [[]]
    total = 0
    for group in _groups(equations):
        operations = sum(map(_all_operations, group))
        total += operations
        if total > PIECE and cut[-1]:
            cut.append([])
            total = operations
        if operations > PIECE:
            return None
        cut[-1] += group
    return cut


def _groups(equations: Sequence[Any]) -> Iterator[list[Any]]:
    """Equations that stay together.

    Those from where a random key is made to where it is used: it is no array, of which there
    could be an empty one. And a product with the sums it goes into, and what is reduced with its
    reduction: in one piece they are rounded otherwise than in two, so that the last bits would
    depend on where the pieces end.
    """
    users: dict[Any, list[int]] = {}
    for number, equation in enumerate(equations):
        for one in equation.invars:
            if not is_literal(one):
                users.setdefault(one, []).append(number)
    products: set[Any] = set()
    group: list[Any] = []
    end = 0
    for number, equation in enumerate(equations):
        group.append(equation)
        name = equation.primitive.name
        moved = name in _FORMS and not products.isdisjoint(
            one for one in equation.invars if not is_literal(one)
        )
        for one in equation.outvars:
            if jnp.issubdtype(one.aval.dtype, dtypes.extended):
                end = max(end, *users.get(one, [number]))
                continue
            if name == "mul" or moved:
                products.add(one)
            tied = _SUMS if one in products else _REDUCED
            end = max(
                [end, *(k for k in users.get(one, ()) if equations[k].primitive.name in tied)]
            )
        if number >= end:
            yield group
            group = []


def _all_operations(equation: Any) -> int:
    """About how many operations XLA counts in an equation."""
    inner = list(bodies(equation))
    if not inner:
        return _operations(equation)
    return sum(_all_operations(one) for body in inner for one in body.eqns)


def _placed(cut: list[list[Any]], results: list[Any]) -> tuple[list[Piece], list[Any]]:
    """The pieces, with slots for what one leaves to others, and the slots' types."""
    last = {
        one: number
        for number, equations in enumerate(cut)
        for equation in equations
        for one in equation.invars
        if not is_literal(one)
    }
    last.update({one: len(cut) for one in results if not is_literal(one)})
    slots: list[Any] = []
    free: dict[Any, list[int]] = {}
    live: dict[Any, int] = {}
    pieces = []
    for number, equations in enumerate(cut):
        before = dict(live)
        for one, slot in before.items():
            if last[one] <= number:
                free.setdefault(_kind(one.aval), []).append(slot)
                del live[one]
        after: dict[Any, int] = {}
        for equation in equations:
            for one in equation.outvars:
                if last.get(one, number) > number:
                    same = free.get(_kind(one.aval))
                    after[one] = same.pop() if same else len(slots)
                    if after[one] == len(slots):
                        slots.append(one.aval)
        live.update(after)
        pieces.append(Piece(equations, before, after))
    return pieces, slots


def _kind(aval: Any) -> tuple:
    return aval.shape, aval.dtype


def _operations(equation: Any) -> int:
    """About how many operations XLA counts in an equation that has none inside it."""
    name = equation.primitive.name
    if name in _FREE:
        return 0
    size = max([one.aval.size for one in equation.outvars], default=0)
    if name == "dot_general":
        (inner, _), _ = equation.params["dimension_numbers"]
        shape = equation.invars[0].aval.shape
        return 2 * size * int(np.prod([shape[axis] for axis in inner]))
    taken = max([one.aval.size for one in equation.invars], default=0)
    if name in _REDUCTIONS:
        return _REDUCTIONS[name] * taken
    if name == "sort":
        return taken * taken.bit_length()
    if name.startswith("reduce_") and name != "reduce_precision":
        return taken
    return _DEAR.get(name, 1) * size
