"""Optimizers against the formulas of their papers in NumPy, and what their base promises."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import neurarust as nr

STEPS = 4


def adam(lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, decoupled=False):
    def run(p, grads):
        m, v, top = np.zeros_like(p), np.zeros_like(p), np.zeros_like(p)
        for t, g in enumerate(grads, 1):
            if decoupled:
                p = p * (1 - lr * weight_decay)
            else:
                g = g + weight_decay * p
            m = betas[0] * m + (1 - betas[0]) * g
            v = betas[1] * v + (1 - betas[1]) * g * g
            top = np.maximum(top, v)
            used = (top if amsgrad else v) / (1 - betas[1] ** t)
            p = p - lr * m / (1 - betas[0] ** t) / (np.sqrt(used) + eps)
        return p

    return run


def sgd(lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
    def run(p, grads):
        buffer = None
        for g in grads:
            g = g + weight_decay * p
            if momentum:
                buffer = g if buffer is None else momentum * buffer + (1 - dampening) * g
                g = g + momentum * buffer if nesterov else buffer
            p = p - lr * g
        return p

    return run


def rmsprop(lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
    def run(p, grads):
        v, mean, buffer = np.zeros_like(p), np.zeros_like(p), np.zeros_like(p)
        for g in grads:
            g = g + weight_decay * p
            v = alpha * v + (1 - alpha) * g * g
            mean = alpha * mean + (1 - alpha) * g
            step = g / (np.sqrt(v - mean**2 if centered else v) + eps)
            buffer = momentum * buffer + step
            p = p - lr * (buffer if momentum else step)
        return p

    return run


# (class, options, reference)
ROWS = [
    (nr.optim.SGD, {"lr": 0.1}, sgd),
    (nr.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}, sgd),
    (nr.optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}, sgd),
    (nr.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}, sgd),
    (nr.optim.Adam, {"lr": 0.1}, adam),
    (nr.optim.Adam, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}, adam),
    (nr.optim.Adam, {"lr": 0.1, "amsgrad": True}, adam),
    (nr.optim.AdamW, {"lr": 0.1, "weight_decay": 0.1}, lambda **o: adam(**o, decoupled=True)),
    (nr.optim.RMSprop, {"lr": 0.1}, rmsprop),
    (nr.optim.RMSprop, {"lr": 0.1, "alpha": 0.5, "eps": 1e-3, "weight_decay": 0.1}, rmsprop),
    (nr.optim.RMSprop, {"lr": 0.1, "momentum": 0.9, "centered": True, "alpha": 0.5}, rmsprop),
]
IDS = [f"{row[0].__name__}-{'-'.join(row[1])}" for row in ROWS]


def data(dtype=np.float64):
    generator = np.random.default_rng(0)
    return (
        generator.standard_normal((2, 3)).astype(dtype),
        [generator.standard_normal((2, 3)).astype(dtype) for _ in range(STEPS)],
    )


def run(optimizer, parameter, grads):
    for grad in grads:
        parameter.grad = nr.tensor(grad)
        optimizer.step()


@pytest.mark.parametrize(("kind", "options", "reference"), ROWS, ids=IDS)
def test_formula(kind, options, reference):
    start, grads = data()
    parameter = nr.nn.Parameter(nr.tensor(start))
    run(kind([parameter], **options), parameter, grads)
    np.testing.assert_allclose(parameter.detach(), reference(**options)(start, grads), rtol=1e-9)


@pytest.mark.parametrize(("kind", "options", "reference"), ROWS, ids=IDS)
def test_maximize_ascends(kind, options, reference):
    start, grads = data()
    parameter = nr.nn.Parameter(nr.tensor(start))
    run(kind([parameter], **options, maximize=True), parameter, grads)
    expected = reference(**options)(start, [-grad for grad in grads])
    np.testing.assert_allclose(parameter.detach(), expected, rtol=1e-9)


@pytest.mark.parametrize(("kind", "options", "reference"), ROWS, ids=IDS)
def test_state_dict_resumes_exactly(kind, options, reference):
    start, grads = data(np.float32)
    whole = nr.nn.Parameter(nr.tensor(start))
    run(kind([whole], **options), whole, grads)
    first = nr.nn.Parameter(nr.tensor(start))
    optimizer = kind([first], **options)
    run(optimizer, first, grads[:2])
    second = nr.nn.Parameter(first.detach().clone())
    resumed = kind([second], **options | {"lr": 7.0})
    resumed.load_state_dict(optimizer.state_dict())
    run(resumed, second, grads[2:])
    assert second.tolist() == whole.tolist()


def test_hyperparameters_travel_as_data():
    parameter = nr.nn.Parameter(nr.ones(3))
    optimizer = nr.optim.AdamW([parameter], lr=0.1)
    for k in range(3):
        parameter.grad = nr.full((3,), float(k))
        optimizer.step()
    before = nr.explain().compilations
    for k in range(5):
        group = optimizer.param_groups[0]
        group["lr"], group["weight_decay"], group["betas"] = 0.1 / (k + 1), 0.01 * k, (0.8, 0.9)
        parameter.grad = nr.full((3,), float(k))
        optimizer.step()
    assert nr.explain().compilations == before


def test_weight_decay_of_zero_is_left_out_until_it_changes():
    parameter = nr.nn.Parameter(nr.full((3,), 2.0))
    optimizer = nr.optim.SGD([parameter], lr=0.5)
    for weight_decay in (0, 0.0, 0.1, 0.2, 0):
        before = parameter.detach().clone()
        optimizer.param_groups[0]["weight_decay"] = weight_decay
        parameter.grad = nr.ones(3)
        optimizer.step()
        expected = before - 0.5 * (1 + weight_decay * before)
        np.testing.assert_allclose(parameter.detach(), expected, rtol=1e-6)


def test_weight_decay_of_zero_passes_on_no_infinities():
    # As in PyTorch, which does not multiply by it: 0 * inf would be NaN.
    parameter = nr.nn.Parameter(nr.tensor([float("inf"), 1.0]))
    optimizer = nr.optim.SGD([parameter], lr=0.5)
    parameter.grad = nr.ones(2)
    optimizer.step()
    assert parameter.tolist() == [float("inf"), 0.5]


def test_groups_have_their_own_options():
    one, two = nr.nn.Parameter(nr.ones(1)), nr.nn.Parameter(nr.ones(1))
    optimizer = nr.optim.SGD([{"params": [one], "lr": 1.0}, {"params": [two]}], lr=0.5)
    one.grad, two.grad = nr.ones(1), nr.ones(1)
    optimizer.step()
    assert (one.item(), two.item()) == (0.0, 0.5)
    three = nr.nn.Parameter(nr.ones(1))
    optimizer.add_param_group({"params": three, "lr": 0.25})
    three.grad = nr.ones(1)
    optimizer.step()
    assert (one.item(), two.item(), three.item()) == (-1.0, 0.0, 0.75)


def test_parameters_without_gradient_stay_and_count_their_own_steps():
    one, two = nr.nn.Parameter(nr.ones(1)), nr.nn.Parameter(nr.ones(1))
    optimizer = nr.optim.Adam([one, two], lr=0.1)
    one.grad = nr.ones(1)
    optimizer.step()
    assert two.item() == 1.0
    two.grad = nr.ones(1)
    optimizer.step()
    assert optimizer.state[one]["step"].item() == 2
    assert optimizer.state[two]["step"].item() == 1
    np.testing.assert_allclose([one.item(), two.item()], [0.8, 0.9], rtol=1e-5)


def test_zero_grad():
    parameter = nr.nn.Parameter(nr.ones(2))
    optimizer = nr.optim.SGD([parameter], lr=0.1)
    parameter.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert parameter.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert parameter.grad is None


def test_closure_and_hooks():
    parameter = nr.nn.Parameter(nr.ones(1))
    optimizer = nr.optim.SGD([parameter], lr=0.1)
    calls = []
    optimizer.register_step_pre_hook(lambda *_: calls.append("before"))
    handle = optimizer.register_step_post_hook(lambda *_: calls.append("after"))

    def closure():
        optimizer.zero_grad()
        loss = (parameter**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 1.0
    handle.remove()
    optimizer.step(closure)
    assert calls == ["before", "after", "before"]
    np.testing.assert_allclose(parameter.item(), 0.64, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda p: nr.optim.SGD([], lr=0.1), ValueError, "empty parameter list: params holds"),
        (lambda p: nr.optim.SGD(p, lr=0.1), TypeError, "iterable of Tensors"),
        (lambda p: nr.optim.SGD(None), TypeError, "NoneType. Give model.parameters"),
        (lambda p: nr.optim.SGD(nr.nn.Linear(1, 1)), TypeError, "Linear. Give model.parameters"),
        (lambda p: nr.optim.SGD([{"param": [p]}]), KeyError, r"needs 'params', but got .'param'"),
        (lambda p: nr.optim.SGD([p], lr="0.1"), TypeError, "Invalid lr: .*'0.1'"),
        (lambda p: nr.optim.SGD([p], lr=None), TypeError, "Invalid lr: .*None"),
        (lambda p: nr.optim.Adam([p], betas=0.9), TypeError, "Invalid betas: .*two .*0.9"),
        (lambda p: nr.optim.Adam([p], betas=(0.9,)), TypeError, "Invalid betas: .*two"),
        (lambda p: nr.optim.Rprop([p], etas=0.5), TypeError, "Invalid etas: .*two"),
        (lambda p: nr.optim.Adafactor([p], eps=0.5), TypeError, "Invalid eps: .*two"),
        (lambda p: nr.optim.SGD([p]).load_state_dict({}), KeyError, "'param_groups', but got"),
        (lambda p: nr.optim.SGD([1.0], lr=0.1), TypeError, "can only optimize Tensors"),
        (lambda p: nr.optim.SGD([p * 2], lr=0.1), ValueError, "non-leaf"),
        (lambda p: nr.optim.SGD([p], lr=-1.0), ValueError, "Invalid learning rate: -1.0"),
        (lambda p: nr.optim.SGD([p], nesterov=True), ValueError, "Nesterov"),
        (lambda p: nr.optim.Adam([p], betas=(1.0, 0.9)), ValueError, "beta parameter at index 0"),
        (lambda p: nr.optim.Adam([p], eps=-1.0), ValueError, "Invalid epsilon"),
        (lambda p: nr.optim.Adam([p], fused=True, foreach=True), RuntimeError, "`True` together"),
        (lambda p: nr.optim.Muon([p]), ValueError, "only supports 2D"),
        (lambda p: nr.optim.Rprop([p], etas=(0.5, 0.9)), ValueError, "Invalid eta"),
        (lambda p: nr.optim.SGD([p], lr=nr.ones(2)), ValueError, "must be 1-element"),
        (lambda p: nr.optim.SGD([("a", p), p * 1], lr=0.1), ValueError, "names are missing"),
        (
            lambda p: nr.optim.Adam([{"params": [p]}, {"params": [p]}]),
            ValueError,
            "more than one parameter group",
        ),
    ],
)
def test_bad_arguments(make, kind, message):
    with pytest.raises(kind, match=message):
        make(nr.nn.Parameter(nr.ones(1)))


@pytest.mark.parametrize("kind", [nr.optim.Adam, nr.optim.Adafactor])
def test_loading_a_state_of_other_shapes_is_refused(kind):
    one, two = nr.nn.Parameter(nr.ones(2, 3)), nr.nn.Parameter(nr.ones(4, 5))
    optimizer = kind([one])
    one.grad = nr.ones(2, 3)
    optimizer.step()
    kind([nr.nn.Parameter(nr.ones(2, 3))]).load_state_dict(optimizer.state_dict())
    with pytest.raises(ValueError, match=r"parameter of \[4, 5\], but got \[2, "):
        kind([two]).load_state_dict(optimizer.state_dict())


def test_loading_a_state_of_other_groups_is_refused():
    one = nr.optim.SGD([nr.nn.Parameter(nr.ones(1))], lr=0.1)
    two = nr.optim.SGD([nr.nn.Parameter(nr.ones(1)), nr.nn.Parameter(nr.ones(1))], lr=0.1)
    with pytest.raises(ValueError, match="2 parameters instead of 1"):
        one.load_state_dict(two.state_dict())


def test_a_step_over_200_parameters_is_one_program():
    parameters = [nr.nn.Parameter(nr.full((2,), float(k))) for k in range(200)]
    optimizer = nr.optim.AdamW(parameters, lr=0.1)

    def step():
        for parameter in parameters:
            parameter.grad = nr.ones(2)
        optimizer.step()

    step()
    before = nr.explain()
    step()
    after = nr.explain()
    assert after.compilations - before.compilations == 0
    assert after.hits - before.hits == 1


def test_an_optimizer_of_ones_own():
    class Momentum(nr.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            for group in self.param_groups:
                for param in group["params"]:
                    state = self.state[param]
                    state["step"] = state.get("step", 0) + 1
                    state.setdefault("buffer", nr.zeros_like(param)).mul_(0.5).add_(param.grad)
                    param.data.add_(state["buffer"], alpha=-group["lr"])

    weight, calls = nr.nn.Parameter(nr.ones(1)), []
    weight.grad = nr.ones(1)
    optimizer = Momentum([weight], 0.25)
    optimizer.register_step_post_hook(lambda *_: calls.append("after"))
    optimizer.step()
    resumed = Momentum([weight], 0.25)
    resumed.load_state_dict(optimizer.state_dict())
    resumed.step()
    assert weight.item() == 1 - 0.25 - 0.25 * 1.5
    assert calls == ["after"] and resumed.state[weight]["step"] == 2


def test_hooks_of_state_dicts():
    optimizer = nr.optim.SGD([nr.nn.Parameter(nr.ones(1))], lr=0.1)
    seen = []
    optimizer.register_state_dict_pre_hook(lambda _: seen.append("before"))
    optimizer.register_state_dict_post_hook(lambda _, state: state | {"extra": 1})
    optimizer.register_load_state_dict_pre_hook(lambda _, state: seen.append(state["extra"]))
    handle = optimizer.register_load_state_dict_post_hook(lambda _: seen.append("after"))
    state = optimizer.state_dict()
    optimizer.load_state_dict(state)
    handle.remove()
    optimizer.load_state_dict(state)
    assert seen == ["before", 1, "after", 1]


def test_saved_step_counts_are_each_parameters_own():
    """PyTorch adds to every loaded count: one tensor for all would grow too fast there."""
    parameters = [nr.nn.Parameter(nr.ones(2)) for _ in range(3)]
    optimizer = nr.optim.Adam(parameters)
    sum(one.sum() for one in parameters).backward()
    optimizer.step()
    state = optimizer.state_dict()["state"]
    assert len({one["step"].data_ptr() for one in state.values()}) == 3
    assert [one["step"].item() for one in state.values()] == [1, 1, 1]


@pytest.mark.parametrize("wrong", ["0.1", None])
@pytest.mark.parametrize("kind", [nr.optim.SGD, nr.optim.Adam, nr.optim.Lion])
def test_an_option_that_should_be_a_number(kind, wrong):
    param = nr.nn.Parameter(nr.ones(2))
    optimizer = kind([param], lr=0.1)
    param.grad = nr.ones(2)
    optimizer.param_groups[0]["lr"] = wrong
    with pytest.raises(
        TypeError, match=rf"{kind.__name__}.step: expected a number .*'lr'.*{wrong}"
    ):
        optimizer.step()
    assert param.tolist() == [1, 1]
    # NumPy's numbers are some, too.
    optimizer.param_groups[0]["lr"] = np.float32(0.5)
    optimizer.step()
    assert param[0].item() == pytest.approx(0.5, abs=1e-3)


def test_loading_asks_a_subclass_for_options_that_older_files_lack():
    class Extended(nr.optim.SGD):
        def __setstate__(self, state):
            super().__setstate__(state)
            for group in self.param_groups:
                group.setdefault("nesterov", False)
                group.setdefault("own", 1)

    optimizer = Extended([nr.ones(2, requires_grad=True)], lr=0.1, momentum=0.9, nesterov=True)
    (group,) = optimizer.param_groups
    saved = optimizer.state_dict()
    del saved["param_groups"][0]["nesterov"], saved["param_groups"][0]["dampening"]
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups == [group] and group["own"] == 1 and group["momentum"] == 0.9
    assert group["nesterov"] is False and group["dampening"] == 0
    assert copy.deepcopy(optimizer).param_groups[0]["own"] == 1
