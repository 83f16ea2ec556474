"""vmap: random numbers, modules, in-place code, chunks, other transforms inside and outside."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine.signature import Signature
from neurarust.core.errors import CaptureError


def rows(count=4):
    return nr.arange(3.0 * count).reshape(count, 3) / 10


def test_random_numbers_of_each_example():
    def noisy(x):
        return x + nr.rand(3), nr.nn.functional.dropout(nr.ones(100), 0.5)

    nr.manual_seed(1)
    different, mask = nr.vmap(noisy, randomness="different")(nr.zeros(4, 3))
    assert len({tuple(one) for one in different.tolist()}) == 4
    assert len({tuple(one) for one in mask.tolist()}) == 4 and 0 < mask[0].mean().item() < 2
    nr.manual_seed(1)
    chunked, _ = nr.vmap(noisy, randomness="different", chunk_size=3)(nr.zeros(4, 3))
    assert chunked.tolist() == different.tolist()
    nr.manual_seed(1)
    alone = nr.rand(3).tolist()
    nr.manual_seed(1)
    same, _ = nr.vmap(noisy, randomness="same")(nr.zeros(4, 3))
    assert same.tolist() == [alone] * 4
    again, _ = nr.vmap(noisy, randomness="same")(nr.zeros(4, 3))
    assert again.tolist() != same.tolist()
    with pytest.raises(RuntimeError, match="randomness error mode"):
        nr.vmap(noisy)(nr.zeros(4, 3))
    quiet = nr.nn.Dropout().eval()
    assert nr.vmap(quiet)(nr.ones(2, 3)).tolist() == nr.ones(2, 3).tolist()


def test_random_numbers_of_nested_maps():
    nr.manual_seed(1)
    drawn = nr.vmap(
        nr.vmap(lambda x: x + nr.rand(()), randomness="different"), randomness="different"
    )(nr.zeros(3, 4))
    assert len(set(drawn.flatten().tolist())) == 12
    shared = nr.vmap(nr.vmap(lambda x: x + nr.rand(()), randomness="different"), randomness="same")(
        nr.zeros(3, 4)
    )
    assert len(set(shared.flatten().tolist())) == 4


def ensemble(count):
    nr.manual_seed(0)
    layer = nr.nn
    return [
        layer.Sequential(
            layer.Linear(3, 8), layer.BatchNorm1d(8), layer.ReLU(), layer.Dropout(0.5),
            layer.Linear(8, 2),
        )
        for _ in range(count)
    ]  # fmt: skip


def test_an_ensemble_trains_as_its_members_do(monkeypatch):
    models = ensemble(3)
    for one in models:
        one[3].p = 0.0
    parameters, buffers = nr.func.stack_module_state(models)
    assert all(one.is_leaf and one.requires_grad for one in parameters.values())
    mapped = nr.optim.SGD(parameters.values(), lr=0.1, momentum=0.9)
    optimizers = [nr.optim.SGD(one.parameters(), lr=0.1, momentum=0.9) for one in models]
    before = models[0][1].running_mean.tolist()
    x, y = nr.randn(16, 3), nr.randint(2, (16,))

    def loss(p, b, x):
        result = nr.func.functional_call(models[0], (p, b), (x,))
        return nr.nn.functional.cross_entropy(result, y)

    def step():
        mapped.zero_grad()
        losses = nr.vmap(loss, in_dims=(0, 0, None), randomness="different")(parameters, buffers, x)
        losses.sum().backward()
        mapped.step()
        return losses.tolist()

    found = [step() for _ in range(2)]
    traced = []
    trace = Signature.trace
    monkeypatch.setattr(Signature, "trace", lambda self: (traced.append(self.name), trace(self))[1])
    found.append(step())
    assert not traced
    assert models[0][1].running_mean.tolist() == before
    for k, (one, optimizer) in enumerate(zip(models, optimizers, strict=True)):
        for losses in found:
            optimizer.zero_grad()
            alone = nr.nn.functional.cross_entropy(one(x), y)
            alone.backward()
            optimizer.step()
            np.testing.assert_allclose(alone.item(), losses[k], rtol=1e-4)
        for name, parameter in one.named_parameters():
            np.testing.assert_allclose(
                parameters[name][k].detach().numpy(), parameter.detach().numpy(), rtol=1e-3,
                atol=1e-5,
            )  # fmt: skip
        for name, buffer in one.named_buffers():
            np.testing.assert_allclose(buffers[name][k].numpy(), buffer.numpy(), rtol=1e-4)


def test_dropout_differs_between_members():
    models = ensemble(3)
    model = models[0]
    parameters, buffers = nr.func.stack_module_state([model] * 3)

    def apply(p, b, x):
        return nr.func.functional_call(model, (p, b), (x,))

    result = nr.vmap(apply, in_dims=(0, 0, None), randomness="different")(
        parameters, buffers, nr.randn(5, 3)
    )
    assert not np.allclose(result[0].detach().numpy(), result[1].detach().numpy())
    same = nr.vmap(apply, in_dims=(0, 0, None), randomness="same")(
        parameters, buffers, nr.randn(5, 3)
    )
    np.testing.assert_allclose(same[0].detach().numpy(), same[1].detach().numpy(), rtol=1e-5)


def test_in_place_code():
    def function(x, total):
        x[0] = 7
        total.add_(x)
        return x * 2

    x, total = rows(), nr.zeros(3, 4)
    result = nr.vmap(function, in_dims=(0, 1))(x, total)
    expected = rows().numpy().copy()
    expected[:, 0] = 7
    np.testing.assert_allclose(x.numpy(), expected)
    np.testing.assert_allclose(total.numpy(), expected.T)
    np.testing.assert_allclose(result.numpy(), expected * 2)
    with pytest.raises(RuntimeError, match="which all examples share.*in_dims"):
        nr.vmap(function, in_dims=(0, None))(rows(), nr.zeros(3))
    shared = nr.zeros(3)
    nr.vmap(lambda x, count: (count.add_(1), x)[1], in_dims=(0, None))(rows(), shared)
    assert shared.tolist() == [1, 1, 1]


def test_gradients_inside_and_outside():
    weight = nr.tensor([0.5, -1.0, 2.0], requires_grad=True)

    def loss(x):
        return ((weight * x) ** 3).sum()

    x = rows().requires_grad_()
    slopes = nr.vmap(nr.grad(loss))(x)
    np.testing.assert_allclose(
        slopes.detach().numpy(), 3 * (weight**3 * x**2).detach().numpy(), rtol=1e-5
    )
    slopes.sum().backward()
    np.testing.assert_allclose(
        weight.grad.numpy(), (9 * weight**2 * (x**2).sum(0)).detach().numpy(), rtol=1e-5
    )
    np.testing.assert_allclose(x.grad.numpy(), (6 * weight**3 * x).detach().numpy(), rtol=1e-5)
    with nr.no_grad():
        assert not nr.vmap(loss)(x).requires_grad


def test_agrees_with_jax_in_chunks_and_whole():
    def ours(a, b):
        return (a.sin() @ b).cumsum(0)

    a, b = nr.randn(5, 2, 3), nr.randn(3, 2, 5)
    with jax.enable_x64(True):
        expected = jax.vmap(
            lambda a, b: jax.numpy.cumsum(jax.numpy.sin(a) @ b, 0), (0, 2), 1
        )(a.__jax_array__(), b.__jax_array__())  # fmt: skip
    for chunk in (None, 1, 2, 5, 9):
        a.requires_grad_()
        a.grad = None
        found = nr.vmap(ours, (0, 2), 1, chunk_size=chunk)(a, b)
        np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-5, atol=1e-6)
        found.sum().backward()
        gradient = a.grad.numpy()
        np.testing.assert_allclose(
            gradient[0], nr.grad(lambda one: ours(one, b[:, :, 0]).sum())(a[0]).detach().numpy(),
            rtol=1e-4, atol=1e-5,
        )  # fmt: skip


def test_looking_names_the_line_and_the_way_out():
    def choose(x):
        return x if x.sum() > 0 else -x

    with pytest.raises(CaptureError, match=r"vmap: .*inside choose by __bool__ at .*nr.where"):
        nr.vmap(choose)(rows())
    mapped = nr.vmap(lambda x: nr.cond(x.sum() > 1, lambda: x, lambda: -x))(rows())
    np.testing.assert_allclose(mapped[:2].sum(1).numpy(), [-0.3, 1.2], rtol=1e-5)


def test_writes_to_what_is_closed_over():
    total = nr.zeros(3)
    with pytest.raises(RuntimeError, match="mutate a captured Tensor.*pass the mutated Tensors"):
        nr.vmap(lambda x: total.add_(x))(rows())
    assert total.tolist() == [0, 0, 0]


def test_functional_call():
    model = nr.nn.Sequential(nr.nn.Linear(3, 3), nr.nn.Linear(3, 3))
    model[1].weight = model[0].weight
    x, weight = nr.ones(2, 3), nr.eye(3)
    zeros = {"0.bias": nr.zeros(3), "1.bias": nr.zeros(3)}
    assert nr.func.functional_call(model, ({"0.weight": weight}, zeros), x).tolist() == x.tolist()
    assert model[0].weight is model[1].weight and model[0].weight is not weight
    untied = nr.func.functional_call(
        model, {"0.weight": weight * 0, **zeros}, (x,), tie_weights=False
    )
    assert untied.detach().tolist() == nr.zeros(2, 3).tolist()
    with pytest.raises(KeyError, match="no parameter or buffer named 2.weight. It has 0.weight"):
        nr.func.functional_call(model, {"2.weight": weight}, x)
    with pytest.raises(RuntimeError, match="strict=True .* 0.bias, 1.weight, 1.bias are missing"):
        nr.func.functional_call(model, {"0.weight": weight}, x, tie_weights=False, strict=True)
    with pytest.raises(TypeError, match="0.weight must be a Tensor, not int"):
        nr.func.functional_call(model, {"0.weight": 3}, x)
    with pytest.raises(ValueError, match="multiple dictionaries"):
        nr.func.functional_call(model, (zeros, zeros), x)
    with pytest.raises(RuntimeError, match="same training/eval mode"):
        nr.func.stack_module_state([model, nr.nn.Sequential().eval()])
