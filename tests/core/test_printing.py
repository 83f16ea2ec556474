"""What tensors print as: PyTorch's text, kept here as strings."""

from __future__ import annotations

import textwrap

import pytest

import neurarust as nr


@pytest.fixture(autouse=True)
def default_options():
    yield
    nr.set_printoptions(profile="default")


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (lambda: nr.tensor([1.0, 2.0]), "tensor([1., 2.])"),
        (lambda: nr.tensor([1.5, -2.25]), "tensor([ 1.5000, -2.2500])"),
        (lambda: nr.tensor(3), "tensor(3)"),
        (lambda: nr.tensor(True), "tensor(True)"),
        (lambda: nr.tensor([True, False]), "tensor([ True, False])"),
        (lambda: nr.tensor([1, -20, 300]), "tensor([  1, -20, 300])"),
        (lambda: nr.tensor([]), "tensor([])"),
        (lambda: nr.tensor([], dtype=nr.int64), "tensor([], dtype=neurarust.int64)"),
        (lambda: nr.zeros(2, 0), "tensor([], size=(2, 0))"),
        (lambda: nr.zeros(0, 3, dtype=nr.int64),
         "tensor([], size=(0, 3), dtype=neurarust.int64)"),
        (lambda: nr.tensor([1e-5, 1.0]), "tensor([1.0000e-05, 1.0000e+00])"),
        (lambda: nr.tensor([1e9, 1.0]), "tensor([1.0000e+09, 1.0000e+00])"),
        (lambda: nr.tensor([12345.678, 100.0]), "tensor([12345.6777,   100.0000])"),
        (lambda: nr.tensor([float("nan"), 1.0, float("inf")]), "tensor([nan, 1., inf])"),
        (lambda: nr.tensor([2.5, -float("inf")]), "tensor([2.5000,   -inf])"),
        (lambda: nr.tensor([1.0, 2.5], dtype=nr.float64),
         "tensor([1.0000, 2.5000], dtype=neurarust.float64)"),
        (lambda: nr.tensor([1.0], dtype=nr.float16), "tensor([1.], dtype=neurarust.float16)"),
        (lambda: nr.tensor([0.1], dtype=nr.bfloat16),
         "tensor([0.1001], dtype=neurarust.bfloat16)"),
        (lambda: nr.tensor(5, dtype=nr.uint8), "tensor(5, dtype=neurarust.uint8)"),
        (lambda: nr.tensor([1 + 2j, -1.5j]), "tensor([1.+2.0000j, -0.-1.5000j])"),
        (lambda: nr.tensor([1.0], requires_grad=True), "tensor([1.], requires_grad=True)"),
        (lambda: nr.tensor([1.0], requires_grad=True) * 2, "tensor([2.], grad_fn=<MulBackward0>)"),
        (lambda: nr.arange(4).reshape(2, 2).T, "tensor([[0, 2],\n        [1, 3]])"),
    ],
)  # fmt: skip
def test_small_tensors(tensor, text):
    assert repr(tensor()) == str(tensor()) == text


def dedented(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


def test_dimensions_are_set_apart():
    assert repr(nr.arange(12.0).reshape(2, 2, 3)) == dedented("""
        tensor([[[ 0.,  1.,  2.],
                 [ 3.,  4.,  5.]],

                [[ 6.,  7.,  8.],
                 [ 9., 10., 11.]]])
        """)


def test_long_rows_are_broken():
    assert repr(nr.arange(25)) == dedented("""
        tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,
                18, 19, 20, 21, 22, 23, 24])
        """)


def test_big_tensors_show_their_edges():
    assert repr(nr.arange(4000).reshape(40, 100)) == dedented("""
        tensor([[   0,    1,    2,  ...,   97,   98,   99],
                [ 100,  101,  102,  ...,  197,  198,  199],
                [ 200,  201,  202,  ...,  297,  298,  299],
                ...,
                [3700, 3701, 3702,  ..., 3797, 3798, 3799],
                [3800, 3801, 3802,  ..., 3897, 3898, 3899],
                [3900, 3901, 3902,  ..., 3997, 3998, 3999]])
        """)


def test_suffixes_move_to_a_line_of_their_own():
    assert repr((nr.ones(3, 9, requires_grad=True) * 1.5)[:1]) == dedented("""
        tensor([[1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000]],
               grad_fn=<GetitemBackward0>)
        """)


def test_options():
    nr.set_printoptions(precision=2)
    assert repr(nr.tensor([1.23456])) == "tensor([1.23])"
    nr.set_printoptions(sci_mode=True)
    assert repr(nr.tensor([1.5, 2.5])) == "tensor([1.50e+00, 2.50e+00])"
    nr.set_printoptions(threshold=4, edgeitems=1)
    assert repr(nr.arange(5)) == "tensor([0,  ..., 4])"
    nr.set_printoptions(profile="full", linewidth=20)
    assert repr(nr.arange(6.0)) == "tensor([0., 1., 2.,\n        3., 4., 5.])"
    nr.set_printoptions(profile="default")
    assert repr(nr.tensor([1e-8])) == "tensor([1.0000e-08])"
    with pytest.raises(ValueError, match="profile must be one of"):
        nr.set_printoptions(profile="long")


def test_printing_is_a_look():
    pending = nr.ones(2) * 3
    assert repr(pending) == "tensor([3., 3.])"
    pending.add_(1)
    assert f"{pending}" == "tensor([4., 4.])"
