"""Products of vectors with Jacobians: `vjp`, `jvp`, `linearize`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

from ..autograd.modes import enable_grad
from ..autograd.tape import zeros
from ..capture.function import applied
from ..capture.trees import flatten, is_tensor
from ..engine.backward import Backward, derive
from ..engine.recording import state
from ..engine.signature import Signature
from ..errors import CaptureError, describe
from ..ops.create import zeros_like
from ..tensor.tensor import Tensor, wrap
from . import pure
from .arguments import Chosen, check_outputs, split_aux
from .calls import (
    Call,
    OneWayError,
    Passed,
    checked_forward,
    derived,
    name_of,
    passed,
    replaying,
    transformed,
    wraps,
)
from .on_tape import Taped, looks, remember


def vjp(func: Callable, *primals: Any, has_aux: bool = False) -> tuple:
    """The result of `func(*primals)`, and the function that pulls cotangents back through it.

        output, pull = nr.vjp(nr.sin, x)
        (slope,) = pull(nr.ones_like(output))

    The forward keeps what the pull needs, however often it is called. Cotangents have the
    structure of the output.

    Args:
        has_aux: `func` returns (output, aux); the result is (output, pull, aux).
    Returns:
        (output, pull): `pull` gives the tuple of the gradients of all primals.
    """
    given = passed(primals, {})
    chosen = _all(f"vjp({name_of(func)})", primals, given)
    function = _checked("vjp", func, has_aux)
    call = _captured("vjp", func, function, given, chosen)
    if call is None:
        taped = Taped(function, given, chosen)
        output, aux = taped.result

        def pull_on_tape(cotangents: Sequence[Tensor]) -> list[Tensor]:
            found = taped.pull(flatten(output)[0], cotangents, create_graph=state.grad)
            return taped.out(found)

        output_outside, aux = taped.out((output, aux))
        pull = _puller(output_outside, chosen, pull_on_tape)
        return (output_outside, pull, aux) if has_aux else (output_outside, pull)
    (output, aux), residuals, backward = _forward(call, chosen)
    numbers = call.numbers
    count = len(flatten(output)[0])

    def pull_recorded(cotangents: Sequence[Tensor]) -> list[Tensor]:
        arriving = [
            # More outputs than `count` come from a forward that keeps residuals.
            cotangents[k] if k < count else wrap(zeros(backward.forward.outputs[k]), None)  # type: ignore[union-attr]
            for k in backward.outputs
        ]
        values = [one._value() for one in (*residuals, *arriving)]
        edges = [one._current_edge() for one in (*residuals, *arriving)]
        return applied(backward.signature, values, numbers, edges)

    pull = _puller(output, chosen, pull_recorded)
    return (output, pull, aux) if has_aux else (output, pull)


def _forward(call: Call, chosen: Chosen) -> tuple[tuple[Any, Any], list[Tensor], Backward]:
    """Records the call so that it also returns what its backward needs."""
    signature = call.signature
    backward = signature.backwards.get(("vjp", chosen.places))
    if backward is None:
        backward = derive(signature, chosen.places, residuals=True)
        signature.backwards["vjp", chosen.places] = backward
        # Outputs that carry no gradient inside have none to pull back, but they get a cotangent.
        forward = backward.forward
        assert forward is not None
        own = len(signature.outputs)
        forward.inexact = (*signature.inexact, *forward.inexact[own:])
        forward.tracks = True in forward.inexact
    assert backward.forward is not None
    outputs = call.record(backward.forward)
    own = len(signature.outputs)
    return call.finish(outputs), outputs[own:], backward


def _puller(output: Any, chosen: Chosen, pull_leaves: Callable) -> Callable:
    leaves, tree = flatten(output)
    avals = [one._aval() for one in leaves]

    def pull(*cotangents: Any, retain_graph: bool = True, create_graph: Any = None) -> Any:
        """Gradients of the primals from cotangents in the structure of the output."""
        given = cotangents[0] if len(cotangents) == 1 else cotangents
        if flatten(given)[1] != tree and len(cotangents) == 1:
            given = cotangents
        return chosen.rebuild(pull_leaves(_like("vjp", "cotangents", given, tree, avals)))

    return pull


def jvp(func: Callable, primals: Any, tangents: Any, *, strict: bool = False,
        has_aux: bool = False) -> tuple:  # fmt: skip
    """The result of `func(*primals)`, and its derivative along the tangents.

    A function that looks at a value is differentiated on the tape, by two backward passes.

    Differs from PyTorch: nothing flows through what is computed under `no_grad`, as in `vjp`.

    Args:
        primals, tangents: tuples of the same structure.
        strict: accepted; a result that does not depend on the primals has derivative zero.
        has_aux: `func` returns (output, aux); the result is (output, derivative, aux).
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(
            f"jvp(f, primals, tangents): Expected primals to be a tuple, but got "
            f"{type(primals).__name__}. E.g. it should be valid to call f(*primals)."
        )
    given = passed(primals, {})
    chosen = _all(f"jvp({name_of(func)})", primals, given)
    function = _checked("jvp", func, has_aux)
    along = _tangents("jvp", primals, tangents)
    call = _captured("jvp", func, function, given, chosen)
    found = None if call is None else _pushed(call, chosen, along)
    if found is None:
        found = _by_two_backwards(function, given, chosen, along)
    (output, aux), derivative = found
    made = flatten(output)[1].unflatten(derivative)
    return (output, made, aux) if has_aux else (output, made)


