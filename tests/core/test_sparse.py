"""Sparse tensors against their dense forms: products, sums, gradients, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr

PLACES = np.array([[0, 2, 2, 1, 0], [1, 0, 3, 2, 1]])


@pytest.fixture
def values() -> nr.Tensor:
    return nr.tensor([1.0, -2.0, 3.0, 0.5, 4.0], requires_grad=True)


def dense_of(values) -> np.ndarray:
    full = np.zeros((3, 4), np.float32)
    np.add.at(full, tuple(PLACES), np.asarray(values.detach()))
    return full


def close(ours, expected) -> None:
    ours = ours.to_dense() if isinstance(ours, nr.sparse.SparseTensor) else ours
    np.testing.assert_allclose(ours.detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_values_of_one_place_are_added(values):
    made = nr.sparse_coo_tensor(nr.tensor(PLACES), values, (3, 4))
    close(made, dense_of(values))
    assert not made.is_coalesced() and made._nnz() == 5
    with pytest.raises(RuntimeError, match=r"call .coalesce\(\) first"):
        made.indices()
    once = made.coalesce()
    assert once.indices().tolist() == [[0, 1, 2, 2], [1, 2, 0, 3]]
    assert once.values().tolist() == [5.0, 0.5, -2.0, 3.0]
    assert made.layout is nr.sparse_coo and made.shape == (3, 4)
    assert nr.sparse_coo_tensor(PLACES.tolist(), values).shape == (3, 4)


def test_products_and_their_gradients(values):
    made = nr.sparse_coo_tensor(nr.tensor(PLACES), values, (3, 4))
    x = nr.arange(12.0).reshape(4, 3).requires_grad_()
    result = nr.sparse.mm(made, x)
    full, factor = dense_of(values), x.detach().numpy()
    close(result, full @ factor)
    result.pow(2).sum().backward()
    cotangent = 2 * full @ factor
    close(x.grad, full.T @ cotangent)
    close(values.grad, (cotangent @ factor.T)[tuple(PLACES)])
    close(made.grad, np.add.reduce([np.zeros((3, 4))]) + dense_of(values.grad))
    close(made @ x[:, 0], full @ factor[:, 0])
    close(made.t(), full.T)
    close(x.detach().t() @ made.t(), factor.T @ full.T)
    close(nr.sparse.mm(made, made.t()), full @ full.T)
    close(nr.sparse.addmm(nr.ones(3, 3), made, x, beta=2, alpha=0.5), 2 + 0.5 * full @ factor)


def test_operations_call_the_methods_of_a_sparse_first_argument(values):
    made = nr.sparse_coo_tensor(nr.tensor(PLACES), values, (3, 4))
    x = nr.arange(12.0).reshape(4, 3)
    full, factor = dense_of(values), x.numpy()
    close(nr.mm(made, x), full @ factor)
    close(nr.matmul(made, x), full @ factor)
    close(nr.mv(made, x[:, 0]), full @ factor[:, 0])
    close(nr.mul(made, 2), 2 * full)
    close(nr.tanh(made), np.tanh(full))
    close(nr.mm(x.t(), made.t()), factor.T @ full.T)
    close(nr.add(nr.ones(3, 4), made), 1 + full)
    close(nr.sub(nr.ones(3, 4), made), 1 - full)
    nr.mm(made, x).sum().backward()
    close(values.grad, factor.sum(1)[PLACES[1]])
    with pytest.raises(RuntimeError, match="a second factor with 4 rows"):
        nr.mm(made, nr.ones(3, 2))
    with pytest.raises(TypeError, match="must be Tensor, not SparseTensor"):
        nr.exp(made)
    close(nr.mm(input=made, mat2=x), full @ factor)
    target = nr.empty(3, 3)
    assert nr.mm(made.detach(), x, out=target) is target
    close(target, full @ factor)
    with pytest.raises(TypeError, match="mul: out= cannot take a SparseTensor"):
        nr.mul(made, 2, out=nr.empty(3, 4))


def test_errors_of_a_sparse_method_are_its_own(values):
    made = nr.sparse_coo_tensor(nr.tensor(PLACES), values, (3, 4))
    with pytest.raises(TypeError, match="unexpected keyword argument 'places'"):
        nr.mul(made, 2, places=3)
    with pytest.raises(TypeError, match="missing .*'mat2'"):
        nr.mm(made)


def test_elementwise_sums_and_softmax(values):
    made, full = nr.sparse_coo_tensor(nr.tensor(PLACES), values, (3, 4)).detach(), dense_of(values)
    close(made + made, 2 * full)
    close(made - made, 0 * full)
    close(made + nr.ones(3, 4), full + 1)
    close(2 * made / 4, full / 2)
    close(made * nr.arange(4.0), full * np.arange(4))
    close(made * made.coalesce(), full * full)
    close(made.tanh(), np.tanh(full))
    close(nr.sparse.sum(made), full.sum())
    close(nr.sparse.sum(made, 1), full.sum(1))
    close(nr.sparse.sum(made, (0, 1)), full.sum())
    there = np.where(full != 0, full, -np.inf)
    powers = np.exp(there - there.max(1, keepdims=True))
    close(nr.sparse.softmax(made, 1), powers / powers.sum(1, keepdims=True))
    kept = made.coalesce()
    expected = (there - np.log(np.exp(there).sum(1, keepdims=True)))[full != 0]
    close(nr.sparse.log_softmax(kept, 1).values(), expected)
    sampled = nr.sparse.sampled_addmm(kept, nr.ones(3, 2), nr.ones(2, 4), beta=0.0)
    close(sampled, 2.0 * (full != 0))


def test_to_and_from_dense():
    dense = nr.tensor([[0.0, 1.0, 0.0], [2.0, 0.0, 3.0]])
    made = dense.to_sparse()
    assert made.indices().tolist() == [[0, 1, 1], [1, 0, 2]]
    close(made, dense.numpy())
    rows = dense.to_sparse_csr()
    assert rows.crow_indices().tolist() == [0, 1, 3] and rows.layout is nr.sparse_csr
    assert rows.col_indices().tolist() == [1, 0, 2] and rows.values().tolist() == [1.0, 2.0, 3.0]
    close(rows @ nr.ones(3, 2), dense.numpy() @ np.ones((3, 2)))
    again = nr.sparse_csr_tensor([0, 1, 3], [1, 0, 2], [1.0, 2.0, 3.0])
    close(again, dense.numpy())
    assert "crow_indices=tensor([0, 1, 3])" in repr(again)
    hybrid = nr.tensor([[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]).to_sparse(1)
    assert hybrid.dense_dim() == 1 and hybrid.values().tolist() == [[1.0, 2.0], [3.0, 4.0]]
    close((dense + 1).sparse_mask(made), [[0, 2, 0], [3, 0, 4]])
    assert dense.to_dense() is dense
    close(rows.to_sparse_coo(), dense.numpy())
    close(nr.spmm(dense.to_sparse_coo(), nr.ones(3, 1)), [[1], [5]])
    assert nr.sparse_coo_tensor((2, 3)).to_dense().tolist() == [[0.0] * 3] * 2


def test_a_graph_network_learns():
    nr.manual_seed(0)
    edges = nr.tensor([[0, 1, 2, 3, 0], [1, 2, 3, 0, 2]])
    weights = nr.ones(5, requires_grad=True)
    layer = nr.nn.Linear(4, 1)
    optimizer = nr.optim.SGD([weights, *layer.parameters()], lr=0.05)
    x, target, losses = nr.eye(4), nr.tensor([[1.0], [2.0], [3.0], [4.0]]), []
    for _ in range(60):
        adjacency = nr.sparse_coo_tensor(edges, weights, (4, 4))
        loss = (layer(adjacency @ x) - target).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_what_is_refused(values):
    places = nr.tensor(PLACES)
    with pytest.raises(RuntimeError, match="for dim 1, size is 3 but found index 3"):
        nr.sparse_coo_tensor(places, values, (3, 3))
    with pytest.raises(RuntimeError, match="negative index -1"):
        nr.sparse_coo_tensor(places - 1, values, (3, 4))
    with pytest.raises(RuntimeError, match=r"indices \(sparse_dim, nnz\) and values"):
        nr.sparse_coo_tensor(places, values[:3], (3, 4))
    with pytest.raises(TypeError, match="indices must be integers"):
        nr.sparse_coo_tensor(places.float(), values, (3, 4))
    made = nr.sparse_coo_tensor(places, values, (3, 4))
    with pytest.raises(RuntimeError, match="a second factor with 4 rows"):
        made @ nr.ones(3, 2)
    with pytest.raises(RuntimeError, match="expected a tensor of layout sparse_csr"):
        made.crow_indices()
    with pytest.raises(RuntimeError, match="one shape"):
        made + made.t()
