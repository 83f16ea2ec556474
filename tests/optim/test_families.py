"""The other optimizers against their formulas in NumPy, LBFGS, and optax's."""

from __future__ import annotations

import numpy as np
import optax
import pytest

import neurarust as nr
from tests.optim.test_optimizer import data, run


def adagrad(lr, lr_decay=0.0, eps=1e-10, start=0.0):
    def steps(p, grads):
        total = np.full_like(p, start)
        for t, g in enumerate(grads):
            total = total + g * g
            p = p - lr / (1 + t * lr_decay) * g / (np.sqrt(total) + eps)
        return p

    return steps


def adadelta(lr, rho, eps=1e-6):
    def steps(p, grads):
        square, past = np.zeros_like(p), np.zeros_like(p)
        for g in grads:
            square = rho * square + (1 - rho) * g * g
            delta = np.sqrt(past + eps) / np.sqrt(square + eps) * g
            past = rho * past + (1 - rho) * delta**2
            p = p - lr * delta
        return p

    return steps


def adamax(lr, betas=(0.9, 0.999), eps=1e-8):
    def steps(p, grads):
        m, u = np.zeros_like(p), np.zeros_like(p)
        for t, g in enumerate(grads, 1):
            m = betas[0] * m + (1 - betas[0]) * g
            u = np.maximum(betas[1] * u, np.abs(g) + eps)
            p = p - lr / (1 - betas[0] ** t) * m / u
        return p

    return steps


def radam(lr, betas=(0.9, 0.6), eps=1e-8):
    def steps(p, grads):
        m, v = np.zeros_like(p), np.zeros_like(p)
        limit = 2 / (1 - betas[1]) - 1
        for t, g in enumerate(grads, 1):
            m = betas[0] * m + (1 - betas[0]) * g
            v = betas[1] * v + (1 - betas[1]) * g * g
            kept = betas[1] ** t
            rho = limit - 2 * t * kept / (1 - kept)
            step = m / (1 - betas[0] ** t)
            if rho > 5:
                top, bottom = (rho - 4) * (rho - 2) * limit, (limit - 4) * (limit - 2) * rho
                step = step * np.sqrt(top / bottom * (1 - kept)) / (np.sqrt(v) + eps)
            p = p - lr * step
        return p

    return steps


def rprop(lr, etas=(0.5, 1.2), sizes=(1e-6, 50)):
    def steps(p, grads):
        size, before = np.full_like(p, lr), np.zeros_like(p)
        for g in grads:
            turn = np.sign(g * before)
            factor = np.where(turn > 0, etas[1], np.where(turn < 0, etas[0], 1))
            size = np.clip(size * factor, *sizes)
            before = np.where(turn < 0, 0, g)
            p = p - np.sign(before) * size
        return p

    return steps


ROWS = [
    (nr.optim.Adagrad, {"lr": 0.1}, adagrad(0.1)),
    (nr.optim.Adagrad, {"lr": 0.1, "lr_decay": 0.1}, adagrad(0.1, 0.1)),
    (nr.optim.Adagrad, {"initial_accumulator_value": 0.5}, adagrad(1e-2, start=0.5)),
    (nr.optim.Adadelta, {"rho": 0.8}, adadelta(1.0, 0.8)),
    (nr.optim.Adamax, {"lr": 0.1}, adamax(0.1)),
    (nr.optim.RAdam, {"lr": 0.1, "betas": (0.9, 0.6)}, radam(0.1)),
    (nr.optim.RAdam, {"lr": 0.1, "betas": (0.9, 0.9)}, radam(0.1, (0.9, 0.9))),
    (nr.optim.Rprop, {"lr": 0.1}, rprop(0.1)),
]


@pytest.mark.parametrize(
    ("kind", "options", "steps"), ROWS, ids=[f"{r[0].__name__}-{'-'.join(r[1])}" for r in ROWS]
)
def test_formula(kind, options, steps):
    start, grads = data()
    parameter = nr.nn.Parameter(nr.tensor(start))
    run(kind([parameter], **options), parameter, grads)
    np.testing.assert_allclose(parameter.detach(), steps(start, grads), rtol=1e-9)


