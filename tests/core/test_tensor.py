"""The Tensor object: reading it, copying it, and what NumPy, JAX and Python make of it."""

from __future__ import annotations

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurarust as nr


def test_numpy_is_read_only_and_shares_memory():
    tensor = nr.arange(4.0)
    array = tensor.numpy()
    assert array.dtype == np.float32 and array.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 7
    assert tensor.numpy().ctypes.data == array.ctypes.data
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        array.flags.writeable = True


def test_numpy_arrays_keep_what_they_saw():
    tensor = nr.zeros(3)
    before = tensor.numpy()
    tensor.add_(1)
    nr.synchronize()
    assert before.tolist() == [0, 0, 0] and tensor.numpy().tolist() == [1, 1, 1]


def test_from_numpy_copies():
    array = np.arange(4.0)
    for make in (nr.from_numpy, nr.tensor, nr.as_tensor, nr.asarray):
        tensor = make(array)
        array[0] += 9
        assert tensor[0].item() == array[0] - 9
        assert tensor.dtype is nr.float64
    tensor[1] = 5
    assert array[1] == 1
    for strided in (array[::-2], np.arange(6).reshape(2, 3).T, np.broadcast_to(array[0], (2, 2))):
        assert nr.from_numpy(strided).tolist() == strided.tolist()
    with pytest.raises(TypeError, match="expected np.ndarray .got list."):
        nr.from_numpy([1, 2])


def test_numpy_of_a_tensor_that_requires_grad():
    tensor = nr.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"Use tensor.detach\(\).numpy\(\) instead"):
        tensor.numpy()
    with pytest.raises(RuntimeError, match=r"tensor.detach\(\)"):
        np.asarray(tensor)
    assert tensor.detach().numpy().tolist() == tensor.numpy(force=True).tolist() == [1, 1]


def test_numpy_functions_take_tensors():
    tensor = nr.tensor([1.0, 4.0])
    assert np.sqrt(tensor).tolist() == [1, 2]
    assert np.array(tensor, dtype=np.int8).dtype == np.int8
    own = np.array(tensor)
    own[0] = 3
    assert tensor[0].item() == 1
    assert isinstance(np.float32(2) * tensor, nr.Tensor)
    assert isinstance(tensor * np.float64(2), nr.Tensor)
    assert (np.float64(2) * tensor).dtype is nr.float32


@pytest.mark.parametrize(
    ("tensor", "item"),
    [
        (lambda: nr.tensor(3), 3), (lambda: nr.tensor([[2.5]]), 2.5),
        (lambda: nr.tensor(True), True), (lambda: nr.tensor(1 + 2j), 1 + 2j),
        (lambda: nr.tensor(1.5, dtype=nr.bfloat16), 1.5),
        (lambda: nr.tensor(2, dtype=nr.uint8), 2),
    ],
)  # fmt: skip
def test_item(tensor, item):
    assert tensor().item() == item and type(tensor().item()) is type(item)


def test_python_numbers():
    assert int(nr.tensor(2.7)) == 2 and float(nr.tensor(2)) == 2.0 and complex(nr.tensor(2)) == 2
    assert [10, 20, 30][nr.tensor(1)] == 20 and list(range(nr.tensor(2))) == [0, 1]
    assert bool(nr.tensor([0.0])) is False and bool(nr.tensor([[2]])) is True
    assert round(nr.tensor(2.567).item(), 1) == 2.6
    with pytest.raises(RuntimeError, match="item: a Tensor with 2 elements cannot be converted"):
        nr.ones(2).item()
    with pytest.raises(RuntimeError, match="more than one value is ambiguous"):
        bool(nr.ones(2))
    with pytest.raises(RuntimeError, match="no values is ambiguous"):
        bool(nr.ones(0))
    with pytest.raises(TypeError, match="only integer tensors of a single element"):
        [1, 2][nr.tensor(1.0)]


def test_lists_lengths_and_iteration():
    tensor = nr.arange(6).reshape(2, 3)
    assert tensor.tolist() == [[0, 1, 2], [3, 4, 5]] and nr.tensor(2).tolist() == 2
    assert nr.zeros(2, 0).tolist() == [[], []]
    assert len(tensor) == 2
    assert [row.tolist() for row in tensor] == tensor.tolist()
    first, second = tensor
    assert second.sum().item() == 12
    assert nr.tensor(4) in tensor and nr.tensor(9) not in tensor
    with pytest.raises(TypeError, match="len.. of a 0-d tensor"):
        len(nr.tensor(1))
    with pytest.raises(TypeError, match="iteration over a 0-d tensor"):
        iter(nr.tensor(1))


