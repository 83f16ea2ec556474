"""Gradients of functions with one number as their result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine.recording import state
from ..errors import CaptureError
from . import pure
from .arguments import Chosen, check_loss, split_aux
from .calls import Call, Passed, derived, passed, replaying, transformed, wraps
from .on_tape import Taped, looks, remember


def grad(func: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable:
    """The function that gives the gradients of `func`, whose result is one number.

        slope = nr.grad(lambda x: x.sin())(nr.tensor(0.0))

    Gradients are functions like others: they may be differentiated, mapped and jitted again.
    A function that looks at a value (`item`, `if tensor:`) is differentiated on the tape.

    Args:
        argnums: the positions of the arguments (trees of Tensors) to differentiate by.
        has_aux: `func` returns (output, aux), and the gradients come as (gradients, aux).
    Returns:
        A function of the same arguments. Gradients have the structure of the argument, or for
        several argnums of a tuple of them; complex ones are conjugate as in PyTorch.
    """

    @wraps(func)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        gradients, _, aux = _differentiate("grad", func, argnums, has_aux, passed(args, kwargs))
        return (gradients, aux) if has_aux else gradients

    return gradient


def value_and_grad(
    func: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable:
    """The function that gives (value, gradients) of `func`; with aux ((value, aux), gradients).

    See `grad`. The order is `jax.value_and_grad`'s; `nr.func.grad_and_value` has torch.func's.
    """

    @wraps(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        given = passed(args, kwargs)
        gradients, value, aux = _differentiate("value_and_grad", func, argnums, has_aux, given)
        return ((value, aux) if has_aux else value), gradients

    return both


def grad_and_value(
    func: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable:
    """The function that gives (gradients, value) of `func`; with aux (gradients, (value, aux)).

    See `grad`.
    """

    @wraps(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        given = passed(args, kwargs)
        gradients, value, aux = _differentiate("grad_and_value", func, argnums, has_aux, given)
        return gradients, ((value, aux) if has_aux else value)

    return both


def _differentiate(
    what: str, func: Callable, argnums: int | Sequence[int], has_aux: bool, given: Passed
) -> tuple[Any, Any, Any]:
    """(gradients, value, aux)."""
    chosen = Chosen(what, argnums, given)

    @wraps(func)
    def loss_and_aux(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        value, aux = split_aux(what, func, func(*args, **kwargs), has_aux)
        return check_loss(what, value), aux

    if not looks(func):
        try:
            with replaying():
                call = Call(what, loss_and_aux, given, leaves=chosen.places)
        except CaptureError:
            remember(func)
        else:
            return _recorded(what, call, chosen)
    taped = Taped(loss_and_aux, given, chosen)
    value, aux = taped.result
    gradients = taped.pull([value], [None], create_graph=state.grad)
    return chosen.rebuild(taped.out(gradients)), taped.out(value), taped.out(aux)


def _recorded(what: str, call: Call, chosen: Chosen) -> tuple[Any, Any, Any]:
    signature, wanted = call.signature, chosen.places
    made = transformed(
        ("gradient", signature, wanted),
        lambda: derived(
            f"grad({call.name})",
            pure.gradient(signature, wanted),
            signature,
            signature.inexact,
            residuals=call.residuals,
        ),
    )
    outputs = call.record(made)
    value, aux = call.finish(outputs)
    return chosen.rebuild(outputs[len(signature.outputs) :]), value, aux
