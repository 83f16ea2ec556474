"""Arguments of transforms: which of them are differentiated, and the checks of both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import dtype as dtypes
from ..capture.trees import flatten, is_tensor
from ..errors import describe
from ..tensor.tensor import Tensor
from .calls import Passed, name_of


class Chosen:
    """The arguments that a transform differentiates.

    Attributes:
        places: their Tensors' numbers among all Tensors of the call.
        tensors: these Tensors.
    """

    def __init__(self, what: str, argnums: int | Sequence[int], given: Passed):
        self.single = isinstance(argnums, int)
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        count = len(given.args)
        if not numbers:
            raise RuntimeError(f"{what}: argnums is empty, so there is nothing to differentiate")
        for number in numbers:
            if not isinstance(number, int) or isinstance(number, bool):
                raise TypeError(f"{what}: argnums must be integers, but got {number!r}")
            if not -count <= number < count:
                raise RuntimeError(
                    f"{what}: Got argnum={number}, but only {count} positional inputs"
                )
        numbers = tuple([number % count for number in numbers])
        if len(set(numbers)) != len(numbers):
            raise RuntimeError(f"{what}: argnums elements must be unique, got argnums={argnums}")
        self.trees = []
        self.places: tuple[int, ...] = ()
        for number in numbers:
            leaves, tree = flatten(given.args[number])
            for one in leaves:
                check_inexact(what, one, f"argument {number}")
            self.trees.append((tree, len(leaves)))
            self.places += tuple([k for k, one in enumerate(given.owners) if one == number])
        self.tensors = [given.tensors[k] for k in self.places]

    def rebuild(self, leaves: Sequence[Any]) -> Any:
        """One leaf for each chosen Tensor, in the structure of the chosen arguments."""
        made, begin = [], 0
        for tree, count in self.trees:
            made.append(tree.unflatten(leaves[begin : begin + count]))
            begin += count
        return made[0] if self.single else tuple(made)


def check_inexact(what: str, one: Any, which: str) -> None:
    """Raises unless `one` is a Tensor that can carry gradients."""
    if not is_tensor(one):
        raise ValueError(
            f"{what}: {which} holds a {type(one).__name__} ({one!r}), but everything that is "
            f"differentiated must be Tensor. Give nr.tensor(...), or leave it out of argnums"
        )
    if one.dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            f"{what}: only Tensors of floating point dtype can require gradients, but {which} has "
            f"a {describe(one)}. Convert it with .float(), or leave it out of argnums"
        )


def split_aux(what: str, function: Callable, result: Any, has_aux: bool) -> tuple[Any, Any]:
    """(output, aux) from what a function returned."""
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError(
            f"{what}(f)(*args): output of function f ({name_of(function)}) should be a tuple: "
            f"(output, aux) if has_aux is True, but got {type(result).__name__}"
        )
    return result


def check_loss(what: str, loss: Any) -> Tensor:
    """The loss, if it is one number."""
    if not is_tensor(loss):
        raise RuntimeError(
            f"{what}(f)(*args): Expected f(*args) to return a Tensor, got {type(loss)}"
        )
    if loss.ndim:
        raise RuntimeError(
            f"{what}(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
            f"{loss.ndim} dims. Reduce it (.sum(), .mean()), or use nr.vjp or nr.jacrev"
        )
    if loss.is_complex():
        raise RuntimeError(
            f"{what}(f)(*args): Expected f(*args) to return a real Tensor, got {loss.dtype}"
        )
    return loss


def check_outputs(what: str, output: Any) -> list[Tensor]:
    """The Tensors of an output that is to be differentiated."""
    leaves, _ = flatten(output)
    if not leaves:
        raise RuntimeError(f"{what}: Expected f to return Tensors, but it returned {output!r}")
    for one in leaves:
        if not is_tensor(one):
            raise RuntimeError(f"{what}: Expected f to return Tensors, but got {type(one)}")
        if one.dtype.category < dtypes.FLOATING:
            raise RuntimeError(
                f"{what}: All outputs of f must be floating-point or complex Tensors, got Tensor "
                f"with dtype {one.dtype}. Return it beside them as (output, aux) with has_aux=True"
            )
    return leaves
