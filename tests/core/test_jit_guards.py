"""What a jitted function's Python reads is guarded, each of these and nothing that it does not."""

from __future__ import annotations

import collections
import copy
import cProfile
import dataclasses
import enum
import functools
import gc
import pickle
import sys
import types
import warnings
import weakref
from array import array as packed

import numpy as np
import pytest

import neurarust as nr
from neurarust.core.changes import Changes
from neurarust.core.jit.guards import Guards
from neurarust.core.jit.reads import names_of, of_the_user
from neurarust.core.observed import observed

nn = nr.nn


@pytest.fixture(autouse=True)
def written_out(monkeypatch):
    """Calls are written out as soon as they can be."""
    monkeypatch.setattr("neurarust.core.jit.quick.FIRST", 1)


class Setting:
    scale = 2.0


class Inherited(Setting):
    items = {"scale": 2.0}

    @classmethod
    def by_class(cls, x):
        return x * cls.items["scale"]

    @staticmethod
    def by_static(x):
        return x * Inherited.items["scale"]


class Slotted:
    __slots__ = ("scale",)

    def __init__(self):
        self.scale = 2.0


class Hidden:
    """A number behind a property, a call and an attribute that is looked up when it is missing."""

    def __init__(self):
        self._scale, self.kept = 2.0, {"other": 2.0}

    @property
    def scale(self):
        return self._scale

    def __call__(self, x):
        return x * self._scale

    def __getattr__(self, name):
        return self.kept[name]


class AttributeDict(dict):
    def __getattr__(self, name):
        return self[name]


@dataclasses.dataclass
class Data:
    scale: float = 2.0


Named = collections.namedtuple("Named", "scale")


class Kind(enum.Enum):
    TWO = 2.0
    THREE = 3.0


def by_default(x, scale=2.0):
    return x * scale


def by_keyword(x, *, scale=2.0):
    return x * scale


def by_attribute(x):
    return x * by_attribute.scale


def made_inside(value):
    return {
        "names": [2.0, [2.0], {"deep": [2.0]}],
        "module": types.ModuleType("of_the_user"),
        "array": np.array([2.0, 2.0]),
        "large": np.full(300_000, 2.0),
    }[value]


config = types.ModuleType("a_module_of_the_user")
number, single, kind = np.float64(2), np.float32(2), Kind.TWO
numbers, entries, nested, many = [2.0], {"scale": 2.0}, {"a": [{"b": 2.0}]}, {"scale": 2.0}
array, large = np.array([2.0, 2.0]), np.full(300_000, 2.0)
slotted, hidden, data, named, pair = Slotted(), Hidden(), Data(), Named(2.0), (2.0, 1)
inherited, attributes = Inherited(), AttributeDict(scale=2.0)
queue, ordered = collections.deque([2.0]), collections.OrderedDict(scale=2.0)
partial, other = functools.partial(by_default, scale=2.0), by_default
deep = types.SimpleNamespace(a=types.SimpleNamespace(b=types.SimpleNamespace(c=Data())))
step = 0


def now(name, value):
    """Gives a global variable another value."""
    return lambda: globals().__setitem__(name, value)


def member(one, name, value=3.0):
    return lambda: setattr(one, name, value)


def entry(one, key, value=3.0):
    return lambda: one.__setitem__(key, value)


