"""`torch.hub`: weights by address; models of other people's repositories are not run."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from ..serialization import load as _load
from .refusal import all_refused

__all__ = ["download_url_to_file", "get_dir", "load_state_dict_from_url", "load_url", "set_dir"]

_WHY = (
    "the repository's code would be run with PyTorch. Copy the model's code beside your script, "
    "and its weights with torch.hub.load_state_dict_from_url"
)
globals().update(all_refused("torch.hub", _WHY, "load list help"))

_chosen: list[str] = []


def get_dir() -> str:
    """Where downloads are kept: `set_dir`'s, $TORCH_HOME/hub or ~/.cache/torch/hub."""
    if _chosen:
        return _chosen[-1]
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: str | os.PathLike) -> None:
    """Chooses where downloads are kept."""
    _chosen[:] = [os.path.expanduser(d)]


def download_url_to_file(
    url: str, dst: str, hash_prefix: str | None = None, progress: bool = True
) -> None:
    """Downloads a file, whose SHA256 may be checked; `progress` is accepted without effect."""
    part = Path(f"{dst}.{os.getpid()}.partial")
    try:
        with urllib.request.urlopen(url) as source, part.open("wb") as target:
            shutil.copyfileobj(source, target)
        found = hashlib.sha256(part.read_bytes()).hexdigest()
        if hash_prefix and not found.startswith(hash_prefix):
            raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{found}")')
        part.replace(dst)
    finally:
        part.unlink(missing_ok=True)


def load_state_dict_from_url(
    url: str, model_dir: str | None = None, map_location: Any = None, progress: bool = True,
    check_hash: bool = False, file_name: str | None = None, weights_only: bool = False,
) -> Any:  # fmt: skip
    """What `torch.load` reads from an address, downloaded the first time.

    Args:
        check_hash: the name ends in the first digits of the file's SHA256: `net-8a9f1b2c.pth`.
    """
    folder = Path(os.path.join(get_dir(), "checkpoints") if model_dir is None else model_dir)
    folder.mkdir(parents=True, exist_ok=True)
    name = file_name or os.path.basename(urlparse(url).path)
    if not (folder / name).exists():
        digits = re.search(r"-([a-f0-9]+)\.", name) if check_hash else None
        download_url_to_file(url, str(folder / name), digits and digits[1], progress)
    return _load(folder / name, map_location=map_location, weights_only=weights_only)


load_url = load_state_dict_from_url
