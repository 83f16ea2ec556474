"""Memory layouts: names that PyTorch scripts pass around, and that say little here.

XLA lays arrays out in memory as suits the program, so a memory format is accepted and has no
effect; every Tensor is `strided`, and `SparseTensor` knows the other two.
"""

from __future__ import annotations


class layout:
    """How a tensor's elements are kept."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"neurarust.{self.name}"


class memory_format(layout):
    """In which order a tensor's dimensions lie in memory; without effect."""


strided = layout("strided")
sparse_coo = layout("sparse_coo")
sparse_csr = layout("sparse_csr")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
