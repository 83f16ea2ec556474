"""From a Python function to a captured one, and from what was recorded to a signature."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from itertools import repeat
from typing import Any

import jax

from .. import device as devices
from ..autograd.tape import Edge, apply_tracked
from ..engine.disk_cache import text_of
from ..engine.recording import OUTPUT_BITS, OUTPUT_MASK, state
from ..engine.signature import Reach, Signature
from ..engine.value import Aval, Value, aval_of
from ..errors import CaptureError
from ..tensor.storage import Storage
from ..tensor.tensor import Tensor, wrap
from .recording import Capture
from .tape import Backward, Tape, attached, with_edges
from .trees import flatten, is_tensor

CAPACITY = 1024


class Captured:
    """What a capture found.

    Attributes:
        signature: the pure function. Inputs: the Tensors among the arguments, then `values`.
            Outputs: the Tensors among the results, then what `written` and `gradients` say.
        given: how many of its inputs are Tensors among the arguments.
        tracked: for each of these, whether gradients can flow to it.
        values, edges: the other inputs, read from outside.
        numbers: the Python numbers, which travel as data.
        results: how many of the outputs are Tensors among the results.
        carries: for each output, whether it carries a gradient.
        written: (storage from outside that was written, output).
        gradients: (tensor from outside whose `.grad` became another one, output or None).
        recording: the Capture; `entries` and `leaves` tell which of its entries and leaves are
            left in the signature.
    """

    __slots__ = (
        "signature", "given", "tracked", "values", "edges", "numbers", "results", "carries",
        "written", "gradients", "recording", "entries", "leaves", "tree", "constants", "places",
        "key",
    )  # fmt: skip

    signature: Signature
    given: int
    tracked: tuple[bool, ...]
    values: list[Value]
    edges: list[Edge]
    numbers: tuple
    results: int
    carries: tuple[bool, ...]
    written: list[tuple[Storage, int]]
    gradients: list[tuple[Tensor, int | None]]
    recording: Capture
    entries: list[int]
    leaves: list[int]
    # The tree of the results, its leaves, and which of them are Tensors.
    tree: Any
    constants: list[Any]
    places: list[int]
    # Equal for captures of the same computation.
    key: tuple

    def rebuild(self, tensors: Sequence[Any]) -> Any:
        """The results' tree with these in the Tensors' places."""
        leaves = list(self.constants)
        for place, tensor in zip(self.places, tensors, strict=True):
            leaves[place] = tensor
        return jax.tree_util.tree_unflatten(self.tree, leaves)

    def apply(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Records the function as one call on these arguments; gives all outputs."""
        values = [*[one._value() for one in tensors], *self.values]
        edges = [
            one._current_edge() if tracked else None
            for one, tracked in zip(tensors, self.tracked, strict=True)
        ]
        return applied(self.signature, values, self.numbers, [*edges, *self.edges])

    def call(self, tensors: Sequence[Tensor]) -> Any:
        """`apply`, as the results' tree; for functions that write nothing outside."""
        self.refuse_writes()
        return self.rebuild(self.apply(tensors)[: self.results])

    def refuse_writes(self) -> None:
        """Raises if tensors from outside were written."""
        if self.written or self.gradients:
            count = len(self.written) + len(self.gradients)
            raise CaptureError(
                f"{self.recording.what} writes to {count} tensors from outside, in place or to "
                f"their .grad. Return the new values instead"
            )


def applied(
    signature: Signature, values: Sequence[Value], numbers: tuple, edges: Sequence[Edge]
) -> list[Tensor]:
    """Records a signature as one call; its outputs as Tensors with their place on the tape."""
    outputs, node = apply_tracked(signature, values, numbers, edges)
    made = (outputs,) if signature.single else outputs
    return [
        wrap(one, (node, k) if node is not None and signature.inexact[k] else None)
        for k, one in enumerate(made)
    ]


