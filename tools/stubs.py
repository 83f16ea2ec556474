"""Writes the stubs from which editors and type checkers read the operations.

    python tools/stubs.py            # rewrite them
    python tools/stubs.py --check    # exit 1 if they are out of date

`neurarust/__init__.pyi` has the functions, `neurarust/core/tensor/tensor.pyi` the Tensor with
its methods, and each module of the tables its own functions. Everything is read off the tables of
operations and the classes; nothing is kept here.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import neurarust as nr
from neurarust.core.define import NAMESPACES
from neurarust.core.tensor import tensor as tensor_module
from neurarust.core.tensor.tensor import Tensor

PACKAGE = Path(nr.__file__)
TENSOR_MODULE = Path(tensor_module.__file__ or "")
FIRST = '"""Written by tools/stubs.py from the tables of operations."""\n\nimport builtins\n'
TENSOR_HEADER = (
    FIRST
    + """from collections.abc import Callable as Callable
from collections.abc import Iterator as Iterator
from collections.abc import Sequence as Sequence
from typing import Any, TypeAlias

import numpy as np

from .. import device as devices
from .. import dtype as dtypes
from ..autograd.tape import Edge
from ..engine.value import Value
from .storage import Step, Storage

Number: TypeAlias = builtins.complex

"""
)
KINDS = {
    "Array": "Tensor", "Arrays": "Sequence[Tensor]", "Operand": "Tensor | Number",
    "Scalar": "Number", "Exponent": "Tensor | Number", "Index": "int",
}  # fmt: skip
LAZY = tuple(
    f"from . import {name} as {name}" if module == name
    else f"from .{module} import {name} as {name}"
    for name, module in sorted(nr._LAZY.items())
    if module != "nn.functional"
)  # fmt: skip
# Modules whose names come from the tables alone.
TABLES = ("fft", "linalg", "nn.functional", "signal.windows", "sparse", "special")
KNOWN = re.compile(
    r"^(int|float|bool|str|None|Any|Tensor|Number|Size|tuple|list|dict|Sequence|Callable|"
    r"[|\[\],\s.])+$"
)
UNSEEN = {
    "__slots__",
    "__dict__",
    "__weakref__",
    "__doc__",
    "__module__",
    "__annotations__",
    "__new__",
}


def annotation(text: object) -> str:
    """A parameter's annotation as the stub shows it."""
    if text is inspect.Parameter.empty:
        return "Any"
    words = str(text)
    for kind, shown in KINDS.items():
        words = re.sub(rf"\b{kind}\b", shown, words)
    if not KNOWN.match(words):
        return "Any"
    # Inside the class `float` and the like are methods.
    return re.sub(r"\b(int|float|bool)\b", r"builtins.\1", words)


def parameters(function: Any, bound: bool, read: Any = annotation) -> str:
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
        shown.append(f"{name}: {read(one.annotation)}{default}")
    if getattr(function, "takes_out", False):
        shown += ["out: Any = ..."] if star else ["*", "out: Any = ..."]
    return ", ".join(shown)


def result(function: Any) -> str:
    """The return annotation: written, or read off the body of an op."""
    written = inspect.signature(function).return_annotation
    if written is not inspect.Signature.empty:
        return annotation(written)
    if getattr(function, "__name__", "") == "__init__":
        return "None"
    record = getattr(function, "op", None)
    if record is None:
        return "Any"
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(record.function)))
    except (OSError, TypeError, SyntaxError):
        return "Any"
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return "Any" if any(map(_several, returned)) else "Tensor"