CASES = {
    "attribute of a module": (lambda x: x * config.scale, member(config, "scale")),
    "float64": (lambda x: x * number, now("number", np.float64(3))),
    "float32": (lambda x: x * single, now("single", np.float32(3))),
    "enumeration": (lambda x: x * kind.value, now("kind", Kind.THREE)),
    "list": (lambda x: x * numbers[0], entry(numbers, 0)),
    "length of a list": (lambda x: x * len(numbers), lambda: numbers.append(1.0)),
    "dictionary": (lambda x: x * entries["scale"], entry(entries, "scale")),
    "new key": (lambda x: x * entries.get("more", 2.0), entry(entries, "more")),
    "nested": (lambda x: x * nested["a"][0]["b"], entry(nested["a"][0], "b")),
    "named entry of many": (lambda x: x * many["scale"], entry(many, "scale")),
    "deque": (lambda x: x * queue[0], entry(queue, 0)),
    "ordered": (lambda x: x * ordered["scale"], entry(ordered, "scale")),
    "array": (lambda x: x * nr.tensor(array), entry(array, 0)),
    "large array": (lambda x: x * float(large.mean()), lambda: large.fill(3.0)),
    "class": (lambda x: x * Setting.scale, member(Setting, "scale")),
    "inherited": (lambda x: x * inherited.scale, member(Setting, "scale", 5.0)),
    "hides that of the class": (lambda x: x * inherited.scale, member(inherited, "scale", 7.0)),
    "class method": (lambda x: Inherited.by_class(x), entry(Inherited.items, "scale")),
    "static method": (lambda x: Inherited.by_static(x), entry(Inherited.items, "scale", 5.0)),
    "slots": (lambda x: x * slotted.scale, member(slotted, "scale")),
    "property": (lambda x: x * hidden.scale, member(hidden, "_scale")),
    "call": (lambda x: hidden(x), member(hidden, "_scale", 5.0)),
    "missing attribute": (lambda x: x * hidden.other, entry(hidden.kept, "other")),
    "attributes of a dictionary": (lambda x: x * attributes.scale, entry(attributes, "scale")),
    "data class": (lambda x: x * data.scale, member(data, "scale")),
    "another object": (lambda x: x * data.scale, now("data", Data(5.0))),
    "named tuple": (lambda x: x * named.scale, now("named", Named(3.0))),
    "tuple": (lambda x: x * pair[0], now("pair", (3.0, 1))),
    "number in a tuple": (lambda x: x.double() * pair[1], now("pair", (3.0, 1.5))),
    "far inside": (lambda x: x * deep.a.b.c.scale, member(deep.a.b.c, "scale")),
    "by name": (lambda x: x * getattr(deep.a.b.c, "sca" + "le"), member(deep.a.b.c, "scale", 5.0)),
    "default": (lambda x: by_default(x), member(by_default, "__defaults__", (3.0,))),
    "keyword": (lambda x: by_keyword(x), member(by_keyword, "__kwdefaults__", {"scale": 3.0})),
    "another function": (lambda x: other(x), now("other", lambda x: x * 7)),
    "other code": (lambda x: by_default(x, 1.0), member(by_default, "__code__", (
        lambda x, scale: x - scale).__code__)),
    "attribute of a function": (lambda x: by_attribute(x), member(by_attribute, "scale")),
    "partial": (lambda x: partial(x), now("partial", functools.partial(by_keyword, scale=4.0))),
    "global by name": (lambda x: x * globals().get("absent", 2.0), now("absent", 3.0)),
    "sign of a zero": (lambda x: x / step, now("step", -0.0)),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def prepared():
    config.scale = by_attribute.scale = 2.0
    many.update({k: 1.0 for k in range(2000)})
    yield
    globals().pop("absent", None)


@pytest.mark.parametrize("name", CASES)
def test_another_value_is_seen(name):
    function, change = CASES[name]
    if name == "sign of a zero":
        now("step", 0.0)()
    x = nr.ones(2)
    jitted = nr.jit(function)
    for _ in range(7):
        before = jitted(x).tolist()
    assert not jitted._plain
    assert jitted._kinds
    change()
    expected = function(x).tolist()
    assert expected != before
    assert jitted(x).tolist() == expected


@pytest.mark.parametrize("profiled", [False, True])
def test_only_what_the_code_reads_counts(profiled):
    """Counters and histories of the loop around a step, and a global with a method's name."""

    class Trainer:
        def __init__(self):
            self.model = nn.Linear(2, 2)
            self.optimizer = nr.optim.SGD(self.model.parameters(), lr=0.1)
            self.count, self.history, self.runs = 0, [], []

        def train(self, x):
            self.runs.append(1)
            self.optimizer.zero_grad()
            loss = self.model(x).square().mean()
            loss.backward()
            self.optimizer.step()
            return loss

        def fit(self, x):
            global step
            train = nr.jit(self.train)
            for step in range(12):
                self.count = step
                self.history.append(train(x).item())
            return train

    trainer, x = Trainer(), nr.ones(4, 2)
    if profiled:
        # Somebody else's profile: what ran is not known, and all methods count.
        with cProfile.Profile(), warnings.catch_warnings():
            warnings.simplefilter("error")
            trainer.fit(x)
        assert sys.getprofile() is None
    else:
        trainer.fit(x)
    assert len(trainer.runs) == 2
    assert trainer.history == sorted(trainer.history, reverse=True)


def test_what_cannot_be_observed_is_guarded_all_the_same():
    factors = [2.0]

    def helper(x):
        return x * factors[0]

    jitted = nr.jit(lambda x: helper(x))
    x = nr.ones(2)
    with cProfile.Profile():
        for _ in range(4):
            assert jitted(x).tolist() == [2, 2]
        factors[0] = 3.0
        assert jitted(x).tolist() == [3, 3]
    factors[0] = 5.0
    assert jitted(x).tolist() == [5, 5]


def test_what_is_large_costs_little():
    rows = [[1.0] * 1000 for _ in range(500)]
    images = np.zeros((3000, 784), np.float32)

    def function(x):
        return x * len(rows) * images.shape[1]

    with observed() as seen:
        function(nr.ones(1))
    guards = Guards(function, (), of_the_user(seen.codes))
    assert sum(len(values) for _, _, values in guards.entries) < 25_000
    assert guards.hold()
    images += 1
    assert not guards.hold()
    images -= 1
    assert guards.hold()
    rows.append([])
    assert not guards.hold()


def test_a_dictionary_that_makes_its_entries_is_not_asked_for_them():
    asked = []

    class Lazy(dict):
        def __getitem__(self, key):
            asked.append(key)
            return dict.__getitem__(self, key)

    lazy = Lazy(a=2.0, b=np.zeros(3))

    def function(x):
        return x * lazy.get("a")

    with observed() as seen:
        function(nr.ones(1))
    guards = Guards(function, (), of_the_user(seen.codes))
    assert guards.hold()
    assert not asked
    lazy["a"] = 3.0
    assert not guards.hold()


def test_members_of_modules():
    class Net(nn.Module):
        offset = 1.0

        def __init__(self):
            super().__init__()
            self.layer, self.activation = nn.Conv1d(1, 1, 2), nr.relu
            self.sizes = [1.0]

        def forward(self, x):
            return self.activation(self.layer(x)) * self.sizes[0] + self.offset

    model = Net()
    jitted, x = nr.jit(model), nr.randn(1, 1, 5)

    def check():
        for _ in range(4):
            np.testing.assert_allclose(jitted(x).numpy(force=True), model(x).numpy(force=True))

    check()
    for change in (
        member(model, "activation", nr.tanh), entry(model.sizes, 0), member(model, "offset", 2.0),
        member(Net, "offset", 5.0), lambda: delattr(model, "offset"),
        member(model.layer, "stride", (2,)), member(model, "forward", lambda x: x * 2),
    ):  # fmt: skip
        change()
        check()


def test_what_python_sees_of_an_argument():
    x, one = nr.ones(2), nr.ones(1)

    def check(function, *arguments):
        jitted = nr.jit(function)
        for _ in range(4):
            for argument in arguments:
                assert jitted(argument, one).tolist() == function(argument, one).tolist()

    with nr.no_grad():
        check(lambda x, y: y * (2 if x.requires_grad else 3), x, nr.ones(2, requires_grad=True))
    # Its shape and type, though no element is read.
    check(lambda x, y: nr.ones(x.shape[0]) + y, x, nr.ones(3))
    check(lambda x, y: y * (2 if x.dtype is nr.float32 else 3), x, x.double())
    check(lambda x, y: y * (2 if isinstance(x, nn.Parameter) else 3), nn.Parameter(x),
          nr.ones(2, requires_grad=True))  # fmt: skip
    marked, others = nr.ones(2), nr.ones(2)
    marked.tag, others.tag = 2, 3
    check(lambda x, y: y * getattr(x, "tag", 4), marked, others, x)
    # How a view lies in memory.
    square, rows = nr.arange(4.0).view(2, 2), nr.arange(8.0).view(4, 2)
    check(lambda x, y: x * (2 if x.is_contiguous() else 3), square.t(), rows[1:3])
    check(lambda x, y: x * x.stride(0), square.t(), rows[1:3], rows[::2])
    check(lambda x, y: x[:1] * x.storage_offset(), rows[1:3], rows[2:4])


def test_where_a_view_begins_does_not_count_unless_it_is_asked_for():
    runs = []

    @nr.jit
    def function(x):
        runs.append(1)
        return x.view(-1).sum()

    data = nr.arange(24.0).view(12, 2)
    found = [function(data[k : k + 2]).item() for k in range(0, 12, 2)]
    assert found == [6.0, 22.0, 38.0, 54.0, 70.0, 86.0]
    assert len(runs) == 2


def test_arguments_with_the_sign_of_a_zero_and_nan():
    jitted = nr.jit(lambda x, y: x / y)
    x = nr.ones(1)
    for _ in range(3):
        assert jitted(x, 0.0).item() == np.inf
        assert jitted(x, -0.0).item() == -np.inf
        assert np.isnan(jitted(x, float("nan")).item())
    assert not jitted._plain


def test_names_in_code():
    def function(x):
        return config.scale + getattr(x, "other", None)

    found = names_of(function.__code__)
    assert found.variables == {"config", "getattr"}
    assert {"scale", "other"} <= found.members
    assert found.dynamic


def test_only_code_of_the_user_is_noted():
    def mine(x):
        return nn.functional.relu(x * 2).sum()

    for _ in range(2):
        with observed() as seen:
            mine(nr.ones(2))
    assert [code.co_name for code in of_the_user(seen.codes)] == ["mine"]


def test_a_search_for_cycles_is_no_part_of_the_function():
    counted = []

    def count(phase, _):
        counted.append(phase)

    def function(x):
        kept = [[k] for k in range(5000)]
        return x * len(kept)

    gc.callbacks.append(count)
    try:
        with observed() as seen:
            function(nr.ones(2))
        assert gc.isenabled()
    finally:
        gc.callbacks.remove(count)
    assert "count" not in [code.co_name for code in seen.codes]


def test_containers_that_the_function_fills_itself():
    seen, kept = [], {}

    @nr.jit
    def function(x):
        seen.append(x.shape)
        kept[len(seen)] = 1
        return x * 2

    x = nr.ones(2)
    for _ in range(6):
        function(x)
    assert len(seen) == len(kept) == 2


def test_a_guard_holds_until_something_changes_and_tells_what():
    def function(x):
        return x * numbers[0] * config.scale + by_default(x)

    with observed() as seen:
        function(nr.ones(1))
    guards = Guards(function, (), of_the_user(seen.codes))
    assert guards.hold()
    globals()["unrelated"] = 1
    config.unrelated = 1
    assert guards.hold()
    assert guards.changed() == []
    numbers.append(9.0)
    assert not guards.hold()
    assert guards.changed() == ["an element of a list"]
    numbers.pop()
    assert guards.hold()
    before, config.scale = config.scale, 11.0
    assert not guards.hold()
    assert guards.changed() == ["a_module_of_the_user.scale"]
    config.scale = before
    assert guards.hold()


def test_parts_say_when_they_change():
    """Dictionaries of modules and optimizers, whatever is done to them."""
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    guards = Guards(lambda x: x, (model,), {})
    linear = model._modules.pop("0")
    assert not guards.hold()
    assert guards.changed() == ["a parameter, buffer or submodule of Sequential"]
    others = dict(model._modules)
    model._modules.clear()
    model._modules.update({"0": linear} | others)
    assert guards.hold()
    weight = linear._parameters["weight"]
    for change in (
        lambda held: held.__setitem__("weight", nn.Parameter(nr.ones(2, 2))),
        lambda held: held.__delitem__("weight"),
        lambda held: held.__ior__({"weight": nn.Parameter(nr.ones(2, 2))}),
        lambda held: held.setdefault("other", weight),
        lambda held: held.popitem(),
    ):
        kept = dict(linear._parameters)
        change(linear._parameters)
        assert not guards.hold()
        linear._parameters.clear()
        linear._parameters.update(kept)
        assert guards.hold()


def test_parts_that_are_plain_dictionaries():
    """As in a Module that was pickled by another version, or given one."""
    linear = nn.Linear(2, 2)
    vars(linear)["_parameters"] = dict(linear._parameters)
    guards = Guards(lambda x: x, (linear,), {})
    assert guards.hold()
    linear._parameters["weight"] = nn.Parameter(nr.ones(2, 2))
    assert not guards.hold()


def test_copies_and_pickles_of_parts():
    model = nn.Linear(2, 2)
    optimizer = nr.optim.Adam(model.parameters())
    model(nr.ones(1, 2)).sum().backward()
    optimizer.step()
    for made in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert type(made.state) is type(optimizer.state)
        assert [type(one) for one in made.state.values()] == [
            type(one) for one in optimizer.state.values()
        ]
        before = Changes.count
        assert made.state["new"] == {}
        assert Changes.count > before
    for made in (copy.deepcopy(model), copy.copy(model), pickle.loads(pickle.dumps(model))):
        assert type(made._parameters) is type(model._parameters)
        np.testing.assert_array_equal(made.weight.numpy(force=True), model.weight.numpy(force=True))


def test_attributes_of_tensors_and_what_containers_of_the_library_hold():
    model = nn.Linear(2, 2)
    table, bits = collections.ChainMap({"k": 1}), bytearray(1)
    numbers = packed("d", [0.0])
    cases = [
        (lambda x: x * model.weight.tag, lambda value: setattr(model.weight, "tag", value)),
        (lambda x: x * table["k"], lambda value: table.__setitem__("k", value)),
        (lambda x: x * bits[0], lambda value: bits.__setitem__(0, value)),
        (lambda x: x * numbers[0], lambda value: numbers.__setitem__(0, value)),
    ]
    for function, change in cases:
        change(1)
        jitted = nr.jit(function)
        for value in (1, 1, 1, 2, 2, 3, 1):
            change(value)
            assert jitted(nr.ones(1)).item() == value


def test_objects_that_count_as_themselves_are_not_kept_alive():
    class Scaled:
        def __init__(self):
            self.layer = nn.Linear(3, 2)

        @nr.jit
        def __call__(self, x):
            return self.layer(x) * 2

    of_modules = nr.jit(lambda module, x: module(x))
    kept = []
    for _ in range(3):
        scaled = Scaled()
        for _ in range(4):
            scaled(nr.ones(3)).sum().item()
            of_modules(scaled.layer, nr.ones(3)).sum().item()
        kept += [weakref.ref(scaled), weakref.ref(scaled.layer), weakref.ref(scaled.layer.weight)]
    del scaled
    # (What holds the parameters goes when the modules are gone.)
    gc.collect()
    gc.collect()
    assert [one() for one in kept] == [None] * len(kept)
    assert not of_modules._kinds and not Scaled.__dict__["__call__"]._kinds


class Scaling(nn.Module):
    """Defined here, so that it can be pickled."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        return self.layer(x) * 2


def test_a_jitted_module_is_pickled_and_copied():
    model = nr.jit(Scaling())
    x = nr.ones(1, 2)
    expected = [model(x).tolist() for _ in range(3)][-1]
    for made in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert isinstance(made, Scaling) and type(made) is not Scaling
        for _ in range(3):
            assert made(x).tolist() == expected
        with nr.no_grad():
            made.layer.weight.zero_()
        assert made(x).tolist() != expected
    assert model(x).tolist() == expected
