"""Looking at a model: `summary`, a table of its layers, and `capture_activations`."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import jax

from ..core.autograd.modes import no_grad
from ..core.engine.recording import state, synchronize
from ..core.engine.signature import Signature
from ..core.ops.random import get_rng_state, randn, set_rng_state
from ..core.tensor.tensor import Tensor
from .module import Module

_flops: dict[Signature, float] = {}


class Layer(NamedTuple):
    """One module of a summary; counts include the modules inside it."""

    name: str
    kind: str
    depth: int
    output: str
    parameters: int
    flops: float
    bytes: int


class Summary:
    """What `summary` found; prints as a table, and as one in a notebook.

    Attributes:
        layers: a row for each call of a module, in the order of the calls.
        parameters, trainable, parameter_bytes, buffer_bytes: of the whole model.
        flops: operations of one forward pass, as XLA counts them.
        activation_bytes: of the outputs of the modules that have no others inside.
    """

    def __init__(self, model: Module, layers: list[Layer], flops: float, activation_bytes: int):
        parameters, buffers = list(model.parameters()), list(model.buffers())
        self.layers, self.flops, self.activation_bytes = layers, flops, activation_bytes
        self.parameters = sum(one.numel() for one in parameters)
        self.trainable = sum(one.numel() for one in parameters if one.requires_grad)
        self.parameter_bytes = sum(one.numel() * one.dtype.itemsize for one in parameters)
        self.buffer_bytes = sum(one.numel() * one.dtype.itemsize for one in buffers)

    def _rows(self) -> list[tuple[str, ...]]:
        rows = [("layer", "output", "parameters", "FLOPs", "output memory")]
        for one in self.layers:
            name = f"{'  ' * one.depth}{one.name or 'model'} ({one.kind})"
            rows.append(
                (name, one.output, f"{one.parameters:,}", _short(one.flops, ""),
                 _short(one.bytes, "B"))
            )  # fmt: skip
        return rows

    def _totals(self) -> list[str]:
        return [
            f"{self.parameters:,} parameters ({self.trainable:,} trainable), "
            f"{_short(self.parameter_bytes, 'B')}",
            f"{_short(self.flops, 'FLOP')} a pass, "
            f"activations {_short(self.activation_bytes, 'B')}",
        ]

    def __str__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = []
        for row in rows:
            cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
            cells += [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
            lines.append("  ".join(cells).rstrip())
        lines.insert(1, "-" * max(map(len, lines)))
        return "\n".join([*lines, lines[1], *self._totals()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        cells = ["<tr>" + "".join(f"<th>{html.escape(one)}</th>" for one in head) + "</tr>"]
        for row in rows:
            texts = [html.escape(one).replace("  ", "&emsp;") for one in row]
            cells.append("<tr>" + "".join(f"<td>{one}</td>" for one in texts) + "</tr>")
        return f"<table>{''.join(cells)}</table><p>{'<br>'.join(self._totals())}</p>"


def _short(number: float, unit: str) -> str:
    """`12.3 MB`, in steps of a thousand."""
    for prefix in ("", "k", "M", "G"):
        if abs(number) < 1000:
            return f"{number:.0f} {unit}".strip() if not prefix else f"{number:.1f} {prefix}{unit}"
        number /= 1000
    return f"{number:.1f} T{unit}"


def summary(model: Module, *inputs: Any, **kwargs: Any) -> Summary:
    """Runs a model once and tells what each layer gives, holds and costs.

    The pass is made in evaluation mode, without gradients; random state and modes are put back.

    Args:
        inputs: what `model` is called with; a tuple of integers stands for a float tensor of
            that shape.
    """
    random = get_rng_state()
    args = [_standing_for(one) for one in inputs]
    layers: list[Any] = []
    open_calls: list[tuple[int, int]] = []
    names = {id(module): name for name, module in model.named_modules()}
    marks = _Marks()

    def before(module: Module, _: tuple) -> None:
        open_calls.append((len(layers), marks.begin()))
        layers.append(None)

    def after(module: Module, _: tuple, output: Any) -> None:
        row, begun = open_calls.pop()
        tensors = list(_tensors(output))
        layers[row] = Layer(
            names[id(module)], type(module).__name__, len(open_calls),
            ", ".join(str(list(one.shape)) for one in tensors),
            sum(one.numel() for one in module.parameters()), marks.since(begun),
            sum(one.numel() * one.dtype.itemsize for one in tensors),
        )  # fmt: skip

    handles = []
    training = [(module, module.training) for module in model.modules()]
    try:
        for module in model.modules():
            handles += [
                module.register_forward_pre_hook(before, prepend=True),
                module.register_forward_hook(after),
            ]
        model.eval()
        with no_grad():
            model(*args, **kwargs)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in training:
            module.training = mode
        set_rng_state(random)
    leaves = [
        one for one, following in zip(layers, [*layers[1:], None], strict=True)
        if following is None or following.depth <= one.depth
    ]  # fmt: skip
    return Summary(model, layers, layers[0].flops, sum(one.bytes for one in leaves))


class _Marks:
    """How much arithmetic was recorded, between one moment and another."""

    def __init__(self) -> None:
        synchronize(wait=False)

    def begin(self) -> int:
        return len(state.recording.entries)

    def since(self, begun: int) -> float:
        entries = state.recording.entries
        # A look in between has run what was recorded before it.
        return sum(map(_flops_of, [one[0] for one in entries[min(begun, len(entries)) :]]))


def _flops_of(signature: Signature) -> float:
    if signature not in _flops:
        with jax.enable_x64(True):
            costs = jax.jit(signature.function).lower(*signature.structs()).cost_analysis()
        _flops[signature] = float((costs or {}).get("flops", 0.0))
    return _flops[signature]


def _standing_for(given: Any) -> Any:
    if isinstance(given, (tuple, list)) and given and all(type(one) is int for one in given):
        return randn(*given)
    return given


def _tensors(tree: Any) -> Iterator[Tensor]:
    """The Tensors in a tree of containers."""
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, dict):
        for one in tree.values():
            yield from _tensors(one)
    elif isinstance(tree, (tuple, list)):
        for one in tree:
            yield from _tensors(one)


@contextmanager
def capture_activations(
    model: Module, *patterns: str, replace: Callable[[str, Any], Any] | None = None
) -> Iterator[dict[str, Any]]:
    """A block that keeps what the named modules of a model give, by name.

        with nr.capture_activations(model, "blocks.*.mlp") as activations:
            model(x)
        activations["blocks.0.mlp"].std()

    Args:
        patterns: names as `named_modules` gives them, where `*` stands for one part of a name
            and `**` for several; all modules if none are given.
        replace: function (name, output) -> what takes the output's place, or None to leave it.

    A module that runs several times keeps its last output. Outputs stay on the tape, so
    gradients flow through what was kept. Jitted functions run as plain recordings inside.

    Raises:
        ValueError: a pattern that fits no module.
    """
    kept: dict[str, Any] = {}
    chosen = _chosen(model, patterns)

    def hook_of(name: str) -> Callable:
        def hook(module: Module, args: tuple, output: Any) -> Any:
            changed = None if replace is None else replace(name, output)
            kept[name] = output if changed is None else changed
            return changed

        return hook

    handles = [module.register_forward_hook(hook_of(name)) for name, module in chosen.items()]
    watched, state.watched = state.watched, True
    try:
        yield kept
    finally:
        state.watched = watched
        for handle in handles:
            handle.remove()


def _chosen(model: Module, patterns: Sequence[str]) -> dict[str, Module]:
    modules = dict(model.named_modules())
    if not patterns:
        return modules
    chosen: dict[str, Module] = {}
    for pattern in patterns:
        fitting = {name: one for name, one in modules.items() if _fits(name, pattern)}
        if not fitting:
            raise ValueError(
                f"capture_activations: {pattern!r} fits no module; there are "
                f"{', '.join(filter(None, modules))}"
            )
        chosen |= fitting
    return chosen


def _fits(name: str, pattern: str) -> bool:
    """`*` within one part of a dotted name, `**` across parts."""
    if "**" in pattern:
        parts = [re.escape(one).replace(r"\*", r"[^.]*") for one in pattern.split("**")]
        return re.fullmatch(".*".join(parts), name) is not None
    parts, wanted = name.split("."), pattern.split(".")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))