def _pushed(call: Call, chosen: Chosen, along: Sequence[Tensor]) -> tuple[Any, list] | None:
    """Records the forward derivative; None if an `autograd.Function` inside has only a backward."""
    signature, wanted = call.signature, chosen.places
    count = len(flatten(call.tree()[0])[0])
    try:
        made = transformed(
            ("pushed", signature, wanted, count), lambda: _pushing(call, wanted, count)
        )
    except OneWayError:
        return None
    outputs = call.record(made, along)
    return call.finish(outputs), outputs[len(signature.outputs) :]


def _pushing(call: Call, wanted: tuple[int, ...], count: int) -> Signature:
    signature = call.signature
    tangents = [signature.inputs[k] for k in wanted]
    return checked_forward(
        lambda: derived(
            f"jvp({call.name})",
            pure.pushed(signature, wanted, count),
            signature,
            signature.inexact,
            inputs=(*signature.inputs, *tangents),
            residuals=call.residuals,
        )
    )


def _by_two_backwards(
    function: Callable, given: Passed, chosen: Chosen, along: Sequence[Tensor]
) -> tuple[Any, list[Tensor]]:
    """The derivative along tangents as the gradient of the pull with respect to its cotangents."""
    taped = Taped(function, given, chosen)
    output = flatten(taped.result[0])[0]
    with enable_grad():
        dummies = [zeros_like(one).requires_grad_() for one in output]
        pulled = taped.pull(output, dummies, create_graph=True)
        ends, taped.ends = taped.ends, dummies
        derivative = taped.pull(pulled, along, create_graph=taped.outside)
        taped.ends = ends
    return taped.out(taped.result), taped.out(derivative)


def linearize(func: Callable, *primals: Any) -> tuple[Any, Callable]:
    """The result of `func(*primals)`, and its derivative there as a function of tangents.

    `func` is linearized once: what the derivative needs is kept, however often it is called.
    """
    given = passed(primals, {})
    chosen = _all(f"linearize({name_of(func)})", primals, given)
    function = _checked("linearize", func, False)
    call = _captured("linearize", func, function, given, chosen)
    if call is None:
        taped = Taped(function, given, chosen)
        output, _ = taped.out(taped.result)
        return output, lambda *tangents: jvp(func, primals, tangents)[1]
    signature, wanted = call.signature, chosen.places
    count = len(flatten(call.tree()[0])[0])
    try:
        forward, push = transformed(
            ("linear", signature, wanted, count), lambda: _linear(call, wanted, count)
        )
    except OneWayError:
        output, _ = call.finish(call.record(signature))
        return output, lambda *tangents: jvp(func, primals, tangents)[1]
    outputs = call.record(forward)
    output, _ = call.finish(outputs)
    residuals, numbers = outputs[len(signature.outputs) :], call.numbers
    tree = flatten(output)[1]

    def derivative(*tangents: Any) -> Any:
        """The derivative along tangents, one for each primal."""
        along = _tangents("linearize", primals, tangents)
        values = [one._value() for one in (*residuals, *along)]
        edges = [one._current_edge() for one in (*residuals, *along)]
        return tree.unflatten(applied(push, values, numbers, edges))

    return output, derivative


