"""`torch.version`: the release of PyTorch whose API is mirrored, in PyTorch's way of telling."""

from __future__ import annotations

import re
from typing import Any

import jax


class TorchVersion(str):
    """A version as text that compares by its numbers, with texts or tuples: '2.13' > '2.2'."""

    __slots__ = ()

    def _compare(self, other: Any) -> int:
        mine, theirs = _key(self), _key(other)
        if theirs is None:  # no version: mmcv asks whether it is "parrots"
            mine, theirs = str(self), str(other)
        return (mine > theirs) - (mine < theirs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (str, tuple, list)) and self._compare(other) == 0

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: Any) -> bool:
        return self._compare(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._compare(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._compare(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._compare(other) >= 0

    __hash__ = str.__hash__


def _key(version: Any) -> Any:
    """What decides between versions: the numbers, then a release above its previews; or None."""
    text = version if isinstance(version, str) else ".".join(map(str, version))
    text, _, local = text.partition("+")
    found = re.match(r"v?(\d+(?:\.\d+)*)(.*)", text)
    if found is None:
        return None
    numbers = tuple(map(int, found[1].split(".")))
    while numbers and not numbers[-1]:
        numbers = numbers[:-1]
    return numbers, not re.match(r"[._-]?(a|b|c|rc|dev|alpha|beta|pre)", found[2]), local


__version__ = TorchVersion("2.13.0+neurarust")
debug = False
git_version = "neurarust"
hip = rocm = xpu = None


def __getattr__(name: str) -> Any:
    """`cuda`: the release of CUDA that jax's plugin was made for, or None without one."""
    if name != "cuda":
        raise AttributeError(f"module 'torch.version' has no attribute {name!r}")
    found = re.search(r"cuda (\d+)", jax.local_devices()[0].client.platform_version)
    if found is None:
        return None
    number = int(found[1])  # 12080 is 12.8
    return f"{number // 1000}.{number % 1000 // 10}"
