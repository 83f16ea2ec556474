"""Modules under PyTorch's paths that hold the objects of ours, and what finds them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from . import names, paths

# Elsewhere a function stays where a submodule has its name (`nn.utils.weight_norm`).
_HIDING = ("torch.jit",)


class View(ModuleType):
    """Stands for a module of PyTorch's. Its names are those of `paths.SOURCES`, the same objects,
    and those of `names.NAMES` that these lack.

    It passes for a module of NeuraRust's by `__name__`, as what it holds is.
    """

    def __init__(self, path: str, sources: Sequence[Any]):
        named = getattr(sources[0], "__name__", __name__) if sources else names.__name__
        super().__init__(named, getattr(sources[0], "__doc__", None) if sources else None)
        own = {"_View__path": path, "_View__sources": sources, "__path__": []}
        own["__file__"] = getattr(sources[0] if sources else names, "__file__", None)
        vars(self).update(names.NAMES.get(path, {}), **own)
        for source in reversed(sources):
            vars(self).update(
                (name, one)
                for name, one in vars(source).items()
                if not isinstance(one, ModuleType)
                and not name.startswith(("__", "_View__"))
                and f"{path}.{name}" not in _HIDING
            )

    def __getattr__(self, name: str) -> Any:
        path = f"{self.__path}.{name}"
        if path in paths.SOURCES:
            return importlib.import_module(path)
        hint = ""
        for source in () if name.startswith("__") else self.__sources:
            try:
                found = getattr(source, name)
            except AttributeError as error:
                hint = "".join(str(error).partition(". Did you mean")[1:])
                continue
            # Modules of our own are no part of PyTorch's.
            if not isinstance(found, ModuleType):
                vars(self)[name] = found
                return found
        raise AttributeError(
            f"module {self.__path!r} has no attribute {name!r} in NeuraRust{hint}",
            name=name, obj=self,
        )  # fmt: skip

    def __setattr__(self, name: str, value: Any) -> None:
        # Python binds a submodule to its parent once it is imported.
        if not (isinstance(value, View) and name in vars(self)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        found = {*vars(self), *_below(self.__path)}
        for source in self.__sources:
            parts = {name for name, one in vars(source).items() if isinstance(one, ModuleType)}
            found |= {*dir(source)} - parts
        return sorted(found)


def _below(path: str) -> list[str]:
    """The names of a path's submodules."""
    parents = (one.rpartition(".") for one in paths.SOURCES)
    return sorted(name for parent, _, name in parents if parent == path)


class Finder(MetaPathFinder, Loader):
    """Finds `torch` and all below it in the table, and nowhere else."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        top = fullname.partition(".")[0]
        if top not in ("torch", "functorch"):
            return None
        if fullname in paths.SOURCES:
            return ModuleSpec(fullname, self, is_package=True)
        parent, _, name = fullname.rpartition(".")
        advice = paths.ABSENT.get(fullname)
        if advice is None:
            public = [one for one in _below(parent) if not one.startswith("_")]
            advice = f"of {parent} there {'are ' + ', '.join(public) if public else 'is no part'}"
        raise ModuleNotFoundError(
            f"No module named {fullname!r} in NeuraRust: {advice}", name=fullname
        )

    def create_module(self, spec: ModuleSpec) -> Any:
        found = [self._source(one) for one in paths.SOURCES[spec.name].split()]
        if len(found) == 1 and not isinstance(found[0], ModuleType):
            return found[0]  # an object that passes for a module, such as backends.cudnn
        return View(spec.name, found)

    @staticmethod
    def _source(name: str) -> Any:
        if name.startswith("torch"):
            return importlib.import_module(name)
        return pkgutil.resolve_name(name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: what it holds has run."""
