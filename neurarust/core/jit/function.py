"""`nr.jit`: a Python function as one recorded call."""

from __future__ import annotations

import functools
import inspect
import threading
import types
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from jax.core import Tracer

from ..capture.trees import flatten
from ..engine.recording import state
from ..errors import CaptureError, JitWarning
from ..observed import observed
from ..tensor.tensor import Tensor
from . import watch
from .difference import difference
from .guards import PLAIN, Guards
from .plan import Found, Plan
from .quick import Quick, held, modes, quick
from .reads import Codes, of_the_user
from .trace import Trace
from .variant import MISSED, Variant

# Kinds of arguments for which plans are kept, plans for each kind, and how many calls in a row
# may differ in Python values alone before the function is left to plain recording.
KINDS, PLANS, PATIENCE = 256, 8, 32
# How often two traces in a row may differ in structure.
STRIKES = 3


class _Identity:
    """Part of a key: an object that counts as itself, and is kept alive only if it must be."""

    __slots__ = ("number", "one")

    def __init__(self, one: Any):
        self.number = id(one)
        self.one = held(one)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Identity) or other.number != self.number:
            return False
        return (mine := self.one()) is not None and other.one() is mine

    def __hash__(self) -> int:
        return self.number

    def tell(self, gone: Callable[[Any], object]) -> None:
        """Calls this when the object is gone."""
        if isinstance(self.one, weakref.ref):
            self.one = weakref.ref(self.one(), gone)


