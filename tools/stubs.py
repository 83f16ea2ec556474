"""Writes `neurarust/__init__.pyi`, the stub from which editors complete names and signatures.

    python tools/stubs.py            # rewrite the stub
    python tools/stubs.py --check    # exit 1 if it is out of date

Everything is read off the tables of operations and the Tensor class; nothing is kept here.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
import textwrap
from pathlib import Path

import neurarust as nr
from neurarust.core.define import METHODS, NAMESPACES
from neurarust.core.tensor.tensor import Tensor

TARGET = Path(nr.__file__).with_suffix(".pyi")
HEADER = '''"""Written by tools/stubs.py from the tables of operations."""

import builtins
from collections.abc import Callable as Callable
from collections.abc import Sequence as Sequence
from typing import Any, TypeAlias

'''
KINDS = {
    "Array": "Tensor", "Arrays": "Sequence[Tensor]", "Operand": "Tensor | Number",
    "Scalar": "Number", "Exponent": "Tensor | Number", "Index": "int",
}  # fmt: skip
KNOWN = re.compile(r"^(int|float|bool|str|None|Any|Tensor|tuple|list|dict|Sequence|Callable|\||\[|\]|,|\s|\.)+$")


def annotation(text: object) -> str:
    """A parameter's annotation as the stub shows it."""
    if text is inspect.Parameter.empty:
        return "Any"
    words = str(text)
    if words in KINDS:
        return KINDS[words]
    for kind, shown in KINDS.items():
        words = re.sub(rf"\b{kind}\b", shown, words)
    if not KNOWN.match(words.replace("Number", "Any")):
        return "Any"
    # Inside the class, `float` and the like are methods.
    return re.sub(r"\b(int|float|bool)\b", r"builtins.\1", words)


def parameters(function: object, bound: bool) -> str:
    """The parameter list; the first one is `self` for a method."""
    shown = []
    star = False
    for place, one in enumerate(inspect.signature(function).parameters.values()):
        if bound and place == 0:
            shown.append("self")
            continue
        if one.kind is one.KEYWORD_ONLY and not star:
            shown.append("*")
            star = True
        name = one.name
        if one.kind is one.VAR_POSITIONAL:
            name, star = f"*{name}", True
        if one.kind is one.VAR_KEYWORD:
            name = f"**{name}"
        default = "" if one.default is one.empty else " = ..."
        shown.append(f"{name}: {annotation(one.annotation)}{default}")
    return ", ".join(shown)


def result(function: object) -> str:
    """The return annotation: written, or read off the body of an op."""
    written = inspect.signature(function).return_annotation
    if written is not inspect.Signature.empty:
        return annotation(written)
    record = getattr(function, "op", None)
    if record is None:
        return "Any"
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(record.function)))
    except (OSError, TypeError, SyntaxError):
        return "Any"
    several = any(
        isinstance(node, ast.Return) and _several(node.value) for node in ast.walk(tree)
    )
    return "Any" if several else "Tensor"


def _several(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id.endswith("Result") or node.func.id in ("tuple", "list")
    return isinstance(node, (ast.Tuple, ast.List, ast.ListComp))


def summary(function: object) -> str:
    doc = inspect.getdoc(function) or ""
    return doc.split("\n\n")[0].replace("\n", " ").replace("\\", "\\\\").replace('"""', "'''")


def definition(name: str, function: object, bound: bool) -> str:
    indent = "    " if bound else ""
    head = f"{indent}def {name}({parameters(function, bound)}) -> {result(function)}:"
    return f'{head}\n{indent}    """{summary(function)}"""\n'


def tensor_class() -> str:
    """Everything on Tensor: attributes, then methods."""
    lines = ["class Tensor:\n"]
    members = {name: getattr(Tensor, name) for name in dir(Tensor)}
    for name, member in sorted(members.items()):
        if name.startswith("_") and not (name.startswith("__") and name in vars(Tensor)):
            continue
        if name in ("__slots__", "__dict__", "__weakref__", "__doc__", "__module__", "__hash__"):
            continue
        if isinstance(inspect.getattr_static(Tensor, name), property):
            lines.append(f'    {name}: Any\n    """{summary(member)}"""\n')
        elif callable(member):
            lines.append(definition(name, member, bound=True))
    return "".join(lines)


def stub() -> str:
    """The whole text."""
    source = Path(nr.__file__).read_text()
    imports = [
        line.removesuffix("  # noqa: E402")
        for line in source.splitlines()
        if line.startswith("from .") and " as _" not in line and "import Tensor" not in line
    ]
    functions = [
        definition(name, function, bound=False)
        for name, function in sorted(NAMESPACES["neurarust"].items())
    ]
    dtypes = [f"{name}: dtype\n" for name in sorted(vars(nr)) if isinstance(getattr(nr, name), nr.dtype)]
    constants = [f"{name}: builtins.float\n" for name in ("e", "inf", "nan", "pi")]
    head = HEADER + "\n".join(imports) + "\nfrom . import optim as optim\n\nNumber: TypeAlias = builtins.complex\n\n__version__: str\nnewaxis: None\n"
    return head + "".join(constants + dtypes) + "\n" + "".join(functions) + "\n" + tensor_class()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    text = stub()
    if parser.parse_args().check:
        return int(not TARGET.exists() or TARGET.read_text() != text)
    TARGET.write_text(text)
    print(f"{TARGET}: {len(METHODS)} methods, {len(NAMESPACES['neurarust'])} functions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
