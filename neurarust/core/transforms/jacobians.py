"""Whole matrices of derivatives: `jacrev`, `jacfwd`, `hessian`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..capture.trees import flatten
from ..errors import CaptureError
from ..ops.create import zeros_like
from ..ops.movement import stack
from ..ops.views import reshape
from ..tensor.tensor import Tensor
from . import pure
from .arguments import Chosen, check_outputs, split_aux
from .batching import randomness_of
from .calls import (
    Call,
    OneWayError,
    Passed,
    checked_forward,
    derived,
    passed,
    replaying,
    transformed,
    wraps,
)
from .on_tape import Taped, looks, remember


def jacrev(
    func: Callable, argnums: int | Sequence[int] = 0, *, has_aux: bool = False,
    chunk_size: int | None = None, _preallocate_and_copy: bool = False,
) -> Callable:  # fmt: skip
    """The function that gives the Jacobian of `func`, row by row (reverse mode).

    Best for fewer outputs than inputs. A function that looks at a value goes by the tape.

    Args:
        argnums: the positions of the arguments to differentiate by.
        has_aux: `func` returns (output, aux), and the Jacobian comes as (Jacobian, aux).
        chunk_size: how many rows are computed at a time; fewer take less memory.
    Shape: (*output, *input), in the structure of the output, each leaf in that of the argument.

    Raises:
        RuntimeError: for complex inputs or outputs, of which a real Jacobian says too little.
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"jacrev: `chunk_size` should be greater than 0, got {chunk_size}")

    def by_rows(call: Call, chosen: Chosen, count: int) -> Callable:
        return pure.jacobian_by_rows(call.signature, chosen.places, count, chunk_size)

    return _jacobian("jacrev", func, argnums, has_aux, by_rows, chunk_size)


def jacfwd(
    func: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False, *,
    randomness: str = "error",
) -> Callable:  # fmt: skip
    """The function that gives the Jacobian of `func`, column by column (forward mode).

    Best for fewer inputs than outputs; outputs may be complex. See `jacrev`.

    Differs from PyTorch: nothing flows through what is computed under `no_grad`, as in `jacrev`.

    Args:
        randomness: "error" refuses random numbers inside; else all columns see the same ones.
            Differs from PyTorch: "different" draws once, too, not for each column.
    """
    vary = randomness_of("jacfwd", "error" if randomness == "error" else "same", None)

    def by_columns(call: Call, chosen: Chosen, count: int) -> Callable:
        return pure.jacobian_by_columns(call.signature, chosen.places, count)

    return _jacobian("jacfwd", func, argnums, has_aux, by_columns, None, vary)


def hessian(func: Callable, argnums: int | Sequence[int] = 0) -> Callable:
    """The function that gives the second derivatives of `func`: jacfwd over jacrev.

    Shape: (*output, *input, *input).
    """
    return jacfwd(jacrev(func, argnums), argnums)


def _jacobian(
    what: str, func: Callable, argnums: int | Sequence[int], has_aux: bool, make: Callable,
    chunk_size: int | None, vary: Callable | None = None,
) -> Callable:  # fmt: skip
    @wraps(func)
    def output_and_aux(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        output, aux = split_aux(what, func, func(*args, **kwargs), has_aux)
        check_outputs(what, output)
        if what == "jacrev":
            _check_real(what, "output", flatten(output)[0])
        return output, aux

    @wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        given = passed(args, kwargs)
        chosen = Chosen(what, argnums, given)
        _check_real(what, "input", [given.tensors[k] for k in chosen.places])
        found = None
        if not looks(func):
            try:
                with replaying():
                    call = Call(what, output_and_aux, given, leaves=chosen.places, vary=vary)
            except CaptureError:
                remember(func)
            else:
                found = _recorded(what, call, chosen, make, chunk_size)
        if found is None:
            found = _row_by_row(output_and_aux, given, chosen)
        blocks, tree, aux = found
        width = len(chosen.places)
        rows = [chosen.rebuild(blocks[k : k + width]) for k in range(0, len(blocks), width)]
        made = tree.unflatten(rows)
        return (made, aux) if has_aux else made

    return jacobian


def _check_real(what: str, which: str, tensors: Sequence[Tensor]) -> None:
    if any(one.is_complex() for one in tensors):
        raise RuntimeError(
            f"{what}: Expected all {which}s to be real but received complex tensor. Take "
            f"view_as_real() of it{', or jacfwd' * (which == 'output')}"
        )


def _recorded(
    what: str, call: Call, chosen: Chosen, make: Callable, chunk_size: int | None
) -> tuple[list[Tensor], Any, Any] | None:
    """(the blocks, the tree of the output, aux); None where JAX has no forward mode."""
    signature = call.signature
    leaves, tree = flatten(call.tree()[0])
    count = len(leaves)
    try:
        made = transformed(
            (what, signature, chosen.places, count, chunk_size),
            lambda: checked_forward(
                lambda: derived(
                    f"{what}({call.name})",
                    make(call, chosen, count),
                    signature,
                    signature.inexact,
                    residuals=call.residuals,
                )
            ),
        )
    except OneWayError:
        return None
    outputs = call.record(made)
    _, aux = call.finish(outputs)
    return outputs[len(signature.outputs) :], tree, aux


def _row_by_row(
    function: Callable, given: Passed, chosen: Chosen
) -> tuple[list[Tensor], Any, Any]:  # fmt: skip
    """The same on the tape: one backward for each element of the output."""
    taped = Taped(function, given, chosen)
    output, aux = taped.result
    leaves, tree = flatten(output)
    blocks: list[Tensor] = []
    for one in leaves:
        rows = []
        for k in range(one.numel()):
            unit = reshape(zeros_like(one), (-1,))
            unit[k] = 1
            rows.append(taped.pull([one], [reshape(unit, one.shape)], create_graph=taped.outside))
        blocks += [
            reshape(stack(list(column)), (*one.shape, *end.shape))
            for column, end in zip(zip(*rows, strict=True), taped.ends, strict=True)
        ]
    return taped.out(blocks), tree, taped.out(aux)