def test_asgd_averages_the_steps_after_t0():
    start, grads = data()
    parameter = nr.nn.Parameter(nr.tensor(start))
    optimizer = nr.optim.ASGD([parameter], lr=0.1, lambd=0.0, alpha=0.0, t0=1)
    seen = []
    for grad in grads:
        parameter.grad = nr.tensor(grad)
        optimizer.step()
        seen.append(parameter.detach().numpy().copy())
    np.testing.assert_allclose(seen[-1], start - 0.1 * sum(grads), rtol=1e-6)
    np.testing.assert_allclose(optimizer.state[parameter]["ax"], np.mean(seen[2:], 0), rtol=1e-6)


def test_sparse_adam_leaves_rows_without_gradient():
    one, two = (nr.nn.Parameter(nr.ones(3, 2)) for _ in range(2))
    sparse, dense = nr.optim.SparseAdam([one], lr=0.1), nr.optim.Adam([two], lr=0.1)
    for _ in range(3):
        grad = nr.tensor([[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]])
        one.grad, two.grad = grad, grad
        sparse.step()
        dense.step()
    np.testing.assert_allclose(one.detach(), two.detach(), rtol=1e-6)
    assert one[1].tolist() == [1.0, 1.0]


def test_sparse_gradients():
    parameter = nr.nn.Parameter(nr.ones(3, 2))
    for kind in (nr.optim.SparseAdam, nr.optim.SGD, nr.optim.Adagrad):
        optimizer = kind([parameter], lr=0.1)
        before = parameter.detach().clone()
        values = nr.tensor([[1.0, 2.0], [1.0, 0.0], [-3.0, 0.0]])
        parameter.grad = nr.sparse_coo_tensor([[2, 0, 2]], values, (3, 2))
        assert parameter.grad.is_sparse and parameter.grad._nnz() == 3
        optimizer.step()
        moved = (before - parameter.detach()).numpy()
        signs = [[0.1, 0], [0, 0], [-0.1, 0.1]]
        wanted = signs if kind is not nr.optim.SGD else [[0.1, 0], [0, 0], [-0.2, 0.2]]
        np.testing.assert_allclose(moved, wanted, atol=1e-6)
        optimizer.zero_grad(set_to_none=False)
        assert parameter.grad.is_sparse and parameter.grad._nnz() == 0
    parameter.grad = nr.sparse_coo_tensor([[0]], nr.ones(1, 2), (3, 2))
    with pytest.raises(RuntimeError, match="Adam.step: expected dense gradients.*SparseAdam"):
        nr.optim.Adam([parameter]).step()
    with pytest.raises(RuntimeError, match=r"float32\[3, 2\].* but got a sparse .*\[4, 2\]"):
        parameter.grad = nr.sparse_coo_tensor([[0]], nr.ones(1, 2), (4, 2))


def test_muon_steps_are_orthogonal():
    start, _ = data(np.float32)
    parameter = nr.nn.Parameter(nr.tensor(start))
    optimizer = nr.optim.Muon([parameter], lr=1.0, weight_decay=0.0, ns_steps=8)
    parameter.grad = nr.tensor(start)
    optimizer.step()
    step = start - parameter.detach().numpy()
    singular = np.linalg.svd(step, compute_uv=False)
    assert np.all((singular > 0.6) & (singular < 1.3))


