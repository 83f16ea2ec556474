"""`repr` of a Tensor, in PyTorch's layout."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtype as dtypes
from ..autograd.tape import Leaf
from .tensor import Body, Tensor, extends


class Options:
    """What `set_printoptions` sets."""

    precision = 4
    threshold = 1000
    edgeitems = 3
    linewidth = 80
    sci_mode: bool | None = None


PROFILES = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None, threshold: float | None = None, edgeitems: int | None = None,
    linewidth: int | None = None, profile: str | None = None, sci_mode: bool | None = None,
) -> None:  # fmt: skip
    """Sets how tensors print.

    Args:
        precision: digits after the point.
        threshold: number of elements above which only the edges are shown.
        edgeitems: elements shown at each end of a dimension.
        linewidth: characters a line.
        profile: "default", "short" or "full".
        sci_mode: always, never, or (None) only when useful, in scientific notation.
    """
    if profile is not None:
        if profile not in PROFILES:
            raise ValueError(f"set_printoptions: profile must be one of {list(PROFILES)}")
        for name, setting in PROFILES[profile].items():
            setattr(Options, name, setting)
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems,
             "linewidth": linewidth}  # fmt: skip
    for name, setting in given.items():
        if setting is not None:
            setattr(Options, name, setting)
    Options.sci_mode = sci_mode


class _Formatter:
    """Formats the numbers of one tensor to one width."""

    def __init__(self, shown: np.ndarray):
        self.kind = shown.dtype.kind
        self.whole = self.scientific = False
        if self.kind in "biu":
            self.width = max((len(str(one)) for one in shown.tolist()), default=1)
            return
        finite = np.abs(shown[np.isfinite(shown) & (shown != 0)]).astype(np.float64)
        if finite.size:
            high, low = finite.max(), finite.min()
            self.whole = bool((finite == np.ceil(finite)).all())
            limits = high / low > 1000.0 or high > 1.0e8
            self.scientific = bool(limits if self.whole else limits or low < 1.0e-4)
            if self.whole:
                self.scientific = bool(high / low > 1000.0 or high > 1.0e8)
        elif not np.isfinite(shown).all() or shown.size:
            self.whole = True
        if Options.sci_mode is not None:
            self.scientific = Options.sci_mode
        # As in PyTorch, zeros and what is not finite do not count.
        self.width = 0
        counted = shown[np.isfinite(shown) & (shown != 0)]
        self.width = max((len(self(one)) for one in counted.tolist()), default=1)

    def __call__(self, number: Any) -> str:
        if self.kind in "biu":
            text = str(number)
        elif not math.isfinite(number):
            text = "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"
        elif self.scientific:
            text = f"{number:.{Options.precision}e}"
        elif self.whole:
            text = f"{number:.0f}."
        else:
            text = f"{number:.{Options.precision}f}"
        return text.rjust(self.width)


class _ComplexFormatter:
    def __init__(self, shown: np.ndarray):
        self.real, self.imag = _Formatter(np.real(shown)), _Formatter(np.imag(shown))
        self.width = self.real.width + self.imag.width + 1

    def __call__(self, number: complex) -> str:
        imaginary = self.imag(number.imag).strip()
        sign = "" if imaginary.startswith("-") else "+"
        return f"{self.real(number.real)}{sign}{imaginary}j"


def _shown(array: np.ndarray, summary: bool) -> np.ndarray:
    """The elements that will be printed, in one dimension."""
    if not summary:
        return array.reshape(-1)
    edge = Options.edgeitems
    for axis, length in enumerate(array.shape):
        if length > 2 * edge:
            kept = np.r_[0:edge, length - edge : length]
            array = np.take(array, kept, axis)
    return array.reshape(-1)


def _text(array: np.ndarray, indent: int, summary: bool, number: Any) -> str:
    if not array.ndim:
        return number(array.item())
    edge = Options.edgeitems
    length = array.shape[0]
    cut = summary and length > 2 * edge
    places = [*range(edge), None, *range(length - edge, length)] if cut else [*range(length)]
    if array.ndim == 1:
        words = [" ..." if k is None else number(array[k].item()) for k in places]
        a_line = max(1, (Options.linewidth - indent) // (number.width + 2))
        lines = [words[k : k + a_line] for k in range(0, len(words), a_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines) + "]"
    parts = ["..." if k is None else _text(array[k], indent + 1, summary, number) for k in places]
    gap = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + gap.join(parts) + "]"


def _suffixes(tensor: Tensor) -> list[str]:
    words = []
    dtype = tensor.dtype
    if tensor.device.type != "cpu" or tensor.device.index:
        words.append(f"device='{tensor.device}'")
    if not tensor.numel() and tensor.shape != (0,):
        words.append(f"size={tuple(tensor.shape)}")
    implied = (dtypes.default_dtype(), dtypes.default_dtype().to_complex(), dtypes.int64,
               dtypes.bool_)  # fmt: skip
    if dtype not in implied or (not tensor.numel() and dtype is not dtypes.default_dtype()):
        words.append(f"dtype={dtype}")
    edge = tensor._current_edge()
    if edge is not None:
        name = edge[0].name()
        words.append("requires_grad=True" if type(edge[0]) is Leaf else f"grad_fn=<{name}>")
    return words


@extends(Tensor)
class _Printing(Body):
    __slots__ = ()

    def __repr__(self: Any) -> str:
        prefix = (
            "Parameter containing:\ntensor(" if type(self).__name__ == "Parameter" else "tensor("
        )
        indent = len("tensor(")
        array = self._host()
        summary = bool(array.size > Options.threshold)
        if array.dtype.kind not in "biufc":
            array = array.astype(np.float32)
        if array.dtype == np.float16:
            array = array.astype(np.float32)
        shown = _shown(array, summary)
        number = (_ComplexFormatter if array.dtype.kind == "c" else _Formatter)(shown)
        body = _text(array, indent, summary, number) if array.size else "[]"
        words = _suffixes(self)
        text = prefix + body
        # PyTorch counts two characters more.
        last = len(text) - text.rfind("\n") + 1
        for word in words:
            # Lines break where PyTorch's do, whose name is shorter.
            length = len(word.replace("neurarust.", "torch."))
            text += ","
            if last + length + 2 > Options.linewidth:
                text += "\n" + " " * indent + word
                last = indent + length
            else:
                text += " " + word
                last += length + 2
        return text + ")"