def test_identity_hash_and_equality():
    one, same = nr.ones(2), nr.ones(2)
    assert {one: "a", same: "b"}[one] == "a" and hash(one) == hash(one)
    assert (one == same).tolist() == [True, True] and (one != same).tolist() == [False, False]
    assert one.equal(same) and not one.equal(nr.ones(3))


def test_format():
    assert f"{nr.tensor(2.5):.2f}" == "2.50" and f"{nr.tensor(7):03d}" == "007"
    assert f"{nr.tensor([1.0])}" == "tensor([1.])"
    with pytest.raises(TypeError, match="unsupported format string"):
        f"{nr.ones(2):.2f}"


def test_size():
    size = nr.zeros(2, 3, 4).shape
    assert size == (2, 3, 4) and isinstance(size, tuple) and isinstance(size, nr.Size)
    assert size.numel() == 24 and nr.Size([]).numel() == 1
    assert repr(size) == "neurarust.Size([2, 3, 4])"
    assert isinstance(size[1:], nr.Size) and size[1:] == (3, 4) and size[-1] == 4
    assert isinstance(size + (5,), nr.Size) and size + (5,) == (2, 3, 4, 5)
    assert nr.zeros(size).size() == size and nr.zeros(size).size(-1) == 4
    with pytest.raises(IndexError, match="Dimension out of range"):
        nr.zeros(2).size(1)


def test_sizes_in_bytes():
    tensor = nr.zeros(2, 3, dtype=nr.float64)
    assert (tensor.numel(), tensor.nelement(), tensor.dim(), tensor.ndim) == (6, 6, 2, 2)
    assert (tensor.itemsize, tensor.element_size(), tensor.nbytes) == (8, 8, 48)


def test_deepcopy():
    weight = nr.ones(2, requires_grad=True)
    weight.name = ["layer"]
    (weight * 3).sum().backward()
    twin = copy.deepcopy({"a": weight, "b": weight})
    copied = twin["a"]
    assert copied is twin["b"] and copied.requires_grad and copied.is_leaf
    assert copied.grad.tolist() == [3, 3] and copied.grad is not weight.grad
    assert copied.name == ["layer"] and copied.name is not weight.name
    with nr.no_grad():
        copied.zero_()
    assert weight.tolist() == [1, 1] and copied.tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(weight * 2)
    assert copy.copy(weight.detach()).tolist() == [1, 1]


@pytest.mark.parametrize("dtype", [nr.float32, nr.bfloat16, nr.int8, nr.bool, nr.complex64])
def test_pickle(dtype):
    tensor = nr.tensor([0, 1, 1], dtype=dtype)
    tensor.requires_grad = dtype.is_floating_point
    tensor.note = "kept"
    loaded = pickle.loads(pickle.dumps(tensor))
    assert loaded.dtype is dtype and loaded.tolist() == tensor.tolist()
    assert loaded.requires_grad == tensor.requires_grad and loaded.note == "kept"


def test_what_is_no_leaf_is_pickled_as_one():
    loaded = pickle.loads(pickle.dumps(nr.ones(1, requires_grad=True) * 2))
    assert loaded.tolist() == [2] and loaded.requires_grad and loaded.is_leaf


def test_users_may_set_attributes():
    tensor = nr.ones(1)
    tensor.tag = 3
    assert tensor.tag == 3
    with pytest.raises(AttributeError, match="nothing_here"):
        tensor.nothing_here  # noqa: B018 the look-up itself is what fails


def test_pytree():
    tensor = nr.arange(3.0, requires_grad=True)
    leaves, structure = jax.tree_util.tree_flatten({"a": tensor, "b": [nr.ones(2)]})
    assert [type(leaf).__module__.split(".")[0] for leaf in leaves] == ["jaxlib", "jaxlib"]
    rebuilt = jax.tree_util.tree_unflatten(structure, leaves)
    assert isinstance(rebuilt["a"], nr.Tensor) and rebuilt["a"].requires_grad
    doubled = jax.tree_util.tree_map(lambda array: array * 2, {"a": tensor})
    assert doubled["a"].tolist() == [0, 2, 4]