def _linear(call: Call, wanted: tuple[int, ...], count: int) -> Any:
    """The forward with what its derivative needs, and that derivative."""
    signature = call.signature
    structure: list[Any] = [None]

    def forward(*flat: Any) -> tuple:
        of = pure.partial(signature, flat, wanted, count)
        _, push, outputs = jax.linearize(of, *pure.picked(flat, wanted), has_aux=True)
        kept, structure[0] = jax.tree_util.tree_flatten(push)
        return (*outputs, *kept)

    first = checked_forward(lambda: derived(call.name, forward, signature, signature.inexact))
    kept = first.outputs[len(signature.outputs) :]

    def push(*flat: Any) -> tuple:
        of = jax.tree_util.tree_unflatten(structure[0], flat[: len(kept)])
        return tuple(of(*flat[len(kept) : len(kept) + len(wanted)]))

    tangents = [signature.inputs[k] for k in wanted]
    inputs = (*kept, *tangents)
    name = f"linearize({call.name})"
    return first, checked_forward(lambda: derived(name, push, signature, (), inputs=inputs))


# ------------------------------------------------------------------ what they share


def _all(what: str, primals: tuple, given: Passed) -> Chosen:
    if not primals:
        raise RuntimeError(
            f"{what}: expected at least one primal, but got none. Give f's arguments"
        )
    return Chosen(what, tuple(range(len(primals))), given)


def _checked(what: str, func: Callable, has_aux: bool) -> Callable:
    @wraps(func)
    def output_and_aux(*args: Any) -> tuple[Any, Any]:
        output, aux = split_aux(what, func, func(*args), has_aux)
        check_outputs(what, output)
        return output, aux

    return output_and_aux


def _captured(
    what: str, func: Callable, function: Callable, given: Passed, chosen: Chosen
) -> Call | None:
    """The captured call; None for a function that looks at values."""
    if looks(func):
        return None
    try:
        with replaying():
            return Call(what, function, given, leaves=chosen.places)
    except CaptureError:
        remember(func)
        return None


def _tangents(what: str, primals: tuple, tangents: Any) -> list[Tensor]:
    leaves, tree = flatten(primals)
    if what == "jvp" and not isinstance(tangents, tuple):
        raise RuntimeError(
            f"{what}: Expected tangents to be a tuple, but got {type(tangents).__name__}"
        )
    return _like(what, "tangents", tangents, tree, [one._aval() for one in leaves])


def _like(what: str, kind: str, given: Any, tree: Any, avals: Sequence[Any]) -> list[Tensor]:
    """The leaves of cotangents or tangents, checked against what they belong to."""
    leaves, found = flatten(given)
    belong = "outputs" if kind == "cotangents" else "primals"
    if found != tree:
        raise RuntimeError(
            f"{what}: Expected pytree structure of {kind} to be the same as that of the {belong}. "
            f"{kind}: {found}, {belong}: {tree}"
        )
    for one, aval in zip(leaves, avals, strict=True):
        if not is_tensor(one):
            raise RuntimeError(f"{what}: {kind} must be Tensors, but got {type(one).__name__}")
        if one._aval().shape != aval.shape or one.dtype is not aval.dtype:
            raise RuntimeError(
                f"{what}: Mismatch in shape or dtype: one of the {kind} is {describe(one)}, but "
                f"the {belong} have {describe(aval)} there. Make it with nr.ones_like or .to()"
            )
    return leaves