def capture(
    function: Callable,
    args: tuple = (),
    kwargs: dict[str, Any] | None = None,
    *,
    avals: Sequence[Aval] | None = None,
    leaves: Sequence[bool] | None = None,
    what: str = "",
    residuals: bool = False,
) -> Captured:
    """Runs a function once without computing, and describes it as one call.

    Args:
        args, kwargs: trees of Tensors and anything else; inside, other Tensors stand for them.
        avals: what the Tensors among the arguments are inside, in order (default: what they
            are); one example of a batch, say.
        leaves: which of them require grad inside (default: those that do outside, while
            gradients are recorded).
        what: how messages call the function.
        residuals: the forward keeps what its backward needs, instead of repeating itself.
    Raises:
        CaptureError: the function looked at a value; the message names the lines.
    """
    flat, tree = flatten((args, kwargs or {}))
    places = [k for k, one in enumerate(flat) if is_tensor(one)]
    recording = Capture(what or getattr(function, "__name__", type(function).__name__))
    known: dict[Any, int] = {}
    for k, place in enumerate(places):
        outside = flat[place]
        stand_in = wrap(recording.input(outside._aval() if avals is None else avals[k]), None)
        if (state.grad and outside.requires_grad) if leaves is None else leaves[k]:
            stand_in.requires_grad = True
            # What requires grad has an edge.
            known[stand_in._edge[0]] = k  # type: ignore[index]
        flat[place] = stand_in
    inner_args, inner_kwargs = jax.tree_util.tree_unflatten(tree, flat)
    with recording:
        try:
            result = function(*inner_args, **inner_kwargs)
            return describe(recording, result, len(places), known, residuals)
        finally:
            recording.restore()


def describe(
    recording: Capture, result: Any, given: int, known: dict[Any, int], residuals: bool
) -> Captured:
    """What a capture found once its function has returned; inside the capture's context.

    Args:
        given: how many leaves of the recording are arguments; they come first.
        known: ends of the tape that stand for arguments: leaf -> its number.
    """
    if recording.failure is not None:
        raise recording.failure
    captured = Captured()
    captured.recording, captured.given = recording, given
    captured.constants, captured.tree = flatten(result)
    captured.places = [k for k, one in enumerate(captured.constants) if is_tensor(one)]
    tensors = [captured.constants[k] for k in captured.places]
    for place in captured.places:
        captured.constants[place] = None
    captured.results = len(tensors)
    outputs = [(one._value(), one._current_edge()) for one in tensors]
    captured.written, captured.gradients = [], []
    for storage, before, _ in recording.storages.values():
        if storage.value is not before:
            captured.written.append((storage, len(outputs)))
            outputs.append((storage.value, None))
    for tensor, gradient in recording.grads.values():
        now = tensor._grad
        if now is not gradient:
            captured.gradients.append((tensor, None if now is None else len(outputs)))
            if now is not None:
                outputs.append((now._value(), now._current_edge()))
    compact(captured, outputs, known, residuals)
    return captured


# ------------------------------------------------------------------ from entries to a signature

_signatures: OrderedDict[tuple, Signature] = OrderedDict()


class CapturedSignature(Signature):
    """The signature of a captured function; `size` counts its calls."""

    __slots__ = ("size", "told")

    size: int
    # For each number, what it is in which operation.
    told: list[tuple]

    def parts(self, k: int) -> tuple:
        return self.told[k]

    def __repr__(self) -> str:
        return f"{self.name}[{self.size} ops]"


class _Slots:
    """The inputs of a signature: the arguments, then each leaf once for every edge it has."""

    def __init__(self, given: int):
        self.given = given
        self.places: dict[tuple[int, Any], int] = {(k, None): k for k in range(given)}

    def reference(self, reference: int, edge: Edge) -> int:
        leaf = -1 - reference
        if leaf < self.given:
            return reference
        return -1 - self.places.setdefault((leaf, edge), len(self.places))


