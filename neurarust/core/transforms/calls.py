"""A captured call of a user's function, as every transform starts from it."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax

from .. import device as devices
from .. import dtype as dtypes
from ..autograd.modes import enable_grad
from ..autograd.tape import Edge
from ..capture import Captured, capture
from ..capture.function import applied
from ..capture.trees import flatten, is_tensor
from ..define import op
from ..engine.recording import state
from ..engine.signature import Reach, Signature
from ..engine.value import Aval, Value, aval_of
from ..errors import CaptureError
from ..op import OPS, Array
from ..ops import threefry
from ..random import Stream, taps
from ..tensor.dispatch import call, write
from ..tensor.storage import Storage
from ..tensor.tensor import Tensor, wrap

CAPACITY = 1024


def name_of(function: Any) -> str:
    """How messages call a user's function."""
    return getattr(function, "__name__", type(function).__name__)


def wraps(function: Any) -> Callable[[Callable], Callable]:
    """`functools.wraps` for callables of any kind."""
    if hasattr(function, "__name__"):
        return functools.wraps(function)
    return functools.wraps(function, assigned=("__doc__",), updated=())


class Passed(NamedTuple):
    """The arguments of a call: the Tensors among them, and which argument each belongs to."""

    args: tuple
    kwargs: dict[str, Any]
    tensors: list[Tensor]
    owners: list[int]


def passed(args: tuple, kwargs: dict[str, Any]) -> Passed:
    """Sorts arguments; keywords belong to no position (-1)."""
    tensors: list[Tensor] = []
    owners: list[int] = []
    for position, argument in [*enumerate(args), (-1, kwargs)]:
        found = [one for one in flatten(argument)[0] if is_tensor(one)]
        tensors += found
        owners += [position] * len(found)
    return Passed(args, kwargs, tensors, owners)