def test_adafactor_keeps_rows_and_columns():
    matrix, vector = nr.nn.Parameter(nr.ones(3, 4)), nr.nn.Parameter(nr.ones(5))
    optimizer = nr.optim.Adafactor([matrix, vector])
    for _ in range(2):
        matrix.grad, vector.grad = nr.ones(3, 4), nr.ones(5)
        optimizer.step()
    state = optimizer.state_dict()["state"]
    assert {k: list(one.shape) for k, one in state[0].items()} == {
        "step": [], "row_var": [3, 1], "col_var": [1, 4],
    }  # fmt: skip
    assert (state[0]["step"].item(), state[1]["step"].item()) == (2.0, 2.0)
    np.testing.assert_allclose(vector.detach(), np.full(5, 0.98010), rtol=1e-4)


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_finds_the_minimum(search):
    point = nr.nn.Parameter(nr.tensor([-1.0, 1.5], dtype=nr.float64))
    optimizer = nr.optim.LBFGS([point], max_iter=60, line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        x, y = point[0], point[1]
        # Rosenbrock's valley, bent for the line search only.
        loss = (1 - x) ** 2 + 100 * (y - (x * x if search else x)) ** 2
        loss.backward()
        return loss

    first = optimizer.step(closure).item()
    for _ in range(3):
        optimizer.step(closure)
    assert closure().item() < 1e-12 < first
    np.testing.assert_allclose(point.detach(), [1, 1], rtol=1e-5)


def test_lbfgs_resumes_exactly():
    target = nr.tensor(np.linspace(1, 3, 5))

    def training(parameter):
        optimizer = nr.optim.LBFGS([parameter], max_iter=2, history_size=3)

        def closure():
            optimizer.zero_grad()
            loss = (nr.tensor(np.arange(1.0, 6.0)) * (parameter - target) ** 4).sum()
            loss.backward()
            return loss

        return optimizer, closure

    whole, part = (nr.nn.Parameter(nr.zeros(5, dtype=nr.float64)) for _ in range(2))
    optimizer, closure = training(whole)
    for _ in range(4):
        optimizer.step(closure)
    optimizer, closure = training(part)
    for _ in range(2):
        optimizer.step(closure)
    resumed, closure = training(part)
    resumed.load_state_dict(optimizer.state_dict())
    for _ in range(2):
        resumed.step(closure)
    np.testing.assert_allclose(part.detach(), whole.detach(), rtol=1e-12)


# ------------------------------------------------------------------ optax


def clipped(lr):
    return optax.chain(optax.clip_by_global_norm(0.5), optax.adam(lr))


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        (nr.optim.Lion, optax.lion),
        (nr.optim.Lamb, optax.lamb),
        (nr.optim.AdaBelief, optax.adabelief),
        (nr.optim.from_optax(clipped), clipped),
    ],
    ids=["lion", "lamb", "adabelief", "chain"],
)
def test_optax(kind, make):
    start, grads = data(np.float32)
    parameters = [nr.nn.Parameter(nr.tensor(start)), nr.nn.Parameter(nr.tensor(start[0]))]
    optimizer = kind(parameters, lr=0.1)
    transformation, expected = make(0.1), [start, start[0]]
    state = transformation.init(expected)
    for grad in grads:
        parameters[0].grad, parameters[1].grad = nr.tensor(grad), nr.tensor(grad[0])
        optimizer.step()
        updates, state = transformation.update([grad, grad[0]], state, expected)
        expected = optax.apply_updates(expected, updates)
    for parameter, wanted in zip(parameters, expected, strict=True):
        np.testing.assert_allclose(parameter.detach(), wanted, rtol=1e-4)


def test_optax_options_travel_as_data_and_the_state_resumes():
    parameter = nr.nn.Parameter(nr.ones(3))
    optimizer = nr.optim.Lion([parameter])
    assert optimizer.param_groups[0]["lr"] == 1e-4
    for k in range(5):
        if k == 2:
            before = nr.explain().compilations
        optimizer.param_groups[0]["lr"] = 0.1 / (k + 1)
        parameter.grad = nr.full((3,), float(k))
        optimizer.step()
    assert nr.explain().compilations == before
    resumed = nr.optim.Lion([parameter])
    resumed.load_state_dict(optimizer.state_dict())
    parameter.grad = nr.ones(3)
    resumed.step()
    with pytest.raises(TypeError, match="expected of"):
        nr.optim.Lion([parameter], momentum=0.9)
    with pytest.raises(TypeError, match="needs lr="):
        nr.optim.from_optax(optax.adam)([parameter])
