"""Names of PyTorch's that scripts import, and that say on use why they are not here."""

from __future__ import annotations

from typing import Any


class _Refused(type):
    """The type of refused names: their members say the same as they do."""

    _message: str

    def __getattr__(cls, name: str) -> Any:
        message = "no such attribute" if name.startswith("_") else cls._message
        raise AttributeError(f"{cls.__name__}.{name}: {message}", name=name, obj=cls)


def refused(path: str, advice: str) -> type:
    """A class that raises when it is called, entered or read, but may be named and subclassed."""
    message = f"{path} is not supported: {advice}"

    def refuse(cls: type, *_: Any, **__: Any) -> Any:
        raise NotImplementedError(message)

    members = {"__new__": refuse, "_message": message, "__doc__": message, "__module__": __name__}
    return _Refused(path.rpartition(".")[2], (), members)


def all_refused(path: str, advice: str, names: str) -> dict[str, Any]:
    """Several refused names of one module."""
    return {name: refused(f"{path}.{name}", advice) for name in names.split()}
