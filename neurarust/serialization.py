"""save and load: PyTorch's .pt files, without PyTorch.

A .pt file is a zip archive: `data.pkl`, a pickle that names tensors' storages by number, and
one entry `data/<number>` for each storage. PyTorch's own names stand in the pickle, so that
`torch.load` reads our files (with weights_only=True) and we read `torch.save`'s.
"""

from __future__ import annotations

import builtins
import collections
import contextlib
import io
import itertools
import math
import os
import pickle
import zipfile
from _codecs import encode as _encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from .core import device as devices
from .core import dtype as dtypes
from .core import host
from .core.ops.views import as_strided
from .core.tensor.storage import Storage
from .core.tensor.tensor import Size, Tensor, alias, new_object, wrap
from .nn.parameter import Parameter

# What PyTorch calls the storage of each dtype; the others have UntypedStorage.
STORAGES = {
    "float32": "FloatStorage", "float64": "DoubleStorage", "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage", "int64": "LongStorage", "int32": "IntStorage",
    "int16": "ShortStorage", "int8": "CharStorage", "uint8": "ByteStorage",
    "bool": "BoolStorage", "complex64": "ComplexFloatStorage",
    "complex128": "ComplexDoubleStorage",
}  # fmt: skip
# Where the bytes of a storage begin, so that files can be mapped into memory.
ALIGNMENT = 64


# ------------------------------------------------------------------ saving


def save(obj: Any, f: str | os.PathLike | IO[bytes]) -> None:
    """Writes nested dictionaries, lists and tuples of tensors and Python values to a file.

    Tensors that share memory share it in the file. A path is written in one go: the file is
    complete or is not there.

    Args:
        f: a path, or a file object opened for writing bytes.
    Raises:
        RuntimeError: the path's folder is missing, or the path is a folder.
    """
    if not isinstance(f, str | os.PathLike):
        _write(obj, f, "archive")
        return
    path = Path(f)
    if not path.parent.is_dir():
        raise RuntimeError(
            f"save: Parent directory {path.parent} does not exist. Make it first: "
            f"os.makedirs({str(path.parent)!r}, exist_ok=True)"
        )
    if path.is_dir():
        raise RuntimeError(f"save: {path} is a directory. Give the path of a file in it")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            _write(obj, file, path.stem or "archive")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(obj: Any, file: IO[bytes], name: str) -> None:
    text = io.BytesIO()
    pickler = _Pickler(text)
    pickler.dump(obj)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        _put(archive, f"{name}/data.pkl", text.getvalue())
        _put(archive, f"{name}/byteorder", b"little")
        for storage, key in pickler.storages.values():
            array = np.asarray(storage.value.force())
            # NumPy's byte order is the machine's.
            array = array.reshape(-1).view(np.uint8)
            _put(archive, f"{name}/data/{key}", array.data)
        _put(archive, f"{name}/version", b"3\n")


def _put(archive: zipfile.ZipFile, name: str, content: Any) -> None:
    """Adds an entry whose bytes begin at a multiple of ALIGNMENT."""
    entry = zipfile.ZipInfo(name)
    size = len(content)
    large = size >= 2**31 - 1
    if not large:
        # A local header has 30 bytes, the name and an extra field, which begins with 4 bytes.
        # An open archive has its file.
        start = archive.fp.tell() + 30 + len(name.encode()) + 4  # type: ignore[union-attr]
        padding = -start % ALIGNMENT
        entry.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
    with archive.open(entry, "w", force_zip64=large) as place:
        place.write(content)


class _Name:
    """A global of PyTorch's, "module\\nname" as it stands in a pickle."""

    def __init__(self, text: str):
        self.text = text

    def __call__(self, *args: Any) -> Any:
        """The pickler wants what rebuilds an object to be callable; nobody calls it here."""
        raise NotImplementedError(self.text)


_REBUILD = _Name("torch._utils\n_rebuild_tensor_v2")
_REBUILD_ANY = _Name("torch._utils\n_rebuild_tensor_v3")
_REBUILD_PARAMETER = _Name("torch._utils\n_rebuild_parameter")
_SIZE, _DEVICE = _Name("torch\nSize"), _Name("torch\ndevice")
_STORAGE_NAMES = {name: _Name(f"torch\n{kind}") for name, kind in STORAGES.items()}
_UNTYPED = _Name("torch.storage\nUntypedStorage")


