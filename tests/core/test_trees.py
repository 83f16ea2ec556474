"""Trees of containers: leaves, and what is put together again."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, namedtuple

import pytest

import neurarust as nr
from neurarust.core.capture.trees import flatten, keys_of


@dataclasses.dataclass
class Record:
    x: object
    count: int = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    x: object


class Output(OrderedDict):
    """As libraries return it: a dict whose entries are attributes, too."""

    def __getattr__(self, name):
        return self[name]


Pair = namedtuple("Pair", "first second")
TREES = [
    {"z": 1, "a": [2, {"c": 3, "b": 4}]},
    {3: 1, "a": 2},
    OrderedDict(z=1, a=2),
    Pair(1, (2, None)),
    Record([1, 2], 4),
    Frozen({"b": Record(1)}),
    Output(logits=1, loss=2),
    "text",
    {},
]


@pytest.mark.parametrize("tree", TREES, ids=lambda one: type(one).__name__)
def test_there_and_back(tree):
    leaves, structure = flatten(tree)
    again = structure.unflatten(leaves)
    assert again == tree and type(again) is type(tree)
    if isinstance(tree, dict):
        assert list(again) == list(tree)
    assert structure == flatten(again)[1] and hash(structure) == hash(flatten(again)[1])


def test_the_order_of_keys_tells_no_trees_apart():
    (one, first), (other, second) = flatten({"b": 1, "a": 2}), flatten({"a": 2, "b": 1})
    assert one == other == [2, 1] and first == second
    assert flatten({"a": 1})[1] != flatten({"b": 1})[1] != flatten(OrderedDict(b=1))[1]
    assert keys_of({3: 0, "a": 0}) == [3, "a"]


def test_what_makes_missing_entries_stays():
    leaves, structure = flatten(defaultdict(list, b=1, a=2))
    again = structure.unflatten(leaves)
    assert again["c"] == [] and [*again] == ["b", "a", "c"]


def test_modules_and_classes_are_leaves():
    @dataclasses.dataclass(eq=False)
    class Net(nr.nn.Module):
        size: int

        def __post_init__(self):
            super().__init__()

    for one in (Net(2), Record, nr.ones(2)):
        assert flatten(one)[0] == [one] if not isinstance(one, nr.Tensor) else True


def test_a_dataclass_that_holds_itself_is_a_leaf():
    one = Record(nr.ones(2))
    one.count = one
    assert flatten((one, 3))[0] == [one, 3]


def test_gradients_have_the_order_of_the_parameters():
    parameters = {"w": nr.tensor(2.0), "b": nr.tensor(3.0)}

    def loss(p):
        return p["w"] * 10 + p["b"]

    gradients = nr.func.grad(loss)(parameters)
    assert [(k, v.item()) for k, v in gradients.items()] == [("w", 10), ("b", 1)]
    assert list(nr.func.jacrev(loss)(parameters)) == ["w", "b"]
    (pulled,) = nr.func.vjp(loss, parameters)[1](nr.tensor(1.0))
    assert list(pulled) == ["w", "b"]
    mapped = nr.vmap(lambda p: {"z": p["w"], "a": p["b"]})({"w": nr.ones(2), "b": nr.zeros(2)})
    assert list(mapped) == ["z", "a"] and mapped["z"].tolist() == [1, 1]
