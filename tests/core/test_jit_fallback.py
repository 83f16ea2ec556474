"""nr.jit: Python that cannot be one program runs as plain recording, with one warning."""

from __future__ import annotations

import itertools
import warnings
from functools import partial

import pytest

import neurarust as nr
from neurarust.core.engine.recording import state
from neurarust.core.errors import CaptureError, JitWarning

HERE = r".*test_jit_fallback.py:\d+"


def warned(action) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    return [str(one.message) for one in caught if one.category is JitWarning]


def check(function, expected, *patterns, calls=6):
    """Calls give what is expected; one warning matches the patterns in order."""
    found: list = []
    texts = warned(lambda: found.extend(function(k) for k in range(calls)))
    assert found == [expected(k) for k in range(calls)]
    assert len(texts) == 1
    with pytest.raises(JitWarning, match=".*".join(patterns)):
        raise JitWarning(texts[0])


def test_a_number_that_changes_is_named():
    counter = itertools.count(1)

    @nr.jit
    def function(x):
        return x * (next(counter) / 2)

    check(
        lambda k: function(nr.ones(1)).item(), lambda k: (k + 1) / 2,
        "function cannot run as one program", r"0\.5 that mul got at", HERE, r"was 1\.0",
        "Pass it as an argument", "plain recording",
    )  # fmt: skip


def test_an_array_from_python_data_that_changes_is_named():
    counter = itertools.count(1)

    @nr.jit
    def function(x):
        return x * nr.tensor([1.0, float(next(counter))])

    check(
        lambda k: function(nr.ones(2)).tolist(), lambda k: [1, k + 1],
        "an array made from Python data", "first used at" + HERE,
    )  # fmt: skip


def test_a_result_that_changes_is_named():
    counter = itertools.count(1)
    function = nr.jit(lambda x: (x + 1, next(counter)))
    check(lambda k: function(nr.ones(1))[1], lambda k: k + 1, r"it returned \[None, 1\]")


def test_gradients_to_a_parameter_that_is_a_view():
    weight = nr.nn.Parameter(nr.arange(6.0).reshape(2, 3).t())

    @nr.jit
    def function(x):
        return (x @ weight).sum()

    def step(k):
        weight.grad = None
        function(nr.full((1, 3), k + 1.0)).backward()
        return weight.grad.tolist()

    check(
        step, lambda k: [[k + 1, k + 1]] * 3, "a leaf that is a view of other memory",
        r"Give it its own: nn.Parameter\(x.t\(\).clone\(\)\)", HERE,
    )  # fmt: skip


def test_other_calls_each_time():
    counter = itertools.count()

    @nr.jit
    def function(x):
        return x.exp() if next(counter) % 2 else x + 1

    check(
        lambda k: function(nr.zeros(1)).item(), lambda k: 1, "it called", HERE, "where it had",
    )  # fmt: skip


def test_looking_names_the_line():
    @nr.jit
    def function(x):
        total = x.sum()
        if total > 3:
            return x
        return -x

    check(
        lambda k: function(nr.full((1,), float(k))).item(), lambda k: k if k > 3 else -k,
        r"result of gt \(made at", "looked at inside function by __bool__ at", HERE, r"nr\.cond",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("function", "name", "remedy"),
    [
        (lambda x: x.nonzero(), "nonzero", r"nr\.nonzero_static\(x, size=n\)"),
        (lambda x: nr.where(x > 0)[0], "where", r"nonzero_static"),
        (lambda x: x.masked_select(x > 0), "masked_select", r"nr\.where\(mask, x, 0\)"),
        (lambda x: x.repeat_interleave(x.long()), "repeat_interleave", "output_size=n"),
        (lambda x: x.tensor_split(x[:1].long())[0], "tensor_split", "Python numbers"),
        (lambda x: x.to_sparse().to_dense(), "to_sparse", "the dense tensor"),
        (lambda x: x[x > 0], r"x\[mask\]", r"nr\.where\(mask, x, 0\)"),
        (lambda x: nr.unique(x), "unique", "sort"),
    ],
)  # fmt: skip
def test_shapes_that_depend_on_data(function, name, remedy):
    jitted = nr.jit(function)
    check(
        lambda k: jitted(nr.full((2,), float(k))).tolist(),
        lambda k: function(nr.full((2,), float(k))).tolist(),
        f"by {name} at", HERE, "shape of the result depends on the data", remedy,
    )  # fmt: skip
    strict = nr.compile(function, fullgraph=True)
    for _ in range(2):
        with pytest.raises(CaptureError, match=f"fullgraph=True.*by {name} at{HERE}"):
            strict(nr.ones(2))


