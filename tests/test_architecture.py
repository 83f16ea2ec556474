"""The shape of the source: imports fall downward, stand at the top, and files stay short."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "neurarust"
LONGEST = 500

# From the top down. A unit may import units of lower rows, and itself; units that share a row are
# siblings and do not import each other. A unit is a module or a folder; the longest name counts.
LAYERS = (
    ("neurarust.__main__",),
    ("neurarust.compat",),
    ("neurarust",),
    ("neurarust.accelerator", "neurarust.cuda", "neurarust.autograd"),
    (
        "neurarust.backends",
        "neurarust.func",
        "neurarust.random",
        "neurarust.streams",
        "neurarust.utils",
    ),
    (
        "neurarust.onnx",
        "neurarust.deploy",
        "neurarust.serialization",
        "neurarust.distributed",
        "neurarust.jax_interop",
        "neurarust.testing",
        "neurarust.profiler",
    ),
    ("neurarust.optim.swa_utils",),
    (
        "neurarust.nn",
        "neurarust.optim",
        "neurarust.data",
        "neurarust.amp",
        "neurarust.distributions",
    ),
    (
        "neurarust.linalg",
        "neurarust.fft",
        "neurarust.special",
        "neurarust.signal",
        "neurarust.sparse",
    ),
    ("neurarust.core",),
    ("neurarust.core.methods",),
    ("neurarust.core.jit", "neurarust.core.transforms"),
    ("neurarust.core.ops",),
    ("neurarust.core.define",),
    ("neurarust.core.capture",),
    ("neurarust.core.tensor",),
    ("neurarust.core.autograd",),
    ("neurarust.core.engine",),
    ("neurarust.core.native",),
    ("neurarust.core.op",),
    ("neurarust.core.random",),
    ("neurarust.core.device",),
    ("neurarust.core.dtype",),
    (
        "neurarust.core.changes",
        "neurarust.core.errors",
        "neurarust.core.layout",
        "neurarust.core.observed",
        "neurarust.core.settings",
    ),
)
RANK = {unit: len(LAYERS) - row for row, units in enumerate(LAYERS) for unit in units}

# Packages that only some units may import, and packages that none may.
ONLY_IN = {
    "optax": ("neurarust.optim",),
    "flax": ("neurarust.jax_interop",),
    "onnx": ("neurarust.onnx",),
    "jax2onnx": ("neurarust.onnx",),
    "sklearn": ("neurarust.data",),
}
FORBIDDEN = ("torch", "jax._src")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


def unit(module: str) -> str:
    """The layered unit that a module belongs to."""
    found = module
    while found not in RANK:
        found = found.rpartition(".")[0]
    # `neurarust` itself is its __init__ alone: a new module at the top has to be given a row.
    assert found != "neurarust" or module == found, f"{module} has no row in LAYERS"
    return found


def type_checking_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def import_nodes(node: ast.AST):
    """Import statements that run when the module is imported or its functions are called."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not type_checking_only(child):
            yield from import_nodes(child)


@cache
def imported(module: str) -> frozenset[str]:
    """Absolute names of the modules that `module` imports."""
    names = set()
    for node in import_nodes(tree(module)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
            continue
        base = node.module or ""
        if node.level:
            package = module.split(".")
            drop = node.level - (FILES[module].name == "__init__.py")
            base = ".".join([*package[: len(package) - drop], *filter(None, [base])])
        for alias in node.names:
            name = f"{base}.{alias.name}"
            names.add(name if name in FILES else base)
    return frozenset(names)


def own(names: frozenset[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] == "neurarust"}


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("module", FILES)
def test_imports_fall_downward(module):
    here = unit(module)
    for other in own(imported(module)):
        there = unit(other)
        assert there == here or RANK[there] < RANK[here], f"{module} imports {other} from above"


def test_no_import_cycle():
    graph = {module: own(imported(module)) - {module} for module in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("import cycle: " + " -> ".join(error.args[1]))


@pytest.mark.parametrize("module", FILES)
def test_imports_stand_at_the_top(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            for inner in ast.walk(node):
                assert not isinstance(inner, ast.Import | ast.ImportFrom), (
                    f"{FILES[module]}:{inner.lineno}: import inside {node.name}"
                )


@pytest.mark.parametrize("module", FILES)
def test_foreign_imports(module):
    for name in imported(module):
        for package in FORBIDDEN:
            assert not within(name, package), f"{module} imports {name}"
        for package, allowed in ONLY_IN.items():
            if within(name, package):
                assert any(within(module, unit) for unit in allowed), f"{module} imports {name}"


@pytest.mark.parametrize("module", FILES)
def test_files_are_short(module):
    lines = len(FILES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{FILES[module]} has {lines} lines: it may hold two concepts"
