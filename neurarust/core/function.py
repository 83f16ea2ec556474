"""`autograd.Function` and `autograd.grad`: the tape for users."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from . import dtype as dtypes
from .autograd import walk
from .autograd.modes import no_grad
from .autograd.tape import RELEASED, Edge, Tracked, next_number, zeros
from .engine.recording import state
from .engine.value import Aval
from .errors import fail
from .ops.assembling import sum_to_size
from .ops.conversion import convert
from .ops.create import zeros_like
from .ops.movement import stack
from .ops.views import detach
from .tensor.dispatch import check_writable
from .tensor.gradients import fill_gradients, root_of
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

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Accepted: forward mode goes by `backward`."""

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
        "function", "context", "parents", "places", "inputs", "given", "avals", "number", "epoch",
        "hooks", "__weakref__",
    )  # fmt: skip

    def __init__(self, function: type[Function], context: Context, inputs: int):
        self.function = function
        self.context = context
        self.inputs = inputs
        self.parents: tuple[Edge, ...] = ()
        # Which of the arguments the parents are, and what their gradients are like.
        self.places: tuple[int, ...] = ()
        self.given: tuple[Aval, ...] = ()
        # None for outputs that are no tensors.
        self.avals: tuple[Aval | None, ...] = ()
        self.number = next_number()
        self.epoch = state.recording.number
        self.hooks = None

    def outputs(self) -> tuple[Aval | None, ...]:
        return self.avals

    def name(self) -> str:
        return f"{self.function.__name__}Backward"

    def pull(self, cotangents: list[Tracked | None], create_graph: bool) -> list[Any]:
        given: list[Tensor | None] = []
        for aval, tracked in zip(self.avals, cotangents, strict=True):
            if tracked is not None:
                given.append(wrap(*tracked))
            elif aval is None or not self.context._materialize:
                given.append(None)
            else:
                given.append(wrap(zeros(aval), None))
        result = self.function.backward(self.context, *given)
        result = result if isinstance(result, tuple) else (result,)
        if len(result) < self.inputs or any(one is not None for one in result[self.inputs :]):
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients "
                f"(expected {self.inputs}, got {len(result)})"
            )
        return [
            self._fitted(result[place], place, aval)
            for place, aval in zip(self.places, self.given, strict=True)
        ]

    def _fitted(self, gradient: Any, place: int, aval: Aval) -> Tracked | None:
        """A gradient in the shape and dtype of its argument."""
        if gradient is None:
            return None
        if not isinstance(gradient, Tensor):
            fail(f"function {self.name()}", f"{type(gradient).__name__} as gradient {place}",
                 "a Tensor or None for each argument of forward")  # fmt: skip
        if gradient.shape != aval.shape:
            extra = gradient.ndim - len(aval.shape)
            pairs = zip(aval.shape, gradient.shape[max(extra, 0) :], strict=False)
            if extra < 0 or any(one not in (1, length) for one, length in pairs):
                raise RuntimeError(
                    f"Function {self.name()} returned an invalid gradient at index {place} - got "
                    f"{list(gradient.shape)} but expected shape compatible with "
                    f"{list(aval.shape)}: that of the argument, or one that it broadcasts to"
                )
            gradient = sum_to_size(gradient, *aval.shape)
        if gradient.dtype is not aval.dtype:
            if gradient.dtype.category > dtypes.FLOATING >= aval.dtype.category:
                fail(f"function {self.name()}", f"{gradient.dtype} as gradient {place}",
                     f"a real one for an argument of {aval.dtype}",
                     "Return gradient.real")  # fmt: skip
            gradient = convert(gradient, dtype=aval.dtype)
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

    Differs from PyTorch: static methods `vmap` and `jvp` are not called. `nr.vmap` maps over
    `forward` and `backward` themselves, and forward mode goes by `backward`.
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
        if kwargs or cls.setup_context is not None:
            args = cls._placed(args, kwargs)
        context = Context()
        tensors = [one for one in args if isinstance(one, Tensor)]
        edges = [one._current_edge() if isinstance(one, Tensor) else None for one in args]
        context.needs_input_grad = tuple(edge is not None for edge in edges)
        node = _FunctionNode(cls, context, len(args))
        with no_grad():
            if cls.setup_context is None:
                result = cls.forward(context, *args)
            else:
                result = cls.forward(*args)
                cls.setup_context(context, args, result)
        outputs = result if isinstance(result, tuple) else (result,)
        if not state.grad:
            return result
        cls._check_dirty(context, outputs)
        places = tuple(k for k, edge in enumerate(edges) if edge is not None)
        if not places:
            return result
        cls._check_marked("save_for_backward", context._saved, (Tensor, type(None)), TypeError)
        cls._check_marked("mark_non_differentiable", context._plain, (Tensor,), RuntimeError)
        node.places = places
        node.parents = tuple(edges[k] for k in places)
        node.given = tuple(args[k]._aval() for k in places)
        made = []
        for k, one in enumerate(outputs):
            if isinstance(one, Tensor) and any(one is given for given in tensors):
                if not any(one is dirty for dirty in context._dirty):
                    one = detach(one)
            if isinstance(one, Tensor):
                if not any(one is plain for plain in context._plain) and one.dtype.category >= 2:
                    one._edge = (node, k)
            made.append(one)
        node.avals = tuple(one._aval() if isinstance(one, Tensor) else None for one in made)
        return tuple(made) if isinstance(result, tuple) else made[0]

    @classmethod
    def _placed(cls, args: tuple, kwargs: dict[str, Any]) -> tuple:
        """The arguments by position; `setup_context` also gets the defaults of those left out."""
        signature = inspect.signature(cls.forward)
        try:
            if cls.setup_context is None:
                bound = signature.bind(None, *args, **kwargs)
            else:
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.apply: {error}") from None
        if bound.kwargs:
            raise TypeError(
                f"{cls.__name__}.apply: got an unexpected keyword argument "
                f"{next(iter(bound.kwargs))!r}: one that has no place of its own, or comes after "
                f"one left out. Give all arguments by position"
            )
        return bound.args if cls.setup_context is not None else bound.args[1:]

    @classmethod
    def _check_dirty(cls, context: Context, outputs: tuple) -> None:
        cls._check_marked("mark_dirty", context._dirty, (Tensor,), RuntimeError)
        for dirty in context._dirty:
            check_writable(f"{cls.__name__}.apply", dirty)
            if not any(dirty is one for one in outputs):
                raise RuntimeError(
                    f"{cls.__name__}.apply: Some elements marked as dirty during the forward "
                    f"method were not returned as output. The inputs that are modified inplace "
                    f"must all be outputs of the Function"
                )

    @classmethod
    def _check_marked(cls, name: str, given: tuple, kinds: tuple, error: type[Exception]) -> None:
        for k, one in enumerate(given):
            if not isinstance(one, kinds):
                fail(f"{cls.__name__}.forward: {name}", f"{type(one).__name__} as argument {k}",
                     "tensors only", "Set other things as attributes of ctx", error)  # fmt: skip


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
        made = [detach(one) if isinstance(one, Tensor) else one for one in several]
        for k, one in enumerate(made):
            if isinstance(one, Tensor):
                one._edge = (node, k)
        node.avals = tuple(one._aval() if isinstance(one, Tensor) else None for one in made)
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
    inputs: Tensor | Sequence[Tensor] | dict[str, Tensor],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of `inputs`, without touching any `.grad`: a tuple, or a dict for a dict.

    Args:
        grad_outputs: the gradients of `outputs`; may be left out for single elements.
        retain_graph: keep what was saved (default: create_graph).
        create_graph: record the backward itself.
        only_inputs: an old argument without effect.
        allow_unused: give None for inputs that the outputs do not depend on, instead of an error.
        is_grads_batched: `grad_outputs` have a leading dimension; so have the results.
        materialize_grads: give zeros instead of None.
    """
    if isinstance(inputs, dict):
        found = grad(
            outputs, [*inputs.values()], grad_outputs, retain_graph, create_graph, only_inputs,
            allow_unused, is_grads_batched, materialize_grads,
        )  # fmt: skip
        return dict(zip(inputs, found, strict=True))
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
                 create_graph, True, allow_unused, False, materialize_grads)
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
    retain = create_graph if retain_graph is None else retain_graph
    fill_gradients(_roots(_sequence(tensors), grad_tensors), retain, create_graph, inputs)