class Call:
    """What a function does with these arguments: a pure signature, and how to record it.

    Inputs of `signature` are the Tensors among the arguments, then `values` (read from outside).
    Its outputs are the `results` Tensors among the results, then the new contents of the
    arguments that the function wrote in place (`written`).

    Args:
        transform: whose name messages carry.
        avals: what the arguments are inside (default: what they are).
        leaves: arguments that are leaves inside, by number, for `jax.vjp` and the like.
        carried: arguments that gradients flow to inside in any case.
        vary: what becomes of the keys of random numbers drawn inside.
        counted: the call stands for several (examples, steps): the signature's first input, before
            the arguments, is the number of the one, and each draws random numbers of its own.
    Raises:
        CaptureError: the function looks at a value, or writes to a tensor from outside.
    """

    def __init__(
        self,
        transform: str,
        function: Callable,
        given: Passed,
        *,
        avals: Sequence[Aval] | None = None,
        leaves: Sequence[int] = (),
        carried: Sequence[int] = (),
        vary: Callable[[Tensor], Tensor] | None = None,
        counted: bool = False,
        writes_outside: bool = False,
    ):
        self.counted = counted
        self.transform, self.name = transform, name_of(function)
        self.tensors = given.tensors
        chosen, always = frozenset(leaves), frozenset(carried)
        # A tensor that was computed may be written in place: inside, it is no leaf either.
        self.cloned = [
            k not in chosen
            and state.grad
            and one.dtype.category >= dtypes.FLOATING
            and (k in always or (one.requires_grad and not one.is_leaf))
            for k, one in enumerate(given.tensors)
        ]
        follows = [False] * counted + [
            k in chosen or cloned or (state.grad and one.requires_grad)
            for k, (one, cloned) in enumerate(zip(given.tensors, self.cloned, strict=True))
        ]
        if counted:
            inside = [one._aval() for one in given.tensors] if avals is None else avals
            avals = [_number_on(inside), *inside]
        self.written: list[int] = []
        previous = taps.vary
        if vary is not None:
            taps.vary = vary
        try:
            self.captured: Captured = capture(
                functools.partial(self._run, function),
                (_NUMBER if counted else None, given.args, given.kwargs),
                avals=avals,
                leaves=follows,
                what=self.name,
            )
        except CaptureError as error:
            raise CaptureError(f"{transform}: {error}") from None
        finally:
            taps.vary = previous
        if not writes_outside:
            self._refuse_writes()
        self.signature = self.captured.signature
        self.numbers = self.captured.numbers
        self.values: list[Value] = self.captured.values
        self.results = self.captured.results - len(self.written)
        # Ops that XLA cannot merge with their repetition keep what their backward needs.
        entries = self.captured.recording.entries
        self.residuals = any([entries[k][0].residuals for k in self.captured.entries])

    def _run(
        self, function: Callable, number: Tensor | None, args: tuple, kwargs: dict[str, Any]
    ) -> Any:
        if number is not None:
            before = taps.vary
            taps.vary = lambda key: call(
                OPS["_fold_key"], (key if before is None else before(key), number)
            )
        flat, tree = flatten((args, kwargs))
        places = [k for k, one in enumerate(flat) if is_tensor(one)]
        for place, cloned in zip(places, self.cloned, strict=True):
            if cloned:
                flat[place] = call(OPS["clone"], (flat[place],))
        inside = [flat[place] for place in places]
        versions = [one._storage.version for one in inside]
        args, kwargs = jax.tree_util.tree_unflatten(tree, flat)
        result = function(*args, **kwargs)
        self.written = [
            k for k, one in enumerate(inside) if one._storage.version != versions[k]
        ]  # fmt: skip
        return result, [inside[k] for k in self.written]

    def _refuse_writes(self) -> None:
        if self.captured.written or self.captured.gradients:
            what = "a captured Tensor" if self.captured.written else "the .grad of a captured one"
            raise RuntimeError(
                f"During a {self.transform} transform, {self.name} attempted an in-place operation "
                f"that would mutate {what}. This is not supported; pass the mutated Tensors as "
                f"arguments (for modules: nr.func.functional_call with their buffers)"
            )

    def check_plain(self) -> None:
        """Raises if the function wrote to its arguments, or returned anything but Tensors."""
        self.check_tensors()
        if self.written:
            raise RuntimeError(
                f"{self.transform}: {self.name} writes to its argument {self.written[0]} in "
                f"place. Return the new value instead, or write to a .clone()"
            )

    def check_tensors(self, expected: str = "must only return Tensors") -> None:
        """Raises if the results are not all Tensors."""
        places = set(self.captured.places)
        for k, one in enumerate(self.captured.constants):
            if k not in places:
                raise ValueError(
                    f"{self.transform}({self.name}): {self.name} {expected}, got type {type(one)}"
                )

    # ------------------------------------------------------------ recording

    def inputs(self) -> tuple[list[Value], list[Edge]]:
        """The Values of the signature's inputs and their edges, without the number."""
        tracked = self.captured.tracked[self.counted :]
        values = [*[one._value() for one in self.tensors], *self.values]
        edges = [
            one._current_edge() if tracks else None
            for one, tracks in zip(self.tensors, tracked, strict=True)
        ]
        return values, [*edges, *self.captured.edges]

    def record(
        self, signature: Signature, more: Sequence[Tensor] = (), numbers: tuple = ()
    ) -> list[Tensor]:
        """Records a signature made from this one, with more inputs; gives all outputs."""
        values, edges = self.inputs()
        values += [one._value() for one in more]
        edges += [one._current_edge() for one in more]
        return applied(signature, values, (*self.numbers, *numbers), edges)

    def tree(self) -> Any:
        """The results, with the numbers of the outputs in the Tensors' places."""
        return self.captured.rebuild(range(self.captured.results))[0]

    def finish(self, outputs: Sequence[Tensor]) -> Any:
        """The results' tree, from all outputs; what arguments were written is written to them."""
        made = outputs[: self.captured.results]
        for k, one in zip(self.written, made[self.results :], strict=True):
            write(self.tensors[k], one)
        return self.captured.rebuild(made)[0]

    def write_outside(self, outputs: Sequence[Tensor]) -> None:
        """Gives tensors from outside what the function wrote to them and to their `.grad`."""
        for storage, output in self.captured.written:
            write(_on(storage), outputs[output])
        for tensor, output in self.captured.gradients:
            if state.capture is not None:
                state.capture.gave(tensor)
            tensor._grad = None if output is None else outputs[output]