def _several(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id.endswith("Result") or node.func.id in ("tuple", "list")
    return isinstance(node, (ast.Tuple, ast.List, ast.ListComp))


def summary(member: object) -> str:
    """The first paragraph of a docstring, on one line."""
    words = (inspect.getdoc(member) or "").split("\n\n")[0].replace("\n", " ")
    return words.replace("\\", "\\\\").replace('"', "'")


def definition(name: str, function: Any, bound: bool) -> str:
    """One function or method."""
    indent = "    " if bound else ""
    given = parameters(function, bound)
    head = f"{indent}def {name}({given}) -> {result(function)}:"
    return f'{head}\n{indent}    """{summary(function)}"""\n'


def member_of_tensor(name: str) -> str:
    """One attribute or method of Tensor."""
    member = getattr(Tensor, name)
    if isinstance(inspect.getattr_static(Tensor, name), property):
        return f'    {name}: Any\n    """{summary(member)}"""\n'
    if callable(member):
        return definition(name, member, bound=True)
    return f"    {name}: Any\n"


def tensor_stub() -> str:
    """`tensor.pyi`: the module's own functions, and Tensor with all that is bound to it."""
    slots = [f"    {name}: {kind}\n" for name, kind in Tensor.__annotations__.items()]
    names = [
        name
        for name in sorted(dir(Tensor))
        if name not in UNSEEN
        and (not name.startswith("__") or name in vars(Tensor))
        and name not in Tensor.__annotations__
        and (name.startswith("__") or not name.startswith("_") or callable(getattr(Tensor, name)))
    ]
    size = (
        "class Size(tuple[builtins.int, ...]):\n"
        f'    """{summary(nr.Size)}"""\n'
        "    def numel(self) -> builtins.int: ...\n\n"
    )
    functions = [
        f"def {name}({parameters(one, False, str)}) -> "
        f"{inspect.signature(one).return_annotation}: ...\n"
        for name, one in sorted(vars(tensor_module).items())
        if inspect.isfunction(one) and one.__module__ == tensor_module.__name__
    ]
    body = "".join(slots) + "".join(map(member_of_tensor, names))
    head = f'class Tensor:\n    """{summary(Tensor)}"""\n'
    return (
        TENSOR_HEADER
        + size
        + head
        + body
        + "\nnew_object: Any\nBody: TypeAlias = Tensor\n\n"
        + "".join(functions)
    )


def imports_of(path: Path) -> list[str]:
    """The lines by which a module imports public names."""
    return [
        line.partition("  # ")[0]
        for line in path.read_text().splitlines()
        if line.startswith("from .") and " as " in line and " as _" not in line
    ]


def functions_of(space: str) -> list[str]:
    """The functions of one table."""
    table = NAMESPACES[space]
    return [definition(name, one, bound=False) for name, one in sorted(table.items())]


def package_stub() -> str:
    """`__init__.pyi`: the public names."""
    importlib.import_module("neurarust.nn.functional")  # puts its names into the table
    kinds = [name for name in sorted(vars(nr)) if isinstance(vars(nr)[name], nr.dtype)]
    constants = [f"{name}: builtins.float\n" for name in ("e", "inf", "nan", "pi")]
    return (
        FIRST
        + "from collections.abc import Sequence as Sequence\nfrom typing import Any, TypeAlias\n\n"
        + "\n".join([*imports_of(PACKAGE), *LAZY])
        + "\n\nNumber: TypeAlias = builtins.complex\n\n__version__: str\nnewaxis: None\n"
        + "".join([*constants, *(f"{name}: dtype\n" for name in kinds), "\n"])
        + "".join(functions_of("neurarust"))
    )


def table_stub(space: str, path: Path) -> str:
    """The stub of a module whose names come from a table."""
    up = "." * (space.count(".") + 1)
    return (
        FIRST
        + "from collections.abc import Callable, Sequence\nfrom typing import Any, TypeAlias\n\n"
        + "\n".join([f"from {up}core.tensor.tensor import Size, Tensor", *imports_of(path)])
        + "\n\nNumber: TypeAlias = builtins.complex\n\n"
        + "".join(functions_of(space))
    )


def stubs() -> Iterator[tuple[Path, str]]:
    """Every stub: where it stands, and its text."""
    yield PACKAGE.with_suffix(".pyi"), package_stub()
    yield TENSOR_MODULE.with_suffix(".pyi"), tensor_stub()
    for space in TABLES:
        path = Path(importlib.import_module(f"neurarust.{space}").__file__ or "")
        yield path.with_suffix(".pyi"), table_stub(space, path)


def main() -> int:
    """Writes or checks both stubs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for path, text in stubs():
        if check and (not path.exists() or path.read_text() != text):
            stale.append(str(path))
        elif not check:
            path.write_text(text)
    if stale:
        print(f"out of date: {', '.join(stale)}. Run python tools/stubs.py")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