def test_forms_of_fixed_size_run_as_one_program():
    @partial(nr.compile, fullgraph=True)
    def function(x, counts):
        return nr.nonzero_static(x, size=3), x.repeat_interleave(counts, output_size=4)

    for _ in range(3):
        places, repeated = function(nr.tensor([0.0, 2.0, 3.0]), nr.tensor([1, 2, 1]))
        assert places.tolist() == [[1], [2], [-1]] and repeated.tolist() == [0, 2, 2, 3]


def test_a_look_takes_everything_back():
    """The trace that failed leaves no marks: state, gradients, rates and random numbers."""

    def build():
        nr.manual_seed(0)
        weight = nr.ones(3, requires_grad=True)
        optimizer = nr.optim.Adam([weight], lr=0.1)
        scheduler = nr.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)

        def step(x):
            optimizer.zero_grad()
            loss = (nr.dropout(weight, 0.5) * x).sum()
            loss.backward()
            optimizer.step()
            scheduler.step()
            return loss.item()

        return weight, optimizer, step

    runs = []
    for jitted in (False, True):
        weight, optimizer, step = build()
        if jitted:
            step = nr.jit(step)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", JitWarning)
            losses = [step(nr.ones(3)) for _ in range(3)]
        runs.append([losses, weight.tolist(), optimizer.param_groups[0]["lr"]])
    assert runs[0] == runs[1] and state.capture is None


def test_tensors_kept_outside():
    losses = []

    @nr.jit
    def function(x):
        losses.append(x * 2)
        return x + 1

    reason = r"keeps the result of mul \(made at .*test_jit_fallback.py:\d+\) somewhere outside"
    check(lambda k: function(nr.full((1,), float(k))).item(), lambda k: k + 1, reason)
    assert [one.item() for one in losses] == [2 * k for k in range(6)]


def test_an_attribute_that_changes_at_every_call():
    class Model:
        calls = 0

        def __init__(self):
            self.calls = 0

        @nr.jit
        def run(self, x):
            self.calls += 1
            return x + 1

    model = Model()
    check(
        lambda k: model.run(nr.full((1,), float(k))).item(), lambda k: k + 1,
        r"Model\.calls is another at every call", calls=50,
    )  # fmt: skip
    assert model.calls == 50


def test_a_value_that_changes_later_is_noticed():
    """Plain variables and attributes are guards: nothing is stale after the second call."""
    factor = 1.0
    model = nr.nn.Dropout(0.0)

    @nr.jit
    def function(x):
        return model(x * factor)

    assert [function(nr.ones(1)).item() for _ in range(4)] == [1] * 4
    factor = 3.0
    assert [function(nr.ones(1)).item() for _ in range(4)] == [3] * 4
    model.p = 1.0
    assert [function(nr.ones(1)).item() for _ in range(4)] == [0] * 4


SCALE = 1.0
OPTIONS = {"shift": 0.0}


def scaled(x):
    return x * SCALE + OPTIONS["shift"]


