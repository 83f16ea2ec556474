"""Views as other numbers: parts of complex numbers, conjugates, and bits in another dtype."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr


def numbered() -> tuple[nr.Tensor, np.ndarray]:
    array = (np.arange(12) + 1j * np.arange(12)[::-1]).astype(np.complex64).reshape(3, 4)
    return nr.from_numpy(array), array.copy()


# What is done to complex numbers of shape (3, 4); NumPy's views are the same.
CHAINS = {
    "real": (lambda x: x.real, lambda a: a.real),
    "imag": (lambda x: x.imag, lambda a: a.imag),
    "imag of a part": (lambda x: x[1:, ::2].imag, lambda a: a[1:, ::2].imag),
    "part of real": (lambda x: x.T.real[1], lambda a: a.T.real[1]),
    "pairs": (nr.view_as_real, lambda a: a.view(np.float32).reshape(3, 4, 2)),
    "pairs of a row": (lambda x: nr.view_as_real(x[2])[:, 1], lambda a: a[2].imag),
    "there and back": (
        lambda x: nr.view_as_complex(nr.view_as_real(x)[1:])[:, 2], lambda a: a[1:, 2]
    ),
    "floats": (lambda x: x.view(nr.float32)[:, 1:5], lambda a: a.view(np.float32)[:, 1:5]),
    "bytes": (lambda x: x.view(nr.uint8)[1, ::3], lambda a: a.view(np.uint8)[1, ::3]),
    "low halves": (
        lambda x: x.view(dtype=nr.int16)[1, ::2], lambda a: a.view(np.int16)[1, ::2]
    ),
    "integers": (
        lambda x: x.real.contiguous().view(nr.int32), lambda a: a.real.copy().view(np.int32)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_the_view_is_numpys(name):
    ours, theirs = CHAINS[name]
    tensor, array = numbered()
    view, wanted = ours(tensor), theirs(array)
    np.testing.assert_array_equal(view.numpy(), wanted)
    assert view.numpy().dtype == wanted.dtype
    assert view.stride() == tuple(one // wanted.itemsize for one in wanted.strides)
    if wanted.base is not None and name != "integers":
        begin = array.__array_interface__["data"][0]
        offset = wanted.__array_interface__["data"][0] - begin
        assert view.storage_offset() == offset // wanted.itemsize
        assert view.data_ptr() - tensor.data_ptr() == offset


@pytest.mark.parametrize("name", [one for one in CHAINS if one != "integers"])
def test_a_write_reaches_the_memory(name):
    ours, theirs = CHAINS[name]
    tensor, array = numbered()
    other = tensor.real
    view, wanted = ours(tensor), theirs(array)
    view[..., 1] = 3
    wanted[..., 1] = 3
    view.add_(view)
    wanted += wanted
    np.testing.assert_array_equal(tensor.numpy(), array)
    np.testing.assert_array_equal(other.numpy(), array.real)
    tensor.mul_(2j)
    array *= 2j
    np.testing.assert_array_equal(view.numpy(), wanted)


def test_parts_are_assigned():
    tensor, array = numbered()
    tensor.real = nr.ones(4)
    array.real = 1
    tensor[0].imag = nr.arange(4.0)
    array[0].imag = np.arange(4)
    np.testing.assert_array_equal(tensor.numpy(), array)
    plain = nr.zeros(2)
    plain.real = nr.ones(2)
    assert plain.tolist() == [1, 1] and plain.real is plain and plain.conj() is plain


def test_a_conjugate_is_a_view():
    tensor, array = numbered()
    turned = tensor.conj()
    assert turned.is_conj() and not tensor.is_conj() and not turned.conj().is_conj()
    turned[0] = 2 + 3j
    array[0] = 2 - 3j
    tensor.mH[3] += 1j
    array[:, 3] -= 1j
    np.testing.assert_array_equal(tensor.numpy(), array)
    np.testing.assert_array_equal(turned.numpy(), array.conj())
    copy = turned.resolve_conj()
    copy.zero_()
    np.testing.assert_array_equal(tensor.numpy(), array)
    assert not copy.is_conj() and tensor.resolve_conj() is tensor


def test_gradients_pass_through_parts_and_their_writes():
    """f = sum of |w|^2 where w is z with its imaginary part tripled: dz = 2 re + 18 im i."""
    z = nr.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    w = z.clone()
    w.imag.mul_(3)
    (w.real**2 + w.imag**2).sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), [2 + 36j, 6 - 18j])
    pairs = nr.ones(2, 2, requires_grad=True)
    nr.view_as_complex(pairs * 1.0).prod().real.backward()
    # (a + bi)(c + di) has the real part ac - bd.
    np.testing.assert_allclose(pairs.grad.numpy(), [[1, -1], [1, -1]])


def test_a_jitted_function_writes_through_parts():
    z = nr.zeros(3, dtype=nr.complex64)

    @nr.jit
    def turn(by):
        z.real.add_(by)
        z.imag.sub_(by)
        return z.conj() * 2

    for count in range(1, 5):
        result = turn(nr.ones(3))
        np.testing.assert_allclose(z.numpy(), np.full(3, count - count * 1j))
        np.testing.assert_allclose(result.numpy(), np.full(3, 2 * count + 2j * count))


def test_parts_of_views_that_overlap():
    """In this order only: a write of half an element could not tell which of two it is."""
    z = nr.zeros(3, dtype=nr.complex64)
    z.imag.unfold(0, 2, 1)[1].fill_(1)
    assert z.tolist() == [0, 1j, 1j]
    for view in (z.unfold(0, 2, 1)[1].imag, z.unfold(0, 2, 1).conj()[0], z.expand(2, 3)[0].real):
        with pytest.raises(RuntimeError, match="Take that view first"):
            view.fill_(2)
    assert z.tolist() == [0, 1j, 1j]
    z.as_strided((2,), (2,)).real.fill_(3)
    assert z.tolist() == [3, 1j, 3 + 1j]


def test_bits_in_another_dtype():
    x = nr.tensor([1.0, -2.0])
    assert x.view(nr.int32).tolist() == [0x3F800000, -0x40000000]
    assert x.view(nr.float64).shape == (1,) and x.view(nr.float64).view(nr.float32).equal(x)
    assert nr.tensor([1, 0], dtype=nr.uint8).view(nr.bool).tolist() == [True, False]
    half = nr.zeros(4, dtype=nr.bfloat16)
    half.view(nr.int16)[1:3] = 0x3F80
    assert half.tolist() == [0, 1, 1, 0]
    assert not nr.ones(2, requires_grad=True).view(nr.int32).requires_grad


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: nr.ones(3).imag, "imag: .*complex numbers"),
        (lambda: nr.view_as_real(nr.ones(3)), "view_as_real: .*complex numbers"),
        (lambda: nr.view_as_complex(nr.ones(3)), r"view_as_complex: .*size 2.*\(3,\)"),
        (lambda: nr.view_as_complex(nr.ones(2, 3).T), r"strides \(1, 3\).*contiguous"),
        (lambda: nr.view_as_complex(nr.ones(5)[1:].view(2, 2)), "offset 1.*contiguous"),
        (lambda: nr.ones(3).view(nr.float64), "view of .*float32 as .*float64: .*divisible by 2"),
        (lambda: nr.ones(()).view(nr.int8), "without dimensions"),
        (lambda: nr.ones(2, 4).T.view(nr.int8), "last stride of 1"),
        (lambda: nr.ones(3, dtype=nr.complex64).real.as_strided((2,), (1,)), "as_strided: .*clone"),
    ],
)
def test_what_cannot_be_looked_at(action, message):
    with pytest.raises(RuntimeError, match=message):
        action()
