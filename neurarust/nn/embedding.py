"""Tables of vectors, looked up by index."""

from __future__ import annotations

from typing import Any

from ..core import host
from ..core.ops import embedding as functions
from ..core.tensor.tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter, made


class _Table(Module):
    """What Embedding and EmbeddingBag share: the table and its padding row."""

    def _build(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None,
        weight: Tensor | None, freeze: bool, device: Any, dtype: Any,
    ) -> None:  # fmt: skip
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(
                    f"padding_idx must be within num_embeddings: expected -{num_embeddings} to "
                    f"{num_embeddings - 1}, but got {padding_idx}"
                )
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        if weight is None:
            table = made(num_embeddings, embedding_dim, dtype=dtype, device=device)
            self.weight = table.requires_grad_(not freeze)
            self.reset_parameters()
            return
        if tuple(weight.shape) != (num_embeddings, embedding_dim):
            raise ValueError(
                f"Shape of weight does not match num_embeddings and embedding_dim: expected "
                f"[{num_embeddings}, {embedding_dim}], but got {list(weight.shape)}"
            )
        self.weight = Parameter(weight, not freeze)

    def reset_parameters(self) -> None:
        init.normal_(self.weight)
        if self.padding_idx is not None:
            rows = self.weight.numpy(force=True).copy()
            rows[self.padding_idx] = 0
            host.overwrite(self.weight, rows)

    def extra_repr(self) -> str:
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        for name, default in self.defaults.items():
            if getattr(self, name) != default:
                parts.append(f"{name}={getattr(self, name)!r}")
        return ", ".join(parts)

    defaults: dict[str, Any] = {}


class Embedding(_Table):
    """A table of `num_embeddings` vectors; starts standard normal.

    Args:
        padding_idx: this row starts as zeros and gets no gradient.
        max_norm: rows that are looked up are first shortened to this norm, in place.
        scale_grad_by_freq: gradients are divided by how often an index occurs.
        sparse: accepted; gradients are dense here.

    Shape: indices (...) to (..., embedding_dim).
    """

    defaults = {
        "padding_idx": None, "max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False,
        "sparse": False,
    }  # fmt: skip

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None,
        max_norm: float | None = None, norm_type: float = 2.0, scale_grad_by_freq: bool = False,
        sparse: bool = False, _weight: Tensor | None = None, _freeze: bool = False,
        device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self._build(num_embeddings, embedding_dim, padding_idx, _weight, _freeze, device, dtype)

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None,
        max_norm: float | None = None, norm_type: float = 2.0, scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:  # fmt: skip
        """An embedding of given vectors, by default not to be trained."""
        _check_table(embeddings)
        rows, width = embeddings.shape
        return cls(
            rows, width, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse,
            _weight=embeddings, _freeze=freeze,
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        return functions.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type,
            self.scale_grad_by_freq, self.sparse,
        )  # fmt: skip


class EmbeddingBag(_Table):
    """Sum, mean or maximum of the vectors of each bag of indices.

    Args:
        mode: "sum", "mean" or "max".
        include_last_offset: the last offset is the end of the last bag.

    Shape: (bags, length), or (indices) with offsets (bags); result (bags, embedding_dim).
    """

    defaults = {
        "max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False, "mode": None,
        "padding_idx": None,
    }  # fmt: skip

    def __init__(
        self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, mode: str = "mean",
        sparse: bool = False, _weight: Tensor | None = None, include_last_offset: bool = False,
        padding_idx: int | None = None, device: Any = None, dtype: Any = None,
        _freeze: bool = False,
    ):  # fmt: skip
        super().__init__()
        self.max_norm, self.norm_type, self.mode = max_norm, norm_type, mode
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self.include_last_offset = include_last_offset
        self._build(num_embeddings, embedding_dim, padding_idx, _weight, _freeze, device, dtype)

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, mode: str = "mean",
        sparse: bool = False, include_last_offset: bool = False, padding_idx: int | None = None,
    ) -> EmbeddingBag:  # fmt: skip
        """An embedding bag of given vectors, by default not to be trained."""
        _check_table(embeddings)
        rows, width = embeddings.shape
        return cls(
            rows, width, max_norm, norm_type, scale_grad_by_freq, mode, sparse, embeddings,
            include_last_offset, padding_idx, _freeze=freeze,
        )  # fmt: skip

    def forward(
        self, input: Tensor, offsets: Tensor | None = None,
        per_sample_weights: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        return functions.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq,
            self.mode, self.sparse, per_sample_weights, self.include_last_offset,
            self.padding_idx,
        )  # fmt: skip


def _check_table(embeddings: Tensor) -> None:
    if embeddings.ndim != 2:
        raise ValueError(
            f"Embeddings parameter is expected to be 2-dimensional, but got "
            f"shape {list(embeddings.shape)}"
        )