class Jitted:
    """A function that `nr.jit` runs as one call; attributes are the function's own."""

    def __init__(
        self, function: Callable, static_argnames: Sequence[str] = (), fullgraph: bool = False
    ):
        functools.update_wrapper(self, function)
        self._function = function
        self._name = getattr(function, "__qualname__", type(function).__name__).split(".")[-1]
        self._static = frozenset(static_argnames)
        self._signature = inspect.signature(function) if static_argnames else None
        self._fullgraph = fullgraph
        self._kinds: OrderedDict[tuple, list[Variant]] = OrderedDict()
        self._plain = False
        self._strikes = 0
        # Types of tensors that were seen, and misses for another reason since the last hit.
        self._seen: set[tuple] = set()
        self._misses = 0
        # The user's code that ran in traces; None if that is not known.
        self._codes: Codes | None = {}
        self._lock = threading.RLock()
        # For calls like the last one, if that ran alone.
        self._quick: Quick | None = None

    def __getattr__(self, name: str) -> Any:
        if name == "_function":
            raise AttributeError(name)
        return getattr(self._function, name)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<nr.jit of {self._function!r}>"

    # ------------------------------------------------------------ calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._plain or state.capture is not None or state.eager or state.watched:
            return self._function(*args, **kwargs)
        known = self._quick
        if known is not None:
            if tuple(kwargs) == known.names:
                given = (*args, *kwargs.values()) if kwargs else args
                result = known.written(given)
                if result is MISSED:
                    result = known.call(given)
                if result is not MISSED:
                    return result
            self._quick = None
        key = modes()
        tensors: list[Tensor] = []
        objects: list[Any] = []
        for argument in args:
            _read(argument, key, tensors, objects)
        if self._signature is not None:
            return self._with_static(args, kwargs)
        for name, argument in kwargs.items():
            key.append(name)
            _read(argument, key, tensors, objects)
        return self._run(tuple(key), tensors, objects, args, kwargs)

    def _with_static(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """A call with static arguments: they count by value, not by identity."""
        assert self._signature is not None
        bound = self._signature.bind(*args, **kwargs)
        key = modes()
        tensors: list[Tensor] = []
        objects: list[Any] = []
        for name, argument in bound.arguments.items():
            key.append(name)
            if name in self._static:
                key += [type(argument), argument]
                try:
                    hash(argument)
                except TypeError:
                    raise TypeError(
                        f"jit: the static argument '{name}' of {self._name} must be hashable, but "
                        f"is a {type(argument).__name__}"
                    ) from None
            else:
                _read(argument, key, tensors, objects)
        return self._run(tuple(key), tensors, objects, args, kwargs)

    def _run(
        self, key: tuple, tensors: list[Tensor], objects: list[Any], args: tuple, kwargs: dict
    ) -> Any:
        if len(tensors) > 1 and len({id(one._storage) for one in tensors}) < len(tensors):
            storages = [id(one._storage) for one in tensors]
            key = (*key, tuple([storages.index(one) for one in storages]))
        variants = self._kinds.get(key)
        for variant in variants or ():
            result = variant.call(tensors) if variant.settled else MISSED
            if result is not MISSED:
                self._misses = 0
                if variant.plan.straight is not None and self._signature is None:
                    given = (*args, *kwargs.values())
                    self._quick = quick(variant, given, tuple(kwargs), objects)
                return result
        if any(isinstance(one._value().array, Tracer) for one in tensors):
            return self._function(*args, **kwargs)
        with self._lock:
            return self._trace(key, tensors, objects, args, kwargs)

    # ------------------------------------------------------------ tracing

    def _trace(
        self, key: tuple, tensors: list[Tensor], objects: list[Any], args: tuple, kwargs: dict
    ) -> Any:
        """Runs the Python, and learns from it what a later call does."""
        guards = Guards(self._function, objects, self._codes)
        known = self._kinds.get(key, ())
        types_of = tuple([one._aval() for one in tensors])
        if any(one.settled for one in known) or (not known and types_of in self._seen):
            self._misses += 1
        self._seen.add(types_of)
        if self._misses > PATIENCE:
            changed = [name for kept in known for name in kept.guards.changed()]
            why = f"{changed[0]} is another at every call" if changed else (
                "its Python arguments are others at every call"
            )  # fmt: skip
            return self._give_up(f"{why}. Pass what changes as a Tensor", args, kwargs)
        comparable = [one for one in known if not one.settled and one.guards.is_as_left()]
        trace, ran = Trace(self._name), observed()
        try:
            found, views, kept = _traced(trace, ran, self._function, tensors, args, kwargs)
            plan = Plan(found, tensors, views)
            leaks = [(one, output) for one, output in found.leaks]
            leaked = trace.origin(leaks[0][0]._value()) if leaks else None
        except Exception as error:
            if trace.failure is None and not isinstance(error, CaptureError):
                trace.forget()
                raise
            trace.undo()
            trace.forget()
            return self._give_up(str(error), args, kwargs, error)
        del found
        trace.forget()
        guarded = self._knew(None if ran.codes is None else of_the_user(ran.codes))
        if not guarded:
            guards = Guards(self._function, objects, self._codes)
        guards.ran()
        new = Variant(guards, plan)
        reason = self._learn(key, new, comparable, leaked, guarded)
        if not kept:
            reason = "it changes a container that it got as an argument. Return a new one instead"
        values = plan.read(tensors)
        assert values is not None
        result = plan.call(values, plan.first_numbers(), tensors, leaks)
        if reason is not None:
            self._give_up(reason)
        return result

    def _knew(self, codes: Codes | None) -> bool:
        """Whether the guards of a trace that ran this code looked at all that it reads."""
        known = self._codes
        self._codes = None if codes is None or known is None else known | codes
        return known is None or (codes is not None and known.keys() >= codes.keys())

    def _learn(
        self, key: tuple, new: Variant, comparable: list[Variant], leaked: str | None, guarded: bool
    ) -> str | None:
        """Keeps a plan; the reason why the function must run as plain recording, or None.

        Args:
            comparable: those of traces since which no Python value changed but by the trace.
            leaked: what made a tensor that somebody still holds.
            guarded: whether the guards looked at everything that the code read.
        """
        plan = new.plan
        if key not in self._kinds:
            kinds = self._kinds
            for part in key:
                if type(part) is _Identity:
                    part.tell(lambda _: kinds.pop(key, None))
        variants = self._kinds.setdefault(key, [])
        self._kinds.move_to_end(key)
        if len(self._kinds) > KINDS:
            self._kinds.popitem(last=False)
        before = next((one for one in reversed(comparable) if one.plan.same_state(plan)), None)
        if before is None:
            variants.append(new)
            del variants[:-PLANS]
            if leaked:
                self._strikes += 1
            return None
        variants[variants.index(before)] = new
        structure, reason = difference(plan, before.plan)
        if leaked:
            structure, reason = True, (
                f"it keeps {leaked} somewhere outside; return it instead"
            )  # fmt: skip
        if reason is None and not guarded:
            structure, reason = True, "it runs other code each time"
        if reason is None:
            new.settled = True
            new.guards.left.clear()
            # The program of the first trace is compiled already.
            plan.signature = before.plan.signature
            return None
        if structure:
            self._strikes += 1
            return reason if self._strikes >= STRIKES else None
        return reason

    def _give_up(
        self, reason: str, args: tuple | None = None, kwargs: Any = None,
        error: BaseException | None = None,
    ) -> Any:  # fmt: skip
        """From now on the function runs as plain recording."""
        text = f"{self._name} cannot run as one program: {reason}"
        if self._fullgraph:
            raise CaptureError(f"jit (fullgraph=True): {text}") from error
        self._plain = True
        self._kinds.clear()
        warnings.warn(f"jit: {text}. It runs as plain recording instead", JitWarning, stacklevel=5)
        return None if args is None else self._function(*args, **kwargs)


def _kind_of(tensor: Tensor) -> list[Any]:
    """What Python can see of an argument beside its elements."""
    edge = tensor._current_edge()
    leaf = None if edge is None else not edge[0].parents
    kind = [type(tensor), tensor._aval(), leaf, tensor._steps is None]
    for name, one in vars(tensor).items():
        kind += [name, type(one), one if type(one) in PLAIN else _Identity(one)]
    return kind


def _read(argument: Any, key: list, tensors: list[Tensor], objects: list[Any]) -> None:
    """Sorts one argument: Tensors are data, plain values count by value, objects as themselves."""
    if isinstance(argument, Tensor):
        tensors.append(argument)
        key += _kind_of(argument)
    elif type(argument) in PLAIN:
        key.append(type(argument))
        # (Zeros have signs, and NaN is like itself.)
        key.append(argument if argument and argument == argument else repr(argument))
    elif type(argument) in (list, tuple):
        key += [type(argument), len(argument)]
        for one in argument:
            _read(one, key, tensors, objects)
    elif type(argument) is dict:
        key += [dict, len(argument), *argument]
        for one in argument.values():
            _read(one, key, tensors, objects)
    else:
        leaves, tree = flatten(argument)
        if len(leaves) == 1 and leaves[0] is argument:
            objects.append(argument)
            key.append(_Identity(argument))
            return
        key.append(tree)
        for one in leaves:
            _read(one, key, tensors, objects)


def _traced(
    trace: Trace, ran: observed, function: Callable, tensors: list[Tensor], args: tuple,
    kwargs: dict,
) -> tuple[Found, dict[int, int], bool]:  # fmt: skip
    """Runs the function under a trace; everything is as it was afterwards.

    Also which arguments are views, and whether containers among the arguments stayed as they were.
    """
    views = {}
    before = flatten((args, kwargs))
    outside = [one._value() for one in tensors]
    with watch.watching(trace), trace:
        try:
            for k, (tensor, value) in enumerate(zip(tensors, outside, strict=True)):
                if tensor._steps is not None:
                    stand_in = trace.standing_for(value)
                    tensor._cache = stand_in
                    trace.argument_views[id(tensor)] = tensor
                    views[-1 - stand_in.ref] = k
            with ran:
                result = [function(*args, **kwargs)]
            kept = _are_same(before, flatten((args, kwargs)))
            if trace.failure is not None:
                raise trace.failure
            return Found(trace, result, tensors), views, kept
        finally:
            trace.restore()


def _are_same(before: tuple[list, Any], after: tuple[list, Any]) -> bool:
    """Whether two trees hold the same things."""
    return before[1] == after[1] and all(
        one is other or (type(one) is type(other) and type(one) in PLAIN and one == other)
        for one, other in zip(before[0], after[0], strict=True)
    )