def test_jax_functions_take_tensors():
    tensor = nr.tensor([1.0, 2.0])
    assert jnp.sum(tensor).item() == 3 and isinstance(jnp.exp(tensor), jax.Array)
    assert jax.jit(lambda x: x * 2)(tensor).tolist() == [2, 4]
    # JAX wants the scalar that it differentiates to be an array of its own.
    assert jax.grad(lambda x: jnp.sum(x * x * 3))(tensor).tolist() == [6, 12]
    assert jax.vmap(lambda x: x * x)(tensor).tolist() == [1, 4]
    array = jnp.arange(3.0)
    tensor = nr.tensor(array)
    tensor.add_(1)
    assert array.tolist() == [0, 1, 2] and tensor.tolist() == [1, 2, 3]


def test_dlpack():
    tensor = nr.arange(3.0)
    array = np.from_dlpack(tensor)
    assert array.tolist() == [0, 1, 2]
    tensor.add_(1)
    nr.synchronize()
    assert array.tolist() == [0, 1, 2]
    assert nr.from_dlpack(np.arange(3)).tolist() == [0, 1, 2]
    assert nr.frombuffer(b"\x01\x02", dtype=nr.uint8).tolist() == [1, 2]
    assert "dltensor" in repr(nr.to_dlpack(nr.ones(2)))
    assert nr.from_dlpack(jnp.arange(3)).tolist() == [0, 1, 2]
    writable = np.ones(2)
    held = nr.from_dlpack(writable)
    writable[0] = 5
    assert held.tolist() == [1, 1]


def test_out():
    target = nr.empty(2)
    assert nr.add(nr.ones(2), 2, out=target) is target and target.tolist() == [3, 3]
    assert nr.ones(3).mul(4).shape == nr.mul(nr.ones(3), 4, out=nr.empty(0)).shape
    view = nr.zeros(2, 3)
    nr.exp(nr.zeros(3), out=view[1])
    assert view.tolist() == [[0, 0, 0], [1, 1, 1]]
    values, indices = nr.empty(0), nr.empty(0, dtype=nr.int64)
    found = nr.max(nr.tensor([[1.0, 3.0]]), 1, out=(values, indices))
    assert found.values is values and (values.tolist(), indices.tolist()) == ([3], [1])
    with pytest.raises(RuntimeError, match="can't be cast to the desired output type"):
        nr.add(nr.ones(2), 2, out=nr.empty(2, dtype=nr.int64))
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        nr.add(nr.ones(2, requires_grad=True), 2, out=nr.empty(2))


def test_old_constructors():
    assert nr.Tensor(2, 3).shape == (2, 3) and nr.Tensor().shape == (0,)
    assert nr.Tensor(nr.Size([2, 1])).shape == (2, 1) and nr.Tensor(4).shape == (4,)
    made = nr.Tensor([1, 2])
    assert made.dtype is nr.float32 and made.tolist() == [1, 2] and type(made) is nr.Tensor
    assert nr.Tensor(np.ones((1, 2))).dtype is nr.float32
    x = nr.ones(2)
    assert nr.Tensor(x) is not x and nr.Tensor(x).add_(1) is not x and x.tolist() == [2, 2]
    assert nr.LongTensor([1, 2]).dtype is nr.int64 and nr.LongTensor(range(0)).shape == (0,)
    assert nr.BoolTensor([True, False]).tolist() == [True, False]
    assert nr.FloatTensor(2, 3).dtype is nr.float32
    assert isinstance(x, nr.FloatTensor) and not isinstance(x, nr.DoubleTensor)
    assert not isinstance(x, nr.cuda.FloatTensor) and not isinstance(1, nr.LongTensor)
    weight = nr.nn.Parameter(nr.Tensor(3, 2))
    assert weight.is_leaf and weight.requires_grad and weight.shape == (3, 2)
    for data in ((3.0,), (True,), ("text",), (None,), (2, 3.0)):
        with pytest.raises(
            TypeError, match=r"Tensor: expected sizes .*, but got .*nr.tensor\(data\)"
        ):
            nr.Tensor(*data)
    with pytest.raises(RuntimeError, match="negative"):
        nr.Tensor(-1)
    assert nr.is_tensor(nr.ones(1)) and not nr.is_tensor(1)


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        ([[1], [2, 3]], ValueError, "expected sequences of equal length"),
        ("text", TypeError, "data must be numbers"),
        ([None], TypeError, "data must be numbers"),
        ({"a": 1}, TypeError, "data must be numbers"),
    ],
)
def test_bad_data(data, kind, message):
    with pytest.raises(kind, match=message):
        nr.tensor(data)


