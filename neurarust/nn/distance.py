"""Distances between rows."""

from __future__ import annotations

from .factory import module_of
from .loss_pairs import cosine_similarity, pairwise_distance
from .module import Module


@module_of(cosine_similarity, inputs=2, shown=())
class CosineSimilarity(Module):
    """`x1 . x2 / (|x1| |x2|)` along `dim`, with lengths of at least `eps`."""


@module_of(pairwise_distance, inputs=2, shown=())
class PairwiseDistance(Module):
    """p-norm of `x1 - x2 + eps` over the last dimension."""
