"""`autograd.Function` and `autograd.grad`: the tape for users."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .autograd import walk
from .autograd.modes import no_grad
from .autograd.tape import RELEASED, Edge, Tracked, next_number, zeros
from .engine.recording import state
from .engine.value import Aval
from .ops.create import zeros_like
from .ops.movement import stack
from .ops.views import detach
from .tensor.gradients import root_of
from .tensor.tensor import Tensor, wrap


class Context:
    """What `forward` keeps for `backward`; any attribute may be set on it."""

    needs_input_grad: tuple[bool, ...]

    def __init__(self) -> None:
        self._saved: tuple = ()
        self._dirty: tuple = ()
        self._plain: tuple = ()
        self._materialize = True
        self._released = False

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keeps tensors for `backward`, where `saved_tensors` gives them back."""
        self._saved = tensors

    @property
    def saved_tensors(self) -> tuple:
        """What `save_for_backward` was given."""
        if self._released:
            raise RuntimeError(RELEASED)
        return self._saved

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Says which inputs `forward` changed in place; they must be returned."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Says which outputs carry no gradient."""
        self._plain = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether gradients that did not arrive are zeros (default) or None."""
        self._materialize = value


class _FunctionNode:
    """The tape entry of one `Function.apply`."""

    __slots__ = (
        "function", "context", "parents", "places", "inputs", "avals", "number", "epoch", "hooks",
        "__weakref__",
    )  # fmt: skip

    def __init__(self, function: type[Function], context: Context, inputs: int):
        self.function = function
        self.context = context
        self.inputs = inputs
        self.parents: tuple[Edge, ...] = ()
        # Which of the arguments the parents are.
        self.places: tuple[int, ...] = ()
        self.avals: tuple[Aval, ...] = ()
        self.number = next_number()
        self.epoch = state.recording.number
        self.hooks = None

    def outputs(self) -> tuple[Aval, ...]:
        return self.avals

    def name(self) -> str:
        return f"{self.function.__name__}Backward"

    def pull(self, cotangents: list[Tracked | None], create_graph: bool) -> list[Any]:
        given: list[Tensor | None] = []
        for aval, tracked in zip(self.avals, cotangents, strict=True):
            if tracked is not None:
                given.append(wrap(*tracked))
            else:
                given.append(wrap(zeros(aval), None) if self.context._materialize else None)
        result = self.function.backward(self.context, *given)
        result = result if isinstance(result, tuple) else (result,)
        if len(result) < self.inputs or any(one is not None for one in result[self.inputs :]):
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients "
                f"(expected {self.inputs}, got {len(result)})"
            )
        return [self._checked(result[place], place) for place in self.places]

    def _checked(self, gradient: Any, place: int) -> Tracked | None:
        if gradient is None:
            return None
        if not isinstance(gradient, Tensor):
            raise TypeError(
                f"function {self.name()}: gradient {place} must be a Tensor or None, "
                f"not {type(gradient).__name__}"
            )
        return gradient._value(), gradient._current_edge()

    def release(self) -> None:
        if self.context._saved:
            self.context._saved = ()
            self.context._released = True


class Function:
    """A function with a gradient of its own: subclass it, write `forward` and `backward`, and
    call `apply`.

        class Exp(Function):
            @staticmethod
            def forward(ctx, x):
                y = x.exp()
                ctx.save_for_backward(y)
                return y

            @staticmethod
            def backward(ctx, gradient):
                (y,) = ctx.saved_tensors
                return gradient * y

    `forward(*args)` with a separate `setup_context(ctx, inputs, output)` works too.
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Computes the results; gradients are not recorded inside."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Returns a gradient (or None) for every argument of `forward`."""
        raise NotImplementedError(
            "You must implement the backward function for custom autograd.Function."
        )

    setup_context: Callable[..., None] | None = None

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Calls `forward` and puts the call on the tape."""
        context = Context()
        tensors = [one for one in args if isinstance(one, Tensor)]
        edges = [one._current_edge() if isinstance(one, Tensor) else None for one in args]
        context.needs_input_grad = tuple(edge is not None for edge in edges)
        node = _FunctionNode(cls, context, len(args))
        with no_grad():
            if cls.setup_context is None:
                result = cls.forward(context, *args, **kwargs)
            else:
                result = cls.forward(*args, **kwargs)
                cls.setup_context(context, args, result)
        outputs = result if isinstance(result, tuple) else (result,)
        places = tuple(k for k, edge in enumerate(edges) if edge is not None)
        if not places or not state.grad:
            return result
        node.places = places
        node.parents = tuple(edges[k] for k in places)
        made = []
        avals = []
        for one in outputs:
            if isinstance(one, Tensor) and any(one is given for given in tensors):
                if not any(one is dirty for dirty in context._dirty):
                    one = detach(one)
            if isinstance(one, Tensor):
                if not any(one is plain for plain in context._plain) and one.dtype.category >= 2:
                    one._edge = (node, len(avals))
                avals.append(one._aval())
            made.append(one)
        node.avals = tuple(avals)
        return tuple(made) if isinstance(result, tuple) else made[0]


def once_differentiable(backward: Callable) -> Callable:
    """Decorator of a `backward` that must not be differentiated again."""

    @functools.wraps(backward)
    def once(ctx: Any, *gradients: Any) -> Any:
        tracked = state.grad and any(
            isinstance(one, Tensor) and one.requires_grad for one in gradients
        )
        with no_grad():
            result = backward(ctx, *gradients)
        if not tracked:
            return result
        several = result if isinstance(result, tuple) else (result,)
        node = _FunctionNode(_Refused, Context(), 1)
        node.parents = tuple(one._current_edge() for one in gradients if isinstance(one, Tensor))[
            :1
        ]
        node.places = (0,)
        made = []
        avals = []
        for one in several:
            if isinstance(one, Tensor):
                one = detach(one)
                one._edge = (node, len(avals))
                avals.append(one._aval())
            made.append(one)
        node.avals = tuple(avals)
        return tuple(made) if isinstance(result, tuple) else made[0]

    return once


class _Refused(Function):
    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


# ------------------------------------------------------------------ grad and backward


def _sequence(given: Any) -> list:
    return [given] if isinstance(given, Tensor) or given is None else list(given)


def _roots(outputs: list[Tensor], grad_outputs: Any) -> list:
    given = _sequence(grad_outputs)
    if grad_outputs is None:
        given = [None] * len(outputs)
    if len(given) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(given)} gradients")
    return [root_of(one, gradient) for one, gradient in zip(outputs, given, strict=True)]


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple:
    """The gradients of `inputs`, without touching any `.grad`.

    Args:
        grad_outputs: the gradients of `outputs`; may be left out for single elements.
        retain_graph: keep what was saved (default: create_graph).
        create_graph: record the backward itself.
        allow_unused: give None for inputs that the outputs do not depend on, instead of an error.
        is_grads_batched: `grad_outputs` have a leading dimension; so have the results.
        materialize_grads: give zeros instead of None.
    """
    outputs, inputs = _sequence(outputs), _sequence(inputs)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    if is_grads_batched:
        batches = _sequence(grad_outputs)
        rows = [
            grad(outputs, inputs, [None if one is None else one[k] for one in batches], True,
                 create_graph, allow_unused, False, materialize_grads)
            for k in range(len(batches[0]))
        ]  # fmt: skip
        columns = zip(*rows, strict=True)
        return tuple(None if one[0] is None else stack(list(one)) for one in columns)
    edges = [one._current_edge() for one in inputs]
    if any(edge is None for edge in edges):
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    found = walk.backward(
        _roots(outputs, grad_outputs),
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        targets=edges,
        accumulate_leaves=False,
    )
    results = [None if tracked is None else wrap(*tracked) for tracked in found]
    if materialize_grads:
        results = [
            zeros_like(given) if one is None else one
            for one, given in zip(results, inputs, strict=True)
        ]
    elif not allow_unused and any(one is None for one in results):
        raise RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph. Set "
            "allow_unused=True if this is the desired behavior."
        )
    return tuple(results)


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Adds the gradients of several tensors to their leaves' `.grad` in one walk."""
    tensors = _sequence(tensors)
    targets = None if inputs is None else [one._current_edge() for one in _sequence(inputs)]
    walk.backward(
        _roots(tensors, grad_tensors),
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        targets=targets,
    )
