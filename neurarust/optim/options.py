"""What a step takes from a group's options: numbers, which are data, and all that decides on it."""

from __future__ import annotations

from numbers import Real
from operator import is_
from typing import TYPE_CHECKING, Any

from ..core.tensor.tensor import Tensor

if TYPE_CHECKING:
    from .optimizer import Optimizer

# Options that PyTorch has for choosing an implementation; there is one here.
IGNORED = {"foreach", "fused", "capturable", "differentiable"}


def sorted_options(optimizer: Optimizer, group: dict[str, Any]) -> tuple[list, list, dict, tuple]:
    """A group's options: numbers and their names, tensors by name, and static options."""
    numbers: list[Any] = []
    names: list[str] = []
    given = {} if optimizer._found_inf is None else {"found_inf": optimizer._found_inf}
    static: list[tuple] = []
    in_gradient = not group.get("decoupled_weight_decay")
    for name in optimizer.defaults:
        option = group[name]
        if name in IGNORED:
            continue
        several = isinstance(option, (tuple, list))
        for k, one in enumerate(option) if several else (("", option),):
            label = f"{name}{k}"
            if isinstance(one, Tensor):
                given[label] = one
            elif is_number(one):
                if name in optimizer.static:
                    static.append((label, one))
                elif name == "weight_decay" and one == 0 and in_gradient:
                    static.append((label, 0.0))
                else:
                    numbers.append(float(one))
                    names.append(label)
            elif one is None or isinstance(one, (bool, str)):
                usual = optimizer.defaults[name]
                usual = usual[k] if type(k) is int and isinstance(usual, (tuple, list)) else usual
                if type(usual) in (int, float) and type(one) is not bool:
                    raise no_number(optimizer, name, one)
                static.append((label, one))
    return numbers, names, given, tuple(static)


def is_number(one: Any) -> bool:
    """Whether an option is a number of Python or NumPy."""
    return isinstance(one, (int, float, Real)) and type(one) is not bool


def no_number(optimizer: Optimizer, name: str, one: Any) -> TypeError:
    """The error for an option that should be one."""
    return TypeError(
        f"{type(optimizer).__name__}.step: expected a number or a Tensor for the option '{name}' "
        f"of a parameter group, but got {one!r}"
    )


class Reading:
    """Reads a group's options at each call of a jitted step; mostly they are the same objects."""

    __slots__ = ("optimizer", "group", "names", "options", "found")

    def __init__(self, optimizer: Optimizer, group: dict[str, Any]):
        self.optimizer, self.group = optimizer, group
        self.names = (*optimizer.defaults, *optimizer.optional.values(), "decoupled_weight_decay")
        self.options: list[Any] = []
        self.found: tuple[list, Any] = ([], None)

    def __call__(self) -> tuple[list, Any]:
        """The numbers, the same list for the same options, and what else they say of the step."""
        options = [*map(self.group.get, self.names)]
        if self.options and all(map(is_, options, self.options)):
            return self.found
        numbers, names, given, static = sorted_options(self.optimizer, self.group)
        # A scaler's tensor is made anew for each step.
        given.pop("found_inf", None)
        used = [bool(self.group[option]) for option in self.optimizer.optional.values()]
        self.found = numbers, (names, [*map(id, given.values())], static, used)
        # What a list holds may change while it stays the same object.
        self.options = [] if any(isinstance(one, list) for one in options) else options
        return self.found