def test_helpers_and_dictionaries_are_guarded_too(monkeypatch):
    class Model(nr.nn.Module):
        def forward(self, x):
            return scaled(x)

    model = Model()
    function = nr.jit(lambda x: scaled(x))
    fast = nr.jit(model)
    for scale, shift in ((1.0, 0.0), (2.0, 0.0), (2.0, 5.0)):
        monkeypatch.setitem(globals(), "SCALE", scale)
        OPTIONS["shift"] = shift
        for _ in range(3):
            assert function(nr.ones(1)).item() == fast(nr.ones(1)).item() == scale + shift


def test_a_backward_that_leaves_the_function():
    weight = nr.ones(1, requires_grad=True)
    outside = weight * 2

    @nr.jit
    def function(x):
        (outside * x).sum().backward(retain_graph=True)

    texts = warned(lambda: [function(nr.ones(1)) for _ in range(3)])
    assert len(texts) == 1 and "computed outside" in texts[0] and weight.grad.item() == 6


def test_errors_of_the_function_come_through():
    total = nr.zeros(1)

    @nr.jit
    def function(x):
        total.add_(1)
        return x @ nr.ones(3, 3)

    for _ in range(3):
        with pytest.raises(RuntimeError, match="matmul"):
            function(nr.ones(2, 2))
    assert total.item() == 0
    assert function(nr.ones(2, 3)).tolist() == [[3] * 3] * 2 and total.item() == 1


def test_a_second_backward_through_a_finished_step():
    weight = nr.ones(2, requires_grad=True)

    @nr.jit
    def function(x):
        loss = (weight**2 * x).sum()
        loss.backward()
        return loss

    for _ in range(4):
        loss = function(nr.ones(2))
        assert loss.requires_grad
        with pytest.raises(RuntimeError, match="second time"):
            loss.backward()


def test_fullgraph_and_disable():
    function = nr.compile(lambda x: x.item(), disable=True)
    assert function(nr.ones(1)) == 1
    counter = itertools.count(1)
    strict = nr.compile(lambda x: x * next(counter), fullgraph=True)
    strict(nr.ones(1))
    with pytest.raises(CaptureError, match="the Python number 1 that mul got"):
        strict(nr.ones(1))


def change_list(given):
    given[:] = [7]


def change_dict(given):
    given["seen"] = True


def change_nested(given):
    given[0].append(1)


@pytest.mark.parametrize(
    ("change", "make"),
    [(change_list, lambda: [5]), (change_dict, dict), (change_nested, lambda: [[]])],
)
def test_arguments_that_the_function_changes(change, make):
    def function(x, given):
        change(given)
        return x * 2

    jitted = nr.jit(function)
    with pytest.warns(JitWarning, match="changes a container that it got as an argument"):
        jitted(nr.ones(2), make())
    for _ in range(4):
        given, wanted = make(), make()
        change(wanted)
        jitted(nr.ones(2), given)
        assert given == wanted


def test_results_that_hold_tensors_in_objects_of_their_own():
    """They are compared and named without asking the tensors."""

    def function(x):
        return {Holder(x * 2)}

    class Holder:
        def __init__(self, x):
            self.x = x

        def __eq__(self, other):
            return bool((self.x == other.x).all())

        def __hash__(self):
            return 3

    jitted = nr.jit(function)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", JitWarning)
        for k in range(5):
            (made,) = jitted(nr.ones(2) * k)
            assert made.x.tolist() == [2 * k, 2 * k]


@pytest.mark.filterwarnings("ignore:jit")
def test_a_stream_that_is_seeded_inside():
    def seeded():
        nr.manual_seed(3)
        return nr.rand(2)

    def seeded_later():
        drawn = nr.rand(2)
        nr.manual_seed(3)
        return drawn

    def forked():
        with nr.random.fork_rng():
            nr.manual_seed(1)
            return nr.rand(2)

    def of_its_own():
        return nr.rand(2, generator=nr.Generator().manual_seed(5))

    for function in (seeded, seeded_later, forked, of_its_own):
        results = []
        for run in (function, nr.jit(function)):
            nr.manual_seed(0)
            results.append([run().tolist() for _ in range(4)] + [nr.rand(2).tolist()])
        assert results[0] == results[1]