# The pickler in Python: the one in C names only globals that it can import.
_PythonPickler: Any = pickle._Pickler


class _Pickler(_PythonPickler):
    """Pickles tensors in PyTorch's words, and collects their storages."""

    def __init__(self, file: IO[bytes]):
        super().__init__(file, protocol=2)
        self.storages: dict[int, tuple[Storage, str]] = {}

    def persistent_id(self, obj: Any) -> Any:
        if not isinstance(obj, Storage):
            return None
        aval = obj.value.aval
        _, key = self.storages.setdefault(id(obj), (obj, str(len(self.storages))))
        location = str(aval.device) if aval.device.type == "cuda" else "cpu"
        kind = _STORAGE_NAMES.get(aval.dtype.name)
        if kind is None:
            return ("storage", _UNTYPED, key, location, aval.size * aval.dtype.itemsize)
        return ("storage", kind, key, location, aval.size)

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, _Name):
            return obj.text
        if isinstance(obj, Parameter):
            plain = alias(new_object(Tensor), obj)
            return _REBUILD_PARAMETER, (plain, obj.requires_grad, collections.OrderedDict())
        if isinstance(obj, Tensor):
            return self._tensor(obj)
        if isinstance(obj, Size):
            return _SIZE, (tuple(obj),)
        if isinstance(obj, dtypes.dtype):
            return f"torch\n{obj.name}"
        if isinstance(obj, devices.device):
            index = () if obj.index is None else (obj.index,)
            return _DEVICE, (obj.type, *index)
        return NotImplemented

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        # Numbers of NumPy's are written as Python's.
        plain = isinstance(obj, np.number | np.bool_)
        super().save(obj.item() if plain else obj, save_persistent_id)

    def _tensor(self, tensor: Tensor) -> tuple:
        if tensor._steps is not None and tensor._storage.value.aval.dtype is not tensor.dtype:
            # It reads its storage in another dtype: PyTorch's strides cannot say that.
            tensor = wrap(tensor._value(), None)
        rest = (tensor.requires_grad, collections.OrderedDict())
        shape = (tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride()))
        if tensor.dtype.name in STORAGES:
            return _REBUILD, (tensor._storage, *shape, *rest)
        return _REBUILD_ANY, (tensor._storage, *shape, *rest, tensor.dtype)

    def save_global(self, obj: Any, name: str | None = None) -> None:
        if name is None or "\n" not in name:
            super().save_global(obj, name)
            return
        self.write(pickle.GLOBAL + name.encode() + b"\n")
        self.memoize(obj)


# ------------------------------------------------------------------ loading


def load(
    f: str | os.PathLike | IO[bytes], map_location: Any = None, weights_only: bool = True, *,
    mmap: bool | None = None,
) -> Any:  # fmt: skip
    """Reads what `save` or `torch.save` wrote.

    Args:
        f: a path, or a file object opened for reading bytes.
        map_location: where the tensors go: a device, a dictionary from saved to wanted names, or
            a function of a storage and its saved name; where they were if left out.
        weights_only: make tensors and plain Python values only. Without it a file can run any
            code: only for files whose origin you trust. `add_safe_globals` allows more.
        mmap: accepted for a path; the file is read as usual.
    Raises:
        FileNotFoundError: there is no such file.
        RuntimeError: the file is damaged or of another format.
        pickle.UnpicklingError: it holds what weights_only does not make.
    """
    if isinstance(f, str | os.PathLike):
        with open(f, "rb") as file:
            return _read(file, str(f), map_location, weights_only)
    if mmap:
        raise ValueError(
            f"load: f must be a file path in order to use the mmap argument, but got "
            f"{type(f).__name__}. Leave mmap out, or give the path"
        )
    seekable = f.seekable() if hasattr(f, "seekable") else hasattr(f, "seek")
    file = f if seekable else io.BytesIO(f.read())
    return _read(file, getattr(f, "name", "the file object"), map_location, weights_only)


def _read(file: IO[bytes], name: str, map_location: Any, weights_only: bool) -> Any:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.namelist()
            pickles = [one for one in entries if one.endswith("/data.pkl")]
            if not pickles:
                raise RuntimeError(
                    f"load: {name} is a zip file without data.pkl: neither nr.save nor "
                    f"torch.save wrote it"
                )
            folder = pickles[0].removesuffix("data.pkl")
            storages = _Storages(archive, folder, map_location, name)
            text = io.BytesIO(archive.read(pickles[0]))
            return _Unpickler(text, storages, weights_only).load()
    except (zipfile.BadZipFile, EOFError) as error:
        raise RuntimeError(
            f"load: {name} is truncated, damaged, or not in the zip format that nr.save and "
            f"torch.save (since 1.6) write ({error})"
        ) from error