def compact(
    captured: Captured, outputs: Sequence[tuple[Value, Edge]], known: dict[Any, int],
    residuals: bool,
) -> None:  # fmt: skip
    """Drops what no output needs, and finds or makes the signature."""
    recording, given = captured.recording, captured.given
    entries = recording.entries
    references = [recording.reference(value) for value, _ in outputs]
    tape = Tape(recording, [edge for _, edge in outputs], known)
    carries = tuple([tape.carries(edge) for _, edge in outputs])
    roots = [edge if carried else None for (_, edge), carried in zip(outputs, carries, strict=True)]
    followed = {} if tape.special else tape.followed
    backward = Backward(recording, tape, roots) if tape.special else None
    kept = _needed(entries, references, everything=tape.special)
    renumbered = {old: new for new, old in enumerate(kept)}
    slots = _Slots(given)

    def moved(reference: int, edge: Edge) -> int:
        if reference < 0:
            return slots.reference(reference, edge)
        return (renumbered[reference >> OUTPUT_BITS] << OUTPUT_BITS) | (reference & OUTPUT_MASK)

    calls, stops = [], []
    for index in kept:
        signature, inputs = entries[index][:2]
        mine = followed.get(index)
        uses = mine or {}
        moved_inputs = [moved(one, uses.get(k)) for k, one in enumerate(inputs)]
        calls.append((signature, tuple(moved_inputs)))
        stop = () if mine is None else [k for k in range(len(inputs)) if k not in mine]
        stops.append(tuple(stop))
    finals = tuple([
        moved(one, None if edge is None or tape.special or one >= 0 else edge)
        for one, edge in zip(references, roots, strict=True)
    ])  # fmt: skip
    inputs = list(slots.places)
    if backward is not None:
        inputs = with_edges(tape, inputs, given)
        present = {leaf for leaf, _ in inputs}
        more = [-1 - one for one in backward.sources if one < 0]
        inputs += [(leaf, None) for leaf in dict.fromkeys(more) if leaf not in present]
    captured.entries, captured.carries = kept, carries
    captured.leaves = [leaf for leaf, _ in inputs]
    # Only inputs that are arguments have no Value, and these come first.
    captured.values = [recording.leaf_values[leaf] for leaf, _ in inputs[given:]]  # type: ignore[assignment]
    captured.edges = [edge for _, edge in inputs[given:]]
    reached = {edge[0] for edge in tape.outer}
    ends: dict[int, Any] = {k: leaf for leaf, k in known.items()}
    captured.tracked = tuple([ends.get(k) in reached for k in range(given)])
    captured.numbers = tuple([number for index in kept for number in entries[index][2]])
    avals = tuple([recording.leaf_avals[leaf] for leaf in captured.leaves])
    following = True in carries
    key = (
        recording.what, recording.device, avals, tuple(calls), finals,
        tuple(stops) if following else None, carries, residuals,
    )  # fmt: skip
    captured.key = (*key, tuple([node.name() for node in tape.nodes]) if tape.special else ())
    plan = None
    if backward is not None:
        targets = [*[(ends[k], 0) if k in ends else None for k in range(given)], *captured.edges]
        plan = backward.plan(targets, captured.leaves)
    signature = _signatures.get((*key, plan))
    if signature is None:
        function = _replay(tuple(calls), finals, tuple(stops), carries, len(avals))
        if plan is not None:
            function = attached(function, plan)
        name = _name_on_disk(key, calls) if plan is None else None
        signature = _made(captured, function, calls, finals, avals, name)
        signature.residuals = residuals
        if len(finals) > 1 and plan is None:
            saving = [index in tape.saving for index in kept]
            signature.reaches = _reaches(calls, stops, finals, saving)
        _signatures[*key, plan] = signature
        if len(_signatures) > CAPACITY:
            _signatures.popitem(last=False)
    captured.signature = signature


