"""`autograd.functional`: Jacobians, Hessians and products against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from neurarust.autograd import functional


def vector(*numbers: float) -> nr.Tensor:
    return nr.tensor(numbers, dtype=nr.float64)


def cubes(x):
    return x**3


def energy(x):
    return (x**3).sum() + x.prod()


def mixed(x, y):
    return x * y.sum(), (x**2).sum()


X, V = (1.0, 2.0, 3.0), (1.0, -1.0, 0.5)


def test_jacobian():
    x = vector(*X)
    found = functional.jacobian(cubes, x)
    np.testing.assert_allclose(found.numpy(), np.diag([3.0, 12.0, 27.0]))
    assert not found.requires_grad and x.grad is None and not x.requires_grad


def test_jacobian_of_several_inputs_and_outputs():
    first, second = functional.jacobian(mixed, (vector(1, 2), vector(3, 4, 5)))
    np.testing.assert_allclose(first[0].numpy(), 12 * np.eye(2))
    np.testing.assert_allclose(first[1].numpy(), [[1, 1, 1], [2, 2, 2]])
    assert second[0].tolist() == [2, 4] and second[1].tolist() == [0, 0, 0]


def test_shapes_are_outputs_then_inputs():
    weight = nr.arange(6.0).reshape(2, 3)
    found = functional.jacobian(lambda x: weight @ x, nr.ones(3, 4))
    assert found.shape == (2, 4, 3, 4)
    assert found[1, 2, :, 2].tolist() == [3, 4, 5] and found[1, 2, :, 1].sum().item() == 0


def test_hessian():
    found = functional.hessian(energy, vector(*X))
    expected = np.diag([6.0, 12.0, 18.0]) + np.array([[0, 3, 2], [3, 0, 1], [2, 1, 0]])
    np.testing.assert_allclose(found.numpy(), expected)
    with pytest.raises(RuntimeError, match="should contain a single element"):
        functional.hessian(cubes, vector(*X))


def test_hessian_of_several_inputs():
    blocks = functional.hessian(lambda x, y: (x**2 * y).sum(), (vector(1, 2), vector(3, 4)))
    np.testing.assert_allclose(blocks[0][0].numpy(), np.diag([6.0, 8.0]))
    np.testing.assert_allclose(blocks[0][1].numpy(), np.diag([2.0, 4.0]))
    np.testing.assert_allclose(blocks[1][1].numpy(), np.zeros((2, 2)))


def test_products_agree_with_the_matrices():
    x, v = vector(*X), vector(*V)
    jacobian = functional.jacobian(cubes, x).numpy()
    value, product = functional.vjp(cubes, x, v)
    np.testing.assert_allclose(value.numpy(), [1, 8, 27])
    np.testing.assert_allclose(product.numpy(), np.array(V) @ jacobian)
    value, product = functional.jvp(cubes, x, v)
    np.testing.assert_allclose(value.numpy(), [1, 8, 27])
    np.testing.assert_allclose(product.numpy(), jacobian @ np.array(V))
    hessian = functional.hessian(energy, x).numpy()
    for function in (functional.hvp, functional.vhp):
        value, product = function(energy, x, v)
        assert value.item() == 36 + 6
        np.testing.assert_allclose(product.numpy(), hessian @ np.array(V))


def test_create_graph():
    x = vector(*X).requires_grad_()
    functional.jacobian(cubes, x, create_graph=True).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [6, 12, 18])


def test_strict_and_shapes():
    with pytest.raises(RuntimeError, match="do not depend on the inputs"):
        functional.jacobian(lambda x: vector(1, 2), vector(1, 2), strict=True)
    assert functional.jacobian(lambda x: vector(1, 2), vector(1, 2)).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(RuntimeError, match=r"v has shapes \[\[3\]\], but \[\[2\]\] are needed"):
        functional.vjp(cubes, vector(1, 2), vector(1, 2, 3))
    with pytest.raises(RuntimeError, match="can only be None if"):
        functional.jvp(cubes, vector(1, 2))
    with pytest.raises(TypeError, match="inputs must be Tensors"):
        functional.jacobian(cubes, 3.0)


def test_gradcheck_of_a_modules_own_parameters():
    """Inputs are moved in place, so that a function need not take them from its arguments."""
    module = nr.nn.Linear(3, 2).double()
    x = nr.randn(4, 3, dtype=nr.float64)
    parameters = list(module.parameters())
    before = [one.tolist() for one in parameters]
    assert nr.autograd.gradcheck(lambda *_: module(x).tanh(), parameters)
    assert nr.autograd.gradgradcheck(lambda *_: module(x).tanh(), parameters)
    assert [one.tolist() for one in parameters] == before
    assert not nr.autograd.gradcheck(
        lambda *_: module(x).tanh() + module.weight.detach().sum(), parameters,
        raise_exception=False,
    )  # fmt: skip