def _on(storage: Storage) -> Tensor:
    """A tensor on a storage, off the tape."""
    tensor = wrap(storage.value, None)
    tensor._storage = storage
    return tensor


# ------------------------------------------------------------------ random numbers of each one

# Stands for the number of an example or step in the list of arguments; never read.
# It has no Value.
_NUMBER = wrap(None, None)  # type: ignore[arg-type]


def _number_on(avals: Sequence[Aval]) -> Aval:
    device = avals[0].device if avals else devices.default_device()
    return aval_of((), dtypes.int64, device)


@op(name="_fold_key", method=False, namespace=(), differentiable=False)
def _fold_key(key: Array, number: Array):
    folded = jax.random.fold_in(threefry.keys(key), number)
    return jax.random.key_data(folded)


# ------------------------------------------------------------------ transformed signatures

_transformed: OrderedDict[tuple, Any] = OrderedDict()


def transformed(key: tuple, make: Callable[[], Any]) -> Any:
    """The signature (or several) under a key; made, and traced, the first time."""
    found = _transformed.get(key)
    if found is None:
        found = _transformed[key] = make()
        if len(_transformed) > CAPACITY:
            _transformed.popitem(last=False)
    else:
        _transformed.move_to_end(key)
    return found


def derived(
    name: str,
    function: Callable[..., tuple],
    source: Signature,
    inexact: Sequence[bool],
    *,
    inputs: Sequence[Aval] | None = None,
    numbers: str | None = None,
    residuals: bool = False,
    reaches: tuple[Reach, ...] | None = None,
) -> Signature:
    """A signature made from another one's function; `inexact`: which outputs carry gradients."""
    made = Signature(
        name,
        function,
        source.inputs if inputs is None else inputs,
        source.numbers if numbers is None else numbers,
        source.device,
        residuals=residuals,
    )
    given = (*inexact, *[True] * (len(made.outputs) - len(inexact)))
    made.inexact = tuple([a and b for a, b in zip(made.inexact, given, strict=True)])
    made.tracks = True in made.inexact
    made.reaches = reaches
    return made


class OneWayError(TypeError):
    """JAX has no forward mode here, because something inside has only a backward."""


def checked_forward(make: Callable[[], Signature]) -> Signature:
    """The signature that `make` gives, if it can be computed.

    Raises:
        OneWayError: it is a forward derivative of a `jax.custom_vjp`. Versions of JAX refuse that
            in tracing, or put a primitive in its place that refuses when it is compiled.
    """
    try:
        made = make()
    except TypeError as error:
        if "custom_vjp" not in str(error):
            raise
        raise OneWayError from error
    if "custom_lin" in set(_primitives(made.trace().jaxpr.jaxpr)):
        raise OneWayError
    return made


def _primitives(jaxpr: Any) -> Iterator[str]:
    for equation in jaxpr.eqns:
        yield equation.primitive.name
        for one in jax.tree_util.tree_leaves(list(equation.params.values())):
            inner = getattr(one, "jaxpr", one)
            if hasattr(inner, "eqns"):
                yield from _primitives(inner)


# ------------------------------------------------------------------ falling back to the tape


class replaying:
    """A block whose failed capture leaves no trace in the random streams.

    Inside, gradients are recorded: `nr.grad` under `nr.no_grad` is a gradient all the same.
    """

    def __enter__(self) -> replaying:
        self.previous = taps.draw
        self.places: dict[int, tuple[Stream, Any]] = {}
        if self.previous is None:
            taps.draw = self._draw
        self.mode = enable_grad()
        self.mode.__enter__()
        return self

    def _draw(self, stream: Stream) -> tuple[Any, int]:
        if id(stream) not in self.places:
            self.places[id(stream)] = (stream, stream.place())
        return stream.take(1)

    def __exit__(self, kind: Any, *_: object) -> None:
        self.mode.__exit__()
        taps.draw = self.previous
        if kind is not None and issubclass(kind, CaptureError):
            for stream, place in self.places.values():
                stream.go_to(place)