class _Storages:
    """The storages of one file, each made once."""

    def __init__(self, archive: zipfile.ZipFile, folder: str, map_location: Any, name: str):
        self.archive, self.folder, self.name = archive, folder, name
        self.map_location = map_location
        self.made: dict[str, Tensor] = {}
        entries = set(archive.namelist())
        order = f"{folder}byteorder"
        self.swapped = order in entries and archive.read(order) == b"big"

    def tensor(self, saved: _Saved, dtype: dtypes.dtype, shape: tuple[int, ...] | None) -> Tensor:
        """A tensor over a whole storage; of the given shape, if it is the first of it."""
        if saved.key not in self.made:
            try:
                content = self.archive.read(f"{self.folder}data/{saved.key}")
            except KeyError:
                raise RuntimeError(
                    f"load: {self.name} lacks the storage {saved.key}: the file is damaged"
                ) from None
            flat = np.frombuffer(content, dtype.dtype)
            flat = flat.byteswap() if self.swapped else flat
            fits = shape is not None and math.prod(shape) == flat.size
            array = flat.reshape(shape) if fits else flat
            self.made[saved.key] = host.on_device(array, self._device(array, saved.location))
        return self.made[saved.key]

    def _device(self, array: np.ndarray, location: str) -> devices.device:
        wanted = self.map_location
        if isinstance(wanted, dict):
            wanted = wanted.get(location, location)
        elif callable(wanted) and not isinstance(wanted, devices.device):
            given = wanted(host.on_device(array.reshape(-1)), location)
            wanted = given.device if isinstance(given, Tensor) else given
        found = devices.of(location if wanted is None else wanted)
        if wanted is None and found.type != "cpu" and not devices.device_count(found.type):
            raise RuntimeError(
                f"load: {self.name} holds tensors of the device {location}, which this process "
                f"does not have. Give map_location='cpu' to load them into host memory"
            )
        return found


class _Saved:
    """A storage as the pickle names it."""

    def __init__(self, dtype: dtypes.dtype | None, key: str, location: str):
        self.dtype, self.key, self.location = dtype, key, location


class _Unpickler(pickle.Unpickler):
    """Reads PyTorch's words; with weights_only, nothing but them and plain values."""

    def __init__(self, file: IO[bytes], storages: _Storages, weights_only: bool):
        super().__init__(file, encoding="utf-8")
        self.storages, self.weights_only = storages, weights_only
        self.own: dict[tuple[str, str], Any] = {
            ("torch._utils", "_rebuild_tensor"): self._tensor,
            ("torch._utils", "_rebuild_tensor_v2"): self._tensor,
            ("torch._utils", "_rebuild_tensor_v3"): self._tensor_of,
            ("torch._utils", "_rebuild_parameter"): _parameter,
            ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
            ("torch._tensor", "_rebuild_from_type_v2"): _of_type,
        }

    def find_class(self, module: str, name: str) -> Any:
        found = self.own.get((module, name)) or _PLAIN.get((module, name))
        if found is not None:
            return found
        if not self.weights_only:
            return super().find_class(module, name)
        for one in _safe:
            if _path(one) == f"{module}.{name}":
                return one[0] if isinstance(one, tuple) else one
        raise pickle.UnpicklingError(
            f"load: {self.storages.name} holds {module}.{name}, which weights_only=True does not "
            f"make. Save a state_dict() instead; or, if you trust this class or function, allow it "
            f"by neurarust.serialization.add_safe_globals([{name}]); or, if you trust where the "
            f"file came from, give weights_only=False, which can run any code"
        )

    def persistent_load(self, pid: Any) -> Any:
        if not isinstance(pid, tuple) or len(pid) < 4 or pid[0] != "storage":
            raise pickle.UnpicklingError(f"load: unknown kind of reference {pid!r} in the pickle")
        _, kind, key, location = pid[:4]
        return _Saved(kind, key, location)

    def _tensor(
        self, saved: _Saved, offset: int, size: Any, stride: Any, requires_grad: bool = False,
        *_: Any,
    ) -> Tensor:  # fmt: skip
        return self._placed(saved, saved.dtype, offset, tuple(size), tuple(stride), requires_grad)

    def _tensor_of(
        self, saved: _Saved, offset: int, size: Any, stride: Any, requires_grad: bool,
        hooks: Any, dtype: dtypes.dtype, *_: Any,
    ) -> Tensor:  # fmt: skip
        return self._placed(saved, dtype, offset, tuple(size), tuple(stride), requires_grad)

    def _placed(
        self, saved: _Saved, dtype: Any, offset: int, size: tuple[int, ...],
        stride: tuple[int, ...], requires_grad: bool,
    ) -> Tensor:  # fmt: skip
        """A tensor that looks at its storage: the whole of it, or a part by strides."""
        steps = list(itertools.accumulate([max(one, 1) for one in size[:0:-1]], int.__mul__))
        dense = tuple([1, *steps][::-1]) if size else ()
        whole = not offset and all(
            a == b or one <= 1 for a, b, one in zip(stride, dense, size, strict=True)
        )
        base = self.storages.tensor(saved, dtype, size if whole else None)
        if whole and tuple(base.shape) == size:
            made = alias(new_object(Tensor), base)
        else:
            made = as_strided(base, size, stride, offset).detach()
        if requires_grad:
            made.requires_grad = True
        return made