def test_nested_data():
    rows = [nr.tensor(1.0), 2.0]
    assert nr.tensor(rows).tolist() == [1, 2]
    assert nr.tensor([np.arange(2), [5, 6]]).tolist() == [[0, 1], [5, 6]]
    assert nr.tensor(range(3)).tolist() == [0, 1, 2]
    assert nr.tensor([[True], [False]]).dtype is nr.bool
    copied = nr.ones(2)
    assert nr.tensor(copied).add_(1).tolist() == [2, 2] and copied.tolist() == [1, 1]
    assert nr.tensor([1.0], requires_grad=True).requires_grad


def test_formats_of_single_elements():
    loss = (nr.ones(2, requires_grad=True) * 2.5).sum()
    assert f"{loss} {nr.tensor(3)} {loss:.2f}" == "5.0 3 5.00"
    assert "{}".format(nr.tensor(True)) == "True"  # noqa: UP032 (what is tested)
    assert f"{nr.ones(1)}" == "tensor([1.])" and f"{loss!r}".startswith("tensor(5., grad_fn=")


def test_copies_share_what_the_originals_do():
    base = nr.arange(4.0)
    whole, part = copy.deepcopy([base, base[1:3]])
    whole.add_(1)
    assert part.tolist() == [2, 3] and base.tolist() == [0, 1, 2, 3]
    other = copy.copy(base)
    other.mul_(2)
    assert base.tolist() == [0, 2, 4, 6] and other is not base
    leaf = copy.copy(nr.ones(2, requires_grad=True))
    assert leaf.is_leaf and leaf.requires_grad


def test_copies_of_parameters_have_no_gradient():
    parameter, leaf = nr.nn.Parameter(nr.ones(2)), nr.ones(2, requires_grad=True)
    for one in (parameter, leaf):
        one.sum().backward()
    assert copy.deepcopy(parameter).grad is None
    assert copy.deepcopy(leaf).grad.tolist() == [1, 1]


def test_a_leaf_that_changes_its_shape_stays_one():
    leaf = nr.ones(2, requires_grad=True)
    with nr.no_grad():
        leaf.unsqueeze_(0)
    (leaf * 2).sum().backward()
    assert leaf.is_leaf and leaf.grad.tolist() == [[2, 2]]


def test_numpy_arrays_are_operands():
    array = np.array([1.0, 2.0])
    assert (nr.ones(2) + array).tolist() == [2, 3] and (nr.ones(2) + array).dtype is nr.float64
    assert (array.astype(np.float32) * nr.ones(2)).dtype is nr.float32
    assert (nr.ones(2) < array).tolist() == [False, True]


@pytest.mark.parametrize(
    ("old", "wanted"),
    [
        (lambda x: x.add_(0.5, nr.ones(2)), [1.5, 2.5]),
        (lambda x: x.sub(2, nr.ones(2)), [-1, 0]),
        (lambda x: x.addcmul_(0.5, x, x), [1.5, 4]),
        (lambda x: x.addcdiv_(-2, nr.ones(2), x), [-1, 1]),
        (lambda x: nr.eye(2).addmm(1, -2, x[None].T, x[None]).diagonal(), [-1, -7]),
    ],
)
def test_numbers_before_the_tensors(old, wanted):
    with pytest.warns(UserWarning, match="numbers before the tensors"):
        assert old(nr.tensor([1.0, 2.0])).tolist() == wanted


def test_new_of_the_same_dtype():
    x = nr.ones(2, dtype=nr.float64)
    assert x.new(2, 3).shape == (2, 3) and x.new(x.size()).dtype is nr.float64
    assert x.new([1, 2]).tolist() == [1, 2] and x.new([1, 2]).dtype is nr.float64


def test_the_default_type_by_its_old_name():
    try:
        nr.set_default_tensor_type("torch.DoubleTensor")
        assert nr.ones(1).dtype is nr.float64
        nr.set_default_tensor_type(nr.FloatTensor)
        assert nr.ones(1).dtype is nr.float32 and nr.ones(1).device.type == "cpu"
        for wrong in ("torch.Doubled", float, "torch.LongTensor"):
            with pytest.raises(TypeError, match="invalid type object|only floating-point types"):
                nr.set_default_tensor_type(wrong)
    finally:
        nr.set_default_dtype(nr.float32)
        nr.set_default_device(None)
