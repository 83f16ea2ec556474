"""Which code of the user's a trace ran, and which names that code can read."""

from __future__ import annotations

import dis
import functools
import sys
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

OURS = __name__.partition(".")[0]
# Packages that Python values of the user's do not live in.
_LIBRARIES = frozenset({OURS, "jax", "jaxlib", "numpy", "scipy", "optax", "ml_dtypes", "builtins"})
_GLOBAL = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
# Code that names these may read members by names that stand nowhere in it.
_DYNAMIC = frozenset(
    {"getattr", "hasattr", "vars", "__dict__", "__getattribute__", "attrgetter", "asdict",
     "astuple", "eval", "exec"}
)  # fmt: skip

# Code of the user's -> the global variables it sees.
Codes = dict[types.CodeType, dict[str, Any]]


class Names(NamedTuple):
    """What a piece of code can read: global variables, members, and members unknown."""

    variables: frozenset[str]
    members: frozenset[str]
    dynamic: bool


@functools.lru_cache(4096)
def names_of(code: types.CodeType) -> Names:
    """The names in a piece of code; strings count as members, which `getattr` may ask for."""
    variables = {one.argval for one in dis.get_instructions(code) if one.opname in _GLOBAL}
    strings = {one for one in _constants(code.co_consts) if type(one) is str}
    if "globals" in variables:
        variables |= strings
    members = strings.union(code.co_names)
    return Names(frozenset(variables), frozenset(members), not _DYNAMIC.isdisjoint(members))


def _constants(constants: tuple) -> Iterator[Any]:
    for one in constants:
        if type(one) in (tuple, frozenset):
            yield from _constants(tuple(one))
        else:
            yield one


def within(code: types.CodeType) -> Iterator[types.CodeType]:
    """A piece of code and those of the functions that are made inside it."""
    yield code
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield from within(one)


@functools.cache
def of_library(module: str | None) -> bool:
    """Whether a module is this package, one that it stands on, or Python's own."""
    top = (module or "builtins").partition(".")[0]
    return top in _LIBRARIES or top in sys.stdlib_module_names or top.startswith("namedtuple_")


def of_the_user(codes: Codes) -> Codes:
    """Those of some pieces of code that are no library's."""
    return {code: space for code, space in codes.items() if not of_library(space.get("__name__"))}


@functools.cache
def is_installed(module: str | None) -> bool:
    """Whether a module is a library or lies where packages are installed."""
    top = (module or "builtins").partition(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return of_library(module) or "site-packages" in file or "dist-packages" in file