def _made(
    captured: Captured, function: Callable, calls: list, finals: tuple, avals: tuple,
    name: str | None,
) -> CapturedSignature:  # fmt: skip
    """The signature of a pure function, whose outputs are known from its calls."""
    recording = captured.recording
    device = recording.device or (avals[0].device if avals else devices.default_device())
    outputs = []
    for one in finals:
        made_by = None if one < 0 else calls[one >> OUTPUT_BITS][0]
        aval = avals[-1 - one] if made_by is None else made_by.outputs[one & OUTPUT_MASK]
        outputs.append(aval_of(aval.shape, aval.dtype, device))
    codes = "".join([signature.numbers for signature, _ in calls])
    made = CapturedSignature(recording.what, function, avals, codes, device, outputs=tuple(outputs))
    made.size = len(calls)
    made.told = [one.parts(k) for one, _ in calls for k in range(len(one.numbers))]
    made.inexact = tuple([a and b for a, b in zip(made.inexact, captured.carries, strict=True)])
    made.tracks = True in made.inexact
    if name is not None:
        made.key = name
        made.entries = lambda: {
            name: entry for signature, _ in calls for name, entry in signature.entries().items()
        }
    return made


def _reaches(
    calls: list, stops: list, finals: tuple[int, ...], saving: list[bool]
) -> tuple[Reach, ...]:
    """Where the gradient of each output flows to.

    What nothing flows to has no gradient, and not one of zeros: an optimizer would step with it.
    """
    found: list[list[Reach]] = []

    def below(reference: int) -> Reach:
        if reference < 0:
            return Reach(1 << -1 - reference)
        return found[reference >> OUTPUT_BITS][reference & OUTPUT_MASK]

    for k, ((signature, references), stop) in enumerate(zip(calls, stops, strict=True)):
        inputs = [Reach() if n in stop else below(one) for n, one in enumerate(references)]
        own = 1 << k if saving[k] else 0
        whole = _together(inputs, own)
        found.append([
            Reach() if not inexact
            else whole if one is None
            else _together([to for n, to in enumerate(inputs) if one.inputs >> n & 1], own)
            for inexact, one in zip(
                signature.inexact, signature.reaches or repeat(None), strict=False
            )
        ])  # fmt: skip
    return tuple(map(below, finals))


def _together(reached: Iterable[Reach], saving: int) -> Reach:
    inputs = 0
    for one in reached:
        inputs, saving = inputs | one.inputs, saving | one.saving
    return Reach(inputs, saving)


def _name_on_disk(key: tuple, calls: list) -> str | None:
    """What the signature is called on disk; None where one of its calls has no name."""
    what, device, avals, _, *rest = key
    named = tuple([(signature.key, references) for signature, references in calls])
    if any(name is None for name, _ in named):
        return None
    text = text_of((what, device, avals, named, *rest))
    return None if text is None else f"captured({blake2b(text.encode()).hexdigest()})"


def _needed(entries: list, references: list[int], everything: bool) -> list[int]:
    """The entries that some output needs, in order."""
    if everything:
        return list(range(len(entries)))
    needed = {one >> OUTPUT_BITS for one in references if one >= 0}
    for index in range(len(entries) - 1, -1, -1):
        if index in needed:
            needed.update([one >> OUTPUT_BITS for one in entries[index][1] if one >= 0])
    return sorted(needed)


def _replay(
    calls: tuple, outputs: tuple[int, ...], stops: tuple, carries: tuple[bool, ...], count: int
) -> Callable[..., tuple]:
    """The pure function: performs the calls; gradients flow where the tape followed."""
    following = True in carries
    stop_gradient = jax.lax.stop_gradient

    def captured_function(*flat: Any) -> tuple:
        arrays, numbers = flat[:count], flat[count:]
        results: list[Any] = []
        used = 0
        for (signature, references), stop in zip(calls, stops, strict=True):
            inputs = [
                arrays[-1 - one] if one < 0 else results[one >> OUTPUT_BITS][one & OUTPUT_MASK]
                for one in references
            ]
            if following:
                for position in stop:
                    inputs[position] = stop_gradient(inputs[position])
            more = used + len(signature.numbers)
            results.append(signature.function(*inputs, *numbers[used:more]))
            used = more
        made = [
            arrays[-1 - one] if one < 0 else results[one >> OUTPUT_BITS][one & OUTPUT_MASK]
            for one in outputs
        ]
        if following:
            made = [
                one if carried else stop_gradient(one)
                for one, carried in zip(made, carries, strict=True)
            ]
        return tuple(made)

    return captured_function
