"""Writes docs/differences.md: what behaves otherwise than in PyTorch, from the docstrings.

python tools/differences.py
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "differences.md"
# Folder of the package -> heading; the first that fits.
AREAS = {
    "core/autograd": "Autograd",
    "core/transforms": "Transforms",
    "core": "Tensors and operations",
    "nn": "`nn`",
    "optim": "`optim`",
    "amp": "Mixed precision",
    "data": "Data",
    "distributions": "Distributions",
    "": "The rest",
}
INTRODUCTION = """# Differences from PyTorch

Written by `python tools/differences.py` from the docstrings; a test holds it to the code. Names
that are left out are in `parity.md`.

Three differences come from how NeuraRust works:

- Calls are recorded and run later, fused. Wrong shapes, types and arguments raise an error at the
  call; what depends on elements (a class, an index, a probability out of range) does so where the
  elements are known there, and else gives NaN, never another element.
- `nr.jit` (`torch.compile`) takes arguments as data: their elements are not checked, and Python
  runs again only where what it can see is another than before.
- A tensor's memory belongs to an immutable array: NumPy arrays are copied on the way in and
  read-only on the way out.
"""
# Up to the end of the paragraph, or of the argument.
_MARK = re.compile(
    r"Differs from PyTorch(?: in that|:)\s+(.*?)\s*(?=\n\s*\n|\n {4}\w[\w, ]*: |\Z)", re.S
)


def text() -> str:
    """What the page says."""
    found: dict[str, list[str]] = {heading: [] for heading in AREAS.values()}
    for path in sorted((ROOT / "neurarust").rglob("*.py")):
        place = path.relative_to(ROOT / "neurarust").as_posix()
        heading = next(one for folder, one in AREAS.items() if place.startswith(folder))
        found[heading] += [f"- `{name}`: {what}" for name, what in _told(path)]
    parts = [INTRODUCTION]
    for heading, lines in found.items():
        lines = list({line.partition(": ")[2]: line for line in reversed(lines)}.values())
        if lines:
            parts.append(f"## {heading}\n\n" + "\n".join(sorted({*lines}, key=str.lower)) + "\n")
    return "\n".join(parts)


def _told(path: Path) -> Iterator[tuple[str, str]]:
    """Names of a file's functions and classes, and how they differ."""
    for name, words in _docstrings(ast.parse(path.read_text()), path.stem, ""):
        for match in _MARK.finditer(inspect.cleandoc(words)):
            yield name, " ".join(match[1].split()).rstrip(".")


def _docstrings(node: ast.AST, name: str, inside: str) -> Iterator[tuple[str, str]]:
    """Everything with a docstring under a node, by its qualified name."""
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
        words = ast.get_docstring(node, clean=False)
        if words is not None:
            yield name, words
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
            qualified = child.name if child.name != "__init__" else name
            inner = f"{inside}{qualified}"
            yield from _docstrings(child, inner, f"{inner}.")
        elif isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Attribute):
            # `empty.__doc__ = "..."`
            given = child.targets[0]
            if given.attr == "__doc__" and isinstance(child.value, ast.Constant):
                yield ast.unparse(given.value), str(child.value.value)


if __name__ == "__main__":
    FILE.write_text(text())
    print(f"{FILE}: {text().count(chr(10) + '- `')} differences")