def _parameter(data: Tensor, requires_grad: bool, *_: Any) -> Parameter:
    return Parameter(data, requires_grad)


def _of_type(make: Callable, kind: Any, arguments: tuple, state: Any) -> Tensor:
    """A tensor of a subclass; the subclass and its attributes are left out."""
    return make(*arguments)


def _device_of(kind: str, index: int | None = None) -> devices.device:
    return devices.device(kind, index)


_KINDS = {kind: dtypes.BY_NAME[name] for name, kind in STORAGES.items()}
_BUILTINS = ("set", "frozenset", "complex", "bytearray", "slice", "range", "list", "dict", "tuple")
# What a file may name besides tensors: nothing here does more than make a value.
_PLAIN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "Counter"): collections.Counter,
    ("collections", "defaultdict"): collections.defaultdict,
    ("torch", "Size"): Size,
    ("torch", "Tensor"): Tensor,
    ("torch.nn.parameter", "Parameter"): Parameter,
    ("torch", "device"): _device_of,
    ("_codecs", "encode"): _encode,
    ("torch.storage", "UntypedStorage"): dtypes.uint8,
    ("torch", "UntypedStorage"): dtypes.uint8,
    **{("torch", kind): dtype for kind, dtype in _KINDS.items()},
    **{("torch", name): dtype for name, dtype in dtypes.BY_NAME.items()},
    **{
        (module, name): getattr(builtins, name)
        for module in ("builtins", "__builtin__")
        for name in _BUILTINS
    },
}


# ------------------------------------------------------------------ what else may be made

# Classes and functions that files may name too, or pairs of one and the name that stands for it.
_safe: list[Any] = []


def _path(allowed: Any) -> str:
    """The name that an allowed class or function has in files."""
    if isinstance(allowed, tuple):
        return allowed[1]
    return f"{allowed.__module__}.{allowed.__qualname__}"


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """Allows `load` to make more with weights_only: classes and functions that you trust.

    Args:
        safe_globals: classes, functions, or pairs of one and its full name in the file.
    """
    for one in safe_globals:
        if isinstance(one, tuple) and len(one) != 2:
            raise ValueError(
                f"add_safe_globals: Expected tuple of length 2 (a class or function, and its full "
                f"name in the file), but got length {len(one)}"
            )
        if not isinstance(one, tuple) and not hasattr(one, "__qualname__"):
            raise TypeError(
                f"add_safe_globals: expected classes and functions, but got {one!r}. Give a class "
                f"itself, not one of its objects"
            )
        if one not in _safe:
            _safe.append(one)


def get_safe_globals() -> list[Any]:
    """What `add_safe_globals` has allowed."""
    return list(_safe)


def clear_safe_globals() -> None:
    """Forgets what `add_safe_globals` has allowed."""
    _safe.clear()


@contextlib.contextmanager
def safe_globals(safe_globals: Iterable[Any]) -> Iterator[None]:
    """Allows classes and functions as `add_safe_globals` does, as long as it is open."""
    before = get_safe_globals()
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _safe[:] = before
