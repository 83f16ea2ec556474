"""Options of optimizers that make no sense, and what is said about them."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any

from ..core.tensor.tensor import Tensor

_SPELLED = {"lr": "learning rate", "eps": "epsilon value"}


def check_pairs(group: dict[str, Any], names: Iterable[str]) -> None:
    """Raises unless these options, where a group has them, are two; betas within [0, 1)."""
    for name in names:
        pair = group.get(name, (0, 0))
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(f"Invalid {name}: expected two numbers, but got {pair!r}")
    for k, beta in enumerate(group.get("betas", ())):
        if not isinstance(beta, Tensor) and not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {k}: {beta}")


def check_limits(group: dict[str, Any], limits: dict[str, float], needed: Iterable[str]) -> None:
    """Raises unless these options of a group are numbers, tensors or None and large enough.

    Args:
        limits: the smallest value of each.
        needed: those that cannot be None.
    """
    for name, low in limits.items():
        number = group.get(name)
        absent = number is None and not (name in needed and name in group)
        if absent or isinstance(number, Tensor):
            continue
        if not isinstance(number, Real):
            raise TypeError(f"Invalid {name}: expected a number, but got {number!r}")
        # What is Real compares with any number; its class says so nowhere.
        if not number >= low:  # type: ignore[operator]
            raise ValueError(f"Invalid {_SPELLED.get(name, name + ' value')}: {number}")
