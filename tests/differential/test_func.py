"""The transforms against torch.func: the same code with either library."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node:UserWarning"),
]

X = [[0.3, -0.4, 0.9], [0.5, 0.6, -1.1]]
Y = [[0.7, 0.2, 0.4], [-0.9, 0.1, 1.3]]


def smooth(m):
    return lambda x, y: ((x * y).sin() + x.exp() * y).sum()


def matrix(m):
    return lambda x, y: (x @ y.T).tanh()


def tree(m):
    return lambda x, y: {"a": x * y.sum(), "b": (y.cos(), x[0])}


# What is computed: (library, x, y) -> tree of tensors.
CASES = {
    "grad": lambda m, x, y: m.func.grad(smooth(m))(x, y),
    "grad of both": lambda m, x, y: m.func.grad(smooth(m), argnums=(0, 1))(x, y),
    "grad by the last": lambda m, x, y: m.func.grad(smooth(m), argnums=-1)(x, y),
    "one argnum in a tuple": lambda m, x, y: m.func.grad(smooth(m), argnums=(1,))(x, y),
    "grad_and_value": lambda m, x, y: m.func.grad_and_value(smooth(m))(x, y),
    "aux": lambda m, x, y: m.func.grad_and_value(
        lambda x, y: (smooth(m)(x, y), {"y": y * 2}), has_aux=True
    )(x, y),
    "grad of a dict": lambda m, x, y: m.func.grad(lambda p: (p["w"] * p["b"][0]).sum())(
        {"w": x, "b": [y]}
    ),
    "grad of grad": lambda m, x, y: m.func.grad(
        lambda x: m.func.grad(smooth(m))(x, y).pow(2).sum()
    )(x),
    "vjp": lambda m, x, y: m.func.vjp(matrix(m), x, y)[1](m.ones(2, 2, dtype=m.float64)),
    "vjp of one": lambda m, x, y: m.func.vjp(lambda x: (x.sin(), x * 2), x)[1]((y, x)),
    "vjp value": lambda m, x, y: m.func.vjp(tree(m), x, y)[0],
    "vjp aux": lambda m, x, y: m.func.vjp(lambda x: (x * 2, x), x, has_aux=True)[2],
    "vmap of the pull": lambda m, x, y: m.func.vmap(m.func.vjp(lambda x: x.sin(), x[0])[1])(y),
    "jvp": lambda m, x, y: m.func.jvp(matrix(m), (x, y), (y, x)),
    "jvp aux": lambda m, x, y: m.func.jvp(lambda x: (x.exp(), x), (x,), (y,), has_aux=True),
    "jvp of a tree": lambda m, x, y: m.func.jvp(tree(m), (x, y), (y, x)),
    "linearize": lambda m, x, y: m.func.linearize(lambda x: x.sin() * 3, x)[1](y),
    "jacrev": lambda m, x, y: m.func.jacrev(matrix(m))(x, y),
    "jacrev by both": lambda m, x, y: m.func.jacrev(matrix(m), argnums=(0, 1))(x, y),
    "jacrev of a tree": lambda m, x, y: m.func.jacrev(tree(m), argnums=1)(x, y),
    "jacrev in chunks": lambda m, x, y: m.func.jacrev(matrix(m), chunk_size=3)(x, y),
    "jacrev aux": lambda m, x, y: m.func.jacrev(lambda x: (x.exp(), x), has_aux=True)(x),
    "jacfwd": lambda m, x, y: m.func.jacfwd(matrix(m))(x, y),
    "jacfwd by both": lambda m, x, y: m.func.jacfwd(matrix(m), argnums=(0, 1))(x, y),
    "jacfwd of a tree": lambda m, x, y: m.func.jacfwd(tree(m))(x, y),
    "hessian": lambda m, x, y: m.func.hessian(smooth(m))(x, y),
    "hessian by both": lambda m, x, y: m.func.hessian(smooth(m), argnums=(0, 1))(x, y),
    "vmap": lambda m, x, y: m.func.vmap(lambda x, y: x @ y)(x, y),
    "vmap over columns": lambda m, x, y: m.func.vmap(
        lambda x, y: x * y.sum(), in_dims=(1, None), out_dims=1
    )(x, y),
    "vmap of trees": lambda m, x, y: m.func.vmap(
        lambda p, y: {"a": p["x"] * p["s"], "b": (y, p["x"].sum())},
        in_dims=({"x": 0, "s": None}, -1), out_dims={"a": 1, "b": (0, 0)},
    )({"x": x.T, "s": m.ones(2)}, y),
    "vmap of vmap": lambda m, x, y: m.func.vmap(
        m.func.vmap(lambda a, b: a * b, (0, None)), (None, 0)
    )(x[0], y[0]),
    "vmap in chunks": lambda m, x, y: m.func.vmap(lambda x: x.cumsum(0), chunk_size=2)(x.T),
    "vmap with keywords": lambda m, x, y: m.func.vmap(lambda x, *, k: x + k)(x, k=y[0]),
    "out_dims None": lambda m, x, y: m.func.vmap(lambda x: (x, y), out_dims=(0, None))(x),
    "per-example gradients": lambda m, x, y: m.func.vmap(
        m.func.grad(smooth(m)), in_dims=(None, 0)
    )(x[0], y),
    "per-example hessians": lambda m, x, y: m.func.vmap(m.func.hessian(smooth(m)))(x, y),
    "gradient of a vmap": lambda m, x, y: m.func.grad(
        lambda x: m.func.vmap(lambda a, b: (a * b).sum() ** 2)(x, y).sum()
    )(x),
    "no_grad inside": lambda m, x, y: m.func.grad(without_gradient(m))(x),
    "detach inside": lambda m, x, y: m.func.grad(lambda x: (x * x.detach()).sum())(x),
    "independent": lambda m, x, y: m.func.grad(lambda x: y.sum())(x),
    "integers beside": lambda m, x, y: m.func.grad(lambda x, k: x[k].sum())(x, m.tensor([1])),
    "complex": lambda m, x, y: m.func.grad(lambda z: (z * z.conj() * z).real.sum())(
        m.complex(x, y)
    ),
}  # fmt: skip


def without_gradient(m):
    def function(x):
        with m.no_grad():
            z = x * 2
        return (x * z).sum()

    return function


def flat(tree):
    if isinstance(tree, dict):
        return [one for key in sorted(tree) for one in flat(tree[key])]
    if isinstance(tree, (tuple, list)):
        return [one for part in tree for one in flat(part)]
    return [tree.detach()]


def structure(tree):
    if isinstance(tree, dict):
        return {key: structure(one) for key, one in tree.items()}
    if isinstance(tree, (tuple, list)):
        return tuple(structure(one) for one in tree)
    return str(tree.dtype).split(".")[-1], tuple(tree.shape), tree.requires_grad


def both(case, **options):
    return [
        case(m, *[m.tensor(one, dtype=m.float64, **options) for one in (X, Y)])
        for m in (nr, torch)
    ]  # fmt: skip


def compare(found, expected):
    assert structure(found) == structure(expected)
    for one, other in zip(flat(found), flat(expected), strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_results(name):
    compare(*both(CASES[name]))


DIFFERENTIATED = [
    "grad", "grad of grad", "vjp", "jacrev", "vmap", "vmap of trees", "hessian",
    "per-example gradients", "gradient of a vmap",
]  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_backward_through(name):
    gradients = []
    for m in (nr, torch):
        x, y = (m.tensor(one, dtype=m.float64, requires_grad=True) for one in (X, Y))
        loss = sum((one.sin()).sum() for one in leaves(CASES[name](m, x, y)))
        loss.backward()
        gradients.append((x.grad, y.grad))
    compare(*gradients)


def leaves(tree):
    if isinstance(tree, dict):
        return [one for key in sorted(tree) for one in leaves(tree[key])]
    return [one for part in tree for one in leaves(part)] if isinstance(tree, tuple) else [tree]


# (what is wrong, a part of the message that both libraries give)
ERRORS = {
    "a vector as the loss": (lambda m, x, y: m.func.grad(lambda x: x)(x), "scalar Tensor"),
    "no Tensor as the loss": (lambda m, x, y: m.func.grad(lambda x: 3.0)(x), "return a Tensor"),
    "integers": (
        lambda m, x, y: m.func.grad(lambda x: x.sum())(m.tensor([1, 2])),
        "only Tensors of floating point dtype can require gradients",
    ),
    "a number": (lambda m, x, y: m.func.grad(lambda x: x * 2)(3.0), "must be Tensor"),
    "argnums": (lambda m, x, y: m.func.grad(smooth(m), argnums=2)(x, y), "Got argnum=2, but only"),
    "aux missing": (
        lambda m, x, y: m.func.grad(lambda x: x.sum(), has_aux=True)(x),
        "(output, aux) if has_aux is True",
    ),
    "cotangents": (lambda m, x, y: m.func.vjp(lambda x: x, x)[1](x[0]), "Mismatch in shape"),
    "tree of cotangents": (
        lambda m, x, y: m.func.vjp(lambda x: (x, x), x)[1](x), "Expected pytree structure",
    ),
    "primals": (lambda m, x, y: m.func.jvp(lambda x: x, x, x), "Expected primals to be a tuple"),
    "Boolean output": (lambda m, x, y: m.func.jacrev(lambda x: x > 0)(x), "must be floating-point"),
    "in place of a leaf": (
        lambda m, x, y: m.func.grad(lambda x: x.mul_(2).sum())(x), "a leaf Variable that requires",
    ),
    "captured write": (
        lambda m, x, y: m.func.grad(lambda x: y.add_(x.detach()).sum())(x), "captured Tensor",
    ),
    "sizes": (lambda m, x, y: m.func.vmap(lambda x, y: x)(x, y.T), "same size in the mapped"),
    "in_dims": (
        lambda m, x, y: m.func.vmap(lambda x, y: x, in_dims=(0,))(x, y), "in_dims is not compat",
    ),
    "in_dim": (lambda m, x, y: m.func.vmap(lambda x: x, in_dims=5)(x), "-2 <= in_dim < 2"),
    "out_dims": (
        lambda m, x, y: m.func.vmap(lambda x: (x, x), out_dims=(0, 0, 0))(x),
        "out_dims is not compatible",
    ),
    "mapped number": (
        lambda m, x, y: m.func.vmap(lambda x, y: x)(x, 3), "cannot vmap over non-Tensor arguments",
    ),
    "number as a result": (lambda m, x, y: m.func.vmap(lambda x: 3)(x), "must only return Tensors"),
    "batched without out_dim": (
        lambda m, x, y: m.func.vmap(lambda x: x, out_dims=None)(x), "when out_dim is None",
    ),
    "no arguments": (lambda m, x, y: m.func.vmap(lambda: x)(), "got no inputs"),
    "random numbers": (
        lambda m, x, y: m.func.vmap(lambda x: x + m.rand(3))(x), "randomness error mode",
    ),
    "randomness": (
        lambda m, x, y: m.func.vmap(lambda x: x, randomness="none")(x), "Only allowed values",
    ),
    "chunks": (lambda m, x, y: m.func.vmap(lambda x: x, chunk_size=0)(x), "chunk_size should be"),
    "looking": (lambda m, x, y: m.func.vmap(lambda x: x * x.sum().item())(x), "item"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    case, message = ERRORS[name]
    kinds = []
    for m in (torch, nr):
        x, y = (m.tensor(one, dtype=m.float64) for one in (X, Y))
        with pytest.raises(Exception) as caught:
            case(m, x, y)
        kinds.append(caught.type)
        assert message in str(caught.value), f"{m.__name__}: {caught.value}"
    assert issubclass(kinds[1], kinds[0])


def build(m):
    m.manual_seed(0)
    return m.nn.Sequential(m.nn.Linear(3, 8), m.nn.BatchNorm1d(8), m.nn.ReLU(), m.nn.Linear(8, 2))


def ensemble(m, states, x, y, steps=3):
    """Three training steps of an ensemble by vmap; parameters and buffers after it."""
    models = [build(m) for _ in states]
    for model, state in zip(models, states, strict=True):
        model.load_state_dict({name: m.tensor(one) for name, one in state.items()})
    parameters, buffers = m.func.stack_module_state(models)
    optimizer = m.optim.SGD(parameters.values(), lr=0.1, momentum=0.9)
    x, y = m.tensor(x), m.tensor(y)

    def loss(p, b, x):
        result = m.func.functional_call(models[0], (p, b), (x,))
        return m.nn.functional.cross_entropy(result, y)

    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        each = m.func.vmap(loss, in_dims=(0, 0, None))(parameters, buffers, x)
        each.sum().backward()
        optimizer.step()
        losses.append(each.detach())
    return {"losses": tuple(losses), "parameters": {k: p.detach() for k, p in parameters.items()},
            "buffers": buffers}  # fmt: skip


def test_an_ensemble_with_batch_norm():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(12, 3)).astype(np.float32)
    y = generator.integers(0, 2, 12)
    states = []
    for _ in range(4):
        state = {name: one.numpy() for name, one in build(torch).state_dict().items()}
        noisy = {
            name: one + generator.normal(size=one.shape).astype(np.float32) * 0.1
            if "weight" in name else one
            for name, one in state.items()
        }  # fmt: skip
        states.append(noisy)
    found, expected = (ensemble(m, states, x, y) for m in (nr, torch))
    assert found["buffers"].keys() == expected["buffers"].keys()
    for one, other in zip(flat(found), flat(expected), strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=2e-4, atol=1e-5)


def writes(m):
    """In-place code: arguments, their parts, and tensors made inside."""

    def function(x, y):
        x[0] = y[1]
        x.mul_(2)
        z = x.clone()
        z[1:] += y[:2]
        return z.cumsum(0)

    return function


@pytest.mark.parametrize("grad", [False, True])
def test_in_place_code(grad):
    found = []
    for m in (nr, torch):
        leaf, y = (m.tensor(one, requires_grad=grad) for one in (X, Y))
        x = leaf * 1
        result = m.func.vmap(writes(m))(x, y)
        if grad:
            (result.sin() * x).sum().backward()
        found.append((x.detach(), result.detach(), *((leaf.grad, y.grad) if grad else ())))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5)
