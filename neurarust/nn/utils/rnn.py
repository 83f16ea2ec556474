"""Sequences of different lengths: padded, and packed step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.ops.create import tensor
from ...core.ops.movement import cat, pad, stack
from ...core.tensor.tensor import Tensor


class PackedSequence(NamedTuple):
    """The steps of several sequences, all first steps, then all second ones, and so on.

    The sequences are sorted by length, longest first.

    Args:
        data: (sum of lengths, ...).
        batch_sizes: how many sequences have a step 0, a step 1, ... (int64, on the CPU).
        sorted_indices: the order that sorted the sequences; None if they were sorted.
        unsorted_indices: the order that puts them back.
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same with the data converted or moved."""
        return self._replace(data=self.data.to(*args, **kwargs))

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a CUDA device."""
        return self.data.device.type == "cuda"


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The order that undoes an order."""
    if permutation is None:
        return None
    return tensor(np.argsort(permutation.numpy(force=True)), device=permutation.device)


def pad_sequence(
    sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:  # fmt: skip
    """Stacks sequences (length, ...) as (longest, batch, ...), padded with one value."""
    if isinstance(sequences, Tensor):
        sequences = sequences.unbind(0)
    if not sequences:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    longest = max(one.shape[0] for one in sequences)
    padded = []
    for one in sequences:
        missing = longest - one.shape[0]
        ends = (missing, 0) if padding_side == "left" else (0, missing)
        widths = [0, 0] * (one.ndim - 1) + list(ends)
        padded.append(pad(one, widths, "constant", padding_value) if missing else one)
    return stack(padded, 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Any, batch_first: bool = False
) -> list[Tensor]:
    """The sequences that `pad_sequence` stacked."""
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [rows[k, :length] for k, length in enumerate(_as_list(lengths))]


def _as_list(lengths: Any) -> list[int]:
    return [int(one) for one in (lengths.tolist() if hasattr(lengths, "tolist") else lengths)]


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Packs padded sequences (longest, batch, ...) of the given lengths.

    Args:
        enforce_sorted: the sequences must come longest first; else they are sorted here.
    """
    counts = np.array(_as_list(lengths), np.int64)
    rows = input if batch_first else input.transpose(0, 1)
    if len(counts) != rows.shape[0]:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} "
            f"(batch_size={rows.shape[0]})"
        )
    if (counts <= 0).any():
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )
    order = None
    if not enforce_sorted:
        positions = np.argsort(-counts, kind="stable")
        counts = counts[positions]
        order = tensor(positions, device=input.device)
    elif (counts[1:] > counts[:-1]).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. "
            "Pass enforce_sorted=False to have it sorted"
        )
    else:
        positions = np.arange(len(counts))
    steps = np.arange(counts[0])[:, None]
    present = steps < counts[None, :]
    # The place of each packed row in the flattened (batch, time) input.
    places = (positions[None, :] * rows.shape[1] + steps)[present]
    flat = rows.reshape(rows.shape[0] * rows.shape[1], *rows.shape[2:])
    data = flat.index_select(0, tensor(places, device=input.device))
    return PackedSequence(data, tensor(present.sum(1)), order, invert_permutation(order))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Pads packed sequences again: (longest, batch, ...) and the lengths."""
    sizes = np.array(sequence.batch_sizes.tolist(), np.int64)
    longest = len(sizes) if total_length is None else total_length
    if longest < len(sizes):
        raise ValueError(
            f"Expected total_length to be at least the length of the longest sequence in input, "
            f"but got total_length={total_length} and max sequence length being {len(sizes)}"
        )
    batch, rows = int(sizes[0]), sequence.data.shape[0]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    # One more row, the padding, stands behind the packed ones.
    places = np.full((longest, batch), rows, np.int64)
    for step, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        places[step, :size] = start + np.arange(size)
    counts = (np.arange(batch) < sizes[:, None]).sum(0)
    if sequence.unsorted_indices is not None:
        back = sequence.unsorted_indices.numpy(force=True)
        places, counts = places[:, back], counts[back]
    filler = sequence.data.new_full((1, *sequence.data.shape[1:]), padding_value)
    table = cat([sequence.data, filler])
    ordered = places.T if batch_first else places
    where = tensor(np.ascontiguousarray(ordered).reshape(-1), device=table.device)
    padded = table.index_select(0, where).reshape(*ordered.shape, *table.shape[1:])
    return padded, tensor(counts)


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Packs a list of sequences (length, ...)."""
    lengths = [one.shape[0] for one in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The list of sequences that `pack_sequence` packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
